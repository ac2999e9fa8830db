/* SPDX-License-Identifier: ISC */
/*
 * striptls-analyzer -- answers for an analyst, from what sensors recorded.
 */
#include <err.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/check.h"
#include "analyzer/commands.h"
#include "analyzer/options.h"

static void
say_help(void)
{
	const struct command *c;

	fputs(
"usage: striptls-analyzer [-d DB]... [-o FORM] [filter]... COMMAND ...\n"
"\n"
"Commands:\n", stdout);
	for (size_t i = 0; (c = commands_at(i)) != NULL; i++)
		printf("  %-10s%-12s%s\n", c->name, c->arguments, c->summary);
	fputs(
"  help      [COMMAND]   this text, or what there is to know of a command\n"
"\n"
"  -d DB            a sensor's database (striptls.db); repeat for several\n"
"  -o FORM          table (on a terminal), jsonl (in a pipe), json, csv\n"
"  --since T, --until T    2026-03-01T12:00:00Z, 2026-03-01, 30m, 2h, 7d\n"
"  --severity MIN   info, low, medium, high, critical\n"
"  --server X, --client X  address, network, name or *.name\n"
"  --limit N, --sort [-]FIELD, --columns NAME,...\n"
"  --check          one line and a status for a monitoring system\n"
"\n"
"'help COMMAND' has its filters; striptls-analyzer(1) has everything.\n",
	    stdout);
}

/* "Filters: --since --until ...", on as many lines as it takes. */
static void
say_word(const char *title, const char *word, int *column)
{
	if (*column == 0) {
		*column = printf("\n%s", title);
	} else if (*column > 60) {
		*column = printf("\n%*s", (int)strlen(title), "");
	}
	*column += printf(" --%s", word);
}

static void
say_command_help(const struct command *c)
{
	int column = 0;

	printf("usage: striptls-analyzer [-d DB]... [-o FORM] %s%s%s%s\n\n%s",
	    c->name, c->filters != NULL ? " [filter]..." : "",
	    *c->arguments != '\0' ? " " : "", c->arguments, c->help);
	for (enum filter f = 0; c->filters != NULL && f < FILTERS; f++)
		if (filter_known(c->filters, f))
			say_word("Filters:", options_filter_word(f), &column);
	if (column > 0)
		putchar('\n');
	column = 0;
	for (enum extra e = 0; e < EXTRAS; e++)
		if ((c->extras & EXTRA_BIT(e)) != 0)
			say_word("Options:", options_extra_word(e), &column);
	if (column > 0)
		putchar('\n');
}

static int
help(const struct options *o)
{
	const char *name = o->command;
	const struct command *c;

	if (name != NULL && strcmp(name, "help") == 0)
		name = o->words_count > 0 ? o->words[0] : NULL;
	if (name == NULL) {
		say_help();
		return STATUS_DONE;
	}
	if ((c = commands_find(name)) == NULL)
		return options_misuse(NULL, "unknown command '%s'", name);
	say_command_help(c);
	return STATUS_DONE;
}

static int
run(const struct options *o)
{
	const struct command *c;
	int status;

	if (o->version) {
		printf("striptls-analyzer %s\n", STRIPTLS_VERSION);
		return STATUS_DONE;
	}
	if (o->help || (o->command != NULL && strcmp(o->command, "help") == 0))
		return help(o);
	if (o->command == NULL)
		return options_misuse(NULL, "no command given");
	if ((c = commands_find(o->command)) == NULL)
		return options_misuse(NULL, "unknown command '%s'",
		    o->command);
	if ((status = commands_check(c, o)) != STATUS_DONE)
		return status;
	return c->run(o);
}

/* Has whoever read our output gone, having seen enough (head)? */
static bool
reader_left(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO };

	return poll(&fd, 1, 0) == 1 &&
	    (fd.revents & (POLLERR | POLLHUP)) != 0;
}

/* The exit status.  A reader that left is no error; a full disk is. */
static int
finish(int status, bool check)
{
	if ((fflush(stdout) == EOF || ferror(stdout)) && !reader_left()) {
		warnx("standard output: not all could be written");
		return check ? CHECK_UNKNOWN : STATUS_ERROR;
	}
	return status;
}

int
main(int argc, char **argv)
{
	bool check = options_are_check(argc, argv);
	struct check_hold hold;
	struct options o;
	int status;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	if (check)
		check_hold(&hold);
	status = options_read(&o, argc, argv);
	if (status == STATUS_DONE)
		status = run(&o);
	if (check)
		status = check_release(&hold, status) & ~STATUS_CHECKED;
	return finish(status, check);
}
