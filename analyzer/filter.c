/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/filter.h"
#include "analyzer/party.h"
#include "analyzer/when.h"
#include "schema/names.h"
#include "schema/schema.h"

#define SECOND		INT64_C(1000000)
#define WORDS_MAX	64	/* of one list */
#define KNOWN_MAX	2048	/* octets of "known are a, b, c" */

/* Words of the contract that have no numbers of their own in schema/. */
static const char *const offers[] = { "offered", "absent", "masked",
	"ehlo-refused", "not-asked", "unseen", NULL };
static const char *const starttlses[] = { "sent", "masked", "not-sent",
	"unseen", NULL };
static const char *const tlses[] = { "none", "established", "failed",
	"unseen", NULL };
static const char *const protections[] = { "tls", "cleartext", "no-mail",
	"unknown", NULL };
static const char *const protocols[] = { "smtp", "lmtp", "tls", "other",
	"none", NULL };
static const char *const captures[] = { "complete", "partial", NULL };
static const char *const states[] = { "new", "acknowledged", "closed",
	"suppressed", "open", "all", NULL };

/* What is being read, for messages. */
struct reading {
	struct query			*q;
	const struct filter_rule	*rule;
	const char			*word;
	int64_t				 now;
	const char			*command;
};

/* The i-th word a filter of this type knows, in order of rank where there is
 * one; NULL behind the last. */
static const char *
known_word(enum filter_type type, size_t i)
{
	switch (type) {
	case FILTER_MIN_SEVERITY:
		return i < SEVERITIES ? severity_word((enum severity)i) : NULL;
	case FILTER_MIN_CONFIDENCE:
		return i < CONFIDENCES ? confidence_word((enum confidence)i) :
		    NULL;
	case FILTER_KINDS:
		return i < KINDS ? kind_word((enum kind)i) : NULL;
	case FILTER_VERDICTS:
		return i < VERDICTS ? verdict_word((enum verdict)i) : NULL;
	case FILTER_STATES:
		return states[i];
	case FILTER_OFFERS:
		return offers[i];
	case FILTER_STARTTLSES:
		return starttlses[i];
	case FILTER_TLSES:
		return tlses[i];
	case FILTER_PROTECTIONS:
		return protections[i];
	case FILTER_PROTOCOLS:
		return protocols[i];
	case FILTER_CAPTURES:
		return captures[i];
	case FILTER_TIME:
	case FILTER_TIME_AS_ID:
	case FILTER_TIME_PAST_ID:
	case FILTER_TEXT:
	case FILTER_NUMBER:
	case FILTER_PARTY:
	case FILTER_PARTY_WORD:
		break;
	}
	return NULL;
}

static int
misread(const struct reading *r, const char *why)
{
	return options_misuse(r->command, "--%s %s: %s",
	    options_filter_word(r->rule->filter), r->word, why);
}

static int
unknown_word(const struct reading *r, const char *word, size_t len)
{
	char known[KNOWN_MAX];
	const char *next;
	size_t used = 0;
	int n;

	known[0] = '\0';
	for (size_t i = 0; (next = known_word(r->rule->type, i)) != NULL; i++) {
		n = snprintf(known + used, sizeof(known) - used, "%s%s",
		    i == 0 ? "" : ", ", next);
		if (n < 0 || (size_t)n >= sizeof(known) - used)
			break;
		used += (size_t)n;
	}
	return options_misuse(r->command, "--%s %.*s: unknown; known are %s",
	    options_filter_word(r->rule->filter), (int)len, word, known);
}

static int
find_word(enum filter_type type, const char *word, size_t len)
{
	const char *known;

	for (int i = 0; (known = known_word(type, (size_t)i)) != NULL; i++)
		if (strlen(known) == len && memcmp(known, word, len) == 0)
			return i;
	return -1;
}

/* "s.kind IN (@)": the text before and behind the '@'. */
static void
add_before(const struct reading *r)
{
	query_add(r->q, " AND %.*s", (int)strcspn(r->rule->sql, "@"),
	    r->rule->sql);
}

static void
add_behind(const struct reading *r)
{
	query_add(r->q, "%s", strchr(r->rule->sql, '@') + 1);
}

/* "open" stands for two states, "all" for all. */
static void
add_word(const struct reading *r, size_t known)
{
	size_t first = known, behind = known + 1;

	if (r->rule->type == FILTER_STATES && known >= STATES) {
		first = 0;
		behind = strcmp(states[known], "open") == 0 ?
		    STATE_ACKNOWLEDGED + 1 : STATES;
	}
	for (size_t i = first; i < behind; i++) {
		if (i > first)
			query_add(r->q, ", ");
		query_add_text(r->q, known_word(r->rule->type, i));
	}
}

static int
read_words(const struct reading *r)
{
	const char *word = r->word;
	size_t len;
	unsigned n = 0;

	add_before(r);
	for (;; word += len + 1) {
		len = strcspn(word, ",");
		if (find_word(r->rule->type, word, len) == -1)
			return unknown_word(r, word, len);
		if (n++ == WORDS_MAX)
			return misread(r, "too many words");
		if (n > 1)
			query_add(r->q, ", ");
		add_word(r, (size_t)find_word(r->rule->type, word, len));
		if (word[len] == '\0')
			break;
	}
	add_behind(r);
	return STATUS_DONE;
}

static int
read_least(const struct reading *r)
{
	const char *word;
	int least;

	least = find_word(r->rule->type, r->word, strlen(r->word));
	if (least == -1)
		return unknown_word(r, r->word, strlen(r->word));
	add_before(r);
	for (size_t i = (size_t)least;
	    (word = known_word(r->rule->type, i)) != NULL; i++) {
		if (i > (size_t)least)
			query_add(r->q, ", ");
		query_add_text(r->q, word);
	}
	add_behind(r);
	return STATUS_DONE;
}

static int
read_time(const struct reading *r)
{
	int64_t when;

	if (!when_read(r->word, r->now, &when))
		return misread(r, "not a time; give one as "
		    "2026-03-01T12:00:00Z, a date, or how long ago: 30m, 2h, "
		    "7d");
	add_before(r);
	if (r->rule->type == FILTER_TIME_AS_ID)
		query_add_int(r->q, session_id_floor(when));
	else if (r->rule->type == FILTER_TIME_PAST_ID)
		query_add_int(r->q, session_id_floor(when + SECOND));
	else
		query_add_int(r->q, when);
	add_behind(r);
	return STATUS_DONE;
}

static int
read_number(const struct reading *r)
{
	long long number;
	char *end;

	errno = 0;
	number = strtoll(r->word, &end, 10);
	if (errno != 0 || end == r->word || *end != '\0')
		return misread(r, "not a number");
	add_before(r);
	query_add_int(r->q, number);
	add_behind(r);
	return STATUS_DONE;
}

static int
read_text(const struct reading *r)
{
	add_before(r);
	query_add_text(r->q, r->word);
	add_behind(r);
	return STATUS_DONE;
}

static int
read_party(const struct reading *r)
{
	struct party party;
	const char *why;

	if ((why = party_read(&party, r->word)) != NULL)
		return misread(r, why);
	switch (party.form) {
	case PARTY_ADDRESS:
		query_add(r->q, " AND %s_ip = ", r->rule->party);
		query_add_text(r->q, party.text);
		break;
	case PARTY_NETWORK:
		query_add(r->q, " AND in_network(%s_ip, ", r->rule->party);
		query_add_blob(r->q, party.address.octets, party.address.len);
		query_add(r->q, ", ");
		query_add_int(r->q, party.bits);
		query_add(r->q, ")");
		break;
	case PARTY_NAME:
	case PARTY_SUFFIX:
		add_before(r);
		query_add_text(r->q, party.text);
		add_behind(r);
		break;
	}
	if (party.port != 0) {
		query_add(r->q, " AND %s_port = ", r->rule->party);
		query_add_int(r->q, party.port);
	}
	return STATUS_DONE;
}

static int
read_party_word(const struct reading *r)
{
	struct party party;
	const char *why;

	if ((why = party_read(&party, r->word)) != NULL)
		return misread(r, why);
	return read_text(r);
}

static int
apply_rule(const struct reading *r)
{
	switch (r->rule->type) {
	case FILTER_TIME:
	case FILTER_TIME_AS_ID:
	case FILTER_TIME_PAST_ID:
		return read_time(r);
	case FILTER_TEXT:
		return read_text(r);
	case FILTER_NUMBER:
		return read_number(r);
	case FILTER_PARTY:
		return read_party(r);
	case FILTER_PARTY_WORD:
		return read_party_word(r);
	case FILTER_MIN_SEVERITY:
	case FILTER_MIN_CONFIDENCE:
		return read_least(r);
	case FILTER_KINDS:
	case FILTER_VERDICTS:
	case FILTER_STATES:
	case FILTER_OFFERS:
	case FILTER_STARTTLSES:
	case FILTER_TLSES:
	case FILTER_PROTECTIONS:
	case FILTER_PROTOCOLS:
	case FILTER_CAPTURES:
		return read_words(r);
	}
	return STATUS_MISUSE;
}

bool
filter_given(const struct options *o)
{
	for (enum filter f = 0; f < FILTERS; f++)
		if (o->filters[f] != NULL)
			return true;
	return false;
}

bool
filter_known(const struct filter_rules *rules, enum filter f)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].filter == f)
			return true;
	return false;
}

int
filter_apply(struct query *q, const struct filter_rules *rules,
    const struct options *o, int64_t now)
{
	struct reading r = { .q = q, .now = now, .command = o->command };

	for (size_t i = 0; i < rules->count; i++) {
		r.rule = &rules->list[i];
		r.word = o->filters[r.rule->filter];
		if (r.word != NULL && apply_rule(&r) != STATUS_DONE)
			return STATUS_MISUSE;
	}
	return STATUS_DONE;
}
