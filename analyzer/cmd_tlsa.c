/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "analyzer/commands.h"
#include "analyzer/tlsa_task.h"

/* Which of the command's options each part takes. */
#define CHAIN_EXTRAS	(EXTRA_BIT(EXTRA_PEM) | EXTRA_BIT(EXTRA_LIVE) |	\
    EXTRA_BIT(EXTRA_HOST) | EXTRA_BIT(EXTRA_PORT) |			\
    EXTRA_BIT(EXTRA_TTL) | EXTRA_BIT(EXTRA_TIMEOUT))
#define RECORD_EXTRAS	(EXTRA_BIT(EXTRA_RECORD) |			\
    EXTRA_BIT(EXTRA_RECORDS) | EXTRA_BIT(EXTRA_NAME) | EXTRA_BIT(EXTRA_AT))

static const struct part {
	const char	*name;
	unsigned	 extras;
	bool		 check;
	int		(*run)(struct tlsa_task *t);
} parts[] = {
	{ "create", CHAIN_EXTRAS | EXTRA_BIT(EXTRA_TYPE) |
	    EXTRA_BIT(EXTRA_GENERIC), false, tlsa_create },
	{ "verify", CHAIN_EXTRAS | RECORD_EXTRAS, true, tlsa_verify },
	{ "rollover", CHAIN_EXTRAS | RECORD_EXTRAS | EXTRA_BIT(EXTRA_NEXT) |
	    EXTRA_BIT(EXTRA_PUBLISHED), false, tlsa_rollover },
};

static const struct part *
find_part(const struct options *o)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (o->words_count > 0 &&
		    strcmp(o->words[0], parts[i].name) == 0)
			return &parts[i];
	return NULL;
}

static int
check_options(const struct part *p, const struct options *o)
{
	if (o->words_count > 1)
		return options_misuse("tlsa", "tlsa %s takes no argument: %s",
		    p->name, o->words[1]);
	for (enum extra e = 0; e < EXTRAS; e++)
		if (o->extras[e].count > 0 &&
		    (p->extras & EXTRA_BIT(e)) == 0)
			return options_misuse("tlsa", "tlsa %s has no --%s",
			    p->name, options_extra_word(e));
	if (o->limit != -1 || o->sort != NULL || o->columns != NULL)
		return options_misuse("tlsa", "tlsa takes no --limit, --sort "
		    "or --columns");
	if (o->check && !p->check)
		return options_misuse("tlsa", "tlsa %s has no --check",
		    p->name);
	return STATUS_DONE;
}

static int
run(const struct options *o)
{
	const struct part *p = find_part(o);
	struct tlsa_task t;
	int status;

	if (p == NULL)
		return options_misuse("tlsa", o->words_count == 0 ?
		    "tlsa: create, verify or rollover?" :
		    "tlsa: unknown; known are create, verify, rollover");
	if ((status = check_options(p, o)) != STATUS_DONE)
		return status;
	status = task_read(&t, o);
	if (status == STATUS_DONE)
		status = p->run(&t);
	task_free(&t);
	return status;
}

const struct command cmd_tlsa = {
	.name = "tlsa",
	.arguments = "PART",
	.summary = "create, verify or roll over TLSA records",
	.help =
"Certificates come from a file (--pem FILE, the server's own first), from a\n"
"server asked now (--live HOST[:PORT]), or from what sensors saw (--server X,\n"
"--session ID).  The server's name is theirs, or --host NAME; --port and\n"
"--ttl are those of the records.\n"
"\n"
"  tlsa create    the lines for a zone: 3 1 1 of the server's key and 2 1 1\n"
"                 of its issuer's; --type 311,301 for others, --generic for\n"
"                 servers that do not know TLSA\n"
"  tlsa verify    records (--record '3 1 1 ...', --records FILE, - being\n"
"                 standard input, as zone or from dig) against certificates;\n"
"                 --name DOMAIN also counts as the server's name; --at T.\n"
"                 Status 1: a certificate matches none\n"
"  tlsa rollover  to the certificate in --next FILE: may the next step be\n"
"                 taken?  --published T says since when the records stand.\n"
"                 Status 1: not now\n"
"\n"
"  striptls-analyzer tlsa create --live mx.example >> example.zone\n"
"  dig +short TLSA _25._tcp.mx.example | striptls-analyzer tlsa verify \\\n"
"      --live mx.example --records -\n"
"  striptls-analyzer tlsa rollover --pem now.pem --next next.pem \\\n"
"      --host mx.example --records example.zone --published 3h\n",
	.filters = &chains_filters,
	.extras = CHAIN_EXTRAS | RECORD_EXTRAS | EXTRA_BIT(EXTRA_TYPE) |
	    EXTRA_BIT(EXTRA_GENERIC) | EXTRA_BIT(EXTRA_NEXT) |
	    EXTRA_BIT(EXTRA_PUBLISHED),
	.run = run,
};
