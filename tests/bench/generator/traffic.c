/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>

#include "heap.h"
#include "random.h"
#include "session.h"
#include "traffic.h"
#include "truth.h"

#define NANOSECONDS	1000000000U
/* The first sessions begin spread over so many flights. */
#define RAMP		20
/* Packets of another flow, until one has ended. */
#define OTHER_GUESS	60
#define OTHERS_AT_ONCE	64

struct traffic {
	const struct options	*options;
	struct tally		*tally;
	struct stage		 stage;
	struct output		 output;
	struct servers		 servers;
	struct planner		 planner;
	struct heap		 heap;
	FILE			*truth;		/* NULL: not wanted */
	struct session		*sessions;
	uint32_t		*vacant;	/* numbers of sessions over */
	uint32_t		 used, room, vacancies;
	uint64_t		 random;
	uint64_t		 flight;	/* mean time between two */
	uint64_t		 begun_mail, begun_other, open;
	uint64_t		 other_packets;	/* of other flows over */
};

static bool
grow(struct traffic *t)
{
	uint32_t room = t->room > 0 ? t->room * 2 : 1024;
	struct session *sessions;
	uint32_t *vacant;

	sessions = reallocarray(t->sessions, room, sizeof(*sessions));
	if (sessions != NULL)
		t->sessions = sessions;
	vacant = reallocarray(t->vacant, room, sizeof(*vacant));
	if (vacant != NULL)
		t->vacant = vacant;
	if (sessions == NULL || vacant == NULL) {
		warn("sessions");
		return false;
	}
	t->room = room;
	return true;
}

/* Up to `flights` flights from `now`, a session is to begin. */
static int
begin(struct traffic *t, bool mail, uint64_t now, double flights)
{
	uint32_t n;

	if (t->vacancies > 0)
		n = t->vacant[--t->vacancies];
	else if (t->used < t->room || grow(t))
		n = t->used++;
	else
		return -1;
	if (mail) {
		t->begun_mail++;
		plan_mail(&t->planner, &t->sessions[n]);
	} else {
		t->begun_other++;
		plan_noise(&t->planner, &t->sessions[n]);
	}
	return heap_push(&t->heap, now + (uint64_t)(random_share(&t->random) *
	    flights * (double)t->flight), n);
}

static void
finish(struct traffic *t, uint32_t n)
{
	const struct session *s = &t->sessions[n];

	if (s->kind == SESSION_SMTP) {
		t->tally->sessions++;
		t->tally->by_class[s->class]++;
		if (t->truth != NULL)
			truth_write(t->truth, s, &t->servers);
	} else {
		t->tally->others++;
		t->other_packets += s->packets;
	}
	t->vacant[t->vacancies++] = n;
}

/* Whether the file is not yet as long as it should be. */
static bool
wanting(const struct traffic *t)
{
	return t->options->octets == 0 ||
	    t->output.octets < t->options->octets;
}

/* The next of an SMTP session that has ended. */
static int
succeed(struct traffic *t, uint64_t now)
{
	t->open--;
	if (t->begun_mail >= t->options->sessions || !wanting(t))
		return 0;
	t->open++;
	return begin(t, true, now, 1);
}

/* Begin as many other flows as the packets of SMTP call for: those open
 * are expected to become as long as those over were. */
static int
begin_others(struct traffic *t)
{
	double share = t->options->noise / (100 - t->options->noise);
	double want = share * (double)t->stage.packets_mail + share * 50;
	double mean = OTHER_GUESS, have;
	uint64_t over = t->tally->others;
	int most;

	if (share <= 0 || t->open == 0 || !wanting(t))
		return 0;
	if (over > 0)
		mean = (double)t->other_packets / (double)over;
	have = (double)t->other_packets +
	    (double)(t->begun_other - over) * mean;
	for (most = OTHERS_AT_ONCE; have < want && most > 0; most--) {
		if (begin(t, false, t->stage.wire.time, 4) == -1)
			return -1;
		have += mean;
	}
	return 0;
}

/* One event: a flight of the session whose turn it is. */
static int
step(struct traffic *t)
{
	struct event e = heap_pop(&t->heap);
	struct session *s = &t->sessions[e.session];
	bool mail = s->kind == SESSION_SMTP;
	uint64_t pause;

	if (e.time > t->stage.wire.time)
		t->stage.wire.time = e.time;
	if (session_advance(s, &t->stage)) {
		pause = t->flight / 4 + (uint64_t)(random_share(&s->random) *
		    1.5 * (double)t->flight);
		if (heap_push(&t->heap, e.time + pause, e.session) == -1)
			return -1;
	} else {
		finish(t, e.session);
		if (mail && succeed(t, e.time) == -1)
			return -1;
	}
	if (t->open > t->tally->open_most)
		t->tally->open_most = t->open;
	return begin_others(t);
}

static int
run(struct traffic *t)
{
	const struct options *o = t->options;
	uint64_t start = o->start * NANOSECONDS;

	t->stage.wire.time = start;
	t->open = o->concurrency < o->sessions ? o->concurrency : o->sessions;
	while (t->begun_mail < t->open) {
		if (begin(t, true, start, RAMP) == -1)
			return -1;
	}
	while (t->heap.count > 0 && !t->output.failed) {
		if (step(t) == -1)
			return -1;
	}
	t->tally->octets = t->output.octets;
	t->tally->packets_mail = t->stage.packets_mail;
	t->tally->packets_other = t->stage.packets_other;
	t->tally->duration = t->stage.wire.time - start;
	return 0;
}

static struct traffic *
traffic_new(const struct options *o, struct tally *tally)
{
	struct traffic *t;

	if ((t = calloc(1, sizeof(*t))) == NULL) {
		warn("traffic");
		return NULL;
	}
	t->options = o;
	t->tally = tally;
	t->random = random_scramble(o->seed ^ 0x77);
	t->flight = (uint64_t)(o->rtt * 1e6);
	t->stage.options = o;
	t->stage.servers = &t->servers;
	t->stage.wire.output = &t->output;
	return t;
}

/* With the files open: everything that is made before the first packet. */
static int
prepare(struct traffic *t)
{
	uint64_t random = random_scramble(t->options->seed);

	if (bulk_make(&t->stage.bulk, &random) == -1 ||
	    servers_make(&t->servers, t->options, &random) == -1)
		return -1;
	return planner_make(&t->planner, t->options, &t->servers);
}

static void
traffic_free(struct traffic *t)
{
	planner_free(&t->planner);
	servers_free(&t->servers);
	bulk_free(&t->stage.bulk);
	heap_free(&t->heap);
	free(t->vacant);
	free(t->sessions);
	free(t);
}

int
traffic_write(const struct options *o, struct tally *tally)
{
	struct traffic *t;
	int done = -1;

	*tally = (struct tally){ 0 };
	if ((t = traffic_new(o, tally)) == NULL)
		return -1;
	if (output_open(&t->output, o->capture, o->nanoseconds) == -1)
		goto fail;
	if (o->truth != NULL && (t->truth = truth_open(o->truth)) == NULL)
		goto fail_truth;
	if (prepare(t) == 0)
		done = run(t);
	if (t->truth != NULL && truth_close(t->truth, o->truth) == -1)
		done = -1;
fail_truth:
	if (output_close(&t->output) == -1)
		done = -1;
fail:
	traffic_free(t);
	return done;
}
