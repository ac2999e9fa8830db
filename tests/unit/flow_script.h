/* SPDX-License-Identifier: ISC */
/*
 * Scripts of segments, and what the reader is told of them.
 *
 * A word of a script is a segment:
 *
 *	C5:hello/3	client, 5 octets from its start, "hello",
 *			acknowledging 3 octets of the server
 *	Cs Ss		SYN, SYN-ACK; "Cs/" a bare SYN also of the server,
 *			"Ss/" likewise; "Cs/9" a SYN-ACK of 9 octets
 *	C5a/3		a pure ACK
 *	C5f/3 C5:x/3f	FIN; octets and FIN
 *	C5r		RST; C5r/3 with an ACK
 *	C5s		a SYN, at this place
 *
 * and behind that, in any order:
 *
 *	+4		4 octets more on the wire than captured
 *	~63 ^7		TTL, VLAN
 *	m1460 w7	MSS, window scale
 *	u b g		urgent; checksum bad, good (else: cannot be told)
 *
 * In small letters ("cs ss c0:x/0") it is of another connection between
 * the same ends, with other sequence numbers.  Other words:
 *
 *	t7		seven seconds pass, and the table is told
 *	j7 j-7		the next stamp is seven seconds later, earlier
 *	.		the capture ends here, and another begins
 *
 * Told are octets of each side in order of delivery ("C:..." "S:..."), gaps
 * ("C-5"), ends ("C."), conflicts ("S!5=ABC/abc" offset, before, after) and
 * the close ("=finished").
 */
#ifndef FLOW_SCRIPT_H
#define FLOW_SCRIPT_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

#define SCRIPT_PORT	40000
#define SCRIPT_TEXT_MAX	65536
#define HEADER		20	/* octets of a TCP header */

struct teller {
	char		 text[SCRIPT_TEXT_MAX];
	size_t		 len;
	char		 last;		/* whose octets were told last */
	enum flow_want	 want;		/* asked for at open */
	uint64_t	 skip_client;	/* likewise */
	size_t		 charge;	/* likewise */
	struct flow	*flow;
	struct flow_facts facts;	/* of the connection closed last */
};

struct script {
	struct flow_table	*table;
	struct counters		 counters;
	struct teller		 teller;
	uint8_t			 ports[8192];
	uint16_t		 client_port;
	uint64_t		 packets;
	int64_t			 time;
	bool			 ticks;	/* time passes in small steps */
};

static void tell(struct teller *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
tell(struct teller *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->text + t->len,
	    SCRIPT_TEXT_MAX - t->len, fmt, ap);
	va_end(ap);
	assert_true(t->len < SCRIPT_TEXT_MAX);
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

	t->last = 0;
	t->flow = f;
	for (int i = 0; i < SIDES; i++)
		flow_want(f, i, t->want);
	if (t->skip_client > 0)
		flow_skip(f, SIDE_CLIENT, t->skip_client);
	flow_charge(f, t->charge);
	return t;
}

static void
on_octets(void *session, enum side who, struct span octets, struct mark at)
{
	struct teller *t = session;

	(void)at;
	if (t->last != letter(who))
		tell(t, " %c:", letter(who));
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
	t->facts = *facts;
	t->last = 0;
}

static const struct flow_ops	script_ops = {
	.open = on_open,
	.octets = on_octets,
	.gap = on_gap,
	.conflict = on_conflict,
	.end = on_end,
	.close = on_close,
};

/* A TCP header and the payload, with a right checksum or a wrong one. */
static void
put_checksum(struct packet *p, uint8_t room[HEADER + 64], bool right)
{
	uint32_t sum = 0;

	memset(room, 0, HEADER);
	room[12] = HEADER / 4 << 4;
	room[13] = p->flags;
	memcpy(room + 4, &(uint32_t){ htonl(p->seq) }, 4);
	memcpy(room + 8, &(uint32_t){ htonl(p->ack) }, 4);
	memset(room + HEADER, 0, 64);
	if (p->payload.len > 0)
		memcpy(room + HEADER, p->payload.at, p->payload.len);
	p->payload.at = room + HEADER;
	p->segment = span_of(room, HEADER + p->payload.len);
	for (int i = 0; i < 16; i += 2)
		sum += (uint32_t)(p->source.octets[i] << 8 |
		    p->source.octets[i + 1]) +
		    (uint32_t)(p->destination.octets[i] << 8 |
		    p->destination.octets[i + 1]);
	sum += 6 + (uint32_t)p->segment.len;
	for (size_t i = 0; i < HEADER + 64; i += 2)
		sum += (uint32_t)(room[i] << 8 | room[i + 1]);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	sum = (right ? ~sum : ~sum + 1) & 0xffff;
	room[16] = (uint8_t)(sum >> 8);
	room[17] = (uint8_t)sum;
}

static const char *
read_number(const char *at, uint32_t *n)
{
	*n = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		*n = *n * 10 + (uint32_t)(*at - '0');
	return at;
}

/* What stands behind place and octets. */
static void
read_traits(struct packet *p, const char *at, uint32_t theirs, int *checksum)
{
	uint32_t n;

	while (*at != '\0')
		switch (*at++) {
		case 'a':
			break;
		case 'f':
			p->flags |= TCP_FIN;
			break;
		case 'r':
			p->flags = TCP_RST;
			p->ack = 0;
			break;
		case 's':
			p->flags = TCP_SYN;
			p->ack = 0;
			break;
		case 'u':
			p->flags |= TCP_URG;
			p->urgent = 1;
			break;
		case 'b':
			*checksum = -1;
			break;
		case 'g':
			*checksum = 1;
			break;
		case '/':
			at = read_number(at, &n);
			p->flags |= TCP_ACK;
			p->ack = theirs + 1 + n;
			break;
		case '+':
			at = read_number(at, &n);
			p->payload_wire += n;
			break;
		case '~':
			at = read_number(at, &n);
			p->ttl = (uint8_t)n;
			break;
		case 'm':
			at = read_number(at, &n);
			p->has_mss = true;
			p->mss = (uint16_t)n;
			break;
		case 'w':
			at = read_number(at, &n);
			p->has_window_scale = true;
			p->window_scale = (uint8_t)n;
			break;
		case '^':
			at = read_number(at, &n);
			p->vlan = (uint16_t)n;
			break;
		default:
			fail_msg("script: %s", at - 1);
		}
}

/* The server's numbers wrap soon. */
static uint32_t
isn_of(bool client, bool other)
{
	if (client)
		return other ? 777777777u : 1000u;
	return other ? 2222222222u : 0xfffffff0u;
}

static void
play_segment(struct script *b, const char *word)
{
	static const uint8_t ip[2][4] = { { 192, 0, 2, 1 },
	    { 198, 51, 100, 25 } };
	struct packet p = { .ttl = 64, .window = 1000, .flags = TCP_ACK };
	bool other = *word >= 'a', client = *word == 'C' || *word == 'c';
	uint32_t mine = isn_of(client, other), n;
	uint32_t theirs = isn_of(!client, other);
	const char *at = word + 1;
	uint8_t room[HEADER + 64];
	int checksum = 0;

	p.mark = (struct mark){ .time = b->time += 1000,
	    .packet = ++b->packets };
	p.source = addr_v4(ip[!client]);
	p.destination = addr_v4(ip[client]);
	p.source_port = client ? b->client_port : 25;
	p.destination_port = client ? 25 : b->client_port;
	p.ack = theirs + 1;
	if (*at == 's') {
		p.seq = mine;
		p.flags = client ? TCP_SYN : TCP_SYN | TCP_ACK;
		at++;
		if (*at == '/' && (at[1] < '0' || at[1] > '9')) {
			p.flags = TCP_SYN;
			at++;
		}
		if ((p.flags & TCP_ACK) == 0)
			p.ack = 0;
	} else {
		at = read_number(at, &n);
		p.seq = mine + 1 + n;
	}
	if (*at == ':') {
		p.payload = span_of(at + 1, strcspn(at + 1, "/"));
		p.payload_wire = (uint32_t)p.payload.len;
		at += 1 + p.payload.len;
	}
	read_traits(&p, at, theirs, &checksum);
	if (checksum != 0)
		put_checksum(&p, room, checksum > 0);
	flow_take(b->table, &p);
}

static void
pass_time(struct script *b, int64_t seconds)
{
	int64_t step = b->ticks ? 10000 : seconds * 1000000;

	for (int64_t i = 0; i < seconds * 1000000; i += step)
		flow_table_tick(b->table, b->time += step);
	/* a leap wants to be confirmed */
	flow_table_tick(b->table, b->time);
}

static void
play(struct script *b, const char *word)
{
	switch (*word) {
	case 't':
		pass_time(b, strtol(word + 1, NULL, 10));
		break;
	case 'j':
		b->time += strtol(word + 1, NULL, 10) * 1000000;
		break;
	case '.':
		flow_table_flush(b->table);
		break;
	default:
		play_segment(b, word);
	}
}

static void
script_open(struct script *b, const struct flow_limits *limits,
    uint64_t seed)
{
	memset(b, 0, sizeof(*b));
	b->ports[25 / 8] |= 1 << 25 % 8;
	b->client_port = SCRIPT_PORT;
	b->time = 1700000000000000;
	b->table = flow_table_new(limits, b->ports, seed, &script_ops,
	    &b->teller, &b->counters);
	assert_non_null(b->table);
}

static void
play_all(struct script *b, const char *script)
{
	char words[2048], *word, *rest = words;

	assert_true((size_t)snprintf(words, sizeof(words), "%s", script) <
	    sizeof(words));
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			play(b, word);
}

/* All that was told, without the first blank. */
static const char *
told(const struct script *b)
{
	return b->teller.text + (b->teller.text[0] == ' ');
}

#endif
