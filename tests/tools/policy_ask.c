/* SPDX-License-Identifier: ISC */
/*
 * policy_ask -- questions on standard input, answers as JSON lines.
 *
 *	policy_ask [options] <questions
 *
 * A question is a line of fields between blanks: domains (comma-separated,
 * "-" for none), server address, port, then any of sni=, banner=, name=,
 * curious.  Answers come in the order of the questions.
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "policy/ask.h"
#include "policy/export.h"
#include "policy/tlsa_text.h"

struct line {
	uint64_t		 ticket;
	struct policy_answer	*answer;
	struct policy_question	 question;
};

struct world {
	struct ask	*ask;
	struct line	*lines;
	size_t		 count, size, given, taken;
};

enum { OPT_SNAPSHOT = 256, OPT_RESOLVER, OPT_TRUST, OPT_STS, OPT_STS_PORT,
	OPT_STS_CA, OPT_STS_KEPT, OPT_TIMEOUT, OPT_TRIES, OPT_PATIENCE,
	OPT_RATE, OPT_IN_PROCESS, OPT_EXPORT };

static const struct option	options[] = {
	{ "snapshot", required_argument, NULL, OPT_SNAPSHOT },
	{ "resolver", required_argument, NULL, OPT_RESOLVER },
	{ "trust-resolver", no_argument, NULL, OPT_TRUST },
	{ "sts", no_argument, NULL, OPT_STS },
	{ "sts-port", required_argument, NULL, OPT_STS_PORT },
	{ "sts-ca", required_argument, NULL, OPT_STS_CA },
	{ "sts-kept", required_argument, NULL, OPT_STS_KEPT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "tries", required_argument, NULL, OPT_TRIES },
	{ "patience", required_argument, NULL, OPT_PATIENCE },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "in-process", no_argument, NULL, OPT_IN_PROCESS },
	{ "export", no_argument, NULL, OPT_EXPORT },
	{ NULL, 0, NULL, 0 },
};

static bool	exporting;	/* a snapshot of what was asked instead */

static void
keep_line(void *context, const char *line)
{
	FILE *f = fopen(context, "a");

	if (f == NULL)
		log_fatal(2, "%s: cannot append", (char *)context);
	fprintf(f, "%s\n", line);
	fclose(f);
}

static void
load_lines(void *context, struct ask *a)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	if ((f = fopen(context, "r")) == NULL)
		return;
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		ask_give_sts(a, line);
	}
	free(line);
	fclose(f);
}

static void
read_options(int argc, char **argv, struct ask_options *o)
{
	struct engine_options *e = &o->engine;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_SNAPSHOT:
			e->snapshot = optarg;
			break;
		case OPT_RESOLVER:
			if (!resolver_set_server(&e->live.resolver, optarg))
				log_fatal(2, "%s: no resolver", optarg);
			break;
		case OPT_TRUST:
			e->live.resolver.trusted = true;
			break;
		case OPT_STS:
			e->sts_enabled = true;
			break;
		case OPT_STS_PORT:
			e->sts.port = (uint16_t)atoi(optarg);
			e->sts.private_ok = true;
			break;
		case OPT_STS_CA:
			e->sts.ca_file = optarg;
			break;
		case OPT_STS_KEPT:
			o->sts_keep = keep_line;
			o->sts_load = load_lines;
			o->sts_context = optarg;
			break;
		case OPT_TIMEOUT:
			e->live.resolver.timeout_ms = (uint32_t)atoi(optarg);
			break;
		case OPT_TRIES:
			e->live.resolver.tries = (unsigned)atoi(optarg);
			break;
		case OPT_PATIENCE:
			e->patience_ms = (uint32_t)atoi(optarg);
			break;
		case OPT_RATE:
			e->live.per_second = (unsigned)atoi(optarg);
			e->live.burst = e->live.per_second;
			break;
		case OPT_EXPORT:
			exporting = true;
			break;
		case OPT_IN_PROCESS:
			o->in_process = true;
			break;
		default:
			exit(2);
		}
	}
}

static void
add_domains(struct policy_question *q, char *list)
{
	char *save = NULL;

	if (strcmp(list, "-") == 0)
		return;
	for (char *d = strtok_r(list, ",", &save); d != NULL;
	    d = strtok_r(NULL, ",", &save))
		policy_question_add_domain(q, d);
}

static bool
read_question(struct policy_question *q, char *text)
{
	char *save = NULL, *word = strtok_r(text, " \n", &save);

	memset(q, 0, sizeof(*q));
	if (word == NULL)
		return false;
	add_domains(q, word);
	word = strtok_r(NULL, " \n", &save);
	if (word == NULL || addr_parse(&q->server, word) == -1 ||
	    (word = strtok_r(NULL, " \n", &save)) == NULL)
		return false;
	q->port = (uint16_t)atoi(word);
	while ((word = strtok_r(NULL, " \n", &save)) != NULL) {
		if (strncmp(word, "sni=", 4) == 0)
			snprintf(q->sni, sizeof(q->sni), "%s", word + 4);
		else if (strncmp(word, "banner=", 7) == 0)
			snprintf(q->banner, sizeof(q->banner), "%s", word + 7);
		else if (strncmp(word, "name=", 5) == 0)
			policy_question_add_name(q, word + 5);
		else if (strcmp(word, "curious") == 0)
			q->curious = true;
		else
			return false;
	}
	return true;
}

static void
print_lists(const struct policy_answer *a)
{
	char text[512];

	printf(",\"tags\":[");
	for (unsigned t = 0, n = 0; t < DANE_TAGS; t++)
		if ((a->tags & 1U << t) != 0)
			printf("%s\"%s\"", n++ > 0 ? "," : "",
			    dane_tag_word((enum dane_tag)t));
	printf("],\"references\":[");
	for (unsigned i = 0; i < a->nreferences; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", a->references[i]);
	printf("],\"tlsa\":[");
	for (unsigned i = 0; i < a->tlsa.count; i++) {
		tlsa_text(&a->tlsa.list[i], text, sizeof(text));
		printf("%s\"%s\"", i > 0 ? "," : "", text);
	}
	printf("],\"promises\":[");
	for (unsigned i = 0; i < a->npromises; i++)
		printf("%s\"%s\"", i > 0 ? "," : "",
		    policy_word(a->promises[i].state));
	printf("]");
}

static void
print(const struct policy_answer *a)
{
	printf("{\"state\":\"%s\",\"why\":\"%s\",\"by\":\"%s\","
	    "\"domain\":\"%s\",\"host\":\"%s\",\"base\":\"%s\","
	    "\"hosts\":%u,\"covered\":%u,\"sts\":\"%s\",\"sts_why\":\"%s\","
	    "\"sts_mx\":\"%s\"", policy_word(a->state),
	    dane_why_word(a->why), dane_by_word(a->by), a->domain, a->host,
	    a->base, a->hosts, a->covered, sts_word(a->sts),
	    sts_why_word(a->sts_why), sts_match_word(a->sts_match));
	print_lists(a);
	printf(",\"evidence_id\":\"%s\",\"evidence\":%s}\n", a->evidence_id,
	    a->evidence == NULL ? "null" : a->evidence);
}

static void
collect(struct world *w)
{
	struct policy_answer *a;
	uint64_t ticket;

	ask_run(w->ask);
	while (ask_take(w->ask, &ticket, &a)) {
		if (ticket == 0 || ticket > w->count ||
		    w->lines[ticket - 1].answer != NULL)
			log_fatal(1, "ticket %llu was not ours",
			    (unsigned long long)ticket);
		w->lines[ticket - 1].answer = a;
		w->taken++;
	}
}

/* Give out as many as are taken, wait, until all are answered. */
static void
work(struct world *w)
{
	while (w->taken < w->count) {
		struct pollfd p = { .fd = ask_fd(w->ask), .events = POLLIN };
		int wait = ask_wait_ms(w->ask);

		while (w->given < w->count) {
			struct line *l = &w->lines[w->given];

			if ((l->ticket = ask_put(w->ask, &l->question)) == 0)
				break;
			if (l->ticket != ++w->given)
				log_fatal(1, "tickets out of order");
		}
		poll(&p, 1, wait == -1 || wait > 100 ? 100 : wait);
		collect(w);
	}
}

static void
export_all(const struct world *w)
{
	struct export *e = export_new();

	for (size_t i = 0; i < w->count; i++)
		if (w->lines[i].answer->evidence != NULL &&
		    !export_add(e, w->lines[i].answer->evidence))
			log_fatal(1, "answer %zu has no grounds", i + 1);
	if (export_write(e, stdout) == -1)
		log_fatal(1, "no export");
	export_free(e);
}

int
main(int argc, char **argv)
{
	struct ask_options o = ASK_OPTIONS_DEFAULT;
	struct world w = { .lines = NULL };
	char *text = NULL;
	size_t size = 0;

	log_open("policy_ask", LOG_TEXT, LOG_NORMAL);
	o.engine.live.burst = o.engine.live.per_second = 1000000;
	read_options(argc, argv, &o);
	while (getline(&text, &size, stdin) > 0) {
		if (w.count == w.size) {
			w.size = w.size == 0 ? 64 : w.size * 2;
			w.lines = realloc(w.lines, w.size * sizeof(*w.lines));
		}
		if (w.lines == NULL)
			log_fatal(2, "memory is short");
		memset(&w.lines[w.count], 0, sizeof(*w.lines));
		if (!read_question(&w.lines[w.count].question, text))
			log_fatal(2, "question %zu is none", w.count + 1);
		w.count++;
	}
	free(text);
	if ((w.ask = ask_open(&o)) == NULL)
		return 2;
	work(&w);
	if (exporting)
		export_all(&w);
	for (size_t i = 0; i < w.count; i++) {
		if (!exporting)
			print(w.lines[i].answer);
		policy_answer_free(w.lines[i].answer);
	}
	ask_close(w.ask);
	free(w.lines);
	return 0;
}
