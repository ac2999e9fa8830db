/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/answers.h"
#include "base/log.h"
#include "policy/live.h"
#include "policy/snapshot.h"

#define SNAPSHOT	"file:"

struct answers {
	struct live		*live;		/* NULL: a snapshot */
	struct snapshot		*snapshot;
	struct lookup_source	 source;
	const char		*name;
	unsigned		 waiting;	/* questions on their way */
	bool			 failed;
};

/* Of one question, until its answer is there. */
struct wait {
	struct answers		*answers;
	struct inquiry_line	*line;
};

static const char *
word(const struct options *o, enum extra e)
{
	return o->extras[e].count > 0 ? o->extras[e].list[0] : NULL;
}

static int
read_resolver(struct resolver_options *r, const struct options *o)
{
	const char *where = word(o, EXTRA_RESOLVER);

	r->trusted = o->extras[EXTRA_TRUST_RESOLVER].count > 0;
	if (where != NULL && !resolver_set_server(r, where))
		return options_misuse(o->command, "--resolver %s: not an "
		    "address, or ADDRESS@PORT", where);
	/* RFC 4035 section 4.9.3: what it says of DNSSEC is as good as the
	 * way to it */
	if (!resolver_is_loopback(&r->server) && !r->trusted)
		return options_misuse(o->command, "--resolver %s: not on "
		    "this machine, so its word on DNSSEC could be forged on "
		    "the way; --trust-resolver if that way is safe", where);
	return STATUS_DONE;
}

static int
open_live(struct answers *a, const struct options *o)
{
	struct live_options l = LIVE_OPTIONS_DEFAULT;
	int status;

	if ((status = read_resolver(&l.resolver, o)) != STATUS_DONE)
		return status;
	if ((a->live = live_new(&l)) == NULL)
		return STATUS_ERROR;
	a->source = live_source(a->live);
	a->name = a->source.name;
	return STATUS_DONE;
}

static int
open_snapshot(struct answers *a, const struct options *o, const char *policy)
{
	if (strncmp(policy, SNAPSHOT, sizeof(SNAPSHOT) - 1) != 0)
		return options_misuse(o->command, "--policy %s: known are "
		    "live and file:PATH", policy);
	if (word(o, EXTRA_RESOLVER) != NULL)
		return options_misuse(o->command, "--policy %s asks no "
		    "--resolver", policy);
	a->name = policy + sizeof(SNAPSHOT) - 1;
	if ((a->snapshot = snapshot_open(a->name)) == NULL)
		return STATUS_ERROR;
	a->source = snapshot_source(a->snapshot);
	return STATUS_DONE;
}

struct answers *
answers_open(const struct options *o, int *status)
{
	const char *policy = word(o, EXTRA_POLICY);
	struct answers *a;

	log_open("striptls-analyzer", LOG_TEXT, LOG_NORMAL);
	*status = STATUS_ERROR;
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		warnx("memory is short");
		return NULL;
	}
	*status = policy == NULL || strcmp(policy, "live") == 0 ?
	    open_live(a, o) : open_snapshot(a, o, policy);
	if (*status == STATUS_DONE)
		return a;
	answers_close(a);
	return NULL;
}

void
answers_close(struct answers *a)
{
	if (a == NULL)
		return;
	live_free(a->live);
	snapshot_free(a->snapshot);
	free(a);
}

const char *
answers_source(const struct answers *a)
{
	return a->name;
}

bool
answers_are_live(const struct answers *a)
{
	return a->live != NULL;
}

static void
take(void *context, struct lookup_answer *answer)
{
	struct wait *w = context;

	w->answers->waiting--;
	if (answer == NULL)
		w->answers->failed = true;
	else
		inquiry_tell(w->line, answer);
	free(w);
}

static void
ask(struct answers *a, struct inquiry_line *line)
{
	struct wait *w = malloc(sizeof(*w));

	if (w == NULL) {
		a->failed = true;
		return;
	}
	*w = (struct wait){ a, line };
	a->waiting++;
	a->source.ask(a->source.self, &line->question, take, w);
}

int
answers_fill(struct answers *a, struct inquiry *i)
{
	struct inquiry_line *line;
	struct pollfd p;

	while ((line = inquiry_next(i)) != NULL)
		ask(a, line);
	while (a->waiting > 0) {
		p = (struct pollfd){ .fd = live_fd(a->live),
		    .events = POLLIN };
		poll(&p, 1, live_wait_ms(a->live));
		live_run(a->live);
	}
	if (!a->failed)
		return 0;
	warnx("memory is short");
	return -1;
}

const struct lookup_answer *
answers_ask(struct answers *a, struct inquiry *i, const char *name,
    enum lookup_type type)
{
	if (inquire(i, name, type) == NULL && answers_fill(a, i) == -1)
		return NULL;
	return inquire(i, name, type);
}
