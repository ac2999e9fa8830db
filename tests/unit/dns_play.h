/* SPDX-License-Identifier: ISC */
/*
 * tests/unit/dns_play.h -- questions and answers as the tests of dns/seen.c
 * write them, and what is remembered of them as lines of text.
 */
#ifndef DNS_PLAY_H
#define DNS_PLAY_H

#include "dns/seen.h"
#include "tests/unit/dns_build.h"

#define STEPS	16
#define WANTS	8
#define TOLD	4096
#define START	INT64_C(1700000000000000)
#define SECOND	INT64_C(1000000)

enum what { NOTHING, QUESTION, ANSWER };

/* Packets of one client and one resolver. */
struct step {
	enum what	 what;
	double		 after;		/* seconds since the step before */
	unsigned	 id;		/* of the message; also its port */
	const char	*name, *type, *answer;
	struct build_how how;
	unsigned	 hop_limit;	/* 0: 64 */
};

#define Q(id, name, type)	{ QUESTION, 0.3, id, name, type, NULL, \
				    { 0, 0, NULL }, 0 }
#define A(id, name, type, answer)	{ ANSWER, 0.02, id, name, type, \
				    answer, { 0, 300, NULL }, 0 }
#define QW(wait, id, name, type)	{ QUESTION, wait, id, name, type, \
				    NULL, { 0, 0, NULL }, 0 }
#define AW(wait, id, name, type, answer) { ANSWER, wait, id, name, type, \
				    answer, { 0, 300, NULL }, 0 }
#define AX(id, name, type, answer, flags, ttl, more, hops) { ANSWER, 0.02, \
				    id, name, type, answer, \
				    { flags, ttl, more }, hops }

struct seen_case {
	const char	*name;
	struct step	 steps[STEPS];
	/* whom it is asked about: address, name, recipient (NULL: none) */
	const char	*server, *called, *recipient;
	double		 later;		/* ... so long after the last packet */
	const char	*want[WANTS];	/* "!x": not that line */
};

struct play {
	struct dns_seen	*seen;
	struct counters	 counters;
	int64_t		 time;
	uint64_t	 packets;
};

static void
send_octets(struct play *p, bool answer, unsigned port, unsigned hops,
    struct span octets)
{
	uint8_t *copy = malloc(octets.len + 1);
	struct packet packet = { .ttl = (uint8_t)(hops > 0 ? hops : 64),
		.payload_wire = (uint32_t)octets.len };
	static const uint8_t client[4] = { 192, 0, 2, 10 };
	static const uint8_t resolver[4] = { 192, 0, 2, 53 };

	assert_non_null(copy);
	memcpy(copy, octets.at, octets.len);
	packet.payload = span_of(copy, octets.len);
	packet.mark = (struct mark){ p->time, ++p->packets };
	packet.source = addr_v4(answer ? resolver : client);
	packet.destination = addr_v4(answer ? client : resolver);
	packet.source_port = answer ? 53 : (uint16_t)(40000 + port);
	packet.destination_port = answer ? (uint16_t)(40000 + port) : 53;
	dns_seen_take(p->seen, &packet);
	free(copy);
}

static void
play_step(struct play *p, const struct step *s, unsigned copies)
{
	struct build b;

	p->time += (int64_t)(s->after * (double)SECOND);
	if (s->what == QUESTION)
		build_question(&b, s->id, s->name, s->type);
	else
		build_answer(&b, s->id, s->name, s->type, s->answer, s->how);
	for (unsigned i = 0; i < copies; i++)
		send_octets(p, s->what == ANSWER, s->id, s->hop_limit,
		    span_of(b.at, b.len));
}

static void
play_begin(struct play *p, const struct dns_limits *limits)
{
	memset(p, 0, sizeof(*p));
	p->time = START;
	p->seen = dns_seen_new(limits, &p->counters);
	assert_non_null(p->seen);
}

static void tell(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
tell(char *told, const char *fmt, ...)
{
	size_t len = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	len += (size_t)vsnprintf(told + len, TOLD - len, fmt, ap);
	va_end(ap);
	assert_true(len < TOLD);
}

static const char *
type_word(uint16_t type)
{
	return type == DNS_MX ? "MX" : type == DNS_A ? "A" :
	    type == DNS_TLSA ? "TLSA" : "AAAA";
}

static void
dump(struct play *p, const struct seen_case *c, char *told)
{
	char name[DNS_NAME_MAX + 1];
	const char *recipients[] = { c->recipient };
	struct dns_subject about = { .server_name = c->called,
		.rcpt_domains = recipients,
		.nrcpt_domains = c->recipient != NULL,
		.at = p->time + (int64_t)(c->later * (double)SECOND) };
	struct dns_facts *f;
	struct addr server;
	bool mx;

	assert_int_equal(addr_parse(&server, c->server), 0);
	about.server = &server;
	if (dns_seen_name(p->seen, &about, name, &mx))
		tell(told, "%s %s\n", mx ? "mx" : "dns", name);
	else
		tell(told, "no name\n");
	f = dns_seen_facts(p->seen, &about);
	for (unsigned i = 0; f != NULL && i < f->conflicts_kept; i++) {
		const struct dns_conflict *one = &f->conflicts[i];

		tell(told, "%s %s %s %u\n", type_word(one->type), one->name,
		    one->asked ? "asked" : "unasked", one->times);
		tell(told, "before %u %s\nafter %u %s\n",
		    one->before.hop_limit, one->before.text,
		    one->after.hop_limit, one->after.text);
		assert_true(one->before.at.packet < one->after.at.packet);
	}
	if (f == NULL || f->conflicts_seen == 0)
		tell(told, "no conflict\n");
	if (f != NULL && f->tlsa_fails)
		tell(told, "tlsa %s %u %u error %u\n", f->tlsa.host,
		    f->tlsa.refused, f->tlsa.unanswered, f->tlsa.rcode);
	else
		tell(told, "no tlsa\n");
	free(f);
}

static bool
has_line(const char *told, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = told; (p = strstr(p, line)) != NULL; p++)
		if ((p == told || p[-1] == '\n') && p[len] == '\n')
			return true;
	return false;
}

/* Each case as it stands, and with every packet three times. */
static int
check(const struct seen_case *c, unsigned copies)
{
	const struct dns_limits limits = DNS_LIMITS_DEFAULT;
	char told[TOLD] = "";
	struct play p;
	int failed = 0;

	play_begin(&p, &limits);
	for (int i = 0; i < STEPS && c->steps[i].what != NOTHING; i++)
		play_step(&p, &c->steps[i], copies);
	dump(&p, c, told);
	for (int i = 0; i < WANTS && c->want[i] != NULL; i++) {
		if (has_line(told, c->want[i]))
			continue;
		print_error("%s (each packet %u times): want \"%s\", got\n%s",
		    c->name, copies, c->want[i], told);
		failed++;
	}
	dns_seen_free(p.seen);
	return failed;
}

static void
check_all(const struct seen_case *cases, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += check(&cases[i], 1) + check(&cases[i], 3);
	assert_int_equal(failed, 0);
}

#endif
