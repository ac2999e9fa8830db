/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/tlsa_task.h"
#include "analyzer/when.h"
#include "policy/tlsa_zone.h"

#define CACHE_ENTRIES	16

static const char *
word(const struct options *o, enum extra e)
{
	return o->extras[e].count > 0 ? o->extras[e].list[0] : NULL;
}

/* A number of an option that takes one; `none` if it is not given. */
static int
read_number(const struct options *o, enum extra e, long most, long none,
    long *out)
{
	const char *text = word(o, e);
	char *end;

	*out = none;
	if (text == NULL)
		return STATUS_DONE;
	errno = 0;
	*out = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *out < 1 ||
	    *out > most)
		return options_misuse(o->command, "--%s %s: not a number "
		    "from 1 to %ld", options_extra_word(e), text, most);
	return STATUS_DONE;
}

static int
read_times(struct tlsa_task *t)
{
	const char *at = word(t->o, EXTRA_AT);

	if (at != NULL && !when_read(at, when_now(), &t->at))
		return options_misuse(t->o->command, "--at %s: not a time; "
		    "give one as 2026-03-01T12:00:00Z, a date, or how long "
		    "ago: 30m, 2h, 7d", at);
	return STATUS_DONE;
}

/* Options that make no sense twice. */
static int
refuse_repeats(const struct options *o)
{
	static const enum extra once[] = { EXTRA_NEXT, EXTRA_HOST,
	    EXTRA_PORT, EXTRA_TTL, EXTRA_PUBLISHED, EXTRA_AT,
	    EXTRA_TIMEOUT };

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (o->extras[once[i]].count > 1)
			return options_misuse(o->command, "--%s may be given "
			    "once", options_extra_word(once[i]));
	return STATUS_DONE;
}

/* The server's name: as told, or as the chains know it. */
static void
find_host(struct tlsa_task *t)
{
	const char *host = word(t->o, EXTRA_HOST);
	size_t len;

	for (unsigned i = 0; i < t->chains.count && host == NULL; i++)
		if (t->chains.list[i].host[0] != '\0')
			host = t->chains.list[i].host;
	if (host == NULL)
		return;
	len = strlen(host);
	if (len > 0 && host[len - 1] == '.')
		len--;
	snprintf(t->host, sizeof(t->host), "%.*s", (int)len, host);
	snprintf(t->owner, sizeof(t->owner), "_%u._tcp.%s.", t->port,
	    t->host);
	t->names[t->names_count++] = t->host;
}

int
task_read(struct tlsa_task *t, const struct options *o)
{
	long port, ttl, seconds;
	int status;

	*t = (struct tlsa_task){ .o = o };
	if ((status = refuse_repeats(o)) != STATUS_DONE ||
	    (status = read_number(o, EXTRA_PORT, 65535, 25, &port)) !=
	    STATUS_DONE ||
	    (status = read_number(o, EXTRA_TTL, INT32_MAX, 0, &ttl)) !=
	    STATUS_DONE ||
	    (status = read_number(o, EXTRA_TIMEOUT, 600, 0, &seconds)) !=
	    STATUS_DONE || (status = read_times(t)) != STATUS_DONE ||
	    (status = chains_take(&t->chains, o)) != STATUS_DONE)
		return status;
	t->port = (unsigned)port;
	t->ttl = (uint32_t)ttl;
	find_host(t);
	if (o->extras[EXTRA_NAME].count + t->names_count > TASK_NAMES_MAX)
		return options_misuse(o->command, "--name: more than %d names "
		    "of a server", TASK_NAMES_MAX);
	for (unsigned i = 0; i < o->extras[EXTRA_NAME].count; i++)
		t->names[t->names_count++] = o->extras[EXTRA_NAME].list[i];
	if ((t->match = match_new(CACHE_ENTRIES)) == NULL) {
		warnx("memory is short, or OpenSSL does not start");
		return STATUS_ERROR;
	}
	return STATUS_DONE;
}

void
task_free(struct tlsa_task *t)
{
	match_free(t->match);
	tlsa_clear(&t->records);
	chains_free(&t->chains);
}

/* Of several owners in a file, the server's is meant. */
static bool
is_ours(const struct tlsa_task *t, const struct tlsa_zone *z)
{
	return z->owner[0] == '\0' || t->owner[0] == '\0' ||
	    strcasecmp(z->owner, t->owner) == 0;
}

static void
drop_last(struct tlsa_set *s)
{
	free((uint8_t *)s->list[--s->count].data.at);
}

static int
read_zone(struct tlsa_task *t, const char *path, struct span text)
{
	char owner[TLSA_ZONE_NAME_MAX] = "";
	enum tlsa_zone_step step;
	unsigned others = 0, before = t->records.count;
	struct tlsa_zone z;

	tlsa_zone_begin(&z, text);
	while ((step = tlsa_zone_next(&z, &t->records)) != TLSA_ZONE_END) {
		if (step == TLSA_ZONE_BAD) {
			warnx("%s: %s", path, z.why);
			return STATUS_ERROR;
		}
		if (!is_ours(t, &z)) {
			others++;
			drop_last(&t->records);
			continue;
		}
		if (t->owner[0] == '\0' && owner[0] != '\0' &&
		    z.owner[0] != '\0' && strcmp(owner, z.owner) != 0)
			return options_misuse(t->o->command, "%s: has records "
			    "of %s and of %s; --host says whose are meant",
			    path, owner, z.owner);
		if (z.owner[0] != '\0')
			memcpy(owner, z.owner, sizeof(owner));
		if (t->ttl == 0)
			t->ttl = z.ttl;
	}
	if (t->records.count > before)
		return STATUS_DONE;
	if (others > 0)
		warnx("%s: has %u TLSA records, none of %s", path, others,
		    t->owner);
	else
		warnx("%s: has no TLSA record", path);
	return STATUS_ERROR;
}

int
task_read_records(struct tlsa_task *t)
{
	const struct extra_words *given = &t->o->extras[EXTRA_RECORD];
	const struct extra_words *files = &t->o->extras[EXTRA_RECORDS];
	char why[TLSA_TEXT_WHY_MAX], *text;
	int status = STATUS_DONE;
	size_t len;

	if (given->count == 0 && files->count == 0)
		return options_misuse(t->o->command, "%s %s: which records?  "
		    "--record '3 1 1 ...', or --records FILE of a zone, or "
		    "of what dig says", t->o->command, t->o->words[0]);
	for (unsigned i = 0; i < given->count; i++)
		if (!tlsa_text_add(&t->records, span_text(given->list[i]),
		    why))
			return options_misuse(t->o->command, "--record %s: "
			    "%s", given->list[i], why);
	for (unsigned i = 0; i < files->count && status == STATUS_DONE; i++) {
		if ((text = chains_slurp(files->list[i], &len)) == NULL)
			return STATUS_ERROR;
		status = read_zone(t, files->list[i], span_of(text, len));
		free(text);
	}
	return status;
}

int64_t
task_time(const struct tlsa_task *t, const struct chain *c)
{
	if (t->at != 0)
		return t->at;
	return c->at != 0 ? c->at : when_now();
}

void
task_ask(struct tlsa_task *t, const struct chain *c, struct match_result *r)
{
	match_ask(t->match, &(struct match_question){ .chain = c->list,
	    .chain_count = c->count, .chain_sent = c->sent,
	    .records = &t->records, .names = t->names,
	    .names_count = t->names_count, .at = task_time(t, c) }, r);
}

char *
task_record_text(const struct tlsa_record *r, bool generic)
{
	size_t (*write)(const struct tlsa_record *, char *, size_t) =
	    generic ? tlsa_text_generic : tlsa_text;
	size_t size = write(r, NULL, 0) + 1;
	char *text;

	if ((text = malloc(size)) == NULL)
		warnx("memory is short");
	else
		write(r, text, size);
	return text;
}

static void
describe_match(const struct tlsa_record *r, const struct match_verdict *v,
    char out[TASK_REASON_MAX])
{
	if (v->depth == 0)
		snprintf(out, TASK_REASON_MAX, "describes the server's own "
		    "certificate");
	else if (v->depth > 0)
		snprintf(out, TASK_REASON_MAX, "describes certificate %d, an "
		    "issuer", v->depth);
	else
		snprintf(out, TASK_REASON_MAX, "describes none of the "
		    "certificates shown");
	if (v->outcome == MATCH_MISMATCHED && v->depth == 0)
		snprintf(out + strlen(out), TASK_REASON_MAX - strlen(out),
		    ", which usage %u does not look at", r->usage);
	else if (v->outcome == MATCH_MISMATCHED && v->depth > 0)
		snprintf(out + strlen(out), TASK_REASON_MAX - strlen(out), "%s",
		    r->usage == TLSA_DANE_EE ? ", which usage 3 does not "
		    "look at" : ", but no path leads there");
}

void
task_explain(const struct tlsa_record *r, const struct match_verdict *v,
    char out[TASK_REASON_MAX])
{
	char fault[TLSA_FAULT_TEXT_MAX];

	if (r->fault != TLSA_USABLE) {
		tlsa_fault_text(r, fault);
		snprintf(out, TASK_REASON_MAX, "%s", fault);
		return;
	}
	if (v->outcome == MATCH_MATCHED || v->outcome == MATCH_MISMATCHED)
		describe_match(r, v, out);
	else
		snprintf(out, TASK_REASON_MAX, "%s", match_text(v->outcome));
	if (!v->counts)
		snprintf(out + strlen(out), TASK_REASON_MAX - strlen(out),
		    "; it does not count beside a stronger digest");
}
