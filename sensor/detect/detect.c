/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "detect/phrase.h"
#include "detect/rules.h"
#include "schema/moment.h"

#define SUMMARY_MAX	600
#define PARTY_NAME_MAX	255
/* The years that four digits hold; others are no times of packets. */
#define MOMENT_END	INT64_C(253402300800000000)

static_assert(PARTY_NAME_MAX + ADDR_TEXT_MAX + sizeof(" ()") <= PARTY_MAX,
    "a server's name and address");

static detect_rule *const	rules[] = {
	detect_starttls_masked,
	detect_banner_masked,
	detect_starttls_absent,
	detect_ehlo_refused,
	detect_starttls_command_masked,
	detect_starttls_refused,
	detect_starttls_demanded,
	detect_starttls_hidden,
	detect_tls_not_started,
	detect_tls_disrupted,
	detect_tls_downgraded,
	detect_certificate_mismatch,
	detect_certificate_changed,
	detect_command_injection,
	detect_response_injection,
	detect_reply_conflict,
	detect_path_anomaly,
	detect_starttls_unused,
	detect_cleartext_retry,
	detect_requiretls_in_clear,
	detect_mail_in_clear,
	detect_credentials_in_clear,
	detect_dns_conflict,
};

/* ------------------------------------------------------------------ */
/* what rules share                                                   */

const struct smtp_greeting *
brief_hello(const struct brief *b)
{
	return b->smtp->hellos_kept > 0 ?
	    &b->smtp->hellos[b->smtp->hellos_kept - 1] : NULL;
}

const struct finding *
finding_of(const struct findings *f, enum kind kind)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->list[i].kind == kind)
			return &f->list[i];
	return NULL;
}

const char *
brief_client(const struct brief *b, char out[PARTY_MAX])
{
	return addr_format(&b->r->flow.ip[SIDE_CLIENT], out);
}

const char *
brief_aftermath(const struct brief *b, char out[AFTERMATH_MAX])
{
	unsigned mails = record_mails(b->r);
	char counted[COUNTED_MAX];

	out[0] = '\0';
	if (mails > 0)
		phrase(out, AFTERMATH_MAX, ", and %s went in clear",
		    mails_counted(mails, counted));
	else if (smtp_rare(b->smtp)->auth != NULL)
		strcpy(out, ", and a login went in clear");
	return out;
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
brief_server(const struct brief *b, char out[PARTY_MAX])
{
	return record_server(b->r, out);
}

const char *
mails_counted(unsigned mails, char out[COUNTED_MAX])
{
	if (mails == 1)
		strcpy(out, "1 mail");
	else
		phrase(out, COUNTED_MAX, "%u mails", mails);
	return out;
}

unsigned
record_mails(const struct session_record *r)
{
	const struct smtp_facts *f;

	if (r->smtp == NULL)
		return 0;
	f = smtp_facts(r->smtp);
	return f->mails_accepted + f->mails_unanswered;
}

static void
put_moment(struct json_text *j, struct mark at)
{
	char when[MOMENT_TEXT];

	json_text_number(j, (int64_t)at.packet);
	json_text_raw(j, ",\"at\":\"");
	json_text_raw(j, moment_format(at.time, when));
	json_text_raw(j, "\"");
}

static bool
is_moment(int64_t time)
{
	return time >= 0 && time < MOMENT_END;
}

/* Behind "packet": its number, and its time; or what stands for both. */
static void
put_mark(struct finding *f, struct mark at)
{
	struct json_text *j = &f->evidence;

	if (f->nmarks == FINDING_MARKS || !is_moment(at.time) ||
	    !is_moment(f->at)) {
		put_moment(j, at);
		return;
	}
	f->marks[f->nmarks++] = at;
	json_text_raw(j, (const char[]){ (char)f->nmarks, '\0' });
}

/* Octets were missed where they matter: before TLS, or before the mail. */
static bool
is_partial(const struct session_record *r)
{
	return (r->gaps & (1U << GAP_GREETING | 1U << GAP_EHLO_REPLY |
	    1U << GAP_STARTTLS | 1U << GAP_TLS)) != 0;
}

/* The evidence begins: what decided, what was due and what came. */
static void
open_evidence(struct finding *f, const struct brief *b,
    const struct opinion *o)
{
	const char *cause = brief_cause(b);
	struct json_text *j = &f->evidence;

	json_text_raw(j, "{\"packet\":");
	put_mark(f, o->at);
	json_text_raw(j, ",\"expected\":");
	json_text_string(j, o->expected);
	json_text_raw(j, ",\"seen\":");
	json_text_string(j, o->seen);
	if (cause != NULL) {
		json_text_raw(j, ",\"cause\":");
		json_text_string(j, cause);
	}
	json_text_raw(j, ",\"lines\":[");
}

/* Whatever took the encryption away, a promise of it was broken. */
static uint32_t
because_of(const struct brief *b, const struct opinion *o)
{
	return o->weight > WEIGHT_NOTE && grade_family(o->kind) ==
	    FAMILY_ENCRYPTION_LOST ? o->because | brief_promised(b) :
	    o->because;
}

bool
finding_fill(struct finding *one, const struct brief *b,
    const struct opinion *o, const struct circumstances *c,
    const char *summary)
{
	struct grade grade = grade_of(o->kind, o->weight, c);

	memset(one, 0, sizeof(*one));
	one->kind = o->kind;
	one->because = because_of(b, o);
	one->severity = grade.severity;
	one->confidence = grade.confidence;
	one->at = o->at.time;
	one->summary = strdup(summary);
	open_evidence(one, b, o);
	if (one->summary != NULL && !one->evidence.failed)
		return true;
	free(one->summary);
	json_text_free(&one->evidence);
	return false;
}

struct finding *
finding_add(struct findings *f, const struct brief *b,
    const struct opinion *o, const char *fmt, ...)
{
	char summary[SUMMARY_MAX];
	struct circumstances c = { .exposed = b->exposed,
	    .begun = b->smtp->mail_commands > 0,
	    .tentative = o->tentative, .partial = is_partial(b->r) };
	va_list ap;

	if (f->count == FINDINGS_MAX) {
		f->dropped++;
		return NULL;
	}
	va_start(ap, fmt);
	phrase_put(summary, sizeof(summary), fmt, ap);
	va_end(ap);

	c.promised = (because_of(b, o) & (BECAUSE(DANE) | BECAUSE(STS))) != 0
	    && brief_promised_wholly(b) && !brief_exempt(b);
	if (!finding_fill(&f->list[f->count], b, o, &c, summary)) {
		f->dropped++;
		return NULL;
	}
	return &f->list[f->count++];
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
	put_mark(one, at);
	json_text_raw(j, ",\"text\":");
	json_text_string(j, text);
	json_text_raw(j, "}");
}

void
evidence_starttls(struct finding *one, const struct smtp_facts *smtp)
{
	evidence_line(one, SIDE_CLIENT, smtp_upgrade(smtp)->starttls_command_at,
	    smtp_upgrade(smtp)->starttls_as_sent);
}

void
evidence_starttls_reply(struct finding *one, const struct smtp_facts *smtp)
{
	evidence_line(one, SIDE_SERVER, smtp_upgrade(smtp)->starttls_reply_at,
	    smtp_upgrade(smtp)->starttls_reply_text);
}

/* A finding whose evidence memory did not suffice for is kept without. */
static void
close_one(struct finding *one)
{
	json_text_raw(&one->evidence, "]}");
	if (one->evidence.failed)
		json_text_free(&one->evidence);
}

static void
close_evidence(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		close_one(&f->list[i]);
	for (unsigned i = 0; i < f->postures; i++)
		if (!f->posture[i].well)
			close_one(&f->posture[i].finding);
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
	if (r->smtp != NULL && smtp_facts(r->smtp)->greeting_code != 0)
		return (r->gaps & ~(1U << GAP_MIDSTREAM)) != 0;
	return r->gaps != 0;
}

/*
 * An attack is what shows somebody's hand with good evidence and harm done
 * or meant; anything above a note is suspicious.
 */
static enum verdict
judge(const struct session_record *r, const struct findings *f)
{
	enum verdict v = VERDICT_BENIGN;

	for (unsigned i = 0; i < f->count; i++) {
		const struct finding *one = &f->list[i];

		if (one->severity >= SEVERITY_MEDIUM &&
		    grade_tampers(one->kind) &&
		    one->confidence >= CONFIDENCE_STRONG)
			return VERDICT_ATTACK;
		if (one->severity > SEVERITY_INFO)
			v = VERDICT_SUSPICIOUS;
	}
	if (v == VERDICT_BENIGN && not_seen_whole(r))
		return VERDICT_UNDECIDED;
	return v;
}

static struct brief
brief_of(const struct session_record *r, const struct past *past,
    const struct promise *promise)
{
	static const struct smtp_facts silence;
	static const struct past nothing;
	static const struct promise none;
	struct brief b = {
		.r = r,
		.smtp = r->smtp != NULL ? smtp_facts(r->smtp) : &silence,
		.tls = r->tls != NULL ? tls_facts(r->tls) : NULL,
		.past = past != NULL ? past : &nothing,
		.promise = promise != NULL ? promise : &none,
	};

	b.exposed = record_mails(r) > 0 || smtp_rare(b.smtp)->auth != NULL;
	return b;
}

/* What the operator knows and excused, until a day, is a note. */
static void
excuse(const struct brief *b, struct findings *f)
{
	const struct inventory_exception *e;

	if (b->promise->inventory == NULL)
		return;
	for (unsigned i = 0; i < f->count; i++) {
		struct finding *one = &f->list[i];

		e = inventory_excuse(b->promise->inventory, one->kind,
		    &b->r->flow.ip[SIDE_SERVER], b->r->server_name, one->at);
		if (e == NULL)
			e = inventory_excuse(b->promise->inventory, one->kind,
			    &b->r->flow.ip[SIDE_CLIENT], NULL, one->at);
		if (e == NULL)
			continue;
		one->severity = SEVERITY_INFO;
		json_text_raw(&one->evidence, "],\"excused\":");
		json_text_string(&one->evidence, e->reason);
		json_text_raw(&one->evidence, ",\"and\":[");
	}
}

void
detect_session(const struct session_record *r, const struct past *past,
    const struct promise *promise, struct findings *f)
{
	const struct brief b = brief_of(r, past, promise);

	f->count = 0;
	f->postures = 0;
	f->dropped = 0;
	f->taken = f->pressed = false;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](&b, f);
	excuse(&b, f);
	detect_posture(&b, f);
	close_evidence(f);
	qsort(f->list, f->count, sizeof(f->list[0]), graver);
	f->cause = f->count > 0 ? brief_cause(&b) : NULL;
	f->verdict = judge(r, f);
}

void
findings_clear(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		free(f->list[i].summary);
		json_text_free(&f->list[i].evidence);
	}
	for (unsigned i = 0; i < f->postures; i++)
		if (!f->posture[i].well) {
			free(f->posture[i].finding.summary);
			json_text_free(&f->posture[i].finding.evidence);
		}
	f->count = 0;
	f->postures = 0;
}
