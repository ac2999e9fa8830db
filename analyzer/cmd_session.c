/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/commands.h"
#include "analyzer/session_load.h"
#include "analyzer/session_page.h"
#include "analyzer/text.h"

struct output {
	const struct options		*o;
	struct render_style		 style;
	unsigned			 count;	/* sessions given out */
};

static int
read_id(const char *word, int64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoll(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || *id < 0)
		return options_misuse("session", "session %s: not a session's "
		    "id, which is a number", word);
	return STATUS_DONE;
}

static int
put_json(const struct output *out, const json_t *facts)
{
	bool array = out->o->form == FORM_JSON;
	char *text;

	if ((text = json_dumps(facts, JSON_COMPACT)) == NULL) {
		warnx("memory is short");
		return -1;
	}
	if (array)
		fputs(out->count > 0 ? ",\n" : "\n", out->style.out);
	text_put_json(out->style.out, text, strlen(text));
	if (!array)
		putc('\n', out->style.out);
	free(text);
	return 0;
}

static int
put_session(struct output *out, const struct database *d, unsigned i,
    const struct session_full *s)
{
	const struct page page = {
		.style = &out->style, .facts = s->facts,
		.damage = s->damage, .path = d->paths[i],
	};
	int rc = 0;

	if (out->o->form != FORM_TABLE) {
		rc = put_json(out, s->facts);
	} else {
		if (out->count > 0)
			fputs("\n\n", out->style.out);
		session_page(&page);
	}
	out->count++;
	return rc;
}

/* From each file that has it: ids of two sensors may be the same. */
static int
show(struct output *out, const struct database *d, int64_t id)
{
	struct session_full s;
	unsigned found = 0;
	int rc = 0;

	for (unsigned i = 0; i < d->count && rc != -1; i++) {
		if ((rc = session_load(&s, d, i, id)) != 1)
			continue;
		found++;
		rc = put_session(out, d, i, &s);
		session_unload(&s);
	}
	if (rc == -1)
		return STATUS_ERROR;
	if (found > 0)
		return STATUS_DONE;
	if (d->count == 1)
		warnx("%s: has no session %lld", d->paths[0], (long long)id);
	else
		warnx("no file has a session %lld", (long long)id);
	return STATUS_ERROR;
}

static int
show_all(const struct options *o, const struct database *d,
    const int64_t *ids)
{
	struct output out = { .o = o, .style = render_style_of(o->form) };
	int status = STATUS_DONE;

	if (o->form == FORM_JSON)
		putc('[', out.style.out);
	for (int i = 0; i < o->words_count; i++)
		if (show(&out, d, ids[i]) != STATUS_DONE)
			status = STATUS_ERROR;
	if (o->form == FORM_JSON)
		fputs(out.count > 0 ? "\n]\n" : "]\n", out.style.out);
	return status;
}

static int
check_options(const struct options *o)
{
	if (o->words_count == 0)
		return options_misuse("session", "session: which one?  "
		    "'striptls-analyzer sessions' lists their ids");
	if (o->form == FORM_CSV)
		return options_misuse("session", "session has no csv form; "
		    "known are table, jsonl, json");
	if (o->limit != -1 || o->sort != NULL || o->columns != NULL)
		return options_misuse("session", "session takes no --limit, "
		    "--sort or --columns; sessions does");
	if (o->check)
		return options_misuse("session", "session has no --check");
	return STATUS_DONE;
}

static int
run(const struct options *o)
{
	struct database d;
	int64_t *ids;
	int status;

	if ((status = check_options(o)) != STATUS_DONE)
		return status;
	if ((ids = calloc((size_t)o->words_count, sizeof(*ids))) == NULL) {
		warn("memory");
		return STATUS_ERROR;
	}
	for (int i = 0; i < o->words_count && status == STATUS_DONE; i++)
		status = read_id(o->words[i], &ids[i]);
	if (status == STATUS_DONE) {
		status = STATUS_ERROR;
		if (database_open(&d, o->files, o->files_count) == 0) {
			status = show_all(o, &d, ids);
			database_close(&d);
		}
	}
	free(ids);
	return status;
}

const struct command cmd_session = {
	.name = "session",
	.arguments = "ID...",
	.summary = "one connection in full, with its redacted dialogue",
	.help =
"Shows all there is to know of a connection: a sentence that says what\n"
"happened, the facts and what was missed, findings with their evidence, and\n"
"the dialogue with seconds since the start and packet numbers.  As json or\n"
"jsonl: the fields of v_sessions and \"findings\" and \"dialogue\".\n"
"\n"
"  striptls-analyzer sessions --protection cleartext\n"
"  striptls-analyzer session 3588812345678901\n",
	.filters = NULL,
	.run = run,
};
