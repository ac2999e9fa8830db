/* SPDX-License-Identifier: ISC */
/*
 * base/addr.h -- an IP address of either family.
 *
 * IPv4 is kept in its IPv4-mapped form (RFC 4291 section 2.5.5.2), so that
 * one comparison and one hash serve both families.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ADDR_TEXT_MAX	46	/* INET6_ADDRSTRLEN, with the NUL */

struct addr {
	uint8_t	octets[16];
};

/* Written as one vector where the machine has them: an address that was
 * written in parts is slow to be read as a whole right behind. */
static inline struct addr
addr_v4(const uint8_t octets[static 4])
{
	typedef uint32_t words4 __attribute__((vector_size(16)));
	static const uint8_t mapped[4] = { 0, 0, 0xff, 0xff };
	uint32_t prefix, v4;
	struct addr a;
	words4 words;

	memcpy(&prefix, mapped, sizeof(prefix));
	memcpy(&v4, octets, sizeof(v4));
	words = (words4){ 0, 0, prefix, v4 };
	memcpy(a.octets, &words, sizeof(a.octets));
	return a;
}

static inline struct addr
addr_v6(const uint8_t octets[static 16])
{
	struct addr a;

	memcpy(a.octets, octets, sizeof(a.octets));
	return a;
}

static inline bool
addr_is_v4(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->octets, mapped, sizeof(mapped)) == 0;
}

static inline bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* Numeric text into out, which holds ADDR_TEXT_MAX; returns out. */
const char	*addr_format(const struct addr *a, char out[ADDR_TEXT_MAX]);

/* -1 if `text` is no numeric address. */
int		 addr_parse(struct addr *a, const char *text);

#endif
