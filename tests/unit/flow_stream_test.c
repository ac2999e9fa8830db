/* SPDX-License-Identifier: ISC */
/*
 * Scripts of segments, and what the reader is told: octets of each side in
 * order of delivery ("C:..." "S:..."), gaps ("C-5"), ends ("C."), conflicts
 * ("S!5=ABC/abc" offset, before, after), the close ("=finished").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

#define CLIENT_ISN	1000u
#define SERVER_ISN	0xfffffff0u	/* wraps soon */
#define TOLD_MAX	65536

struct teller {
	char	 text[TOLD_MAX];
	size_t	 len;
	int	 sessions;
	enum flow_want	 want;		/* asked for at open */
	uint64_t skip_client;		/* asked for once, at open */
	char	 last;			/* whose octets were told last */
};

static void tell(struct teller *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
tell(struct teller *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->text + t->len, TOLD_MAX - t->len, fmt,
	    ap);
	va_end(ap);
	assert_true(t->len < TOLD_MAX);
}

static char
letter(enum side who)
{
	return who == SIDE_CLIENT ? 'C' : 'S';
}

static void *
on_open(void *context, struct flow *f)
{
	struct teller *t = context;

	t->sessions++;
	t->last = 0;
	for (int i = 0; i < SIDES; i++)
		flow_want(f, i, t->want);
	if (t->skip_client > 0)
		flow_skip(f, SIDE_CLIENT, t->skip_client);
	return t;
}

static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	struct teller *t = session;

	(void)at;
	if (t->last != letter(who))
		tell(t, "%s%c:", t->len > 0 ? " " : "", letter(who));
	t->last = letter(who);
	tell(t, "%.*s", (int)octets.len, (const char *)octets.at);
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	struct teller *t = session;

	(void)at;
	tell(t, " %c-%llu", letter(who), (unsigned long long)octets);
	t->last = 0;
}

static void
on_conflict(void *session, const struct flow_conflict *c)
{
	struct teller *t = session;

	tell(t, " %c!%llu=%.*s/%.*s", letter(c->side),
	    (unsigned long long)c->offset, (int)c->before.len,
	    (const char *)c->before.at, (int)c->after.len,
	    (const char *)c->after.at);
	t->last = 0;
}

static void
on_end(void *session, enum side who, struct mark at)
{
	struct teller *t = session;

	(void)at;
	tell(t, " %c.", letter(who));
	t->last = 0;
}

static void
on_close(void *session, const struct flow_facts *facts)
{
	static const char *const words[] = { "open", "finished", "reset",
	    "idle", "replaced", "evicted", "cut" };
	struct teller *t = session;

	tell(t, " =%s", words[facts->end]);
	t->last = 0;
}

static const struct flow_ops	ops = {
	.open = on_open,
	.octets = on_octets,
	.gap = on_gap,
	.conflict = on_conflict,
	.end = on_end,
	.close = on_close,
};

struct bench {
	struct flow_table	*table;
	struct counters		 counters;
	struct teller		 teller;
	uint8_t			 ports[8192];
	uint64_t		 packets;
	int64_t			 time;
};

/*
 * One segment from a word of a script:
 *
 *	C5:hello/3	client, 5 octets from its start, "hello",
 *			acknowledging 3 octets of the server
 *	Cs Ss		SYN, SYN-ACK; CsISN with another number (client)
 *	C5f/3 C5r/3	FIN, RST at this place
 *	C5:x/3f		octets and FIN
 *	C5a/3		a pure ACK
 *	t7		seven seconds pass
 */
static void
play(struct bench *b, const char *word)
{
	struct packet p = { .ttl = 64, .window = 1000 };
	enum side who = word[0] == 'C' ? SIDE_CLIENT : SIDE_SERVER;
	uint32_t mine = who == SIDE_CLIENT ? CLIENT_ISN : SERVER_ISN;
	uint32_t theirs = who == SIDE_CLIENT ? SERVER_ISN : CLIENT_ISN;
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	char *at = (char *)(uintptr_t)word + 1;

	if (word[0] == 't') {
		b->time += strtol(at, NULL, 10) * 1000000;
		flow_table_tick(b->table, b->time);
		flow_table_tick(b->table, b->time);
		return;
	}
	p.mark = (struct mark){ .time = b->time += 1000,
	    .packet = ++b->packets };
	p.source = addr_v4(ip[who]);
	p.destination = addr_v4(ip[!who]);
	p.source_port = who == SIDE_CLIENT ? 40000 : 25;
	p.destination_port = who == SIDE_CLIENT ? 25 : 40000;
	if (*at == 's') {
		p.flags = TCP_SYN;
		p.seq = at[1] != '\0' && at[1] != ':' ?
		    (uint32_t)strtoul(at + 1, &at, 10) : mine;
		if (who == SIDE_SERVER) {
			p.flags |= TCP_ACK;
			p.ack = CLIENT_ISN + 1;
		}
		at += *at == 's';
	} else {
		p.seq = mine + 1 + (uint32_t)strtol(at, &at, 10);
		p.flags = TCP_ACK;
		p.ack = theirs + 1;
	}
	if (*at == ':') {
		p.payload.at = (const uint8_t *)at + 1;
		p.payload.len = strcspn(at + 1, "/");
		p.payload_wire = (uint32_t)p.payload.len;
		at += 1 + p.payload.len;
	}
	for (; *at != '\0'; at++)
		switch (*at) {
		case 'f':
			p.flags |= TCP_FIN;
			break;
		case 'r':
			p.flags = TCP_RST;
			break;
		case 'a':
			break;
		case '+':	/* octets on the wire beyond the captured */
			p.payload_wire += (uint32_t)strtoul(at + 1, &at, 10);
			at--;
			break;
		case '/':
			p.ack = theirs + 1 + (uint32_t)strtoul(at + 1, &at,
			    10);
			at--;
			break;
		default:
			fail_msg("script: %s", word);
		}
	flow_take(b->table, &p);
}

static void
bench_open(struct bench *b, const struct flow_limits *limits)
{
	memset(b, 0, sizeof(*b));
	b->ports[25 / 8] |= 1 << 25 % 8;
	b->time = 1700000000000000;
	b->table = flow_table_new(limits, b->ports, 42, &ops, &b->teller,
	    &b->counters);
	assert_non_null(b->table);
}

static void
play_all(struct bench *b, const char *script)
{
	char words[1024], *word, *rest = words;

	snprintf(words, sizeof(words), "%s", script);
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			play(b, word);
}

static const struct {
	const char	*name, *script, *want;
} cases[] = {
	{ "greeting and command in order",
	  "Cs Ss C0a S0:220/0 C0:EHLO/3 S3:250/4", "S:220 C:EHLO S:250 =cut" },
	{ "every packet twice",
	  "Cs Cs Ss Ss S0:220/0 S0:220/0 C0:EHLO/3 C0:EHLO/3",
	  "S:220 C:EHLO =cut" },
	{ "SYN and SYN-ACK captured in the wrong order",
	  "Ss Cs S0:220/0 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the reply was captured before the command it acknowledges",
	  "Cs Ss S0:220/0 S3:250/4 C0:EHLO/3", "S:220 C:EHLO S:250 =cut" },
	{ "data captured before the SYN",
	  "S0:220/0 Cs Ss C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "segments of one side in the wrong order",
	  "Cs Ss S3:def/0 S0:abc/0 S6:ghi/0", "S:abcdefghi =cut" },
	{ "same octets cut differently are no conflict",
	  "Cs Ss S0:abcdef/0 S2:cd/0 S4:efgh/0", "S:abcdefgh =cut" },
	{ "a later copy with other octets, before the ACK",
	  "Cs Ss S0:250-STARTTLS/0 S0:250-XXXXXXXX/0 C0:EHLO/12",
	  "S:250-STARTTLS S!4=STARTTLS/XXXXXXXX C:EHLO =cut" },
	{ "a later copy with other octets, after the ACK",
	  "Cs Ss S0:250-XXXXXXXX/0 C0:EHLO/12 S0:250-STARTTLS/0",
	  "S:250-XXXXXXXX C:EHLO S!4=XXXXXXXX/STARTTLS =cut" },
	{ "the other copy is longer: what is beyond is new",
	  "Cs Ss S0:250_a/0 S0:250-bcd/0", "S:250_a S!3=_a/-b S:cd =cut" },
	{ "the other copy is shorter",
	  "Cs Ss S0:250-abc/0 S0:251/0", "S:250-abc S!2=0/1 =cut" },
	{ "the conflicting copy itself twice is told once",
	  "Cs Ss S0:abc/0 S0:xbc/0 S0:xbc/0", "S:abc S!0=a/x =cut" },
	{ "a keep-alive with a garbage octet is no conflict",
	  "Cs Ss S0:abc/0 C0a/3 S2:\001/0", "S:abc =cut" },
	{ "a late copy after the time of remembering",
	  "Cs Ss S0:abc/0 C0a/3 t20 S0:xyz/0", "S:abc =cut" },
	{ "a hole that the receiver acknowledged is a gap, in time",
	  "Cs Ss S0:abc/0 S6:ghi/0 C0a/9 t3 S9:jkl/0",
	  "S:abc S-3 S:ghijkl =cut" },
	{ "a hole nobody acknowledged is filled by the retransmission",
	  "Cs Ss S0:abc/0 S6:ghi/0 C0a/3 t3 S3:def/0",
	  "S:abcdefghi =cut" },
	{ "a lost command: the reply is given after the gap",
	  "Cs Ss S0:220/0 S3:250/4 t3", "S:220 C-4 S:250 =cut" },
	{ "a hole at the end of the capture",
	  "Cs Ss S0:abc/0 S6:ghi/0", "S:abc S-3 S:ghi =cut" },
	{ "only the client's direction",
	  "Cs C0:EHLO/3 C4:MAIL/9", "C:EHLOMAIL =cut" },
	{ "only the server's direction",
	  "Ss S0:220/0 S3:250/4", "S:220250 =cut" },
	{ "only one direction, with a hole",
	  "Cs C0:EHLO/3 C8:RCPT/9 t3", "C:EHLO C-4 C:RCPT =cut" },
	{ "from the middle of a connection",
	  "S100:250/50 t3 C50:MAIL/103 S103:251/54",
	  "S:250 C:MAIL S:251 =cut" },
	{ "from the middle, in the wrong order",
	  "S103:251/54 C50:MAIL/103 S100:250/50",
	  "S:250 C:MAIL S:251 =cut" },
	{ "the server's sequence numbers wrap",
	  "Cs Ss S0:0123456789/0 S10:abcdefghij/0 C0:x/20",
	  "S:0123456789abcdefghij C:x =cut" },
	{ "FIN with data, both ways",
	  "Cs Ss S0:220/0 C0:QUIT/3f S3:221/5f C5a/7 t3",
	  "S:220 C:QUIT C. S:221 S. =finished" },
	{ "half-closed: the other side goes on",
	  "Cs Ss C0:abc/0f S0:one/4 S3:two/4 t3",
	  "C:abc C. S:onetwo =cut" },
	{ "FIN captured before the last octets",
	  "Cs Ss S3f/0 S0:220/0 C0f/4 t3", "S:220 S. C. =finished" },
	{ "FIN tells of octets that are missing",
	  "Cs Ss S0:220/0 S6f/0 C0a/7 t3", "S:220 S-3 S. =cut" },
	{ "octets behind a FIN are not heard",
	  "Cs Ss S0:220/0f S3:xyz/0", "S:220 S. =cut" },
	{ "a RST that fits",
	  "Cs Ss S0:220/0 C0r t3", "S:220 C. =reset" },
	{ "a RST with a wrong sequence is ignored",
	  "Cs Ss S0:220/0 S7r C0:EHLO/3 S3:250/4 t3",
	  "S:220 C:EHLO S:250 =cut" },
	{ "a RST that both ends ignore",
	  "Cs Ss S0:220/0 S3r C0:EHLO/3 S3:250/4 C4:MAIL/6 t3 S6:250/8",
	  "S:220 C:EHLO S:250 C:MAIL S:250 =cut" },
	{ "data in the SYN",
	  "Cs:EHLO Ss S0:220/4", "C:EHLO S:220 =cut" },
	{ "the same ports again after the end",
	  "Cs Ss S0:220/0f C0f/4 Cs777 t3",
	  "S:220 S. C. =finished" },
	{ "a stray SYN with another number kills nothing",
	  "Cs Ss S0:220/0 Cs777 C0:EHLO/3", "S:220 C:EHLO =cut" },
	{ "the snap length cut the payload",
	  "Cs Ss S0:abc/0+4 S7:def/0", "S:abc S-4 S:def =cut" },
	{ "a segment far outside of any window",
	  "Cs Ss S0:abc/0 S500000000:zzz/0 S3:def/0", "S:abcdef =cut" },
	{ "no octets, no session", "Cs Ss C0a C0f/0 S0f/1", "" },
	{ "two different copies while both wait",
	  "Cs Ss S3:def/0 S3:dXf/0 S0:abc/0", "S:abcdef S!4=e/X =cut" },
};

static void
scripts_tell_what_they_should(void **state)
{
	const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	const char *got;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b, &limits);
		play_all(&b, cases[i].script);
		flow_table_free(b.table);
		got = b.teller.text;
		if (*got == ' ')
			got++;
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s:\n got  %s\n want %s", cases[i].name,
			    got, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_tell_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
