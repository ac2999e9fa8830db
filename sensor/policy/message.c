/* SPDX-License-Identifier: ISC */
#include <ldns/ldns.h>

#include "base/cursor.h"
#include "policy/message.h"

#define HEADER		12
#define FLAG_QR		0x8000
#define FLAG_OPCODE	0x7800
#define FLAG_TC		0x0200
#define RECORDS_MAX	5000	/* a message of 64 KiB has fewer real ones */
#define OPTION_EDE	15	/* RFC 8914 */
#define TYPE_OPT	41
#define TYPE_TSIG	250

bool
message_ask(struct message_query *m, const struct lookup_question *q,
    uint16_t id, bool unchecked)
{
	uint16_t flags = LDNS_RD | LDNS_AD | (unchecked ? LDNS_CD : 0);
	ldns_rdf *name;
	ldns_pkt *pkt = NULL;
	uint8_t *wire = NULL;
	size_t len = 0;

	if (!lookup_name_ok(q->name) ||
	    (name = ldns_dname_new_frm_str(q->name)) == NULL)
		return false;
	pkt = ldns_pkt_query_new(name, (ldns_rr_type)q->type,
	    LDNS_RR_CLASS_IN, flags);
	if (pkt == NULL) {
		ldns_rdf_deep_free(name);
		return false;
	}
	ldns_pkt_set_edns_udp_size(pkt, MESSAGE_UDP_SIZE);
	ldns_pkt_set_edns_do(pkt, true);
	ldns_pkt_set_id(pkt, id);
	if (ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK &&
	    len <= sizeof(m->octets)) {
		memcpy(m->octets, wire, len);
		m->len = (uint16_t)len;
	} else
		len = 0;
	free(wire);
	ldns_pkt_free(pkt);
	return len > 0;
}

/* Over a name, compressed or not.  ldns follows the pointers. */
static void
skip_name(struct cursor *c)
{
	uint8_t n;

	while (cursor_ok(c) && (n = cursor_u8(c)) != 0) {
		if (n >= 0xc0) {
			cursor_u8(c);
			return;
		}
		if (n > 63) {
			c->why = "label type";
			return;
		}
		cursor_take(c, n);
	}
}

static struct span
question_of(struct span message)
{
	struct cursor c = cursor_over(span_skip(message, HEADER));
	const uint8_t *begin = c.rest.at;

	skip_name(&c);
	cursor_take(&c, 4);	/* type and class */
	if (!cursor_ok(&c))
		return span_of(NULL, 0);
	return span_of(begin, (size_t)(c.rest.at - begin));
}

static uint16_t
u16_at(struct span s, size_t at)
{
	return (uint16_t)(s.at[at] << 8 | s.at[at + 1]);
}

bool
message_is_reply(const struct message_query *m, struct span reply)
{
	struct span asked, answered;
	uint16_t flags;

	if (reply.len < HEADER || reply.len > MESSAGE_MAX)
		return false;
	flags = u16_at(reply, 2);
	if (memcmp(reply.at, m->octets, 2) != 0 || (flags & FLAG_QR) == 0 ||
	    (flags & FLAG_OPCODE) != 0 || u16_at(reply, 4) != 1)
		return false;
	asked = question_of(span_of(m->octets, m->len));
	answered = question_of(reply);
	return asked.len > 0 && span_equal_nocase(asked, answered);
}

bool
message_is_truncated(struct span reply)
{
	return (u16_at(reply, 2) & FLAG_TC) != 0;
}

int
message_rcode(struct span reply)
{
	return u16_at(reply, 2) & 15;
}

/* The first extended error among the options of an OPT record. */
static int
find_ede(struct span options)
{
	struct cursor c = cursor_over(options);

	while (cursor_ok(&c) && c.rest.len > 0) {
		uint16_t code = cursor_u16(&c);
		struct span data = cursor_vector16(&c);

		if (cursor_ok(&c) && code == OPTION_EDE && data.len >= 2)
			return u16_at(data, 0);
	}
	return LOOKUP_NO_EDE;
}

/*
 * What ldns must not be given: TSIG leaks when repeated, and we never asked
 * for it; a second OPT is against RFC 6891 section 6.1.1.
 */
static bool
is_harmless(struct span reply, int *ede)
{
	struct cursor c = cursor_over(span_skip(reply, HEADER));
	unsigned opts = 0, n;

	n = u16_at(reply, 6) + u16_at(reply, 8) + u16_at(reply, 10);
	if (n > RECORDS_MAX)
		return false;
	skip_name(&c);
	cursor_take(&c, 4);
	for (; n > 0 && cursor_ok(&c); n--) {
		uint16_t type;
		struct span data;

		skip_name(&c);
		type = cursor_u16(&c);
		cursor_take(&c, 6);	/* class, TTL */
		data = cursor_vector16(&c);
		if (type == TYPE_TSIG || (type == TYPE_OPT && ++opts > 1))
			return false;
		if (type == TYPE_OPT && cursor_ok(&c))
			*ede = find_ede(data);
	}
	return cursor_ok(&c);
}

/* Text in lower case; "" is the root.  False: not a name mail has. */
static bool
name_text(char out[LOOKUP_NAME_MAX], const ldns_rdf *name)
{
	struct cursor c;
	size_t used = 0;
	uint8_t n;

	out[0] = '\0';
	if (name == NULL || ldns_rdf_get_type(name) != LDNS_RDF_TYPE_DNAME)
		return false;
	c = cursor_over(span_of(ldns_rdf_data(name), ldns_rdf_size(name)));
	while (cursor_ok(&c) && (n = cursor_u8(&c)) != 0) {
		struct span label = cursor_take(&c, n);

		if (used + n + 2 > LOOKUP_NAME_MAX)
			return false;
		if (used > 0)
			out[used++] = '.';
		for (size_t i = 0; i < label.len; i++)
			out[used++] = (char)span_lower(label.at[i]);
		/* an octet of 0 would hide what comes behind it */
		if (label.len > 0 && memchr(label.at, '\0', label.len) != NULL)
			return false;
		out[used] = '\0';
	}
	return cursor_ok(&c) && (used == 0 || lookup_name_ok(out));
}

static struct span
field(const ldns_rr *rr, size_t which)
{
	const ldns_rdf *f = ldns_rr_rdf(rr, which);

	if (f == NULL)
		return span_of(NULL, 0);
	return span_of(ldns_rdf_data(f), ldns_rdf_size(f));
}

static int
add_name(struct lookup_answer *a, const ldns_rr *rr, size_t which,
    uint16_t preference)
{
	char name[LOOKUP_NAME_MAX];

	/* A target that no host can have is nobody's mail server. */
	if (!name_text(name, ldns_rr_rdf(rr, which)))
		return 0;
	return lookup_answer_add(a, preference, span_text(name));
}

/* RFC 8461 section 3.1: the strings of one record, joined as they are. */
static int
add_text(struct lookup_answer *a, const ldns_rr *rr)
{
	uint8_t text[LOOKUP_TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		struct span s = span_skip(field(rr, i), 1);

		if (s.len > sizeof(text) - used)
			return 0;	/* far longer than any policy's */
		if (s.len > 0)
			memcpy(text + used, s.at, s.len);
		used += s.len;
	}
	return lookup_answer_add(a, 0, span_of(text, used));
}

static int
add_tlsa(struct lookup_answer *a, const ldns_rr *rr)
{
	uint8_t rdata[4096];
	size_t used = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		struct span s = field(rr, i);

		if (s.len > sizeof(rdata) - used) {
			a->cut = true;
			return 0;
		}
		if (s.len > 0)
			memcpy(rdata + used, s.at, s.len);
		used += s.len;
	}
	return used < 3 ? 0 : lookup_answer_add(a, 0, span_of(rdata, used));
}

static int
add_record(struct lookup_answer *a, const ldns_rr *rr, enum lookup_type type)
{
	struct span s = field(rr, 0);

	switch (type) {
	case LOOKUP_A:
		return s.len == 4 ? lookup_answer_add(a, 0, s) : 0;
	case LOOKUP_AAAA:
		return s.len == 16 ? lookup_answer_add(a, 0, s) : 0;
	case LOOKUP_MX:
		return s.len == 2 ?
		    add_name(a, rr, 1, u16_at(s, 0)) : 0;
	case LOOKUP_CNAME:
		return add_name(a, rr, 0, 0);
	case LOOKUP_TLSA:
		return add_tlsa(a, rr);
	case LOOKUP_TXT:
		return add_text(a, rr);
	}
	return 0;
}

static void
lower_ttl(struct lookup_answer *a, uint32_t ttl)
{
	if (ttl < a->ttl)
		a->ttl = ttl;
}

/* The CNAME at a->canonical, if there is one that can be followed. */
static bool
next_alias(struct lookup_answer *a, const ldns_rr_list *answer)
{
	char owner[LOOKUP_NAME_MAX], target[LOOKUP_NAME_MAX];

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME ||
		    !name_text(owner, ldns_rr_owner(rr)) ||
		    strcmp(owner, a->canonical) != 0 ||
		    !name_text(target, ldns_rr_rdf(rr, 0)))
			continue;
		lower_ttl(a, ldns_rr_ttl(rr));
		memcpy(a->canonical, target, sizeof(target));
		return true;
	}
	return false;
}

/* Records of other owners and types are nobody's business (RFC 5452). */
static int
take_records(struct lookup_answer *a, const ldns_rr_list *answer,
    enum lookup_type type)
{
	char owner[LOOKUP_NAME_MAX];
	bool any = false;

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) != (ldns_rr_type)type ||
		    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
		    !name_text(owner, ldns_rr_owner(rr)) ||
		    strcmp(owner, a->canonical) != 0)
			continue;
		any = true;
		lower_ttl(a, ldns_rr_ttl(rr));
		if (add_record(a, rr, type) == -1)
			return -1;
	}
	a->found = any ? LOOKUP_DATA : LOOKUP_NODATA;
	return 0;
}

/* RFC 2308 section 5: how long a denial may be kept. */
static void
take_denial(struct lookup_answer *a, const ldns_rr_list *authority, int rcode)
{
	a->found = rcode == LDNS_RCODE_NXDOMAIN ? LOOKUP_NXDOMAIN :
	    LOOKUP_NODATA;
	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);
		struct span least;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA)
			continue;
		lower_ttl(a, ldns_rr_ttl(rr));
		least = field(rr, 6);
		if (least.len == 4)
			lower_ttl(a, (uint32_t)u16_at(least, 0) << 16 |
			    u16_at(least, 2));
		return;
	}
	a->ttl = 0;
}

static int
read_packet(struct lookup_answer *a, const struct lookup_question *q,
    const ldns_pkt *pkt, bool trusted)
{
	const ldns_rr_list *answer = ldns_pkt_answer(pkt);

	a->rcode = ldns_pkt_get_rcode(pkt) |
	    ldns_pkt_edns_extended_rcode(pkt) << 4;
	if (a->rcode != LDNS_RCODE_NOERROR &&
	    a->rcode != LDNS_RCODE_NXDOMAIN) {
		a->failure = LOOKUP_RCODE;
		return 0;
	}
	a->ttl = UINT32_MAX;
	while (q->type != LOOKUP_CNAME && next_alias(a, answer))
		if (++a->aliases > LOOKUP_ALIASES_MAX) {
			a->failure = LOOKUP_LOOP;
			return 0;
		}
	if (take_records(a, answer, q->type) == -1)
		return -1;
	if (a->found != LOOKUP_DATA)
		take_denial(a, ldns_pkt_authority(pkt), a->rcode);
	a->untrusted = ldns_pkt_ad(pkt) && !trusted;
	a->status = ldns_pkt_ad(pkt) && trusted ? LOOKUP_SECURE :
	    LOOKUP_INSECURE;
	return 0;
}

int
message_read(struct lookup_answer *a, const struct lookup_question *q,
    struct span reply, bool trusted)
{
	ldns_pkt *pkt = NULL;
	int result;

	a->failure = LOOKUP_MALFORMED;
	if (message_is_truncated(reply) || !is_harmless(reply, &a->ede) ||
	    ldns_wire2pkt(&pkt, reply.at, reply.len) != LDNS_STATUS_OK)
		return 0;
	a->failure = LOOKUP_NO_FAILURE;
	result = read_packet(a, q, pkt, trusted);
	ldns_pkt_free(pkt);
	return result;
}
