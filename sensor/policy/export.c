/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "policy/export.h"
#include "policy/snapshot.h"

struct name {
	char		 text[LOOKUP_NAME_MAX];
	enum lookup_status status;	/* LOOKUP_UNKNOWN: none of its own */
};

struct export {
	json_t		*lookups;	/* "name type" -> lookup */
	json_t		*places;	/* name -> its place below */
	struct name	*names;
	size_t		 nnames;
};

static const char *
text_of(const json_t *lookup, const char *key)
{
	const char *text = json_string_value(json_object_get(lookup, key));

	return text == NULL ? "" : text;
}

static enum lookup_status
status_of(const json_t *lookup)
{
	const char *word = text_of(lookup, "status");

	for (enum lookup_status s = LOOKUP_SECURE; s <= LOOKUP_FAILED; s++)
		if (strcmp(word, lookup_status_word(s)) == 0)
			return s == LOOKUP_FAILED ? LOOKUP_BOGUS : s;
	return LOOKUP_UNKNOWN;
}

struct export *
export_new(void)
{
	struct export *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->lookups = json_object();
	e->places = json_object();
	if (e->lookups == NULL || e->places == NULL) {
		export_free(e);
		return NULL;
	}
	return e;
}

void
export_free(struct export *e)
{
	if (e == NULL)
		return;
	json_decref(e->lookups);
	json_decref(e->places);
	free(e->names);
	free(e);
}

static bool
is_type(const char *word)
{
	static const enum lookup_type types[] = { LOOKUP_A, LOOKUP_AAAA,
	    LOOKUP_CNAME, LOOKUP_MX, LOOKUP_TLSA };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(word, lookup_type_word(types[i])) == 0)
			return true;
	return false;
}

static bool
add_lookup(struct export *e, json_t *lookup)
{
	const char *name = text_of(lookup, "name");
	const char *type = text_of(lookup, "type");
	char key[LOOKUP_NAME_MAX + 8];
	const json_t *old;

	if (!lookup_name_ok(name) || !is_type(type) ||
	    status_of(lookup) == LOOKUP_UNKNOWN)
		return true;	/* nothing that a snapshot could hold */
	snprintf(key, sizeof(key), "%s %s", name, type);
	old = json_object_get(e->lookups, key);
	if (old != NULL && strcmp(text_of(old, "at"),
	    text_of(lookup, "at")) > 0)
		return true;
	return json_object_set(e->lookups, key, lookup) == 0;
}

bool
export_add(struct export *e, const char *grounds)
{
	json_t *all = json_loads(grounds, 0, NULL), *lookup;
	const json_t *lookups = json_object_get(all, "lookups");
	bool ok = json_is_array(lookups);
	size_t i;

	json_array_foreach(lookups, i, lookup)
		if (!add_lookup(e, lookup))
			ok = false;
	json_decref(all);
	return ok;
}

static struct name *
find_name(const struct export *e, const char *text)
{
	const json_t *place = json_object_get(e->places, text);

	return place == NULL ? NULL : &e->names[json_integer_value(place)];
}

static struct name *
name_of(struct export *e, const char *text)
{
	struct name *n = find_name(e, text);
	struct name *grown;

	if (n != NULL)
		return n;
	grown = realloc(e->names, (e->nnames + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	e->names = grown;
	if (json_object_set_new(e->places, text,
	    json_integer((json_int_t)e->nnames)) == -1)
		return NULL;
	n = &e->names[e->nnames++];
	snprintf(n->text, sizeof(n->text), "%s", text);
	n->status = LOOKUP_UNKNOWN;
	return n;
}

/* Insecure over secure over bogus; see the header. */
static void
settle(struct name *n, enum lookup_status s)
{
	if (n->status == LOOKUP_UNKNOWN || n->status == LOOKUP_BOGUS ||
	    (n->status == LOOKUP_SECURE && s == LOOKUP_INSECURE))
		n->status = s;
}

static bool
is_alias(const json_t *lookup)
{
	return text_of(lookup, "canonical")[0] != '\0';
}

/*
 * Names that were asked for have the state of their answers.  Behind an
 * alias that is of the chain's end: an alias itself is as its CNAME is,
 * where that was asked for.
 */
static bool
settle_names(struct export *e)
{
	const char *key;
	json_t *lookup;
	struct name *n;

	json_object_foreach(e->lookups, key, lookup) {
		bool alias = is_alias(lookup);

		if ((n = name_of(e, text_of(lookup, "name"))) == NULL)
			return false;
		if (!alias)
			settle(n, status_of(lookup));
	}
	json_object_foreach(e->lookups, key, lookup) {
		if (!is_alias(lookup) ||
		    !lookup_name_ok(text_of(lookup, "canonical")))
			continue;
		if ((n = name_of(e, text_of(lookup, "canonical"))) == NULL)
			return false;
		if (n->status == LOOKUP_UNKNOWN)
			n->status = status_of(lookup);
		n = name_of(e, text_of(lookup, "name"));
		if (n != NULL && n->status == LOOKUP_UNKNOWN)
			n->status = status_of(lookup);
	}
	return true;
}

/* What a stranger's record says must stay within its line. */
static bool
is_plain(const json_t *lookup)
{
	const json_t *records = json_object_get(lookup, "records");
	json_t *record;
	size_t i;

	if (json_is_true(json_object_get(lookup, "cut")))
		return false;
	json_array_foreach(records, i, record) {
		const char *text = json_string_value(record);

		if (text == NULL || text[strspn(text, "0123456789"
		    "abcdefghijklmnopqrstuvwxyz.:-_ ")] != '\0')
			return false;
	}
	return true;
}

/* Several ways may lead to one RRset: the latest answer has it, and of two
 * links of an alias the one that goes to the end. */
static bool
put_set(json_t *sets, const char *owner, const char *type, json_t *set)
{
	char key[LOOKUP_NAME_MAX + 8];
	const json_t *old;
	bool whole = json_object_get(set, "whole") != NULL, before;

	snprintf(key, sizeof(key), "%s %s", owner, type);
	if ((old = json_object_get(sets, key)) != NULL) {
		before = json_object_get(old, "whole") != NULL;
		if ((before && !whole) || (before == whole &&
		    strcmp(text_of(old, "at"), text_of(set, "at")) > 0)) {
			json_decref(set);
			return true;
		}
	}
	return json_object_set_new(sets, key, set) == 0;
}

static bool
put_records(json_t *sets, const char *owner, const json_t *lookup)
{
	json_t *records = json_object_get(lookup, "records");

	if (json_array_size(records) == 0)
		return true;
	return put_set(sets, owner, text_of(lookup, "type"), json_pack(
	    "{s:s, s:s, s:s, s:I, s:O}", "owner", owner,
	    "type", text_of(lookup, "type"), "at", text_of(lookup, "at"),
	    "ttl", json_integer_value(json_object_get(lookup, "ttl")),
	    "records", records));
}

static bool
put_alias(json_t *sets, const char *owner, const char *end,
    const json_t *lookup)
{
	char target[LOOKUP_NAME_MAX + 1];

	snprintf(target, sizeof(target), "%s.", end);
	return put_set(sets, owner, "CNAME", json_pack(
	    "{s:s, s:s, s:s, s:I, s:[s], s:b}", "owner", owner,
	    "type", "CNAME", "at", text_of(lookup, "at"),
	    "ttl", json_integer_value(json_object_get(lookup, "ttl")),
	    "records", target, "whole", 1));
}

/* Records as they were answered, at the end of the chain. */
static bool
put_lookup(const struct export *e, json_t *sets, const json_t *lookup,
    FILE *to)
{
	const char *owner = text_of(lookup, "name");
	const char *end = text_of(lookup, "canonical");
	const struct name *n = find_name(e, owner);

	if (end[0] != '\0' && lookup_name_ok(end))
		return put_alias(sets, owner, end, lookup) &&
		    put_records(sets, end, lookup);
	if (n == NULL || (status_of(lookup) == LOOKUP_BOGUS &&
	    n->status != LOOKUP_BOGUS)) {
		fprintf(to, "; %s %s was %s\n", owner, text_of(lookup,
		    "type"), text_of(lookup, "status"));
		return true;
	}
	return put_records(sets, owner, lookup);
}

/* A time as the sensor writes it, or "-". */
static const char *
asked_of(const json_t *set)
{
	const char *at = text_of(set, "at");
	int64_t time;

	return strlen(at) > 32 || at[strspn(at, "0123456789-:.TZ")] != '\0' ||
	    !snapshot_time(at, &time) ? "-" : at;
}

/* When it was asked, unless that was said before; *said is then that. */
static void
write_set(const json_t *set, const char **said, FILE *to)
{
	const json_t *records = json_object_get(set, "records"), *record;
	json_int_t ttl = json_integer_value(json_object_get(set, "ttl"));
	size_t i;

	if (strcmp(asked_of(set), *said) != 0) {
		*said = asked_of(set);
		fprintf(to, ";! asked %s\n", *said);
	}
	json_array_foreach(records, i, record)
		fprintf(to, "%s. %lld IN %s %s\n", text_of(set, "owner"),
		    (long long)ttl, text_of(set, "type"),
		    json_string_value(record));
}

int
export_write(struct export *e, FILE *to)
{
	json_t *sets = json_object(), *lookup, *set;
	const char *key, *said = "-";
	bool ok = sets != NULL && settle_names(e);

	for (size_t i = 0; i < e->nnames && ok; i++)
		fprintf(to, ";! zone %s: %s\n", e->names[i].text,
		    lookup_status_word(e->names[i].status));
	json_object_foreach(e->lookups, key, lookup)
		if (ok && is_plain(lookup))
			ok = put_lookup(e, sets, lookup, to);
	json_object_foreach(sets, key, set)
		if (ok)
			write_set(set, &said, to);
	json_decref(sets);
	return !ok || ferror(to) != 0 || fflush(to) == EOF ? -1 : 0;
}
