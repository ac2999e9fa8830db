/* SPDX-License-Identifier: ISC */
/*
 * Whatever the capture did to the packets, the reader is told the same, or
 * less and that it is less: random dialogues, cut at random, in disorder,
 * repeated, lost, one direction only, cut short, against the same dialogue
 * as it was.  Fixed seeds.
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
	char		 text[TEXT_MAX];	/* as told, both sides */
	size_t		 len;
	char		 said[SIDES][TEXT_MAX];	/* '?' for an octet missing */
	size_t		 said_len[SIDES];
	enum side	 last;
	bool		 any;
	unsigned	 gaps, sessions;
};

/* How the dialogue is heard. */
struct ears {
	bool		 deaf[SIDES];
	uint64_t	 seed;
	int64_t		 apart;		/* µs from packet to packet */
	bool		 ticks;		/* time passes between them, too */
};

static const struct ears	sound = { .seed = 7, .apart = 100 };

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
	struct teller *t = context;

	(void)f;
	t->sessions++;
	return t;
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
	memcpy(t->said[who] + t->said_len[who], octets.at, octets.len);
	t->said_len[who] += octets.len;
}

static void
on_gap(void *session, enum side who, uint64_t octets, struct mark at)
{
	struct teller *t = session;

	(void)at;
	t->gaps++;
	assert_true(t->said_len[who] + octets < TEXT_MAX);
	memset(t->said[who] + t->said_len[who], '?', octets);
	t->said_len[who] += octets;
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
	for (int i = 0; i < SIDES; i++)
		assert_int_equal(facts->side[i].octets +
		    facts->side[i].missing, t->said_len[i]);
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
hear(const struct dialogue *d, const struct ears *how, struct teller *t)
{
	static const struct flow_limits limits = FLOW_LIMITS_DEFAULT;
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	struct counters counters = { 0 };
	uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8 };
	struct flow_table *table;

	memset(t, 0, sizeof(*t));
	table = flow_table_new(&limits, ports, how->seed, &ops, t, &counters);
	assert_non_null(table);
	for (size_t i = 0; i < d->n; i++) {
		const struct segment *s = &d->list[i];
		struct packet p = {
			.mark = { .time = 1700000000000000 +
			    (int64_t)i * how->apart, .packet = i + 1 },
			.source = addr_v4(ip[s->who]),
			.destination = addr_v4(ip[!s->who]),
			.source_port = s->who == SIDE_CLIENT ? 40000 : 25,
			.destination_port = s->who == SIDE_CLIENT ? 25 : 40000,
			.seq = s->seq, .ack = s->ack, .flags = s->flags,
			.payload = span_of(s->octets, s->len),
			.payload_wire = s->len, .ttl = 64,
		};

		if (how->deaf[s->who])
			continue;
		if ((p.flags & TCP_ACK) == 0)
			p.ack = 0;
		flow_take(table, &p);
		for (int k = 1; how->ticks && k < 4; k++)
			flow_table_tick(table, p.mark.time +
			    k * how->apart / 4);
	}
	flow_table_free(table);
}

static void
expect(const struct teller *got, const struct teller *want, int round,
    const char *what)
{
	if (got->gaps > 0 || strcmp(got->text, want->text) != 0)
		fail_msg("round %d, %s:\n got  %s%s\n want %s", round, what,
		    got->text, got->gaps > 0 ? " (and a gap)" : "",
		    want->text);
}

static void
any_order_is_told_as_the_right_one(void **state)
{
	static struct dialogue d;
	static struct teller want, got;
	static const size_t windows[] = { 2, 5, 12, 25 };
	const struct ears others[] = {
		{ .seed = 7, .apart = 100 },
		{ .seed = 12345, .apart = 1000 },
		{ .seed = 99, .apart = 100, .ticks = true },
		{ .seed = 7, .apart = 2000, .ticks = true },
	};
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (int round = 0; round < 400; round++) {
		compose(&d, &random, round % 3 == 0 ? 1 : 20);
		hear(&d, &sound, &want);
		assert_int_equal(want.gaps, 0);
		shuffle(&d, &random, windows[round % 4], round % 2 == 0);
		for (size_t i = 0; i < 4; i++) {
			hear(&d, &others[i], &got);
			expect(&got, &want, round, "in disorder");
		}
	}
}

/* Everything, also FINs, ACKs and SYNs, comes again some packets later. */
static void
everything_twice_is_told_once(void **state)
{
	static struct dialogue d, twice;
	static struct teller want, got;
	uint64_t random = 362436069362436069ULL;

	(void)state;
	for (int round = 0; round < 100; round++) {
		size_t late = (size_t)round % 7;

		compose(&d, &random, round % 3 == 0 ? 1 : 20);
		hear(&d, &sound, &want);
		twice.n = 0;
		for (size_t i = 0; i < d.n + late; i++) {
			if (i < d.n)
				twice.list[twice.n++] = d.list[i];
			if (i >= late)
				twice.list[twice.n++] = d.list[i - late];
		}
		hear(&twice, &sound, &got);
		expect(&got, &want, round, "twice");
		assert_int_equal(got.sessions, 1);
		/* and all of it once more, when it is over */
		for (size_t i = 0; i < d.n; i++)
			d.list[d.n + i] = d.list[i];
		d.n *= 2;
		hear(&d, &sound, &got);
		expect(&got, &want, round, "twice as a whole");
		assert_int_equal(got.sessions, 1);
	}
}

static void
one_direction_alone_is_told_without_gaps(void **state)
{
	static struct dialogue d;
	static struct teller want, got;
	uint64_t random = 521288629521288629ULL;

	(void)state;
	for (int round = 0; round < 200; round++) {
		enum side who = round % 2 == 0 ? SIDE_CLIENT : SIDE_SERVER;
		struct ears one = { .seed = 3, .ticks = round % 5 == 0,
		    .apart = 100 };

		compose(&d, &random, round % 3 == 0 ? 1 : 20);
		hear(&d, &sound, &want);
		if (round % 7 > 3)
			shuffle(&d, &random, 5, true);
		else
			one.apart = 300000;
		one.deaf[side_other(who)] = true;
		hear(&d, &one, &got);
		assert_int_equal(got.gaps, 0);
		assert_int_equal(got.said_len[side_other(who)], 0);
		assert_int_equal(got.said_len[who], want.said_len[who]);
		assert_memory_equal(got.said[who], want.said[who],
		    want.said_len[who]);
	}
}

/* What is lost is missing, exactly; all else is told, in its order. */
static void
each_lost_packet_leaves_exactly_its_gap(void **state)
{
	static struct dialogue d, less;
	static struct teller want, got;
	uint64_t random = 88675123886751238ULL;

	(void)state;
	for (int round = 0; round < 8; round++) {
		compose(&d, &random, round % 3 == 0 ? 4 : 20);
		hear(&d, &sound, &want);
		for (size_t lost = 0; lost < d.n; lost++) {
			const struct segment *s = &d.list[lost];
			struct ears slow = { .seed = 7,
			    .apart = lost % 2 == 0 ? 100 : 500000 };

			less = d;
			less.n--;
			memmove(&less.list[lost], &less.list[lost + 1],
			    (less.n - lost) * sizeof(less.list[0]));
			if (lost % 6 == 0)
				shuffle(&less, &random, 4, true);
			hear(&less, &slow, &got);
			if (got.gaps != (s->len > 0))
				fail_msg("packet %zu of %zu lost: %u gaps, "
				    "%u octets:\n got  %s\n want %s", lost,
				    d.n, got.gaps, s->len, got.text,
				    want.text);
			for (int i = 0; i < SIDES; i++) {
				size_t missing = 0;

				assert_int_equal(got.said_len[i],
				    want.said_len[i]);
				for (size_t k = 0; k < want.said_len[i]; k++)
					if (got.said[i][k] == '?')
						missing++;
					else
						assert_int_equal(
						    got.said[i][k],
						    want.said[i][k]);
				assert_int_equal(missing,
				    i == (int)s->who ? s->len : 0);
			}
		}
	}
}

/* Many are lost: what is told stands at its place. */
static void
what_is_left_of_many_losses_stands_in_its_place(void **state)
{
	static struct dialogue d;
	static struct teller want, got;
	uint64_t random = 123456789123456789ULL;

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t kept = 2;	/* not the SYNs: they are the scale */

		compose(&d, &random, round % 3 == 0 ? 2 : 20);
		hear(&d, &sound, &want);
		for (size_t i = 2; i < d.n; i++)
			if (next_random(&random) % 4 != 0)
				d.list[kept++] = d.list[i];
		d.n = kept;
		if (round % 2 == 0)
			shuffle(&d, &random, 6, true);
		hear(&d, &sound, &got);
		for (int i = 0; i < SIDES; i++) {
			assert_true(got.said_len[i] <= want.said_len[i] + 1);
			for (size_t k = 0; k < got.said_len[i]; k++)
				if (got.said[i][k] != '?')
					assert_int_equal(got.said[i][k],
					    want.said[i][k]);
		}
	}
}

static void
a_capture_cut_short_tells_the_beginning(void **state)
{
	static struct dialogue d;
	static struct teller want, got;
	uint64_t random = 314159265358979323ULL;
	size_t all;

	(void)state;
	for (int round = 0; round < 10; round++) {
		compose(&d, &random, round % 3 == 0 ? 4 : 20);
		hear(&d, &sound, &want);
		for (all = d.n; d.n > 0; d.n--) {
			hear(&d, &sound, &got);
			assert_int_equal(got.gaps, 0);
			if (got.len == 0)
				continue;
			/* but for the '?' of its end */
			if (got.len > want.len || memcmp(got.text, want.text,
			    got.len - 1) != 0)
				fail_msg("cut after %zu of %zu:\n got  %s\n "
				    "want %s", d.n, all, got.text,
				    want.text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_is_told_as_the_right_one),
		cmocka_unit_test(everything_twice_is_told_once),
		cmocka_unit_test(one_direction_alone_is_told_without_gaps),
		cmocka_unit_test(each_lost_packet_leaves_exactly_its_gap),
		cmocka_unit_test(
		    what_is_left_of_many_losses_stands_in_its_place),
		cmocka_unit_test(a_capture_cut_short_tells_the_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
