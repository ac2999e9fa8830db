/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "dns/message.h"

#define HEADER		12
#define CLASS_IN	1
#define WIRE_NAME_MAX	255	/* RFC 1035 section 2.3.4 */
#define LABEL_MAX	63
#define POINTERS_MAX	128	/* as many labels as a name can have */

enum {
	FLAG_QR	= 0x8000,
	FLAG_AA	= 0x0400,
	FLAG_TC	= 0x0200,
	FLAG_RD	= 0x0100,
	FLAG_RA	= 0x0080,
	FLAG_AD	= 0x0020,
	FLAG_CD	= 0x0010,
};
#define EDNS_DO	0x8000		/* RFC 6891 section 6.1.4 */

/* ------------------------------------------------------------------ */
/* names                                                              */

/* Text being written; `full` once it did not fit. */
struct text {
	char	*at;
	size_t	 len;
	bool	 full;
};

static void
put(struct text *t, char c)
{
	if (t->len == DNS_NAME_MAX)
		t->full = true;
	else
		t->at[t->len++] = c;
}

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

static void
put_odd(struct text *t, uint8_t c)
{
	put(t, '\\');
	if (c == '.' || c == '\\') {
		put(t, (char)c);
		return;
	}
	put(t, (char)('0' + c / 100));
	put(t, (char)('0' + c / 10 % 10));
	put(t, (char)('0' + c % 10));
}

static void
put_label(struct text *t, struct span label)
{
	size_t i = 0;

	if (t->len > 0)
		put(t, '.');
	/* as far as it is as host names are, which is nearly always all */
	if (t->len + label.len <= DNS_NAME_MAX) {
		char *to = t->at + t->len;

		for (uint8_t c; i < label.len &&
		    is_plain(c = span_lower(label.at[i])); i++)
			to[i] = (char)c;
		t->len += i;
	}
	for (; i < label.len; i++) {
		uint8_t c = span_lower(label.at[i]);

		if (c > 0x20 && c < 0x7f && c != '.' && c != '\\')
			put(t, (char)c);
		else
			put_odd(t, c);
	}
}

/* Each pointer leads further back than the one before it; their number is
 * bounded as well, as the length bounds the labels. */
static size_t
name_walk(struct span octets, size_t at, struct text *t)
{
	size_t behind = 0, wire = 0, floor = at, pointers = 0;

	for (;;) {
		uint8_t len;

		if (at >= octets.len)
			return 0;
		len = octets.at[at];
		if (len >= 0xc0) {
			if (at + 1 >= octets.len ||
			    pointers++ == POINTERS_MAX)
				return 0;
			if (behind == 0)
				behind = at + 2;
			at = (size_t)(len & 0x3f) << 8 | octets.at[at + 1];
			if (at >= floor)
				return 0;
			floor = at;
			continue;
		}
		wire += len + 1U;
		if (len > LABEL_MAX || wire > WIRE_NAME_MAX ||
		    at + 1 + len > octets.len)
			return 0;
		if (len == 0)
			break;
		put_label(t, span_of(octets.at + at + 1, len));
		at += 1U + len;
	}
	if (wire == 1)
		put(t, '.');
	return behind != 0 ? behind : at + 1;
}

size_t
dns_name_read(struct span octets, size_t at, char name[DNS_NAME_MAX + 1])
{
	struct text t = { .at = name };
	size_t behind = name_walk(octets, at, &t);

	name[behind == 0 || t.full ? 0 : t.len] = '\0';
	return behind;
}

/* Past a name, without following where it points; 0: not a name. */
static size_t
name_skip(struct span octets, size_t at)
{
	size_t wire = 0;

	for (;;) {
		uint8_t len;

		if (at >= octets.len)
			return 0;
		len = octets.at[at];
		if (len >= 0xc0)
			return at + 2 <= octets.len ? at + 2 : 0;
		wire += len + 1U;
		if (len > LABEL_MAX || wire > WIRE_NAME_MAX)
			return 0;
		at += 1U + len;
		if (len == 0)
			return at;
	}
}

/* ------------------------------------------------------------------ */
/* sections                                                           */

/* A record as it stands, whatever its class. */
struct raw {
	struct dns_record	 record;
	uint16_t		 class;
};

/* Moves *at behind a record; false if it does not fit. */
static bool
read_record(struct span octets, size_t *at, struct raw *raw)
{
	struct dns_record *r = &raw->record;
	size_t owner = *at, behind;
	struct cursor c;

	if ((behind = name_skip(octets, owner)) == 0)
		return false;
	c = cursor_over(span_skip(octets, behind));
	r->type = cursor_u16(&c);
	raw->class = cursor_u16(&c);
	r->ttl = cursor_u32(&c);
	r->data_len = cursor_u16(&c);
	cursor_take(&c, r->data_len);
	if (!cursor_ok(&c) || behind + 10 > UINT16_MAX)
		return false;
	r->owner = (uint16_t)owner;
	r->data = (uint16_t)(behind + 10);
	*at = behind + 10 + r->data_len;
	return true;
}

static void
take_answer(struct dns_message *m, const struct raw *raw)
{
	if (raw->class != CLASS_IN)
		return;
	m->signatures += raw->record.type == DNS_RRSIG;
	m->texts += raw->record.type == DNS_TXT;
	if (m->kept == DNS_ANSWERS_MAX)
		m->dropped++;
	else
		m->answers[m->kept++] = raw->record;
}

static bool
read_answers(struct dns_message *m, size_t *at, unsigned count)
{
	struct raw raw;

	for (; count > 0; count--) {
		if (!read_record(m->octets, at, &raw))
			return false;
		take_answer(m, &raw);
	}
	return true;
}

/* Of authority and additional section: only EDNS, whose class and TTL are
 * something else (RFC 6891 section 6.1.2). */
static bool
read_rest(struct dns_message *m, size_t *at, unsigned count)
{
	struct raw raw;

	for (; count > 0; count--) {
		if (!read_record(m->octets, at, &raw))
			return false;
		if (raw.record.type != DNS_OPT || m->edns)
			continue;
		m->edns = true;
		m->udp_size = raw.class;
		m->rcode |= (uint16_t)(raw.record.ttl >> 24 << 4);
		m->dnssec_ok = (raw.record.ttl & EDNS_DO) != 0;
	}
	return true;
}

/* The first is kept; with several, none was `asked`. */
static bool
read_questions(struct dns_message *m, size_t *at, unsigned count)
{
	struct cursor c;

	m->asked = count == 1;
	for (; count > 0; count--) {
		size_t behind = m->asked ?
		    dns_name_read(m->octets, *at, m->name) :
		    name_skip(m->octets, *at);

		if (behind == 0)
			return false;
		c = cursor_over(span_skip(m->octets, behind));
		m->type = cursor_u16(&c);
		m->class = cursor_u16(&c);
		if (!cursor_ok(&c))
			return false;
		*at = behind + 4;
	}
	return true;
}

static void
take_flags(struct dns_message *m, uint16_t flags)
{
	m->response = (flags & FLAG_QR) != 0;
	m->opcode = flags >> 11 & 15;
	m->authoritative = (flags & FLAG_AA) != 0;
	m->truncated = (flags & FLAG_TC) != 0;
	m->recursion_desired = (flags & FLAG_RD) != 0;
	m->recursion_available = (flags & FLAG_RA) != 0;
	m->authentic = (flags & FLAG_AD) != 0;
	m->checking_disabled = (flags & FLAG_CD) != 0;
	m->rcode = flags & 15;
}

/* All but the records, whose room need not be cleared. */
static void
clear(struct dns_message *m, struct span octets)
{
	m->octets = octets;
	m->edns = m->dnssec_ok = m->asked = false;
	m->udp_size = m->type = m->class = 0;
	m->name[0] = '\0';
	m->answer_whole = m->damaged = false;
	m->signatures = m->texts = m->kept = m->dropped = 0;
}

enum dns_read
dns_message_read(struct dns_message *m, struct span octets, size_t wire)
{
	enum dns_read failed = octets.len < wire ? DNS_READ_CUT :
	    DNS_READ_BAD;
	struct cursor c = cursor_over(octets);
	unsigned questions, answers, rest;
	size_t at = HEADER;

	clear(m, octets);
	m->id = cursor_u16(&c);
	take_flags(m, cursor_u16(&c));
	questions = cursor_u16(&c);
	answers = cursor_u16(&c);
	rest = cursor_u16(&c);
	rest += cursor_u16(&c);
	if (!cursor_ok(&c) || !read_questions(m, &at, questions)) {
		m->asked = false;
		return failed;
	}
	m->answer_whole = read_answers(m, &at, answers);
	if (!m->answer_whole || !read_rest(m, &at, rest))
		m->damaged = true;
	return m->damaged && failed == DNS_READ_CUT ? DNS_READ_CUT :
	    DNS_READ_GOOD;
}

/* ------------------------------------------------------------------ */
/* records                                                            */

struct span
dns_record_data(const struct dns_message *m, const struct dns_record *r)
{
	return span_first(span_skip(m->octets, r->data), r->data_len);
}

bool
dns_record_owner(const struct dns_message *m, const struct dns_record *r,
    char name[DNS_NAME_MAX + 1])
{
	static const uint8_t question[2] = { 0xc0, HEADER };

	/* nearly always a pointer to the name that was asked for */
	if (m->asked && r->owner + 2U <= m->octets.len &&
	    memcmp(m->octets.at + r->owner, question, 2) == 0) {
		strcpy(name, m->name);
		return name[0] != '\0';
	}
	return dns_name_read(m->octets, r->owner, name) != 0 &&
	    name[0] != '\0';
}

bool
dns_record_address(const struct dns_message *m, const struct dns_record *r,
    struct addr *out)
{
	struct span data = dns_record_data(m, r);

	if (r->type == DNS_A && data.len == 4)
		*out = addr_v4(data.at);
	else if (r->type == DNS_AAAA && data.len == 16)
		*out = addr_v6(data.at);
	else
		return false;
	return true;
}

/* The name fills the rest of the data, no more and no less. */
bool
dns_record_target(const struct dns_message *m, const struct dns_record *r,
    char name[DNS_NAME_MAX + 1], uint16_t *preference)
{
	struct cursor c = cursor_over(dns_record_data(m, r));
	size_t at = r->data;

	*preference = 0;
	if (r->type == DNS_MX) {
		*preference = cursor_u16(&c);
		at += 2;
	} else if (r->type != DNS_CNAME)
		return false;
	return cursor_ok(&c) && dns_name_read(m->octets, at, name) ==
	    (size_t)r->data + r->data_len && name[0] != '\0';
}
