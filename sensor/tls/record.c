/* SPDX-License-Identifier: ISC */
#include "tls/record.h"

/* type, version, length; SSL 2: length, type, version */
#define HEADER	5

static bool
is_text(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static enum tls_record_event
probe_record(const uint8_t *at, size_t len)
{
	unsigned length;

	if (len >= 2 && at[1] != 3)
		return TLS_RECORD_GARBAGE;
	if (len >= 3 && at[2] > 4)
		return TLS_RECORD_GARBAGE;
	if (len < HEADER)
		return TLS_RECORD_MORE;
	length = (unsigned)at[3] << 8 | at[4];
	/* only data may be empty (RFC 5246 6.2.1) */
	if (length > TLS_RECORD_MAX || (length == 0 && at[0] != TLS_DATA))
		return TLS_RECORD_GARBAGE;
	return TLS_RECORD_HEADER;
}

/* RFC 5246 E.2: length with the top bit set, 1, version, three lengths. */
static enum tls_record_event
probe_ssl2(const uint8_t *at, size_t len)
{
	if (len >= 2 && (((unsigned)at[0] & 0x7f) << 8 | at[1]) < 9)
		return TLS_RECORD_GARBAGE;
	if (len >= 3 && at[2] != 1)
		return TLS_RECORD_GARBAGE;
	if (len >= 4 && at[3] != 0 && at[3] != 3)
		return TLS_RECORD_GARBAGE;
	if (len < HEADER)
		return TLS_RECORD_MORE;
	if (at[3] == 0 ? at[4] != 2 : at[4] > 4)
		return TLS_RECORD_GARBAGE;
	return TLS_RECORD_HEADER;
}

/*
 * Random octets begin with a letter one time in three, so a first letter
 * proves no text.  A line of text does, or a reply code and what may stand
 * behind it (RFC 5321 4.2), or as many letters in a row as chance never
 * gives.  Decides at the first octet that decides, whatever follows: the
 * outcome must not depend on how the octets were split.
 */
static enum tls_record_event
probe_text(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_text(at[i]))
			return TLS_RECORD_GARBAGE;
		if (at[i] == '\n' || i == TLS_RECORD_PROBE - 1)
			return TLS_RECORD_TEXT;
		if (i == 3 && is_digit(at[0]) && is_digit(at[1]) &&
		    is_digit(at[2]) && (at[3] == ' ' || at[3] == '-'))
			return TLS_RECORD_TEXT;
	}
	return TLS_RECORD_MORE;
}

enum tls_record_event
tls_record_probe(struct span first, bool ssl2)
{
	if (first.len == 0)
		return TLS_RECORD_MORE;
	if (first.at[0] >= TLS_CHANGE_CIPHER && first.at[0] <= TLS_HEARTBEAT)
		return probe_record(first.at, first.len);
	if (ssl2 && (first.at[0] & 0x80) != 0)
		return probe_ssl2(first.at, first.len);
	return probe_text(first.at, first.len);
}

static void
begin(struct tls_record *r, const uint8_t *header)
{
	if (header[0] & 0x80) {
		r->type = TLS_SSL2_HELLO;
		r->version = (uint16_t)(header[3] << 8 | header[4]);
		/* type and version are read here: the body starts behind */
		r->length = (uint16_t)(((header[0] & 0x7f) << 8 |
		    header[1]) - 3);
	} else {
		r->type = header[0];
		r->version = (uint16_t)(header[1] << 8 | header[2]);
		r->length = (uint16_t)(header[3] << 8 | header[4]);
	}
	r->left = r->length;
	r->held_len = 0;
}

/* A header begun in earlier calls, or not whole in this one. */
static enum tls_record_event
read_split(struct tls_record *r, struct span *rest, bool ssl2)
{
	enum tls_record_event event;
	uint8_t first[TLS_RECORD_PROBE];
	size_t more = TLS_RECORD_PROBE - r->held_len;

	if (more > rest->len)
		more = rest->len;
	memcpy(first, r->held, r->held_len);
	memcpy(first + r->held_len, rest->at, more);
	event = tls_record_probe(span_of(first, r->held_len + more), ssl2);
	if (event == TLS_RECORD_HEADER) {
		/* held is short of a header, or it had been one before */
		*rest = span_skip(*rest, (size_t)(HEADER - r->held_len));
		begin(r, first);
	} else if (event == TLS_RECORD_MORE) {
		memcpy(r->held, first, r->held_len + more);
		r->held_len = (uint8_t)(r->held_len + more);
		*rest = span_skip(*rest, more);
	}
	return event;
}

enum tls_record_event
tls_record_read(struct tls_record *r, struct span *rest, struct span *body,
    bool ssl2)
{
	if (rest->len == 0)
		return TLS_RECORD_MORE;
	if (r->left > 0) {
		*body = span_first(*rest, r->left);
		*rest = span_skip(*rest, body->len);
		r->left = (uint16_t)(r->left - body->len);
		return TLS_RECORD_BODY;
	}
	if (r->held_len == 0 && rest->len >= HEADER &&
	    tls_record_probe(span_first(*rest, HEADER), ssl2) ==
	    TLS_RECORD_HEADER) {
		begin(r, rest->at);
		*rest = span_skip(*rest, HEADER);
		return TLS_RECORD_HEADER;
	}
	return read_split(r, rest, ssl2);
}
