/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/full.h"
#include "analyzer/text.h"

void
full_begin(struct full_output *out, const struct options *o)
{
	*out = (struct full_output){ .o = o,
	    .style = render_style_of(o->form) };
	if (o->form == FORM_JSON)
		putc('[', out->style.out);
}

void
full_end(struct full_output *out)
{
	if (out->o->form == FORM_JSON)
		fputs(out->count > 0 ? "\n]\n" : "]\n", out->style.out);
}

static int
put_json(const struct full_output *out, const json_t *facts)
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

int
full_put(struct full_output *out, const struct page *about,
    void (*draw)(const struct page *p))
{
	struct page page = *about;
	int rc = 0;

	page.style = &out->style;
	if (out->o->form != FORM_TABLE) {
		rc = put_json(out, page.facts);
	} else {
		if (out->count > 0)
			fputs("\n\n", out->style.out);
		draw(&page);
	}
	out->count++;
	return rc;
}

void
full_unload(struct full_thing *t)
{
	json_decref(t->facts);
	free(t->damage);
	*t = (struct full_thing){ 0 };
}

/* From each file that has it: ids of two sensors may be the same. */
static int
show(const struct full_kind *k, struct full_output *out,
    const struct database *d, int64_t id)
{
	struct full_thing t = { 0 };
	struct page page;
	unsigned found = 0;
	int rc = 0;

	for (unsigned i = 0; i < d->count && rc != -1; i++) {
		if ((rc = k->load(&t, d, i, id, out->o)) != 1)
			continue;
		found++;
		page = (struct page){ .facts = t.facts, .damage = t.damage,
		    .path = d->paths[i] };
		rc = full_put(out, &page, k->draw);
		full_unload(&t);
	}
	if (rc == -1)
		return STATUS_ERROR;
	if (found > 0)
		return STATUS_DONE;
	if (d->count == 1)
		warnx("%s: has no %s %lld", d->paths[0], k->command,
		    (long long)id);
	else
		warnx("no file has a%s %s %lld",
		    strchr("aeiou", k->command[0]) != NULL ? "n" : "",
		    k->command, (long long)id);
	return STATUS_ERROR;
}

static int
show_all(const struct full_kind *k, const struct options *o,
    const struct database *d, const int64_t *ids)
{
	struct full_output out;
	int status = STATUS_DONE;

	full_begin(&out, o);
	for (int i = 0; i < o->words_count; i++)
		if (show(k, &out, d, ids[i]) != STATUS_DONE)
			status = STATUS_ERROR;
	full_end(&out);
	return status;
}

int
full_read_id(const char *command, const char *what, const char *word,
    int64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoll(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || *id < 0)
		return options_misuse(command, "%s %s: not %s id, which is a "
		    "number", command, word, what);
	return STATUS_DONE;
}

int
full_check_options(const struct options *o, bool limited)
{
	const char *command = o->command;

	if (o->form == FORM_CSV)
		return options_misuse(command, "%s has no csv form; known are "
		    "table, jsonl, json", command);
	if (o->sort != NULL || o->columns != NULL ||
	    (o->limit != -1 && !limited))
		return options_misuse(command, "%s takes no %s", command,
		    limited ? "--sort or --columns" :
		    "--limit, --sort or --columns");
	if (o->check)
		return options_misuse(command, "%s has no --check", command);
	return STATUS_DONE;
}

static int
read_ids(const struct full_kind *k, const struct options *o, int64_t *ids)
{
	char what[32];
	int status = STATUS_DONE;

	snprintf(what, sizeof(what), "a%s %s's",
	    strchr("aeiou", k->command[0]) != NULL ? "n" : "", k->command);
	for (int i = 0; i < o->words_count && status == STATUS_DONE; i++)
		status = full_read_id(k->command, what, o->words[i], &ids[i]);
	return status;
}

int
full_run(const struct full_kind *k, const struct options *o)
{
	struct database d;
	int64_t *ids;
	int status;

	if (o->words_count == 0)
		return options_misuse(k->command, "%s: which one?  "
		    "'striptls-analyzer %s' lists their ids", k->command,
		    k->listing);
	if ((status = full_check_options(o, k->limited)) != STATUS_DONE)
		return status;
	if ((ids = calloc((size_t)o->words_count, sizeof(*ids))) == NULL) {
		warn("memory");
		return STATUS_ERROR;
	}
	status = read_ids(k, o, ids);
	if (status == STATUS_DONE) {
		status = STATUS_ERROR;
		if (database_open(&d, o->files, o->files_count) == 0) {
			status = show_all(k, o, &d, ids);
			database_close(&d);
		}
	}
	free(ids);
	return status;
}
