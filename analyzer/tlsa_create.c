/* SPDX-License-Identifier: ISC */
/*
 * tlsa create: records for certificates, as lines of a zone file.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sheet.h"
#include "analyzer/text.h"
#include "analyzer/tlsa_task.h"
#include "analyzer/when.h"
#include "policy/certificates.h"

#define TYPES_MAX	12	/* two usages, two selectors, three types */

static const struct sheet_column columns[] = {
	{ "owner", "OWNER", COLUMN_PLAIN },
	{ "ttl", NULL, COLUMN_NUMBER },
	{ "record", "RECORD", COLUMN_PLAIN },
	{ "generic", NULL, COLUMN_PLAIN },
	{ "certificate_subject", NULL, COLUMN_PLAIN },
	{ "certificate_sha256", NULL, COLUMN_PLAIN },
	{ "certificate_not_after", NULL, COLUMN_PLAIN },
	{ "source", NULL, COLUMN_PLAIN },
};

struct creation {
	struct tlsa_task	*task;
	struct tlsa_record	 types[TYPES_MAX];
	unsigned		 types_count;
	bool			 types_given;
	/* made of the certificate below */
	struct tlsa_set		 made;
	struct sheet		*sheet;		/* NULL: lines of a zone */
};

/* "3 1 1", "311", and several with commas. */
static bool
read_type(struct creation *c, const char *word)
{
	char digits[4];
	unsigned n = 0;

	for (; *word != '\0' && *word != ','; word++) {
		if (*word == ' ')
			continue;
		if (n == 3 || *word < '0' || *word > '9')
			return false;
		digits[n++] = *word;
	}
	if (n != 3 || digits[0] < '2' || digits[0] > '3' ||
	    digits[1] > '1' || digits[2] > '2' || c->types_count == TYPES_MAX)
		return false;
	c->types[c->types_count++] = (struct tlsa_record){
	    .usage = (uint8_t)(digits[0] - '0'),
	    .selector = (uint8_t)(digits[1] - '0'),
	    .matching = (uint8_t)(digits[2] - '0') };
	return *word == '\0' || read_type(c, word + 1);
}

static int
read_types(struct creation *c)
{
	const struct extra_words *w = &c->task->o->extras[EXTRA_TYPE];

	c->types_given = w->count > 0;
	for (unsigned i = 0; i < w->count; i++)
		if (!read_type(c, w->list[i]))
			return options_misuse("tlsa", "--type %s: not usage, "
			    "selector and matching type; known are 2 or 3, 0 "
			    "or 1, and 0 to 2: 311,211", w->list[i]);
	if (!c->types_given)
		(void)read_type(c, "311,211");
	return STATUS_DONE;
}

static bool
is_made(const struct creation *c)
{
	const struct tlsa_set *s = &c->made;

	for (unsigned i = 0; i + 1 < s->count; i++)
		if (tlsa_compare(&s->list[i], &s->list[s->count - 1]) == 0)
			return true;
	return false;
}

static void
put_zone(const struct creation *c, const char *record,
    const struct certificate_facts *f, const struct chain *chain)
{
	bool generic = c->task->o->extras[EXTRA_GENERIC].count > 0;
	const char *owner = c->task->owner;
	char until[WHEN_TEXT_MAX];

	when_write(until, f->not_after, false);
	printf("; ");
	text_put(stdout, f->subject, strlen(f->subject), text_wide());
	printf(" (%s), until %s UTC, from ", f->key, until);
	text_put(stdout, chain->source, strlen(chain->source), text_wide());
	putchar('\n');
	text_put(stdout, owner, strlen(owner), text_wide());
	if (owner[0] != '\0') {
		if (c->task->ttl != 0)
			printf(" %u", c->task->ttl);
		printf(" IN %s ", generic ? "TYPE52" : "TLSA");
	}
	puts(record);
}

static void
put_row(struct creation *c, const char *record, const char *generic,
    const struct certificate_facts *f, const struct chain *chain)
{
	struct tlsa_task *t = c->task;

	sheet_add(c->sheet, "tittttit", t->owner[0] != '\0' ? t->owner : NULL,
	    t->ttl != 0 ? (int64_t)t->ttl : SHEET_UNKNOWN, record, generic,
	    f->subject, f->sha256, f->not_after, chain->source);
}

/* One record of one certificate. */
static int
create_one(struct creation *c, const struct tlsa_record *kind,
    const struct chain *chain, unsigned depth)
{
	struct certificate_facts f;
	char *record, *generic;
	const char *shown;
	int status = STATUS_ERROR;

	if (!certificates_describe(chain->list[depth], &f) ||
	    !tlsa_add_made(&c->made, kind, chain->list[depth], false)) {
		warnx("%s: certificate %u cannot be read", chain->source,
		    depth);
		return STATUS_ERROR;
	}
	if (is_made(c))
		return STATUS_DONE;	/* two leaves of one issuer */
	record = task_record_text(&c->made.list[c->made.count - 1], false);
	generic = task_record_text(&c->made.list[c->made.count - 1], true);
	if (record != NULL && generic != NULL) {
		shown = c->task->o->extras[EXTRA_GENERIC].count > 0 ?
		    generic : record;
		if (c->sheet != NULL)
			put_row(c, record, generic, &f, chain);
		else
			put_zone(c, shown, &f, chain);
		status = STATUS_DONE;
	}
	free(record);
	free(generic);
	return status;
}

static int
create_all(struct creation *c, const struct chain *chain)
{
	const struct tlsa_record *kind;
	unsigned depth;

	for (unsigned i = 0; i < c->types_count; i++) {
		kind = &c->types[i];
		depth = kind->usage == TLSA_DANE_TA ? 1 : 0;
		if (depth >= chain->count) {
			warnx("%s: has no issuer's certificate, of which a "
			    "2 x x record would be made", chain->source);
			if (c->types_given)
				return STATUS_ERROR;
			continue;
		}
		if (create_one(c, kind, chain, depth) != STATUS_DONE)
			return STATUS_ERROR;
	}
	return STATUS_DONE;
}

int
tlsa_create(struct tlsa_task *t)
{
	struct creation c = { .task = t };
	int status;

	if ((status = read_types(&c)) != STATUS_DONE)
		return status;
	/* what people want of it is a zone file's lines, in a pipe too */
	if (t->o->form_given && t->o->form != FORM_TABLE &&
	    (c.sheet = sheet_new(columns, sizeof(columns) /
	    sizeof(columns[0]))) == NULL)
		return STATUS_ERROR;
	for (unsigned i = 0; i < t->chains.count && status == STATUS_DONE;
	    i++)
		status = create_all(&c, &t->chains.list[i]);
	if (c.sheet != NULL && status == STATUS_DONE)
		status = sheet_show(c.sheet, t->o->form);
	sheet_free(c.sheet);
	tlsa_clear(&c.made);
	return status;
}
