/* SPDX-License-Identifier: ISC */
/*
 * tests/unit/dns_build.h -- DNS messages as the tests of dns/ write them.
 *
 * An answer is text: records separated by " / ", each an owner ("@" is the
 * asked name, compressed; "+name" another name, not compressed), a type and
 * its data: "@ MX 10 mx.example / @ A 192.0.2.1".  Or a word: NXDOMAIN,
 * NODATA, SERVFAIL, REFUSED.
 */
#ifndef DNS_BUILD_H
#define DNS_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dns/message.h"

#define BUILD_MAX	8192
#define FLAG_RESPONSE	0x8000
#define FLAG_TRUNCATED	0x0200
#define FLAG_AUTHENTIC	0x0020

struct build {
	uint8_t	 at[BUILD_MAX];
	size_t	 len;
};

static inline void
build_octets(struct build *b, const void *at, size_t len)
{
	assert_true(b->len + len <= BUILD_MAX);
	memcpy(b->at + b->len, at, len);
	b->len += len;
}

static inline void
build_16(struct build *b, unsigned n)
{
	const uint8_t octets[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	build_octets(b, octets, 2);
}

/* Labels between dots; "" or "." is the root. */
static inline void
build_name(struct build *b, const char *text)
{
	while (*text != '\0' && strcmp(text, ".") != 0) {
		uint8_t len = (uint8_t)strcspn(text, ".");

		build_octets(b, &len, 1);
		build_octets(b, text, len);
		text += len + (text[len] == '.');
	}
	build_octets(b, "", 1);
}

static inline void
build_header(struct build *b, unsigned id, unsigned flags,
    const unsigned counts[4])
{
	b->len = 0;
	build_16(b, id);
	build_16(b, flags);
	for (int i = 0; i < 4; i++)
		build_16(b, counts[i]);
}

static inline unsigned
build_type(const char *word)
{
	static const struct {
		const char	*word;
		unsigned	 type;
	} types[] = { { "A", DNS_A }, { "CNAME", DNS_CNAME },
		{ "MX", DNS_MX }, { "TXT", DNS_TXT }, { "AAAA", DNS_AAAA },
		{ "RRSIG", DNS_RRSIG }, { "TLSA", DNS_TLSA } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].word, word) == 0)
			return types[i].type;
	fail_msg("type %s?", word);
	return 0;
}

static inline void
build_data(struct build *b, unsigned type, const char *data)
{
	struct addr a;

	switch (type) {
	case DNS_A:
		assert_int_equal(addr_parse(&a, data), 0);
		build_octets(b, a.octets + 12, 4);
		break;
	case DNS_AAAA:
		assert_int_equal(addr_parse(&a, data), 0);
		build_octets(b, a.octets, 16);
		break;
	case DNS_MX:
		build_16(b, (unsigned)atoi(data));
		build_name(b, strchr(data, ' ') + 1);
		break;
	case DNS_CNAME:
		build_name(b, data);
		break;
	default:
		build_octets(b, data, strlen(data));
	}
}

/* "@ MX 10 mx.example" */
static inline void
build_record(struct build *b, const char *text, unsigned ttl)
{
	char owner[256], type[16];
	size_t length_at, data_at;
	int used;

	assert_int_equal(sscanf(text, "%255s %15s %n", owner, type, &used),
	    2);
	if (owner[0] == '@')
		build_octets(b, "\xc0\x0c", 2);
	else
		build_name(b, owner + 1);
	build_16(b, build_type(type));
	build_16(b, 1);
	build_16(b, ttl >> 16);
	build_16(b, ttl & 0xffff);
	length_at = b->len;
	build_16(b, 0);
	data_at = b->len;
	build_data(b, build_type(type), text + used);
	b->at[length_at] = (uint8_t)((b->len - data_at) >> 8);
	b->at[length_at + 1] = (uint8_t)(b->len - data_at);
}

/* RFC 6891 section 6.1.2 */
static inline void
build_opt(struct build *b, unsigned size, unsigned high_rcode, bool dnssec_ok)
{
	build_octets(b, "", 1);
	build_16(b, DNS_OPT);
	build_16(b, size);
	build_16(b, high_rcode << 8);
	build_16(b, dnssec_ok ? 0x8000 : 0);
	build_16(b, 0);
}

static inline void
build_question(struct build *b, unsigned id, const char *name,
    const char *type)
{
	build_header(b, id, 0x0100, (const unsigned[]){ 1, 0, 0, 0 });
	build_name(b, name);
	build_16(b, build_type(type));
	build_16(b, 1);
}

struct build_how {
	unsigned	flags, ttl;
	const char	*additional;	/* records, or NULL */
};

static inline unsigned
build_records(struct build *b, const char *text, unsigned ttl)
{
	char copy[2048], *next = copy, *end;
	unsigned n = 0;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (; next != NULL; next = end, n++) {
		end = strstr(next, " / ");
		if (end != NULL) {
			*end = '\0';
			end += 3;
		}
		build_record(b, next, ttl);
	}
	return n;
}

static inline void
build_answer(struct build *b, unsigned id, const char *name,
    const char *type, const char *answer, struct build_how how)
{
	static const struct {
		const char	*word;
		unsigned	 rcode;
	} words[] = { { "NODATA", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 },
		{ "NXDOMAIN", 3 }, { "REFUSED", 5 } };
	unsigned rcode = 0, records = 0, more = 0;
	bool word = false;

	build_question(b, id, name, type);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(answer, words[i].word) == 0) {
			word = true;
			rcode = words[i].rcode;
		}
	if (!word)
		records = build_records(b, answer, how.ttl);
	if (how.additional != NULL)
		more = build_records(b, how.additional, how.ttl);
	b->at[2] = (uint8_t)((FLAG_RESPONSE | how.flags) >> 8);
	b->at[3] = (uint8_t)(0x80 | how.flags | rcode);
	b->at[7] = (uint8_t)records;
	b->at[11] = (uint8_t)more;
}

#endif
