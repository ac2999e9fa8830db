/* SPDX-License-Identifier: ISC */
/*
 * tests/unit/session_talk.h -- connections as the tests of session/ write
 * them: segments go through a real flow table, and a record comes out.
 *
 * Each case is played in segments as written and, unless HOW_WHOLE is set,
 * once more octet by octet: both must give the same facts.
 */
#ifndef SESSION_TALK_H
#define SESSION_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"
#include "session/session.h"
#include "tests/unit/tls_hellos.h"

#define TALK_STEPS	40
#define TALK_WANTS	14
#define TALK_TOLD	4096

enum what { WHAT_NOTHING, WHAT_HOW, WHAT_OCTETS, WHAT_AGAIN, WHAT_LOST,
    WHAT_FIN };

enum how {
	HOW_WHOLE	= 1 << 0,	/* not octet by octet */
	HOW_MIDSTREAM	= 1 << 1,	/* no SYN was captured */
	HOW_BOTH_25	= 1 << 2,	/* the client's port is 25 too */
};

struct step {
	enum what	 what;
	enum side	 who;
	const char	*at;
	size_t		 len;
};

#define HOW(flags)	{ WHAT_HOW, SIDE_CLIENT, NULL, flags }	/* first */
#define OCTETS(who, text)	{ WHAT_OCTETS, who, text, sizeof(text) - 1 }
#define C(line)		OCTETS(SIDE_CLIENT, line "\r\n")	/* a line */
#define S(line)		OCTETS(SIDE_SERVER, line "\r\n")
#define CO(octets)	OCTETS(SIDE_CLIENT, octets)	/* as they stand */
#define SO(octets)	OCTETS(SIDE_SERVER, octets)
/* The octets last said by this side come once more, and are others. */
#define C_AGAIN(octets)	{ WHAT_AGAIN, SIDE_CLIENT, octets, \
			    sizeof(octets) - 1 }
#define S_AGAIN(octets)	{ WHAT_AGAIN, SIDE_SERVER, octets, \
			    sizeof(octets) - 1 }
/* So many octets were said and not captured. */
#define C_LOST(octets)	{ WHAT_LOST, SIDE_CLIENT, NULL, octets }
#define S_LOST(octets)	{ WHAT_LOST, SIDE_SERVER, NULL, octets }
#define C_FIN		{ WHAT_FIN, SIDE_CLIENT, NULL, 0 }
#define S_FIN		{ WHAT_FIN, SIDE_SERVER, NULL, 0 }
#define FINS		C_FIN, S_FIN

struct talk_case {
	const char	*name;
	struct step	 steps[TALK_STEPS];
	const char	*want[TALK_WANTS];
};

struct talk {
	struct flow_table	*table;
	struct session_world	 world;
	struct counters		 counters;
	struct session_record	*record;
	uint8_t			 ports[8192];
	uint32_t		 said[SIDES], last[SIDES];
	bool			 lost[SIDES], fin[SIDES];
	uint64_t		 packets;
	int64_t			 time;
	uint16_t		 client_port;
};

/* What happens before each conversation; NULL: nothing. */
static void	(*talk_before)(struct talk *);

static void
talk_keep(void *context, struct session_record *r)
{
	struct talk *t = context;

	if (r->stage != RECORD_FINAL) {
		session_record_free(r);
		return;
	}
	assert_null(t->record);		/* one connection, one final record */
	t->record = r;
}

static void
talk_send(struct talk *t, enum side who, uint8_t flags, uint32_t at,
    struct span octets)
{
	static const uint8_t ip[SIDES][4] = {
		[SIDE_CLIENT] = { 192, 0, 2, 1 },
		[SIDE_SERVER] = { 198, 51, 100, 25 },
	};
	uint16_t port[SIDES] = { t->client_port, 25 };
	enum side other = side_other(who);
	struct packet p = { .ttl = 64, .window = 1000, .flags = flags,
		.payload = octets, .payload_wire = (uint32_t)octets.len,
		.frame = octets, .frame_wire = (uint32_t)octets.len };

	t->time += 1000;
	p.mark = (struct mark){ .time = t->time, .packet = ++t->packets };
	p.source = addr_v4(ip[who]);
	p.destination = addr_v4(ip[other]);
	p.source_port = port[who];
	p.destination_port = port[other];
	p.seq = 1000 + at;
	if ((flags & TCP_ACK) != 0)
		p.ack = 1001 + t->said[other] + t->fin[other];
	flow_take(t->table, &p);
}

static void
talk_step(struct talk *t, const struct step *step, bool octetwise)
{
	enum side who = step->who;
	size_t piece = octetwise ? 1 : step->len;

	switch (step->what) {
	case WHAT_NOTHING:
	case WHAT_HOW:
		break;
	case WHAT_LOST:
		t->said[who] += (uint32_t)step->len;
		t->lost[who] = true;
		break;
	case WHAT_AGAIN:
		talk_send(t, who, TCP_ACK, t->last[who] + 1,
		    span_of(step->at, step->len));
		break;
	case WHAT_FIN:
		talk_send(t, who, TCP_ACK | TCP_FIN, t->said[who] + 1,
		    span_of(NULL, 0));
		t->fin[who] = true;
		break;
	case WHAT_OCTETS:
		t->last[who] = t->said[who];
		for (size_t i = 0; i < step->len; i += piece) {
			talk_send(t, who, TCP_ACK, t->said[who] + 1,
			    span_of(step->at + i, piece));
			t->said[who] += (uint32_t)piece;
		}
		if (t->lost[who]) {	/* nobody waits for them longer */
			t->time += 5000000;
			flow_table_tick(t->table, t->time);
			flow_table_tick(t->table, t->time);
			t->lost[who] = false;
		}
		break;
	}
}

static bool
talk_is(const struct talk_case *c, enum how flag)
{
	return c->steps[0].what == WHAT_HOW && (c->steps[0].len & flag) != 0;
}

/* What became of it; the caller frees it.  `counters` may be NULL. */
static struct session_record *
talk_play(const struct talk_case *c, bool octetwise,
    struct counters *counters)
{
	struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	struct talk t = { .time = 1700000000000000,
		.client_port = talk_is(c, HOW_BOTH_25) ? 25 : 40000 };

	t.ports[25 / 8] |= 1 << 25 % 8;
	t.world = (struct session_world){ .digest = digest_new(),
		.counters = &t.counters, .source = "test", .evidence = true,
		.give = talk_keep, .context = &t };
	t.world.certificates = certificate_cache_new(1024, t.world.digest);
	t.table = flow_table_new(&limits, t.ports, 1, &session_ops, &t.world,
	    &t.counters);
	assert_non_null(t.table);
	if (talk_before != NULL)
		talk_before(&t);
	if (!talk_is(c, HOW_MIDSTREAM)) {
		talk_send(&t, SIDE_CLIENT, TCP_SYN, 0, span_of(NULL, 0));
		talk_send(&t, SIDE_SERVER, TCP_SYN | TCP_ACK, 0,
		    span_of(NULL, 0));
	}
	for (size_t i = 0; i < TALK_STEPS; i++)
		talk_step(&t, &c->steps[i], octetwise);
	flow_table_free(t.table);
	dns_seen_free(t.world.dns);
	certificate_cache_free(t.world.certificates);
	digest_free(t.world.digest);
	if (counters != NULL)
		*counters = t.counters;
	return t.record;
}

static void talk_tell(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
talk_tell(char *told, const char *fmt, ...)
{
	size_t len = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	len += (size_t)vsnprintf(told + len, TALK_TOLD - len, fmt, ap);
	va_end(ap);
	assert_true(len < TALK_TOLD);
}

static void
talk_tell_smtp(char *told, const struct smtp_facts *f)
{
	talk_tell(told, "hello=%d\n", (int)f->hello);
	if (f->starttls_reply > 0)
		talk_tell(told, "reply=%d\n", f->starttls_reply);
	if (f->mail_commands > 0)
		talk_tell(told, "mail_commands=%u\n", f->mail_commands);
	if (f->mails_accepted > 0)
		talk_tell(told, "mails=%u\n", f->mails_accepted);
	if (smtp_rare(f)->auth != NULL)
		talk_tell(told, "auth=%s\n", smtp_rare(f)->auth);
	if (f->quit)
		talk_tell(told, "quit\n");
	if (smtp_rare(f)->server_early != NULL)
		talk_tell(told, "server_early=%s\n",
		    smtp_rare(f)->server_early);
	if (f->plain_after_accept)
		talk_tell(told, "plain_after_accept\n");
}

static void
talk_dump(const struct session_record *r, char *told)
{
	static const char *const protocol[] = { "none", "smtp", "lmtp", "tls",
	    "other" };
	static const char *const offer[] = { "unseen", "not-asked", "offered",
	    "absent", "masked", "ehlo-refused" };
	static const char *const starttls[] = { "unseen", "no", "sent",
	    "masked" };
	static const char *const tls[] = { "unseen", "none", "established",
	    "failed" };
	static const char *const failure[] = { "-", "no-hello", "plaintext",
	    "alert", "reset", "closed", "timeout", "garbage" };
	static const char *const from[] = { "-", "sni", "mx", "dns",
	    "banner" };
	static const char *const protection[] = { "unknown", "no-mail", "tls",
	    "cleartext" };

	talk_tell(told, "protocol=%s\noffer=%s\nstarttls=%s\ntls=%s\n"
	    "failure=%s\nprotection=%s\n", protocol[r->protocol],
	    offer[r->offer], starttls[r->starttls], tls[r->tls_state],
	    failure[r->tls_failure], protection[r->protection]);
	if (r->gaps != 0)
		talk_tell(told, "partial\n");
	if (r->server_name != NULL)
		talk_tell(told, "name=%s by %s\n", r->server_name,
		    from[r->server_name_from]);
	if (r->dns != NULL)
		talk_tell(told, "dns_conflicts=%u\n",
		    r->dns->conflicts_seen);
	if (r->smtp != NULL)
		talk_tell_smtp(told, smtp_facts(r->smtp));
	if (r->tls != NULL && tls_facts(r->tls)->client_hello)
		talk_tell(told, "client_hello\n");
	if (r->flow.port[SIDE_SERVER] == 25 &&
	    r->flow.ip[SIDE_SERVER].octets[12] == 198)
		talk_tell(told, "server_is_the_server\n");
	for (unsigned i = 0; i < r->conflicts_kept; i++)
		talk_tell(told, "before=%s\nafter=%s\n",
		    r->conflicts[i].before, r->conflicts[i].after);
}

static bool
talk_has(const char *told, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = told; (p = strstr(p, line)) != NULL; p++)
		if ((p == told || p[-1] == '\n') && (p[len] == '\n' ||
		    (p[len] == '=' && strchr(line, '=') == NULL)))
			return true;
	return false;
}

/* How many of its facts are not there; says which. */
static int
talk_check(const struct talk_case *c)
{
	int failed = 0;

	for (int octetwise = 0; octetwise <= !talk_is(c, HOW_WHOLE);
	    octetwise++) {
		struct session_record *r = talk_play(c, octetwise, NULL);
		char told[TALK_TOLD] = "";

		assert_non_null(r);
		talk_dump(r, told);
		session_record_free(r);
		for (size_t i = 0; i < TALK_WANTS && c->want[i] != NULL; i++) {
			bool absent = c->want[i][0] == '!';

			if (talk_has(told, c->want[i] + absent) != absent)
				continue;
			print_error("%s%s: want %s, got\n%s", c->name,
			    octetwise ? " (octet by octet)" : "",
			    c->want[i], told);
			failed++;
		}
	}
	return failed;
}

static inline void
talk_check_all(const struct talk_case *cases, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += talk_check(&cases[i]);
	assert_int_equal(failed, 0);
}

#endif
