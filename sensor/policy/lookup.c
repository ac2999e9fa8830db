/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/digest.h"
#include "base/escape.h"
#include "policy/lookup.h"

#define BYTES_MAX	65536	/* of all records of an answer */

static bool
is_name_octet(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool
lookup_name_ok(const char *text)
{
	size_t label = 0, n;

	for (n = 0; text[n] != '\0'; n++) {
		if (n == LOOKUP_NAME_MAX - 1)
			return false;
		if (text[n] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!is_name_octet((unsigned char)text[n]) ||
		    ++label > 63)
			return false;
	}
	return label > 0;
}

bool
lookup_name_copy(char out[LOOKUP_NAME_MAX], const char *text)
{
	size_t n = strnlen(text, LOOKUP_NAME_MAX + 1);

	if (n > 0 && text[n - 1] == '.')
		n--;
	if (n >= LOOKUP_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)span_lower((uint8_t)text[i]);
	out[n] = '\0';
	return lookup_name_ok(out);
}

bool
lookup_name_under(char out[LOOKUP_NAME_MAX], const char *prefix,
    const char *name)
{
	int n = snprintf(out, LOOKUP_NAME_MAX, "%s.%s", prefix, name);

	return n > 0 && n < LOOKUP_NAME_MAX;
}

bool
lookup_name_within(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	if (z == 0)
		return true;
	if (n < z || strcmp(name + n - z, zone) != 0)
		return false;
	return n == z || name[n - z - 1] == '.';
}

bool
lookup_question_equal(const struct lookup_question *a,
    const struct lookup_question *b)
{
	return a->type == b->type && strcmp(a->name, b->name) == 0;
}

struct lookup_answer *
lookup_answer_new(const struct lookup_question *q)
{
	struct lookup_answer *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->status = LOOKUP_FAILED;
	a->found = LOOKUP_NODATA;
	a->ede = LOOKUP_NO_EDE;
	a->references = 1;
	snprintf(a->canonical, sizeof(a->canonical), "%s", q->name);
	return a;
}

struct lookup_answer *
lookup_answer_take(struct lookup_answer *a)
{
	a->references++;
	return a;
}

void
lookup_answer_give(struct lookup_answer *a)
{
	if (a == NULL || --a->references > 0)
		return;
	free(a->bytes);
	free(a);
}

/* Growing moves the octets: all spans into them move along. */
static int
grow(struct lookup_answer *a, size_t more)
{
	size_t size = a->size == 0 ? 256 : a->size;
	uint8_t *bytes;

	while (size - a->used < more)
		size *= 2;
	if (size == a->size)
		return 0;
	if ((bytes = malloc(size)) == NULL)
		return -1;
	if (a->used > 0)
		memcpy(bytes, a->bytes, a->used);
	for (unsigned i = 0; i < a->nrecords; i++)
		a->records[i].data.at = bytes +
		    (a->records[i].data.at - a->bytes);
	free(a->bytes);
	a->bytes = bytes;
	a->size = size;
	return 0;
}

int
lookup_answer_add(struct lookup_answer *a, uint16_t preference,
    struct span data)
{
	if (a->nrecords == LOOKUP_RECORDS_MAX ||
	    data.len >= BYTES_MAX - a->used) {
		a->cut = true;
		return 0;
	}
	/* a NUL behind each, so that names are strings as well */
	if (grow(a, data.len + 1) == -1)
		return -1;
	if (data.len > 0)
		memcpy(a->bytes + a->used, data.at, data.len);
	a->bytes[a->used + data.len] = '\0';
	a->records[a->nrecords++] = (struct lookup_record){
		.preference = preference,
		.data = span_of(a->bytes + a->used, data.len),
	};
	a->used += data.len + 1;
	return 0;
}

const char *
lookup_status_word(enum lookup_status s)
{
	switch (s) {
	case LOOKUP_UNKNOWN:
		return "unknown";
	case LOOKUP_SECURE:
		return "secure";
	case LOOKUP_INSECURE:
		return "insecure";
	case LOOKUP_BOGUS:
		return "bogus";
	case LOOKUP_FAILED:
		return "failed";
	}
	return "?";
}

const char *
lookup_found_word(enum lookup_found f)
{
	switch (f) {
	case LOOKUP_DATA:
		return "data";
	case LOOKUP_NODATA:
		return "nodata";
	case LOOKUP_NXDOMAIN:
		return "nxdomain";
	}
	return "?";
}

const char *
lookup_failure_word(enum lookup_failure f)
{
	switch (f) {
	case LOOKUP_NO_FAILURE:
		return NULL;
	case LOOKUP_TIMEOUT:
		return "timeout";
	case LOOKUP_UNREACHABLE:
		return "unreachable";
	case LOOKUP_RCODE:
		return "rcode";
	case LOOKUP_MALFORMED:
		return "malformed";
	case LOOKUP_LOOP:
		return "loop";
	case LOOKUP_BUDGET:
		return "budget";
	case LOOKUP_NOT_COVERED:
		return "not-covered";
	}
	return "?";
}

const char *
lookup_type_word(enum lookup_type t)
{
	switch (t) {
	case LOOKUP_A:
		return "A";
	case LOOKUP_CNAME:
		return "CNAME";
	case LOOKUP_MX:
		return "MX";
	case LOOKUP_TXT:
		return "TXT";
	case LOOKUP_AAAA:
		return "AAAA";
	case LOOKUP_TLSA:
		return "TLSA";
	}
	return "?";
}

static void
address_text(const struct lookup_record *r, char *out, size_t size)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	a = r->data.len == 4 ? addr_v4(r->data.at) : addr_v6(r->data.at);
	snprintf(out, size, "%s", addr_format(&a, text));
}

static void
rdata_text(struct span rdata, char *out, size_t size)
{
	int n = snprintf(out, size, "%u %u %u ", rdata.at[0], rdata.at[1],
	    rdata.at[2]);
	size_t room = size > (size_t)n + 1 ? (size - (size_t)n - 1) / 2 : 0;

	if (room > 0)
		digest_hex(span_first(span_skip(rdata, 3), room), out + n);
}

const char *
lookup_record_text(enum lookup_type t, const struct lookup_record *r, char *out,
    size_t size)
{
	const char *name = (const char *)r->data.at;

	out[0] = '\0';
	switch (t) {
	case LOOKUP_MX:
		snprintf(out, size, "%u %s.", r->preference, name);
		break;
	case LOOKUP_CNAME:
		snprintf(out, size, "%s.", name);
		break;
	case LOOKUP_A:
	case LOOKUP_AAAA:
		address_text(r, out, size);
		break;
	case LOOKUP_TLSA:
		rdata_text(r->data, out, size);
		break;
	case LOOKUP_TXT:
		escape(r->data, out, size);
		break;
	}
	return out;
}
