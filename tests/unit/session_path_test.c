/* SPDX-License-Identifier: ISC */
/*
 * Packets that another host may have sent, and those that only look so.
 *
 * A script is words, one a packet: C or S, how many octets it carries (0: a
 * bare acknowledgement; r: a RST), and its traits where they are not as
 * before:
 *
 *	t61	hop limit, this one		T61	from here on
 *	i5	IP-ID, this one			I5	from here on, counting
 *	z	... 0 from here on		x	... leaps from here on
 *	s40	... 40 steps ahead of the last
 *	w9	window, this one		W9	from here on
 *	c-5	timestamp 5 ms behind, this one	C5	from here on
 *	n	no timestamps, this one		N	from here on, or again
 *	d3	after 3 ms (else 10)
 *	a	the octets last said, again	b	the first ones
 *	g	as many octets before it were not captured
 *
 * What is told: side, number of the first packet, its signs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/path.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* The ordinary beginning: greeting, EHLO, reply, STARTTLS. */
#define BEGIN		"S40 C0 C20 S0 S150 C0 C10 "
#define REST		" C30 S10 C30 S10 C8 S10"

struct host {
	int	 ttl, id, step, window, clock;
	bool	 leaps, unstamped;
};

struct play {
	struct path		*path;
	struct path_side	 sides[SIDES];
	struct host		 host[SIDES];
	uint32_t		 said[SIDES], last[SIDES];
	int64_t			 time;
	uint64_t		 packets;
};

static const struct {
	const char	*name, *script, *want;
} cases[] = {
	{ "all alike", BEGIN "S30" REST, "" },
	{ "nothing", "", "" },
	{ "one from nearer", "TS52 " BEGIN "S30t61" REST, "S8 hops" },
	{ "... by two hops", BEGIN "S30t62" REST, "" },
	{ "... in the client's name", BEGIN "S30 C30t70" REST, "C9 hops" },
	{ "another way from then on", BEGIN "S30T50" REST,
	  "S8 hops stays" },
	{ "half of them from elsewhere", "S40 C20 S150 C10 S30t50 C9 S9t40",
	  "" },
	{ "one before, one behind: which is it?", "S40 C20 S150t50", "" },
	{ "the first alone", "S40t50 C20 S0 S150 C10 S30 C30 S10 C30 S9",
	  "S1 hops" },
	{ "one without timestamp", BEGIN "S30n" REST, "S8 stamp" },
	{ "with timestamps from then on", "S40N C20 S150 C10 S30N C8 S10",
	  "S5 stamp stays" },
	{ "... none at all", "S40N C20N S150 C10 S30 C8 S10", "" },
	{ "another clock", BEGIN "S30c-9000000" REST, "S8 clock" },
	{ "... ahead", BEGIN "S30c9000000" REST, "S8 clock" },
	{ "... and it stays", BEGIN "S30C9000000" REST, "S8 clock stays" },
	{ "a clock a moment off", BEGIN "S30c-400" REST, "" },
	{ "a clock of 1 us", "S40 C20 S150c20000 C10 S30c130000d99 C9 "
	  "S9c150000", "" },
	{ "a clock of 1 ms, ahead as only one of 1 us could be",
	  BEGIN "S30c99000d99" REST, "S8 clock" },
	{ "a long silence", BEGIN "C9d900000 S30" REST, "" },
	{ "out of the count", BEGIN "S30i40404" REST, "S8 id" },
	{ "... 0", BEGIN "S30i0" REST, "S8 id" },
	{ "a counter that begins anew", BEGIN "S30I40404" REST,
	  "S8 id stays" },
	{ "IP-IDs that leap about", "S40x C0 C20 S150 C10 S30" REST, "" },
	{ "none", "S40z C20 S150 C10 S30 C30 S10", "" },
	{ "one where there are none", "S40z C20 S150 C10 S30i7777 C30 S10",
	  "S5 id" },
	{ "... IPv6, and another hop limit",
	  "S40z C20 S150 C10 S30t99 C30 S10", "S5 hops" },
	{ "merged segments", BEGIN "S30s44" REST, "" },
	{ "a counter many connections share", "S40 C20 S150s700 C10 S30s9000"
	  REST, "" },
	{ "the count goes back, as in a capture out of order",
	  BEGIN "S30s-3" REST, "" },
	{ "a counter around its end", "IS65534 " BEGIN "S30" REST, "" },
	{ "a window of another scale", BEGIN "S30w65535" REST, "S8 window" },
	{ "... small", BEGIN "S30w20" REST, "S8 window" },
	{ "a buffer grows", BEGIN "S30w3000 C30 S20w9000 C20 S20w64000" REST,
	  "" },
	{ "sooner than the way is long", BEGIN "S30d1" REST, "S8 soon" },
	{ "... by a quarter", BEGIN "S30d7" REST, "" },
	{ "... pipelined: it answers what was said before",
	  BEGIN "C10 C10 S30d20" REST, "" },
	{ "all answers are there at once: a proxy's",
	  "S40 C20 S150d1 C10 S30d1 C10 S10d1 C10 S10d1", "" },
	{ "a way too short to tell", "S40 C20d1 S150d1 C10d1 S0d1 S9d0",
	  "" },
	{ "a capture that is not in order", "S40 C20 S150g C10 S30d1" REST,
	  "" },
	{ "nothing of the client was captured", "S40 S150 S30d1 S10 S10",
	  "" },
	{ "all of it", "TS52 " BEGIN "S30t61nw65535i9999d1" REST,
	  "S8 hops,stamp,id,window,soon" },
	{ "the true one behind it", "TS52 " BEGIN "S30t61 S30a" REST,
	  "S8 hops" },
	{ "the true one before it", "TS52 " BEGIN "S30 S30at61" REST,
	  "S9 hops" },
	{ "twice, with an honest one between",
	  BEGIN "S30t50 C9 S9 C9 S9t50 C9 S9 C9 S9", "S8 hops S12 hops" },
	{ "a late copy of what was before does not end it",
	  "S40 C20 S150 C10 S30T50 S40bt64 C8 S9 C8 S9", "S5 hops stays" },
	/* RSTs */
	{ "a RST as the rest", BEGIN "Sr", "" },
	{ "a RST from nearer", "TS52 " BEGIN "Srt61", "S8 hops" },
	{ "... as far, from 255", "TS52 " BEGIN "Srt243", "" },
	{ "... as far, from 128", "TS52 " BEGIN "Srt115", "" },
	{ "... from 32, a kernel of old", "TS52 " BEGIN "Srt20", "" },
	{ "a kernel's: no timestamp, no window, no IP-ID",
	  BEGIN "Srni0w0", "" },
	{ "a RST with a count of its own", BEGIN "Sri40404", "S8 id" },
	{ "a RST with a constant window", BEGIN "Srw65535", "S8 window" },
	{ "a RST of another clock", BEGIN "Src-9000000", "S8 clock" },
	{ "a RST there too soon", BEGIN "Srd1", "S8 soon" },
	{ "RSTs, one after the other", BEGIN "Srt99 Srt99 Srt99",
	  "S8 hops" },
	{ "a RST behind one packet", "S40 C20 Srt99", "" },
	{ "a RST and nothing else", "Sr Crt3", "" },
	/* no room */
	{ "more bursts than are kept",
	  "S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 S9 C9 "
	  "S9t9 C9 S9 C9 S9t9 C9 S9 C9 S9t9 C9 S9 C9 S9t9 C9 S9 C9 S9t9 C9 "
	  "S9 C9 S9t9 C9 S9 C9 S9t9 C9 S9 C9 S9t9 C9 S9",
	  "S21 hops S25 hops S29 hops S33 hops S37 hops S41 hops" },
};

static const char *const	sign_words[PATH_SIGNS] = {
	[PATH_HOP_LIMIT] = "hops", [PATH_NO_STAMP] = "stamp",
	[PATH_CLOCK] = "clock", [PATH_ID] = "id", [PATH_WINDOW] = "window",
	[PATH_SOON] = "soon",
};

/* One trait of a word; the number behind it is read. */
static void
trait(struct play *t, enum side who, struct packet *p, const char **at)
{
	struct host *h = &t->host[who];
	char what = *(*at)++;
	char *end;
	long n = strtol(*at, &end, 10);

	*at = end;
	switch (what) {
	case 'T':
		h->ttl = (int)n;
		/* FALLTHROUGH */
	case 't':
		p->ttl = (uint8_t)n;
		break;
	case 'I':
		h->id = (int)n;
		/* FALLTHROUGH */
	case 'i':
		p->ip_id = (uint16_t)n;
		break;
	case 's':
		h->id += (int)n - 1;
		p->ip_id = (uint16_t)h->id;
		break;
	case 'z':
		h->step = h->id = p->ip_id = 0;
		break;
	case 'x':
		h->leaps = true;
		break;
	case 'W':
		h->window = (int)n;
		/* FALLTHROUGH */
	case 'w':
		p->window = (uint16_t)n;
		break;
	case 'C':
		h->clock = (int)n;
		/* FALLTHROUGH */
	case 'c':
		p->timestamp = (uint32_t)(t->time / 1000 + n);
		break;
	case 'N':
		h->unstamped = !h->unstamped;
		p->has_timestamp = !h->unstamped;
		break;
	case 'n':
		p->has_timestamp = false;
		p->timestamp = 0;
		break;
	default:
		fail_msg("trait %c?", what);
	}
}

static void
packet(struct play *t, const char *word)
{
	enum side who = *word == 'C' ? SIDE_CLIENT : SIDE_SERVER;
	struct host *h = &t->host[who];
	bool again = strpbrk(word, "ab") != NULL;
	const char *at = word + 1, *d = strchr(word, 'd');
	struct packet p = { .flags = TCP_ACK, .has_timestamp = true };
	char *end;

	if (*at == 'r') {
		p.flags |= TCP_RST;
		at++;
	} else {
		p.payload_wire = (uint32_t)strtoul(at, &end, 10);
		at = end;
	}
	t->time += d != NULL ? strtol(d + 1, NULL, 10) * 1000 : 10000;
	h->id = h->leaps ? (h->id * 40503 + 30011) & 0xffff :
	    h->id + h->step;
	p.mark = (struct mark){ .time = t->time, .packet = ++t->packets };
	p.ttl = (uint8_t)h->ttl;
	p.ip_id = (uint16_t)h->id;
	p.window = (uint16_t)h->window;
	p.has_timestamp = !h->unstamped;
	p.timestamp = (uint32_t)(t->time / 1000 + h->clock);
	if (strchr(word, 'g') != NULL)
		t->said[who] += p.payload_wire;
	p.seq = (strchr(word, 'b') != NULL ? 0 : again ? t->last[who] :
	    t->said[who]) + 0xffffffa0;
	p.ack = t->said[side_other(who)] + 0xffffffa0;
	for (; *at != '\0'; )
		if (strchr("abg", *at) != NULL)
			at++;
		else if (*at == 'd') {
			strtol(at + 1, &end, 10);
			at = end;
		} else
			trait(t, who, &p, &at);
	if (!again && p.payload_wire > 0) {
		t->last[who] = t->said[who];
		t->said[who] += p.payload_wire;
	}
	path_see(&t->path, t->sides, who, &p);
}

/* TS52 and IS9: of a host, before anything is said. */
static void
word(struct play *t, const char *w)
{
	struct packet unsent = { 0 };
	char copy[16];
	const char *at = copy;

	if (w[0] != 'T' && w[0] != 'I') {
		packet(t, w);
		return;
	}
	snprintf(copy, sizeof(copy), "%c%s", w[0], w + 2);
	trait(t, w[1] == 'C' ? SIDE_CLIENT : SIDE_SERVER, &unsent, &at);
}

static void
tell(const struct play *t, char *out, size_t size)
{
	struct path_oddities *all = path_oddities(t->path, t->sides);
	size_t len = 0;

	out[0] = '\0';
	for (int who = 0; all != NULL && who < SIDES; who++)
		for (unsigned i = 0; i < all->count[who]; i++) {
			const struct path_oddity *o = &all->side[who][i];
			const char *comma = "";

			len += (size_t)snprintf(out + len, size - len,
			    "%s%c%u ", len > 0 ? " " : "", "CS"[who],
			    (unsigned)o->first.packet);
			for (unsigned s = 0; s < PATH_SIGNS; s++) {
				if ((o->signs >> s & 1) == 0)
					continue;
				len += (size_t)snprintf(out + len,
				    size - len, "%s%s", comma, sign_words[s]);
				comma = ",";
			}
			if (o->stays)
				len += (size_t)snprintf(out + len,
				    size - len, " stays");
			assert_true(o->last >= o->first.packet);
			assert_true(o->count > 0);
		}
	free(all);
}

static void
play(struct play *t, const char *script)
{
	char words[1024], *w, *rest = words;

	memset(t, 0, sizeof(*t));
	t->time = INT64_C(1700000000000000);
	for (int i = 0; i < SIDES; i++)
		t->host[i] = (struct host){ .ttl = 64, .id = 1000 + i,
		    .step = 1, .window = 500 };
	path_handshake(&t->sides[SIDE_SERVER], 10000);
	assert_true((size_t)snprintf(words, sizeof(words), "%s", script) <
	    sizeof(words));
	while ((w = strsep(&rest, " ")) != NULL)
		if (*w != '\0')
			word(t, w);
}

static void
what_is_odd_is_told(void **state)
{
	struct play t;
	char got[512];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		play(&t, cases[i].script);
		tell(&t, got, sizeof(got));
		path_free(t.path);
		if (strcmp(got, cases[i].want) == 0)
			continue;
		print_error("%s: got \"%s\", want \"%s\"\n", cases[i].name,
		    got, cases[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The state of an honest connection is all that it costs. */
static void
honest_packets_cost_no_memory(void **state)
{
	struct play t;

	(void)state;
	play(&t, BEGIN "S30" REST " Srni0w0");
	assert_null(t.path);
	assert_int_equal(path_size(NULL), 0);
	assert_true(sizeof(t.sides) <= 160);
}

/* Any numbers, in any order: no overflow, and what is kept is bounded. */
static void
hostile_packets_are_only_odd(void **state)
{
	struct path_side sides[SIDES] = { 0 };
	struct path *path = NULL;
	uint64_t r = 88172645463325252;
	struct path_oddities *all;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct packet p = { 0 };

		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		p.mark = (struct mark){ .time = (int64_t)(r * 31),
		    .packet = i + 1 };
		p.ttl = (uint8_t)(r >> 3);
		p.ip_id = (uint16_t)(r >> 11);
		p.window = (uint16_t)(r >> 19);
		p.timestamp = (uint32_t)(r >> 27);
		p.has_timestamp = (r >> 5 & 1) != 0;
		p.seq = (uint32_t)(r >> 13);
		p.ack = (uint32_t)(r >> 31);
		p.payload_wire = (uint32_t)(r >> 40 & 0xffff);
		p.flags = (uint8_t)(r >> 50 & 0x3f);
		path_see(&path, sides, (enum side)(r >> 60 & 1), &p);
		if (i % 1000 == 0) {
			all = path_oddities(path, sides);
			if (all != NULL)
				assert_true(all->count[SIDE_SERVER] <=
				    PATH_BURSTS);
			free(all);
		}
	}
	assert_true(path_size(path) < 2048);
	path_free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_odd_is_told),
		cmocka_unit_test(honest_packets_cost_no_memory),
		cmocka_unit_test(hostile_packets_are_only_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
