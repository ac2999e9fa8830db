/* SPDX-License-Identifier: ISC */
/*
 * policy_message_build.h -- DNS messages by hand, right ones and others.
 */
#ifndef TESTS_UNIT_POLICY_MESSAGE_BUILD_H
#define TESTS_UNIT_POLICY_MESSAGE_BUILD_H

#include <assert.h>

#include "policy/message.h"

#define BUILD_REPLY	0x8180	/* QR, RD, RA */
#define BUILD_AD	0x0020
#define BUILD_TC	0x0200

struct build {
	uint8_t	octets[65535];
	size_t	len;
};

static inline void
build_u16(struct build *b, unsigned v)
{
	assert(b->len + 2 <= sizeof(b->octets));
	b->octets[b->len++] = (uint8_t)(v >> 8);
	b->octets[b->len++] = (uint8_t)v;
}

static inline void
build_octets(struct build *b, const void *at, size_t n)
{
	assert(b->len + n <= sizeof(b->octets));
	memcpy(b->octets + b->len, at, n);
	b->len += n;
}

/* "a.b" uncompressed; NULL: a pointer to the question. */
static inline void
build_name(struct build *b, const char *name)
{
	if (name == NULL) {
		build_u16(b, 0xc00c);
		return;
	}
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		b->octets[b->len++] = (uint8_t)n;
		build_octets(b, name, n);
		name += n + (name[n] == '.');
	}
	b->octets[b->len++] = 0;
}

/* Header and question of a reply to `q`. */
static inline void
build_reply(struct build *b, const struct message_query *q, unsigned flags)
{
	struct span asked = span_of(q->octets, q->len);
	size_t end = 12;

	while (asked.at[end] != 0)
		end += asked.at[end] + 1U;
	b->len = 0;
	build_octets(b, q->octets, 2);
	build_u16(b, flags);
	build_u16(b, 1);
	build_u16(b, 0);
	build_u16(b, 0);
	build_u16(b, 0);
	build_octets(b, asked.at + 12, end + 5 - 12);
}

static inline void
build_count(struct build *b, unsigned section)
{
	unsigned at = 6 + 2 * section;
	unsigned n = (unsigned)b->octets[at] << 8 | b->octets[at + 1];

	n++;
	b->octets[at] = (uint8_t)(n >> 8);
	b->octets[at + 1] = (uint8_t)n;
}

/* A record of section 0 (answer), 1 (authority) or 2 (additional). */
static inline void
build_record(struct build *b, unsigned section, const char *owner,
    unsigned type, uint32_t ttl, const void *data, size_t n)
{
	build_name(b, owner);
	build_u16(b, type);
	build_u16(b, 1);
	build_u16(b, ttl >> 16);
	build_u16(b, ttl & 0xffff);
	build_u16(b, (unsigned)n);
	build_octets(b, data, n);
	build_count(b, section);
}

static inline void
build_cname(struct build *b, const char *owner, const char *target)
{
	static struct build data;

	data.len = 0;
	build_name(&data, target);
	build_record(b, 0, owner, LOOKUP_CNAME, 300, data.octets, data.len);
}

/* OPT with an extended error, or none (-1). */
static inline void
build_opt(struct build *b, int ede)
{
	static struct build data;

	data.len = 0;
	if (ede >= 0) {
		build_u16(&data, 15);
		build_u16(&data, 2);
		build_u16(&data, (unsigned)ede);
	}
	b->octets[b->len++] = 0;
	build_u16(b, 41);
	build_u16(b, 1232);
	build_u16(b, 0);
	build_u16(b, 0);
	build_u16(b, (unsigned)data.len);
	build_octets(b, data.octets, data.len);
	build_count(b, 2);
}

#endif
