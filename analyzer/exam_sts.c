/* SPDX-License-Identifier: ISC */
/*
 * MTA-STS (RFC 8461) of a domain: its record always, its policy if asked
 * for, as that is a visit to a server of the domain's own choice.
 */
#include <poll.h>
#include <stdio.h>

#include "analyzer/exam.h"
#include "policy/sts_store.h"

#define FETCH_SECONDS	10

static void
say(struct exam *e, enum exam_level level, const char *word, const char *text)
{
	exam_say(e, &(struct exam_remark){ level, "MTA-STS", word, NULL,
	    NULL }, "%s", text);
}

static void
told(void *context)
{
	*(bool *)context = true;
}

/* -1 after saying why. */
static int
judge(struct exam *e, struct sts_store *s, const char *host,
    struct sts_verdict *v)
{
	bool fetching = false, done = false;
	struct pollfd p = { .fd = sts_store_fd(s), .events = POLLIN };

	while (!sts_judge(v, s, e->name, host, &e->inquiry, told, &done,
	    &fetching)) {
		if (!fetching && e->inquiry.full)
			return 0;
		if (!fetching && answers_fill(e->dns, &e->inquiry) == -1)
			return -1;
		while (fetching && !done) {
			poll(&p, 1, sts_store_wait_ms(s));
			sts_store_run(s);
		}
		fetching = done = false;
	}
	return 0;
}

static void
say_policy(struct exam *e, const struct sts_verdict *v)
{
	switch (v->why) {
	case STS_WHY_POLICY:
		if (v->mode == STS_ENFORCE)
			say(e, EXAM_GOOD, "enforce", "enforce: senders that "
			    "know it insist on TLS and a certificate that is "
			    "valid for the host");
		else
			say(e, EXAM_NOTE, sts_word(v->mode), v->mode ==
			    STS_TESTING ? "testing: senders report failures "
			    "and deliver all the same" : "none: the policy "
			    "is withdrawn");
		break;
	case STS_WHY_FETCH:
		say(e, EXAM_FAULT, "sts-fetch", "it has a record, and its "
		    "policy cannot be fetched");
		break;
	case STS_WHY_INVALID:
		say(e, EXAM_FAULT, "sts-invalid", "it has a record, and what "
		    "is fetched is no policy (RFC 8461 section 3.2)");
		break;
	case STS_WHY_ABSENT:
	case STS_WHY_LOOKUP:
	case STS_WHY_NOT_LOOKED:
		say(e, EXAM_UNKNOWN, "sts-unknown", "its policy could not be "
		    "looked up");
		break;
	}
}

static int
say_hosts(struct exam *e, struct sts_store *s, const struct sts_verdict *v)
{
	enum exam_level level = v->mode == STS_ENFORCE ? EXAM_FAULT :
	    EXAM_WARNING;
	struct sts_verdict one;

	for (unsigned i = 0; i < e->nhosts; i++) {
		if (judge(e, s, e->hosts[i].name, &one) == -1)
			return -1;
		if (one.match == STS_MATCH_NONE)
			continue;
		json_object_set_new(e->hosts[i].facts, "sts_covered",
		    json_boolean(one.match == STS_MATCH_YES));
		if (one.match == STS_MATCH_YES)
			exam_say(e, &(struct exam_remark){ EXAM_GOOD,
			    "MTA-STS", "sts-mx", &e->hosts[i], NULL },
			    "the policy names it");
		else
			exam_say(e, &(struct exam_remark){ level, "MTA-STS",
			    "sts-mx-missing", &e->hosts[i], NULL }, "the "
			    "policy does not name it: senders that know "
			    "MTA-STS do not deliver here");
	}
	return 0;
}

static int
fetch(struct exam *e)
{
	struct sts_options o = STS_OPTIONS_DEFAULT;
	struct sts_verdict v;
	struct sts_store *s;
	int rc;

	o.timeout_ms = (e->seconds < FETCH_SECONDS ? e->seconds :
	    FETCH_SECONDS) * 1000;
	if ((s = sts_store_new(&o)) == NULL)
		return -1;
	rc = judge(e, s, "", &v);
	if (rc == 0) {
		exam_keep(e->facts, "sts", sts_word(v.mode));
		say_policy(e, &v);
		rc = say_hosts(e, s, &v);
	}
	sts_store_free(s);
	return rc;
}

int
exam_sts(struct exam *e)
{
	const struct lookup_answer *a;
	char name[LOOKUP_NAME_MAX], id[STS_ID_MAX];

	if (!e->is_domain || e->nhosts == 0 ||
	    !lookup_name_under(name, "_mta-sts", e->name))
		return 0;
	if ((a = answers_ask(e->dns, &e->inquiry, name, LOOKUP_TXT)) == NULL)
		return 0;
	if (lookup_failed(a) || a->status == LOOKUP_UNKNOWN) {
		/* a snapshot need not have it */
		if (a->failure != LOOKUP_NOT_COVERED)
			say(e, EXAM_UNKNOWN, "sts-unknown", "its record "
			    "could not be looked up");
		return 0;
	}
	if (!sts_record_id(a, id)) {
		say(e, EXAM_NOTE, "sts-absent", "none; it would bind senders "
		    "that do not know DANE");
		return 0;
	}
	exam_keep(e->facts, "sts_id", id);
	if (e->o->extras[EXTRA_STS].count > 0)
		return fetch(e);
	exam_say(e, &(struct exam_remark){ EXAM_NOTE, "MTA-STS", "sts-record",
	    NULL, NULL }, "announced (id %s); --sts fetches and checks the "
	    "policy", id);
	return 0;
}
