/* SPDX-License-Identifier: ISC */
#include <err.h>

#include "analyzer/commands.h"
#include "analyzer/full.h"
#include "analyzer/server_find.h"
#include "analyzer/server_load.h"
#include "analyzer/server_page.h"

#define SERVERS_MAX	16	/* shown of one word */

static int
read_party(struct party *p, const char *word)
{
	const char *why = party_read(p, word);

	if (why == NULL && p->form != PARTY_ADDRESS && p->form != PARTY_NAME)
		why = "an address or a name, please; 'striptls-analyzer "
		    "servers --server' lists networks and domains";
	if (why != NULL)
		return options_misuse("server", "server %s: %s", word, why);
	return STATUS_DONE;
}

static int
put_server(struct full_output *out, const struct database *d,
    const json_t *which)
{
	long limit = out->o->limit == -1 ? SERVER_SESSIONS : out->o->limit;
	struct page page = { .path = d->paths[0] };
	json_t *facts;
	int rc;

	facts = server_load(d, page_text(which, "ip"),
	    (int)page_number(which, "port"), limit);
	if ((page.facts = facts) == NULL)
		return -1;
	rc = full_put(out, &page, server_page);
	json_decref(facts);
	return rc;
}

/* A name may have many addresses, an address several ports. */
static int
show(struct full_output *out, struct database *d, const char *word)
{
	struct party party;
	json_t *list, *one;
	size_t i;
	int status;

	if ((status = read_party(&party, word)) != STATUS_DONE ||
	    (status = server_find(d, &party, out->o)) != STATUS_DONE)
		return status;
	if ((list = server_list(d)) == NULL)
		return STATUS_ERROR;
	if (json_array_size(list) == 0) {
		warnx("%s: no session with a server %s; 'striptls-analyzer "
		    "servers' lists all", d->count == 1 ? d->paths[0] :
		    "all files", word);
		status = STATUS_ERROR;
	}
	json_array_foreach(list, i, one)
		if (i < SERVERS_MAX && put_server(out, d, one) == -1)
			status = STATUS_ERROR;
	if (i > SERVERS_MAX)
		warnx("server %s: %zu more have this name; give an address",
		    word, i - SERVERS_MAX);
	json_decref(list);
	return status;
}

static int
run(const struct options *o)
{
	struct full_output out;
	struct database d;
	struct party party;
	int status, one;

	if (o->words_count == 0)
		return options_misuse("server", "server: which one?  "
		    "'striptls-analyzer servers' lists them");
	status = full_check_options(o, true);
	for (int i = 0; i < o->words_count && status == STATUS_DONE; i++)
		status = read_party(&party, o->words[i]);
	if (status != STATUS_DONE)
		return status;
	if (database_open(&d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	full_begin(&out, o);
	for (int i = 0; i < o->words_count; i++)
		if ((one = show(&out, &d, o->words[i])) != STATUS_DONE)
			status = one;
	full_end(&out);
	database_close(&d);
	return status;
}

const struct command cmd_server = {
	.name = "server",
	.arguments = "ADDR...",
	.summary = "one server's life: offers, replies, certificates",
	.help =
"Shows what a server, named by address, address:port or name, offered over\n"
"time; the EHLO replies it gave and what differs between them; certificates\n"
"and their changes; TLS versions and suites; the client networks that were\n"
"and were not offered STARTTLS; its incidents, and its sessions of late\n"
"(--limit N, by default 10).\n"
"\n"
"  striptls-analyzer server mx.example.org\n"
"  striptls-analyzer server 198.51.100.25:587 --since 7d\n"
"\n"
"It looks at every session recorded in that time, and so takes a moment with\n"
"a large database.\n",
	.filters = &server_find_filters,
	.run = run,
};
