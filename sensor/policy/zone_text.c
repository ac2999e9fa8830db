/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <ldns/ldns.h>

#include "policy/tlsa_text.h"
#include "policy/zone_text.h"

#define LINE_MAX_OCTETS	65536	/* of a record, parentheses joined */
#define TTL_DEFAULT	3600

struct reading {
	const struct zone_reader *to;
	struct span	 rest;
	size_t		 line;		/* of the physical line before rest */
	size_t		 begun;		/* where the record began */
	char		*text;		/* the record in one line */
	size_t		 len;
	struct span	 data;		/* of it, what is behind its type */
	ldns_rdf	*origin, *owner;
	uint32_t	 ttl;
	char		*why;
};

static int
complain(struct reading *r, const char *what)
{
	snprintf(r->why, ZONE_TEXT_WHY_MAX, "%s", what);
	return -1;
}

static bool
next_line(struct reading *r, struct span *line)
{
	const uint8_t *end;

	if (r->rest.len == 0)
		return false;
	r->line++;
	end = memchr(r->rest.at, '\n', r->rest.len);
	*line = span_first(r->rest, end == NULL ? r->rest.len :
	    (size_t)(end - r->rest.at));
	r->rest = span_skip(r->rest, line->len + 1);
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static int
add_octet(struct reading *r, uint8_t c)
{
	if (r->len + 1 >= LINE_MAX_OCTETS)
		return complain(r, "a record of more than 64 KiB");
	r->text[r->len++] = (char)c;
	return 0;
}

/* Adds the line without comment and parentheses; `depth` counts these. */
static int
add_line(struct reading *r, struct span line, int *depth)
{
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.at[i];

		if (c == '\0')
			return complain(r, "an octet of value 0");
		if (c == '\\' && i + 1 < line.len) {
			if (add_octet(r, c) == -1)
				return -1;
			c = line.at[++i];
		} else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == ';')
			break;
		else if (!quoted && (c == '(' || c == ')')) {
			*depth += c == '(' ? 1 : -1;
			if (*depth < 0)
				return complain(r, "a parenthesis too many");
			c = ' ';
		}
		if (add_octet(r, c) == -1)
			return -1;
	}
	if (quoted)
		return complain(r, "a quotation mark that is not closed");
	return add_octet(r, ' ');
}

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = span_skip(s, 1);
	return s;
}

/* The next word, and `s` behind it. */
static struct span
take_word(struct span *s)
{
	struct span all = skip_blanks(*s);
	size_t n = 0;

	while (n < all.len && all.at[n] != ' ' && all.at[n] != '\t')
		n++;
	*s = span_skip(all, n);
	return span_first(all, n);
}

/*
 * Reads the next record into r->text; remarks on the way are handed out.
 * 1: there is one.  0: the end.
 */
static int
next_record(struct reading *r)
{
	struct span line;
	int depth = 0;

	r->len = 0;
	while (next_line(r, &line)) {
		struct span first = skip_blanks(line);

		if (depth == 0) {
			r->len = 0;
			r->begun = r->line;
		}
		if (first.len >= 2 && memcmp(first.at, ";!", 2) == 0) {
			if (r->to->remark(r->to->context, span_skip(first, 2),
			    r->why) == -1)
				return -1;
			continue;
		}
		if (add_line(r, line, &depth) == -1)
			return -1;
		r->text[r->len] = '\0';
		if (depth == 0 &&
		    skip_blanks(span_of(r->text, r->len)).len > 0)
			return 1;
	}
	return depth > 0 ? complain(r, "a parenthesis is not closed") : 0;
}

/* $ORIGIN and $TTL. */
static int
take_directive(struct reading *r)
{
	struct span rest = span_of(r->text, r->len);
	struct span word = take_word(&rest), value = take_word(&rest);
	char text[LOOKUP_NAME_MAX + 2];

	if (value.len == 0 || value.len >= sizeof(text))
		return complain(r, "a directive without a value");
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	if (span_equal_nocase(word, span_text("$ORIGIN"))) {
		ldns_rdf *origin = ldns_dname_new_frm_str(text);

		if (origin == NULL)
			return complain(r, "$ORIGIN is no name");
		ldns_rdf_deep_free(r->origin);
		r->origin = origin;
		return 0;
	}
	if (span_equal_nocase(word, span_text("$TTL"))) {
		const char *end;

		r->ttl = ldns_str2period(text, &end);
		return 0;
	}
	return complain(r, "a directive other than $ORIGIN and $TTL");
}

/* Text of a name in wire form; a first label "*" is allowed. */
static bool
owner_text(const ldns_rdf *name, char out[LOOKUP_NAME_MAX])
{
	char *text = ldns_rdf2str(name);
	const char *plain = text;
	bool ok;

	if (text == NULL)
		return false;
	if (strncmp(text, "*.", 2) == 0)
		plain += 2;
	ok = strlen(text) < LOOKUP_NAME_MAX && lookup_name_copy(out, plain);
	if (ok && plain != text) {
		memmove(out + 2, out, strlen(out) + 1);
		memcpy(out, "*.", 2);
	}
	free(text);
	return ok;
}

static bool
target_text(const ldns_rdf *name, char out[LOOKUP_NAME_MAX])
{
	char *text = ldns_rdf2str(name);
	bool ok;

	if (text == NULL)
		return false;
	out[0] = '\0';
	ok = strcmp(text, ".") == 0 || lookup_name_copy(out, text);
	free(text);
	return ok;
}

static int
take_tlsa(struct reading *r, struct zone_record *z)
{
	struct tlsa_set set = { .count = 0 };
	char why[TLSA_TEXT_WHY_MAX];
	uint8_t rdata[4096];
	int result;

	if (!tlsa_text_add(&set, r->data, why)) {
		snprintf(r->why, ZONE_TEXT_WHY_MAX, "TLSA: %s", why);
		return -1;
	}
	if (set.count != 1 || set.list[0].data.len > sizeof(rdata) - 3) {
		tlsa_clear(&set);
		return complain(r, "a TLSA record of more than 4 KiB");
	}
	rdata[0] = set.list[0].usage;
	rdata[1] = set.list[0].selector;
	rdata[2] = set.list[0].matching;
	if (set.list[0].data.len > 0)
		memcpy(rdata + 3, set.list[0].data.at, set.list[0].data.len);
	z->data = span_of(rdata, 3 + set.list[0].data.len);
	tlsa_clear(&set);
	result = r->to->record(r->to->context, z, r->why);
	return result;
}

static int
take_text(struct reading *r, struct zone_record *z, const ldns_rr *rr)
{
	uint8_t text[LOOKUP_TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *f = ldns_rr_rdf(rr, i);
		size_t n = ldns_rdf_size(f) - 1;

		if (n > sizeof(text) - used)
			return 0;
		memcpy(text + used, ldns_rdf_data(f) + 1, n);
		used += n;
	}
	z->data = span_of(text, used);
	return r->to->record(r->to->context, z, r->why);
}

static int
take_rdata(struct reading *r, struct zone_record *z, const ldns_rr *rr)
{
	const ldns_rdf *first = ldns_rr_rdf(rr, 0);
	char name[LOOKUP_NAME_MAX];

	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_TLSA:
		return take_tlsa(r, z);
	case LDNS_RR_TYPE_TXT:
		return take_text(r, z, rr);
	case LDNS_RR_TYPE_MX:
		z->preference = ldns_rdf2native_int16(first);
		first = ldns_rr_rdf(rr, 1);
		break;
	case LDNS_RR_TYPE_CNAME:
		break;
	case LDNS_RR_TYPE_A:
	case LDNS_RR_TYPE_AAAA:
		z->data = span_of(ldns_rdf_data(first), ldns_rdf_size(first));
		return r->to->record(r->to->context, z, r->why);
	default:
		return 0;	/* SOA, NS, RRSIG and all the others */
	}
	if (!target_text(first, name))
		return 0;	/* no mail server can have that name */
	z->data = span_text(name);
	return r->to->record(r->to->context, z, r->why);
}

static bool
is_time(struct span word)
{
	if (word.len == 0 || !isdigit(word.at[0]))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!isdigit(word.at[i]) && strchr("wdhms",
		    span_lower(word.at[i])) == NULL)
			return false;
	return true;
}

/* The type of the record, or 0; r->data is behind it from then on. */
static ldns_rr_type
find_type(struct reading *r)
{
	struct span rest = span_of(r->text, r->len), word;
	char text[32];

	if (r->text[0] != ' ' && r->text[0] != '\t')
		take_word(&rest);	/* the owner */
	do
		word = take_word(&rest);
	while (is_time(word) || span_equal_nocase(word, span_text("IN")));
	r->data = rest;
	if (word.len == 0 || word.len >= sizeof(text))
		return 0;
	memcpy(text, word.at, word.len);
	text[word.len] = '\0';
	return ldns_get_rr_type_by_name(text);
}

static bool
is_wanted(ldns_rr_type type)
{
	return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA ||
	    type == LDNS_RR_TYPE_CNAME || type == LDNS_RR_TYPE_MX ||
	    type == LDNS_RR_TYPE_TLSA || type == LDNS_RR_TYPE_TXT;
}

/*
 * Data of other types is none of our business, and ldns leaks some that it
 * cannot read.  The owner stays: records behind may have it too.
 */
static void
forget_data(struct reading *r)
{
	static const char instead[] = " IN A 192.0.2.1";
	size_t n = 0;

	while (r->text[n] != '\0' && r->text[n] != ' ' && r->text[n] != '\t')
		n++;
	if (n + sizeof(instead) > LINE_MAX_OCTETS)
		n = 0;		/* no name is that long */
	memcpy(r->text + n, instead, sizeof(instead));
}

static int
take_record(struct reading *r)
{
	struct zone_record z = { .ttl = r->ttl };
	ldns_rr_type type = find_type(r);
	ldns_rr *rr = NULL;
	ldns_status s;
	int result = -1;

	if (type == 0)
		return complain(r, "no type of record that is known");
	if (!is_wanted(type))
		forget_data(r);
	s = ldns_rr_new_frm_str(&rr, r->text, r->ttl, r->origin, &r->owner);
	if (s != LDNS_STATUS_OK)
		return complain(r, ldns_get_errorstr_by_id(s));
	z.type = (enum lookup_type)ldns_rr_get_type(rr);
	z.ttl = ldns_rr_ttl(rr);
	if (!is_wanted(type))
		result = 0;
	else if (ldns_rr_rd_count(rr) < ldns_rr_descriptor_minimum(
	    ldns_rr_descript(ldns_rr_get_type(rr))))
		complain(r, "a record without data");
	else if (!owner_text(ldns_rr_owner(rr), z.owner))
		result = 0;	/* nobody will ask for it */
	else
		result = take_rdata(r, &z, rr);
	ldns_rr_free(rr);
	return result;
}

size_t
zone_text_read(struct span text, const struct zone_reader *to,
    char why[ZONE_TEXT_WHY_MAX])
{
	struct reading r = { .to = to, .rest = text, .ttl = TTL_DEFAULT,
	    .why = why };
	int more = -1;

	why[0] = '\0';
	if ((r.text = malloc(LINE_MAX_OCTETS)) == NULL ||
	    (r.origin = ldns_dname_new_frm_str(".")) == NULL)
		complain(&r, "memory is short");
	else
		while ((more = next_record(&r)) == 1)
			if ((r.text[0] == '$' ? take_directive(&r) :
			    take_record(&r)) == -1) {
				more = -1;
				break;
			}
	free(r.text);
	ldns_rdf_deep_free(r.origin);
	ldns_rdf_deep_free(r.owner);
	return more == 0 ? 0 : r.begun == 0 ? 1 : r.begun;
}
