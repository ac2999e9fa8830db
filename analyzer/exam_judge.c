/* SPDX-License-Identifier: ISC */
/*
 * What the servers showed, judged: STARTTLS, TLS, certificates, and each
 * TLSA record.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/exam.h"
#include "analyzer/tlsa_task.h"
#include "analyzer/when.h"
#include "policy/certificates.h"
#include "policy/lint.h"
#include "schema/moment.h"

#define CACHE_ENTRIES	64
#define DAY		INT64_C(86400000000)
#define SHOWN_MAX	(EXAM_ADDRESSES_MAX * EXAM_CHAINS_MAX)

static void
say(struct exam *e, const struct exam_address *a, enum exam_level level,
    const char *about, const char *word, const char *text)
{
	exam_say(e, &(struct exam_remark){ level, about, word, a->host, a },
	    "%s", text);
}

/* --- the connection --- */

static bool
answered(const struct exam_address *a)
{
	return a->shown[0]->outcome != STARTTLS_NO_ADDRESS &&
	    a->shown[0]->outcome != STARTTLS_UNREACHABLE;
}

/* Could another address of its host be reached? */
static bool
has_other(const struct exam *e, const struct exam_address *a)
{
	for (unsigned i = 0; i < e->naddresses; i++)
		if (&e->addresses[i] != a && e->addresses[i].host == a->host &&
		    answered(&e->addresses[i]))
			return true;
	return false;
}

static void
say_unreachable(struct exam *e, const struct exam_address *a)
{
	const struct starttls_answer *s = a->shown[0];

	if (s->error == ECONNREFUSED)
		say(e, a, EXAM_FAULT, "connection", "refused", "the port is "
		    "closed: connection refused");
	else if (s->error == ENETUNREACH || s->error == EADDRNOTAVAIL ||
	    s->error == EAFNOSUPPORT)
		say(e, a, has_other(e, a) ? EXAM_NOTE : EXAM_UNKNOWN,
		    "connection", "no-route", "not tried: this machine has "
		    "no way there");
	else
		exam_say(e, &(struct exam_remark){ EXAM_UNKNOWN,
		    "connection", "unreachable", a->host, a }, "%s: the "
		    "server, or a filter of port %u on the way", s->why,
		    e->port);
}

/* A keyword of nothing but X: who stands between wrote over it. */
static const char *
masked(const struct starttls_answer *s)
{
	for (unsigned i = 1; i < s->lines_count; i++) {
		size_t len = strcspn(s->lines[i], " ");

		if (len >= 4 && strspn(s->lines[i], "Xx*") >= len)
			return s->lines[i];
	}
	return NULL;
}

static void
say_no_offer(struct exam *e, const struct exam_address *a)
{
	const char *mask = masked(a->shown[0]);
	bool promised = a->dane.tlsa != NULL;

	if (mask != NULL)
		exam_say(e, &(struct exam_remark){ EXAM_FAULT, "STARTTLS",
		    "starttls-masked", a->host, a }, "%.80s stands in the "
		    "EHLO reply where a keyword was: something on the way "
		    "from here overwrites it", mask);
	else
		exam_say(e, &(struct exam_remark){ EXAM_FAULT, "STARTTLS",
		    "starttls-absent", a->host, a }, "not offered: %s",
		    promised ? "its TLSA records promise it, and senders that "
		    "know DANE do not deliver" : "mail goes there in clear");
}

/* True if TLS came up. */
static bool
say_dialogue(struct exam *e, const struct exam_address *a)
{
	const struct starttls_answer *s = a->shown[0];

	switch (s->outcome) {
	case STARTTLS_ESTABLISHED:
		break;
	case STARTTLS_NO_ADDRESS:
	case STARTTLS_UNREACHABLE:
		say_unreachable(e, a);
		return false;
	case STARTTLS_NO_GREETING:
	case STARTTLS_NO_EHLO:
		exam_say(e, &(struct exam_remark){ EXAM_UNKNOWN, "SMTP",
		    starttls_word(s->outcome), a->host, a }, "it does not "
		    "talk to us: %s", s->why);
		return false;
	case STARTTLS_NOT_OFFERED:
		say_no_offer(e, a);
		return false;
	case STARTTLS_REFUSED:
	case STARTTLS_NO_TLS:
	case STARTTLS_OUTCOMES:
		say(e, a, EXAM_FAULT, "STARTTLS", s->outcome ==
		    STARTTLS_REFUSED ? "starttls-refused" : "tls-disrupted",
		    s->why);
		return false;
	}
	say(e, a, EXAM_GOOD, "STARTTLS", "offered", "offered and accepted");
	if (s->early > 0)
		exam_say(e, &(struct exam_remark){ EXAM_WARNING, "STARTTLS",
		    "response-injection", a->host, a }, "%zu octets in clear "
		    "came behind its 220; they are no part of TLS (RFC 3207 "
		    "section 4.2)", s->early);
	return true;
}

static void
say_version(struct exam *e, const struct exam_address *a)
{
	const struct starttls_answer *s = a->shown[0];
	bool modern = strcmp(s->version, "TLSv1.3") == 0 ||
	    strcmp(s->version, "TLSv1.2") == 0;
	const char *cipher = s->cipher != NULL ? s->cipher : "?";
	bool weak = strstr(cipher, "_RC4_") != NULL ||
	    strstr(cipher, "_3DES_") != NULL || strstr(cipher, "_DES") != NULL;
	bool secret = strncmp(cipher, "TLS_RSA_", 8) != 0;

	exam_say(e, &(struct exam_remark){ !modern || weak ? EXAM_WARNING :
	    secret ? EXAM_GOOD : EXAM_NOTE, "TLS", !modern ? "old-version" :
	    weak ? "weak-cipher" : secret ? "tls" : "no-forward-secrecy",
	    a->host, a }, "%s, %s%s", s->version, cipher, !modern ?
	    ": no newer version than this is spoken (RFC 8996)" : weak ?
	    ": the cipher is broken" : secret ? "" : ": who gets the key "
	    "later can read what was recorded");
}

/* --- certificates --- */

static void
keep_chain(struct exam *e, const struct exam_address *a,
    const struct certificate_facts *f, const struct starttls_answer *s)
{
	json_t *c = json_pack("{s:I}", "certificates_sent",
	    (json_int_t)s->chain_sent);
	char at[MOMENT_TEXT];

	exam_keep(c, "not_before", moment_format(f->not_before, at));
	exam_keep(c, "not_after", moment_format(f->not_after, at));
	exam_keep(c, "subject", f->subject);
	exam_keep(c, "issuer", f->issuer);
	exam_keep(c, "names", f->names);
	exam_keep(c, "key", f->key);
	exam_keep(c, "sha256", f->sha256);
	exam_keep(c, "spki_sha256", f->spki_sha256);
	if (json_object_get(a->facts, "certificates") == NULL)
		json_object_set_new(a->facts, "certificates", json_array());
	if (json_array_append_new(json_object_get(a->facts, "certificates"),
	    c) == -1)
		e->failed = true;
}

static void
say_certificate(struct exam *e, const struct exam_address *a, unsigned n)
{
	const struct starttls_answer *s = a->shown[n];
	const struct match_result *r = &a->results[n];
	struct certificate_facts f;
	char day[WHEN_TEXT_MAX];
	bool in_time;

	if (!certificates_describe(s->chain[0], &f)) {
		say(e, a, EXAM_FAULT, "certificate", "unreadable",
		    "it cannot be read");
		return;
	}
	keep_chain(e, a, &f, s);
	in_time = f.not_before <= e->now && e->now < f.not_after;
	when_write(day, f.not_after, false);
	exam_say(e, &(struct exam_remark){ in_time && r->name_fits ?
	    EXAM_GOOD : EXAM_NOTE, "certificate", !in_time ?
	    "out-of-date" : r->name_fits ? "certificate" : "other-name",
	    a->host, a }, "%s, of %.80s, by %.80s, valid until %.10s (%lld "
	    "days); %u sent; %s", f.key, f.subject, f.self_signed ?
	    "itself" : f.issuer, day, (long long)((f.not_after - e->now) /
	    DAY), s->chain_sent, r->name_fits ? "it bears the host's name" :
	    "it does not bear the host's name");
}

/* One beside it of its kind may match in its stead: then it is that of the
 * next key, or of another that the server has. */
static enum exam_level
record_level(const struct tlsa_set *set, const struct match_result *r,
    unsigned i)
{
	const struct tlsa_record *one = &set->list[i], *other;

	if (r->verdicts[i].outcome == MATCH_MATCHED)
		return EXAM_GOOD;
	for (unsigned k = 0; k < set->count; k++) {
		other = &set->list[k];
		if (r->verdicts[k].outcome == MATCH_MATCHED &&
		    one->fault == TLSA_USABLE && other->usage == one->usage &&
		    other->selector == one->selector &&
		    other->matching == one->matching)
			return EXAM_NOTE;
	}
	return EXAM_WARNING;
}

static void
say_records(struct exam *e, const struct exam_address *a, unsigned n)
{
	const struct tlsa_set *set = &a->host->records;
	const struct match_result *r = &a->results[n];
	char reason[TASK_REASON_MAX], *text;

	for (unsigned i = 0; i < set->count; i++) {
		if ((text = task_record_text(&set->list[i], false)) == NULL) {
			e->failed = true;
			return;
		}
		task_explain(&set->list[i], &r->verdicts[i], reason);
		exam_say(e, &(struct exam_remark){
		    record_level(set, r, i), "record",
		    set->list[i].fault != TLSA_USABLE ?
		    tlsa_fault_word(set->list[i].fault) :
		    match_word(r->verdicts[i].outcome), a->host, a },
		    "%.20s...: %s", text, reason);
		free(text);
	}
}

static void
say_match(struct exam *e, const struct exam_address *a, unsigned n)
{
	const struct match_result *r = &a->results[n];
	enum exam_level level = EXAM_NOTE;

	if (a->host->records.count == 0)
		return;
	switch (match_promise(r->outcome)) {
	case MATCH_KEPT:
		level = EXAM_GOOD;
		break;
	case MATCH_BROKEN:
		level = a->host->is_signed ? EXAM_FAULT : EXAM_WARNING;
		break;
	case MATCH_UNDECIDED:
		level = EXAM_UNKNOWN;
		break;
	case MATCH_NOT_MADE:
		break;
	}
	exam_say(e, &(struct exam_remark){ level, "DANE",
	    match_word(r->outcome), a->host, a }, "%s%s%s",
	    match_text(r->outcome), r->error != NULL ? ": " : "",
	    r->error != NULL ? r->error : "");
}

static void
match_chain(struct exam *e, struct match *m, struct exam_address *a,
    unsigned n)
{
	const char *names[DANE_REFERENCES_MAX + 1];
	unsigned count = 0;

	for (unsigned i = 0; i < a->dane.nreferences; i++)
		names[count++] = a->dane.references[i];
	if (count == 0)
		names[count++] = a->host->name;
	match_ask(m, &(struct match_question){ .chain = a->shown[n]->chain,
	    .chain_count = a->shown[n]->chain_count,
	    .chain_sent = a->shown[n]->chain_sent,
	    .records = &a->host->records, .names = names,
	    .names_count = count, .at = e->now }, &a->results[n]);
}

static void
judge_address(struct exam *e, struct match *m, struct exam_address *a)
{
	const struct starttls_answer *s = a->shown[0];

	exam_keep(a->facts, "outcome", starttls_word(s->outcome));
	exam_keep(a->facts, "greeting", s->greeting);
	exam_keep(a->facts, "tls_version", s->version);
	exam_keep(a->facts, "tls_cipher", s->cipher);
	if (!say_dialogue(e, a))
		return;
	say_version(e, a);
	for (unsigned n = 0; n < EXAM_CHAINS_MAX; n++) {
		if (a->shown[n] == NULL || a->shown[n]->chain_count == 0)
			continue;
		match_chain(e, m, a, n);
		say_certificate(e, a, n);
		say_records(e, a, n);
		say_match(e, a, n);
	}
}

/* --- what should be mended --- */

/* Each certificate that the host uses, once. */
static unsigned
gather(const struct exam *e, const struct exam_host *h,
    const struct match_result *shown[SHOWN_MAX])
{
	const struct span *leaves[SHOWN_MAX];
	const struct exam_address *a;
	unsigned count = 0, k;

	for (unsigned i = 0; i < e->naddresses; i++) {
		a = &e->addresses[i];
		for (unsigned n = 0; n < EXAM_CHAINS_MAX; n++) {
			if (a->host != h || a->shown[n] == NULL ||
			    a->shown[n]->chain_count == 0)
				continue;
			for (k = 0; k < count; k++)
				if (span_equal(*leaves[k],
				    a->shown[n]->chain[0]))
					break;
			if (k < count)
				continue;
			leaves[count] = &a->shown[n]->chain[0];
			shown[count++] = &a->results[n];
		}
	}
	return count;
}

static void
say_advice(struct exam *e, const struct exam_host *h)
{
	static const enum exam_level levels[] = { [LINT_NOTE] = EXAM_NOTE,
	    [LINT_WARNING] = EXAM_WARNING, [LINT_FAULT] = EXAM_FAULT };
	const struct match_result *shown[SHOWN_MAX];
	struct lint_question q = { .records = &h->records,
	    .is_signed = h->is_signed, .ttl = h->ttl, .shown = shown,
	    .now = e->now };
	const struct lint_remark *r;
	struct lint_list list;

	q.shown_count = gather(e, h, shown);
	lint_server(&q, &list);
	for (unsigned i = 0; i < list.count; i++) {
		r = &list.list[i];
		/* nobody relies on unsigned records, so nothing breaks */
		exam_say(e, &(struct exam_remark){ r->weight == LINT_FAULT &&
		    !h->is_signed ? EXAM_WARNING : levels[r->weight],
		    "advice", lint_word(r->kind), h, NULL }, "%s", r->text);
	}
}

static int
add_facts(struct exam *e)
{
	struct exam_address *a;
	json_t *list;

	for (unsigned i = 0; i < e->naddresses; i++) {
		a = &e->addresses[i];
		a->facts = json_pack("{s:s}", "address", a->text);
		list = json_object_get(a->host->facts, "addresses");
		if (list == NULL) {
			list = json_array();
			json_object_set_new(a->host->facts, "addresses",
			    list);
		}
		if (json_array_append_new(list, a->facts) == -1) {
			warnx("memory is short");
			return -1;
		}
	}
	return 0;
}

int
exam_judge(struct exam *e)
{
	struct match *m;

	if (add_facts(e) == -1)
		return -1;
	if ((m = match_new(CACHE_ENTRIES)) == NULL) {
		warnx("memory is short, or OpenSSL does not start");
		return -1;
	}
	for (unsigned i = 0; i < e->naddresses; i++)
		judge_address(e, m, &e->addresses[i]);
	for (unsigned i = 0; i < e->nhosts; i++)
		say_advice(e, &e->hosts[i]);
	match_free(m);
	return 0;
}
