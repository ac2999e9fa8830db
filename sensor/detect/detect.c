/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/rules.h"
#include "schema/moment.h"

#define SUMMARY_MAX	600
#define PARTY_NAME_MAX	255

static_assert(PARTY_NAME_MAX + ADDR_TEXT_MAX + sizeof(" ()") <= PARTY_MAX,
    "a server's name and address");

static detect_rule *const	rules[] = {
	detect_starttls_masked,
	detect_starttls_absent,
	detect_mail_in_clear,
	detect_credentials_in_clear,
	detect_dns_conflict,
};

/* ------------------------------------------------------------------ */
/* what rules share                                                   */

const struct smtp_facts *
record_smtp(const struct session_record *r)
{
	static const struct smtp_facts silence;

	return r->smtp != NULL ? smtp_facts(r->smtp) : &silence;
}

/* By hand, as nearly every session without TLS comes by. */
const char *
record_server(const struct session_record *r, char out[PARTY_MAX])
{
	const char *name = r->server_name;
	char ip[ADDR_TEXT_MAX];
	char *p = out;
	size_t len;

	addr_format(&r->flow.ip[SIDE_SERVER], ip);
	if (name == NULL) {
		strcpy(out, ip);
		return out;
	}
	len = strnlen(name, PARTY_NAME_MAX);
	memcpy(p, name, len);
	p = stpcpy(p + len, " (");
	p = stpcpy(p, ip);
	strcpy(p, ")");
	return out;
}

const char *
mails_counted(unsigned mails, char out[COUNTED_MAX])
{
	if (mails == 1)
		strcpy(out, "1 mail");
	else
		snprintf(out, COUNTED_MAX, "%u mails", mails);
	return out;
}

unsigned
record_mails(const struct session_record *r)
{
	const struct smtp_facts *f = record_smtp(r);

	return f->mails_accepted + f->mails_unanswered;
}

/* Behind "packet": its number, and its time. */
static void
put_mark(struct json_text *j, struct mark at)
{
	char when[MOMENT_TEXT];

	json_text_number(j, (int64_t)at.packet);
	json_text_raw(j, ",\"at\":\"");
	json_text_raw(j, moment_format(at.time, when));
	json_text_raw(j, "\"");
}

struct finding *
finding_add(struct findings *f, const struct opinion *o,
    const char *fmt, ...)
{
	char summary[SUMMARY_MAX];
	struct finding *one;
	struct json_text *j;
	va_list ap;

	if (f->count == FINDINGS_MAX) {
		f->dropped++;
		return NULL;
	}
	va_start(ap, fmt);
	vsnprintf(summary, sizeof(summary), fmt, ap);
	va_end(ap);

	one = &f->list[f->count];
	memset(one, 0, sizeof(*one));
	one->kind = o->kind;
	one->severity = o->severity;
	one->confidence = o->confidence;
	one->at = o->at.time;
	one->summary = strdup(summary);
	j = &one->evidence;
	json_text_raw(j, "{\"packet\":");
	put_mark(j, o->at);
	json_text_raw(j, ",\"expected\":");
	json_text_string(j, o->expected);
	json_text_raw(j, ",\"seen\":");
	json_text_string(j, o->seen);
	json_text_raw(j, ",\"lines\":[");
	if (one->summary == NULL || j->failed) {
		free(one->summary);
		json_text_free(j);
		f->dropped++;
		return NULL;
	}
	f->count++;
	return one;
}

void
evidence_line(struct finding *one, enum side who, struct mark at,
    const char *text)
{
	struct json_text *j;

	if (one == NULL || text == NULL || at.packet == 0)
		return;
	j = &one->evidence;
	if (j->at[j->len - 1] != '[')
		json_text_raw(j, ",");
	json_text_raw(j, who == SIDE_CLIENT ?
	    "{\"who\":\"client\",\"packet\":" :
	    "{\"who\":\"server\",\"packet\":");
	put_mark(j, at);
	json_text_raw(j, ",\"text\":");
	json_text_string(j, text);
	json_text_raw(j, "}");
}

/* A finding whose evidence memory did not suffice for is kept without. */
static void
close_evidence(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		json_text_raw(&f->list[i].evidence, "]}");
		if (f->list[i].evidence.failed)
			json_text_free(&f->list[i].evidence);
	}
}

/* ------------------------------------------------------------------ */
/* the verdict                                                        */

static int
graver(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->confidence != y->confidence)
		return x->confidence > y->confidence ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/*
 * Could something have hidden where we did not see?  Once TLS is
 * established, or the connection has ended with everything heard, no.
 */
static bool
not_seen_whole(const struct session_record *r)
{
	if (r->tls_state == RECORD_TLS_ESTABLISHED)
		return false;
	if (r->protocol == RECORD_OTHER)
		return false;
	/* a greeting that was heard is the beginning, SYN or not */
	if (record_smtp(r)->greeting_code != 0)
		return (r->gaps & ~(1U << GAP_MIDSTREAM)) != 0;
	return r->gaps != 0;
}

/* Kinds that show a third party at work, not a mere lack of care. */
static bool
shows_tampering(enum kind k)
{
	switch (k) {
	case KIND_STARTTLS_MASKED:
	case KIND_DNS_CONFLICT:
		return true;
	case KIND_STARTTLS_ABSENT:
	case KIND_MAIL_IN_CLEAR:
	case KIND_CREDENTIALS_IN_CLEAR:
	case KINDS:
		return false;
	}
	return false;
}

static enum verdict
judge(const struct session_record *r, const struct findings *f)
{
	enum verdict v = VERDICT_BENIGN;

	for (unsigned i = 0; i < f->count; i++) {
		const struct finding *one = &f->list[i];

		if (one->severity < SEVERITY_MEDIUM)
			continue;
		if (shows_tampering(one->kind) &&
		    one->confidence >= CONFIDENCE_STRONG)
			return VERDICT_ATTACK;
		v = VERDICT_SUSPICIOUS;
	}
	if (v == VERDICT_BENIGN && not_seen_whole(r))
		return VERDICT_UNDECIDED;
	return v;
}

void
detect_session(const struct session_record *r, struct findings *f)
{
	f->count = 0;
	f->dropped = 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](r, f);
	close_evidence(f);
	qsort(f->list, f->count, sizeof(f->list[0]), graver);
	f->verdict = judge(r, f);
}

void
findings_clear(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		free(f->list[i].summary);
		json_text_free(&f->list[i].evidence);
	}
	f->count = 0;
}
