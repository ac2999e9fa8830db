/* SPDX-License-Identifier: ISC */
/*
 * The life of an incident: ack, close, reopen, note, suppress.  They are one
 * command with five names (life.h).
 */
#include "analyzer/commands.h"
#include "analyzer/life.h"

#define AND_THE_REST							\
"\n"									\
"TEXT is kept in the incident's log with the time and who did it: the login\n" \
"name, or --as NAME.  Of several databases the one that has the incident is\n" \
"changed; it must be writable.  As json or jsonl: the incident's row.\n"

static int
run_ack(const struct options *o)
{
	static const struct life_deed deed = { .command = "ack",
	    .action = "acknowledged", .moves = true,
	    .state = STATE_ACKNOWLEDGED };

	return life_run(&deed, o);
}

static int
run_close(const struct options *o)
{
	static const struct life_deed deed = { .command = "close",
	    .action = "closed", .moves = true, .state = STATE_CLOSED };

	return life_run(&deed, o);
}

static int
run_reopen(const struct options *o)
{
	static const struct life_deed deed = { .command = "reopen",
	    .action = "reopened", .moves = true, .state = STATE_NEW };

	return life_run(&deed, o);
}

static int
run_note(const struct options *o)
{
	static const struct life_deed deed = { .command = "note",
	    .action = "noted", .needs_text = true };

	return life_run(&deed, o);
}

static int
run_suppress(const struct options *o)
{
	static const struct life_deed deed = { .command = "suppress",
	    .action = "suppressed", .moves = true,
	    .state = STATE_SUPPRESSED };

	return life_run(&deed, o);
}

const struct command cmd_ack = {
	.name = "ack",
	.arguments = "ID [TEXT]",
	.summary = "somebody works on it",
	.help =
"Marks an incident as acknowledged.  It stays so when it goes on.\n"
"\n"
"  striptls-analyzer ack 12 asked the firewall people, ticket 4711\n"
AND_THE_REST,
	.takes_as = true,
	.run = run_ack,
};

const struct command cmd_close = {
	.name = "close",
	.arguments = "ID [TEXT]",
	.summary = "it is over; when it goes on it opens again",
	.help =
"Closes an incident.  When more of the same comes within a day of its last\n"
"session, the sensor opens it again and its log says so; later it is a new\n"
"incident.\n"
"\n"
"  striptls-analyzer close 12 \"inspect esmtp\" is off since noon\n"
AND_THE_REST,
	.takes_as = true,
	.run = run_close,
};

const struct command cmd_reopen = {
	.name = "reopen",
	.arguments = "ID [TEXT]",
	.summary = "it was not over",
	.help =
"Makes a closed or suppressed incident new again.\n"
"\n"
"  striptls-analyzer reopen 12\n"
AND_THE_REST,
	.takes_as = true,
	.run = run_reopen,
};

const struct command cmd_note = {
	.name = "note",
	.arguments = "ID TEXT",
	.summary = "keep a remark in its log",
	.help =
"Adds to an incident's log and leaves its state.\n"
"\n"
"  striptls-analyzer note 12 the provider denies it\n"
AND_THE_REST,
	.takes_as = true,
	.run = run_note,
};

const struct command cmd_suppress = {
	.name = "suppress",
	.arguments = "ID [TEXT]",
	.summary = "known and accepted; it stays quiet when it goes on",
	.help =
"Marks an incident as known and accepted.  It takes up more of the same\n"
"without showing in tables or --check, and stays suppressed.\n"
"\n"
"  striptls-analyzer suppress 12 the lab does this on purpose\n"
AND_THE_REST,
	.takes_as = true,
	.run = run_suppress,
};
