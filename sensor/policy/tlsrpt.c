/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "policy/tlsrpt.h"
#include "schema/moment.h"



/* Policies and details are found by a text of all that tells them apart:
 * both maps are JSON objects, whose keys are hashed with a random seed. */
struct tlsrpt {
	json_t		*policies;	/* key -> { entry, details } */
	size_t		 details;
	const char	*full;
};

struct tlsrpt *
tlsrpt_new(void)
{
	struct tlsrpt *t = calloc(1, sizeof(*t));

	if (t != NULL && (t->policies = json_object()) == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
tlsrpt_free(struct tlsrpt *t)
{
	if (t == NULL)
		return;
	json_decref(t->policies);
	free(t);
}

const char *
tlsrpt_full(const struct tlsrpt *t)
{
	return t->full;
}

unsigned
tlsrpt_policies(const struct tlsrpt *t)
{
	return (unsigned)json_object_size(t->policies);
}

/* As one text: an array's, so that no two of them are alike.  The caller
 * frees it. */
static char *
key_of(json_t *parts)
{
	char *key = parts != NULL ? json_dumps(parts, JSON_COMPACT) : NULL;

	json_decref(parts);
	return key;
}

static json_t *
strings_of(const struct tlsrpt_sessions *s)
{
	return s->strings != NULL ? json_deep_copy(s->strings) : json_array();
}

/* { "entry": as in the report, "details": key -> detail } */
static json_t *
new_policy(const struct tlsrpt_sessions *s)
{
	return json_pack("{s:{s:{s:s,s:o,s:s,s:[]},s:{s:i,s:i}},s:{}}",
	    "entry", "policy", "policy-type", tlsrpt_type_word(s->type),
	    "policy-string", strings_of(s), "policy-domain", s->domain,
	    "mx-host", "summary", "total-successful-session-count", 0,
	    "total-failure-session-count", 0, "details");
}

static json_t *
find_policy(struct tlsrpt *t, const struct tlsrpt_sessions *s)
{
	char *key = key_of(json_pack("[s,s,o]", s->domain,
	    tlsrpt_type_word(s->type), strings_of(s)));
	json_t *policy = NULL;

	if (key == NULL)
		return NULL;
	policy = json_object_get(t->policies, key);
	if (policy == NULL &&
	    json_object_size(t->policies) == TLSRPT_POLICIES_MAX) {
		t->full = "policies";
	} else if (policy == NULL) {
		policy = new_policy(s);
		if (policy != NULL &&
		    json_object_set_new(t->policies, key, policy) == -1)
			policy = NULL;
	}
	free(key);
	return policy;
}

/* Beyond the limit they are not told: a policy has at most so many hosts. */
static int
add_hosts(json_t *policy, const json_t *hosts)
{
	json_t *list = json_object_get(json_object_get(json_object_get(policy,
	    "entry"), "policy"), "mx-host"), *one;
	const json_t *other;
	size_t i, j;

	json_array_foreach(hosts, i, one) {
		json_array_foreach(list, j, other)
			if (json_equal(one, other))
				break;
		if (j == json_array_size(list) && j < TLSRPT_LIST_MAX &&
		    json_array_append(list, one) == -1)
			return -1;
	}
	return 0;
}

static int
count(json_t *object, const char *member, int64_t more)
{
	int64_t now = json_integer_value(json_object_get(object, member));

	return json_object_set_new(object, member, json_integer(now + more));
}

static json_t *
new_detail(const struct tlsrpt_sessions *s)
{
	return json_pack("{s:s,s:s*,s:s*,s:s*,s:i,s:s*}", "result-type",
	    s->result, "sending-mta-ip", s->sender, "receiving-mx-hostname",
	    s->host, "receiving-ip", s->receiver, "failed-session-count", 0,
	    "failure-reason-code", s->reason);
}

static int
add_detail(struct tlsrpt *t, json_t *policy, const struct tlsrpt_sessions *s)
{
	json_t *details = json_object_get(policy, "details"), *detail;
	char *key = key_of(json_pack("[s,s?,s?,s?,s?]", s->result, s->sender,
	    s->host, s->receiver, s->reason));
	int rc = -1;

	if (key == NULL)
		return -1;
	detail = json_object_get(details, key);
	if (detail == NULL && t->details == TLSRPT_DETAILS_MAX) {
		t->full = "failure details";
	} else if (detail != NULL) {
		rc = count(detail, "failed-session-count", s->count);
	} else if ((detail = new_detail(s)) != NULL &&
	    json_object_set_new(details, key, detail) == 0) {
		t->details++;
		rc = count(detail, "failed-session-count", s->count);
	}
	free(key);
	return rc;
}

int
tlsrpt_add(struct tlsrpt *t, const struct tlsrpt_sessions *s)
{
	json_t *policy = find_policy(t, s), *summary;

	if (policy == NULL || add_hosts(policy, s->hosts) == -1)
		return -1;
	summary = json_object_get(json_object_get(policy, "entry"),
	    "summary");
	if (s->result == NULL)
		return count(summary, "total-successful-session-count",
		    s->count);
	if (add_detail(t, policy, s) == -1)
		return -1;
	return count(summary, "total-failure-session-count", s->count);
}

static int
compare_keys(const void *one, const void *two)
{
	const char *const *a = one, *const *b = two;

	return strcmp(*a, *b);
}

/* The values of `object` by their keys, so that the same sessions make the
 * same report in whatever order they came.  Borrowed keys, the caller frees
 * the list. */
static const char **
sorted_keys(json_t *object)
{
	const char **keys = calloc(json_object_size(object) + 1,
	    sizeof(*keys));
	const char *key;
	json_t *value;
	size_t n = 0;

	if (keys == NULL)
		return NULL;
	json_object_foreach(object, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	return keys;
}

static json_t *
sorted_values(json_t *object)
{
	const char **keys = sorted_keys(object);
	json_t *list = keys != NULL ? json_array() : NULL;

	for (size_t i = 0; list != NULL && keys[i] != NULL; i++) {
		if (json_array_append(list, json_object_get(object,
		    keys[i])) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	free(keys);
	return list;
}

static json_t *
finish_policy(json_t *policy)
{
	json_t *entry = json_deep_copy(json_object_get(policy, "entry"));
	json_t *details;

	if (entry == NULL ||
	    json_object_size(json_object_get(policy, "details")) == 0)
		return entry;
	details = sorted_values(json_object_get(policy, "details"));
	if (details != NULL &&
	    json_object_set_new(entry, "failure-details", details) == 0)
		return entry;
	json_decref(entry);
	return NULL;
}

static json_t *
finish_policies(const struct tlsrpt *t)
{
	json_t *sorted = sorted_values(t->policies), *policy;
	json_t *list = json_array();
	bool good = sorted != NULL && list != NULL;
	size_t i;

	json_array_foreach(sorted, i, policy)
		good = good && json_array_append_new(list,
		    finish_policy(policy)) == 0;
	json_decref(sorted);
	if (good)
		return list;
	json_decref(list);
	return NULL;
}

json_t *
tlsrpt_take(const struct tlsrpt *t, const struct tlsrpt_head *h)
{
	char start[MOMENT_TEXT], end[MOMENT_TEXT];
	json_t *policies = finish_policies(t), *report;

	if (policies == NULL)
		return NULL;
	moment_format_second(h->start, start);
	/* the last second that is in it (appendix B) */
	moment_format_second(h->end > h->start ? h->end - 1 : h->end, end);
	report = json_pack("{s:s,s:{s:s,s:s},s:s*,s:s,s:o}",
	    "organization-name", h->organization, "date-range",
	    "start-datetime", start, "end-datetime", end, "contact-info",
	    h->contact, "report-id", h->id, "policies", policies);
	if (report != NULL && json_dumpb(report, NULL, 0, JSON_INDENT(2)) <=
	    TLSRPT_OCTETS_MAX)
		return report;
	json_decref(report);
	return NULL;
}
