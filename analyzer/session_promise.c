/* SPDX-License-Identifier: ISC */
/*
 * What was promised to this session's mail, and what that rests on: the
 * answers of the DNS as the sensor had them (policy/grounds.h), and what each
 * TLSA record made of the certificates that were shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/session_page.h"
#include "policy/match.h"
#include "schema/names.h"

#define REMARK_MAX	512

/* "dane-ok.example: dane-auth, senders that know DANE insist on ...". */
static void
put_state(const struct page *p, const json_t *v)
{
	const char *domain = page_text(v, "domain");
	const char *state = page_text(v, "state");
	const char *why = page_text(v, "why"), *host = page_text(v, "host");
	int number = state != NULL ? policy_of(state) : -1;

	page_fieldf(p, "for", "%s: %s%s%s", domain != NULL ? domain :
	    "the server, whatever the domain", state != NULL ? state : "?",
	    number != -1 ? ", " : "", number != -1 ?
	    policy_text((enum policy_state)number) : "");
	if (why != NULL)
		page_field(p, "why", why);
	if (host != NULL)
		page_fieldf(p, "this server", "is %s, by %s", host,
		    page_text(v, "by") != NULL ? page_text(v, "by") : "?");
	if (page_number(v, "hosts") > 1)
		page_fieldf(p, "covered", "%lld of %lld MX hosts have signed "
		    "TLSA records", (long long)page_number(v, "covered"),
		    (long long)page_number(v, "hosts"));
	page_list(p, "noticed", json_object_get(v, "tags"));
}

static void
put_sts(const struct page *p, const json_t *sts)
{
	const char *mode = page_text(sts, "mode"), *why;
	const char *mx = page_text(sts, "mx"), *id = page_text(sts, "id");

	if (mode == NULL)
		return;
	why = page_text(sts, "why");
	page_fieldf(p, "MTA-STS", "%s%s%s%s%s%s%s", mode,
	    why != NULL ? ", " : "", why != NULL ? why : "",
	    id != NULL ? ", policy " : "", id != NULL ? id : "",
	    mx != NULL ? ", this host: " : "", mx != NULL ? mx : "");
}

/* "secure, TTL 600 s", "failed (timeout)", "bogus (EDE 6, DNSSEC bogus)". */
static void
put_status(const json_t *l, char out[REMARK_MAX])
{
	const char *status = page_text(l, "status");
	const char *found = page_text(l, "found");
	const char *failure = page_text(l, "failure");
	const char *ede = page_text(l, "ede_text");
	const char *at = page_text(l, "at");
	bool data = found != NULL && strcmp(found, "data") == 0;
	int len;

	len = snprintf(out, REMARK_MAX, "%s%s%s",
	    status != NULL ? status : "?", found != NULL && !data ? ", " : "",
	    found != NULL && !data ? found : "");
	if (failure != NULL)
		len += snprintf(out + len, REMARK_MAX - (size_t)len, " (%.60s)",
		    failure);
	if (json_object_get(l, "ede") != NULL)
		len += snprintf(out + len, REMARK_MAX - (size_t)len,
		    ", EDE %lld%s%.60s", (long long)page_number(l, "ede"),
		    ede != NULL ? " " : "", ede != NULL ? ede : "");
	if (data)
		len += snprintf(out + len, REMARK_MAX - (size_t)len,
		    ", TTL %lld s", (long long)page_number(l, "ttl"));
	if (json_object_get(l, "untrusted") != NULL)
		len += snprintf(out + len, REMARK_MAX - (size_t)len,
		    ", by a resolver that is not believed");
	if (at != NULL)
		snprintf(out + len, REMARK_MAX - (size_t)len, ", asked %.40s",
		    at);
}

/* One record a line, with what it made of the certificates. */
static void
put_tlsa(const struct page *p, const json_t *records)
{
	const json_t *matches = json_object_get(json_object_get(p->facts,
	    "more"), "tlsa_records");
	const json_t *one;
	size_t i;

	/* one that cannot even be read was not compared */
	if (json_array_size(matches) != json_array_size(records))
		matches = NULL;
	json_array_foreach(records, i, one) {
		const char *match = json_string_value(json_array_get(matches,
		    i));
		const char *text = json_string_value(one);

		if (text != NULL)
			page_fieldf(p, "", "%s%s%s", text, match != NULL ?
			    "  " : "", match != NULL ? match : "");
	}
}

static const char *
text_of(const char *word)
{
	for (int o = 0; o < MATCH_OUTCOMES; o++)
		if (strcmp(match_word((enum match_outcome)o), word) == 0)
			return match_text((enum match_outcome)o);
	return "an outcome that this version does not know";
}

/* Whether the certificates were those promised, if there was a promise. */
static void
put_chain(const struct page *p)
{
	const char *tlsa = page_text(json_object_get(p->facts, "more"),
	    "tlsa");
	const char *certificate = page_text(p->facts, "certificate");

	if (tlsa != NULL)
		page_fieldf(p, "certificate", "%s: %s", tlsa, text_of(tlsa));
	else if (certificate != NULL && strcmp(certificate, "hidden") == 0)
		page_field(p, "certificate", "hidden by TLS 1.3 or a resumed "
		    "session: whether it is one of these cannot be seen");
}

static void
put_lookups(const struct page *p, const json_t *lookups)
{
	bool any = false;
	const json_t *l, *records;
	char status[REMARK_MAX];
	size_t i;

	json_array_foreach(lookups, i, l) {
		const char *type = page_text(l, "type");
		const char *name = page_text(l, "name");
		const char *to = page_text(l, "canonical");
		bool tlsa = type != NULL && strcmp(type, "TLSA") == 0;

		records = json_object_get(l, "records");
		put_status(l, status);
		page_fieldf(p, type != NULL ? type : "?", "%s%s%s: %s",
		    name != NULL ? name : "?", to != NULL ? " = " : "",
		    to != NULL ? to : "", status);
		if (tlsa)
			put_tlsa(p, records);
		else
			page_list(p, "", records);
		if (json_object_get(l, "cut") != NULL)
			page_field(p, "", "and more");
		any = any || (tlsa && json_array_size(records) > 0);
	}
	if (any)
		put_chain(p);
}

void
session_page_promise(const struct page *p)
{
	const json_t *promise = json_object_get(p->facts, "promise"), *v;
	size_t i;

	if (!json_is_object(promise))
		return;
	page_heading(p, "Promise (DNS and MTA-STS, as the sensor had them)");
	page_field(p, "asked of", page_text(promise, "source"));
	json_array_foreach(json_object_get(promise, "verdicts"), i, v) {
		put_state(p, v);
		put_sts(p, json_object_get(v, "sts"));
	}
	put_lookups(p, json_object_get(promise, "lookups"));
}
