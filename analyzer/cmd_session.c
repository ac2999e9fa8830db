/* SPDX-License-Identifier: ISC */
#include "analyzer/commands.h"
#include "analyzer/session_load.h"
#include "analyzer/session_page.h"

static const struct full_kind kind = {
	.command = "session",
	.listing = "sessions",
	.load = session_load,
	.draw = session_page,
};

static int
run(const struct options *o)
{
	return full_run(&kind, o);
}

const struct command cmd_session = {
	.name = "session",
	.arguments = "ID...",
	.summary = "one connection in full, with its redacted dialogue",
	.help =
"Shows all there is to know of a connection: a sentence that says what\n"
"happened, the facts and what was missed, findings with their evidence and\n"
"incident, and the dialogue with seconds since the start and packet numbers.\n"
"As json or jsonl: the fields of v_sessions and \"findings\", \"incidents\" and\n"
"\"dialogue\".\n"
"\n"
"  striptls-analyzer sessions --protection cleartext\n"
"  striptls-analyzer session 3588812345678901\n",
	.filters = NULL,
	.run = run,
};
