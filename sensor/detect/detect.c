/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/rules.h"
#include "schema/moment.h"

#define SUMMARY_MAX	600

static detect_rule *const	rules[] = {
	detect_starttls_masked,
	detect_starttls_absent,
	detect_mail_in_clear,
	detect_credentials_in_clear,
};

/* ------------------------------------------------------------------ */
/* what rules share                                                   */

const struct smtp_facts *
record_smtp(const struct session_record *r)
{
	static const struct smtp_facts silence;

	return r->smtp != NULL ? smtp_facts(r->smtp) : &silence;
}

const char *
record_server(const struct session_record *r, char out[PARTY_MAX])
{
	char ip[ADDR_TEXT_MAX];

	addr_format(&r->flow.ip[SIDE_SERVER], ip);
	if (r->server_name != NULL)
		snprintf(out, PARTY_MAX, "%.255s (%s)", r->server_name, ip);
	else
		snprintf(out, PARTY_MAX, "%s", ip);
	return out;
}

const char *
mails_counted(unsigned mails, char out[COUNTED_MAX])
{
	snprintf(out, COUNTED_MAX, mails == 1 ? "%u mail" : "%u mails", mails);
	return out;
}

unsigned
record_mails(const struct session_record *r)
{
	const struct smtp_facts *f = record_smtp(r);

	return f->mails_accepted + f->mails_unanswered;
}

json_t *
finding_add(struct findings *f, const struct opinion *o,
    const char *fmt, ...)
{
	char summary[SUMMARY_MAX], when[MOMENT_TEXT];
	struct finding *one;
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
	one->evidence = json_pack("{s:I, s:s, s:s, s:s, s:[]}",
	    "packet", (json_int_t)o->at.packet,
	    "at", moment_format(o->at.time, when),
	    "expected", o->expected, "seen", o->seen, "lines");
	if (one->summary == NULL || one->evidence == NULL) {
		free(one->summary);
		json_decref(one->evidence);
		f->dropped++;
		return NULL;
	}
	f->count++;
	return one->evidence;
}

void
evidence_line(json_t *evidence, enum side who, struct mark at,
    const char *text)
{
	char when[MOMENT_TEXT];

	if (evidence == NULL || text == NULL || at.packet == 0)
		return;
	/* Short of memory a line is missing; the finding stands. */
	json_array_append_new(json_object_get(evidence, "lines"),
	    json_pack("{s:s, s:I, s:s, s:s}",
	    "who", who == SIDE_CLIENT ? "client" : "server",
	    "packet", (json_int_t)at.packet,
	    "at", moment_format(at.time, when), "text", text));
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
	return r->gaps != 0;
}

/* Kinds that show a third party at work, not a mere lack of care. */
static bool
shows_tampering(enum kind k)
{
	switch (k) {
	case KIND_STARTTLS_MASKED:
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
	qsort(f->list, f->count, sizeof(f->list[0]), graver);
	f->verdict = judge(r, f);
}

void
findings_clear(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		free(f->list[i].summary);
		json_decref(f->list[i].evidence);
	}
	f->count = 0;
}
