/* SPDX-License-Identifier: ISC */
/*
 * Frames for the tests of decode/, written as the headers one sees from the
 * outside in: "eth vlan=5 ip4 tcp".  Each header takes the number of the
 * next one, lengths and checksums from what stands behind it.
 *
 * The last word is `tcp` (client to server, port 25), `dns` (from port 53)
 * or `data4`, `data6`, `data` (the payload is an IP packet, or anything).
 */
#ifndef DECODE_FRAMES_H
#define DECODE_FRAMES_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/decode.h"

#define FRAME_MAX	(96 * 1024)
#define WORDS_MAX	40

static const uint8_t CLIENT4[4] = { 192, 0, 2, 10 };
static const uint8_t SERVER4[4] = { 198, 51, 100, 25 };
static const uint8_t CLIENT6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 };
static const uint8_t SERVER6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x25 };
#define CLIENT_PORT	40000

struct built {
	uint8_t		 room[FRAME_MAX];
	size_t		 begin;		/* the frame ends where room does */
	const char	*payload;	/* NULL: a line of SMTP */
	size_t		 payload_len;
	uint16_t	 port;		/* 0: 25 */
};

static inline struct span
built_octets(const struct built *b)
{
	return span_of(b->room + b->begin, FRAME_MAX - b->begin);
}

static inline void
put16(uint8_t *at, uint32_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static inline void
put32(uint8_t *at, uint32_t n)
{
	put16(at, n >> 16);
	put16(at + 2, n);
}

/* Room for a header of n octets, all zero, before what is there. */
static inline uint8_t *
prepend(struct built *b, size_t n)
{
	assert(n <= b->begin);
	b->begin -= n;
	return memset(b->room + b->begin, 0, n);
}

/* RFC 1071, the slow way. */
static inline uint16_t
checksum_of(uint32_t sum, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		sum += (uint32_t)s.at[i] << (i % 2 == 0 ? 8 : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* How many of the words from here on are IP headers? */
static inline int
ips_in(char *const *word)
{
	int n = 0;

	for (; *word != NULL; word++)
		n += strncmp(*word, "ip", 2) == 0 ||
		    strncmp(*word, "data", 4) == 0;
	return n;
}

struct number {
	const char	*word;
	uint16_t	 ethertype;
	uint8_t		 protocol;
};

static inline const struct number *
number_of(const char *word)
{
	static const struct number numbers[] = {
		{ "ip4", 0x0800, 4 },	{ "data4", 0x0800, 4 },
		{ "ip6", 0x86dd, 41 },	{ "data6", 0x86dd, 41 },
		{ "vlan", 0x8100, 0 },	{ "qinq", 0x88a8, 0 },
		{ "q9100", 0x9100, 0 },	{ "mpls", 0x8847, 137 },
		{ "mplsup", 0x8848, 0 }, { "pppoe", 0x8864, 0 },
		{ "eth", 0x6558, 143 },	{ "erspan1", 0x88be, 0 },
		{ "erspan2", 0x88be, 0 }, { "erspan3", 0x22eb, 0 },
		{ "gre", 0, 47 },	{ "tcp", 0, 6 },
		{ "dns", 0, 17 },	{ "udp", 0, 17 },
		{ "hopopts", 0, 0 },	{ "route", 0, 43 },
		{ "fragment", 0, 44 },	{ "ah", 0, 51 },
		{ "dstopts", 0, 60 },	{ "mobility", 0, 135 },
		{ "etherip", 0, 97 },	{ "icmp", 0, 1 },
		{ "icmp6", 0, 58 },	{ "data", 0x1234, 253 },
		{ NULL, 0, 17 },	/* our tunnels over UDP */
	};
	const struct number *n = numbers;
	size_t len = strcspn(word, "=");

	while (n->word != NULL && (strlen(n->word) != len ||
	    strncmp(n->word, word, len) != 0))
		n++;
	return n;
}

static inline void
put_tcp(struct built *b, bool v6)
{
	const char *text = b->payload != NULL ? b->payload :
	    "EHLO client.example\r\n";
	size_t len = b->payload != NULL ? b->payload_len : strlen(text);
	uint8_t *at;
	uint32_t sum;

	memcpy(prepend(b, len), text, len);
	at = prepend(b, 32);
	put16(at, CLIENT_PORT);
	put16(at + 2, b->port != 0 ? b->port : 25);
	put32(at + 4, 0x01020304);
	put32(at + 8, 0x05060708);
	at[12] = 0x80;
	at[13] = TCP_PSH | TCP_ACK;
	put16(at + 14, 0x2000);
	memcpy(at + 20, "\1\1\10\12\0\0\0\7\0\0\0\11", 12);
	sum = 6 + (uint32_t)(len + 32);
	sum = (uint16_t)~checksum_of(sum, v6 ? span_of(CLIENT6, 16) :
	    span_of(CLIENT4, 4));
	sum = (uint16_t)~checksum_of(sum, v6 ? span_of(SERVER6, 16) :
	    span_of(SERVER4, 4));
	put16(at + 16, checksum_of(sum, span_of(at, len + 32)));
}

static inline void
put_udp(struct built *b, uint16_t from, uint16_t to)
{
	size_t len = FRAME_MAX - b->begin;
	uint8_t *at = prepend(b, 8);

	put16(at, from);
	put16(at + 2, to);
	put16(at + 4, (uint32_t)len + 8);
}

/* `outer`: not the innermost, so it has other addresses. */
static inline void
put_ip4(struct built *b, uint8_t protocol, bool outer, uint32_t options)
{
	size_t len = FRAME_MAX - b->begin;
	uint32_t header = 20 + options;
	uint8_t *at = prepend(b, header);

	at[0] = (uint8_t)(0x40 | header / 4);
	put16(at + 2, (uint32_t)len + header);
	put16(at + 4, 0x4711);
	at[8] = outer ? 255 : 57;
	at[9] = protocol;
	memcpy(at + 12, CLIENT4, 4);
	memcpy(at + 16, SERVER4, 4);
	if (outer)
		at[12] = at[16] = 10;
	if (options >= 4)	/* router alert, RFC 2113 */
		memcpy(at + 20, "\x94\4\0\0", 4);
	put16(at + 10, checksum_of(0, span_of(at, header)));
}

static inline void
put_ip6(struct built *b, uint8_t next, bool outer)
{
	size_t len = FRAME_MAX - b->begin;
	uint8_t *at = prepend(b, 40);

	at[0] = 0x60;
	put16(at + 4, (uint32_t)len);
	at[6] = next;
	at[7] = outer ? 255 : 57;
	memcpy(at + 8, CLIENT6, 16);
	memcpy(at + 24, SERVER6, 16);
	if (outer)
		at[8] = at[24] = 0xfd;
}

static inline void	put_word(struct built *b, char *const *word,
			    bool v6);

static inline void
frame_build(struct built *b, const char *headers)
{
	char text[512], *words[WORDS_MAX + 1], *rest = text;
	bool v6[WORDS_MAX], now = false;
	int n = 0;

	snprintf(text, sizeof(text), "%s", headers);
	while ((words[n] = strsep(&rest, " ")) != NULL) {
		assert(n < WORDS_MAX);
		if (strncmp(words[n], "ip", 2) == 0)
			now = words[n][2] == '6';
		v6[n++] = now;
	}
	b->begin = FRAME_MAX;
	while (n-- > 0)
		put_word(b, words + n, v6[n]);
}

#include "decode_headers.h"

/* A decoder for port 25, and what it counted. */
struct rig {
	struct counters	 counters;
	uint8_t		 ports[8192];
	struct decoder	*decoder;
};

static inline void
rig_open(struct rig *r, bool want_dns)
{
	struct decode_limits limits = DECODE_LIMITS_DEFAULT;

	memset(r, 0, sizeof(*r));
	r->ports[25 / 8] |= 1 << 25 % 8;
	r->decoder = decoder_new(&limits, r->ports, want_dns, &r->counters);
	assert(r->decoder != NULL);
}

static inline struct frame
frame_of(int link_type, struct span octets, size_t wire_len)
{
	return (struct frame){ .octets = octets, .time = 1000000,
	    .wire_len = (uint32_t)wire_len, .number = 3,
	    .link_type = link_type };
}

#endif
