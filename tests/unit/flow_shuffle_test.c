/* SPDX-License-Identifier: ISC */
/*
 * Whatever the capture did to the order of packets, the reader is told the
 * same: random dialogues, cut at random, shuffled across both directions
 * and repeated, against the same dialogue in order.  Fixed seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

#define TURNS		12
#define PACKETS_MAX	4096
#define TEXT_MAX	32768

struct segment {
	enum side	 who;
	uint8_t		 flags;
	uint32_t	 seq, ack;
	char		 octets[32];
	uint32_t	 len;
};

struct dialogue {
	struct segment	 list[PACKETS_MAX];
	size_t		 n;
};

struct teller {
	char		 text[TEXT_MAX];
	size_t		 len;
	enum side	 last;
	bool		 any, gap;
};

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void *
on_open(void *context, struct flow *f)
{
	(void)f;
	return context;
}

static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	struct teller *t = session;

	(void)at;
	if (!t->any || t->last != who)
		t->text[t->len++] = who == SIDE_CLIENT ? '>' : '<';
	t->any = true;
	t->last = who;
	assert_true(t->len + octets.len + 2 < TEXT_MAX);
	memcpy(t->text + t->len, octets.at, octets.len);
	t->len += octets.len;
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	struct teller *t = session;

	(void)who;
	(void)octets;
	(void)at;
	t->gap = true;
}

static void
on_end(void *session, enum side who, struct mark at)
{
	struct teller *t = session;

	(void)at;
	t->text[t->len++] = who == SIDE_CLIENT ? ')' : '(';
	t->any = false;
}

static void
on_close(void *session, const struct flow_facts *facts)
{
	struct teller *t = session;

	t->text[t->len++] = facts->end == FLOW_FINISHED ? '.' : '?';
	t->text[t->len] = '\0';
}

static const struct flow_ops	ops = {
	.open = on_open,
	.octets = on_octets,
	.gap = on_gap,
	.end = on_end,
	.close = on_close,
};

static void
add(struct dialogue *d, enum side who, uint8_t flags, const uint32_t next[2],
    const char *octets, uint32_t len)
{
	struct segment *s = &d->list[d->n++];

	assert_true(d->n < PACKETS_MAX);
	*s = (struct segment){ .who = who, .flags = flags,
	    .seq = next[who], .ack = next[!who], .len = len };
	memcpy(s->octets, octets, len);
}

/* Both speak in turn, the server first, each turn in pieces. */
static void
compose(struct dialogue *d, uint64_t *random, size_t piece_max)
{
	uint32_t next[2] = { (uint32_t)next_random(random),
	    (uint32_t)next_random(random) };
	char octets[32];

	d->n = 0;
	add(d, SIDE_CLIENT, TCP_SYN, next, "", 0);
	next[SIDE_CLIENT]++;
	add(d, SIDE_SERVER, TCP_SYN | TCP_ACK, next, "", 0);
	next[SIDE_SERVER]++;
	add(d, SIDE_CLIENT, TCP_ACK, next, "", 0);
	for (int turn = 0; turn < TURNS; turn++) {
		enum side who = turn % 2 == 0 ? SIDE_SERVER : SIDE_CLIENT;
		size_t left = 1 + next_random(random) % 60;

		while (left > 0) {
			uint32_t len = (uint32_t)(1 + next_random(random) %
			    piece_max);

			if (len > left)
				len = (uint32_t)left;
			for (uint32_t i = 0; i < len; i++)
				octets[i] = (char)('a' +
				    next_random(random) % 26);
			add(d, who, TCP_ACK, next, octets, len);
			next[who] += len;
			left -= len;
		}
	}
	add(d, SIDE_CLIENT, TCP_FIN | TCP_ACK, next, "", 0);
	next[SIDE_CLIENT]++;
	add(d, SIDE_SERVER, TCP_FIN | TCP_ACK, next, "", 0);
	next[SIDE_SERVER]++;
	add(d, SIDE_CLIENT, TCP_ACK, next, "", 0);
}

/* Each packet moves by fewer than `window` places; some come again. */
static void
shuffle(struct dialogue *d, uint64_t *random, size_t window, bool repeat)
{
	for (size_t i = 0; i + 1 < d->n; i++) {
		size_t with = i + next_random(random) % window;
		struct segment s = d->list[i];

		if (with >= d->n)
			continue;
		d->list[i] = d->list[with];
		d->list[with] = s;
	}
	for (size_t n = d->n, i = 0; repeat && i < n; i++)
		if (next_random(random) % 3 == 0 && d->n < PACKETS_MAX - 1)
			d->list[d->n++] = d->list[i];
}

static void
hear(const struct dialogue *d, struct teller *t)
{
	static const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	struct counters counters = { 0 };
	uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8 };
	struct flow_table *table;

	memset(t, 0, sizeof(*t));
	table = flow_table_new(&limits, ports, 7, &ops, t, &counters);
	assert_non_null(table);
	for (size_t i = 0; i < d->n; i++) {
		const struct segment *s = &d->list[i];
		struct packet p = {
			.mark = { .time = 1700000000000000 + (int64_t)i * 100,
			    .packet = i + 1 },
			.source = addr_v4(ip[s->who]),
			.destination = addr_v4(ip[!s->who]),
			.source_port = s->who == SIDE_CLIENT ? 40000 : 25,
			.destination_port = s->who == SIDE_CLIENT ? 25 : 40000,
			.seq = s->seq, .ack = s->ack, .flags = s->flags,
			.payload = span_of(s->octets, s->len),
			.payload_wire = s->len, .ttl = 64,
		};

		if ((p.flags & TCP_ACK) == 0)
			p.ack = 0;
		flow_take(table, &p);
	}
	flow_table_free(table);
}

static void
any_order_is_told_as_the_right_one(void **state)
{
	static struct dialogue d;
	static struct teller want, got;
	static const size_t windows[] = { 2, 5, 12, 25 };
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (int round = 0; round < 400; round++) {
		compose(&d, &random, round % 3 == 0 ? 1 : 20);
		hear(&d, &want);
		assert_false(want.gap);
		shuffle(&d, &random, windows[round % 4], round % 2 == 0);
		hear(&d, &got);
		if (got.gap || strcmp(got.text, want.text) != 0)
			fail_msg("round %d, window %zu:\n got  %s%s\n want %s",
			    round, windows[round % 4], got.text,
			    got.gap ? " (and a gap)" : "", want.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_is_told_as_the_right_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
