/* SPDX-License-Identifier: ISC */
/*
 * Packet time, and what is due when it has passed.
 *
 * Every list is in order of time and has one patience, so its oldest entry
 * tells when something is due, and most packets ask no more than that.
 */
#include "flow/flow_internal.h"

#define CLOSING_TIME	(2 * SECOND)	/* a finished connection is still read */
#define STEP_MAX	(10LL * 86400 * SECOND)	/* no timeout is longer */

void
timing_init(struct flow_table *t)
{
	const struct flow_limits *l = &t->limits;
	int64_t idle = (int64_t)l->idle_seconds * SECOND;
	/* entries are moved once a second only */
	int64_t remember = (int64_t)(l->remember_seconds + 1LL) * SECOND;

	t->patience[LIST_OPENING] = (int64_t)l->opening_seconds * SECOND;
	t->patience[LIST_OPEN] = remember < idle ? remember : idle;
	t->patience[LIST_QUIET] = idle;
	t->patience[LIST_CLOSING] = CLOSING_TIME;
	t->patience[LIST_TOMBS] = (int64_t)l->linger_seconds * SECOND;
	t->patience_waiting = (int64_t)l->gap_seconds * SECOND;
	t->due = INT64_MAX;
}

void
timing_expect(struct flow_table *t, int64_t due)
{
	if (due < t->due)
		t->due = due;
}

/* ------------------------------------------------------------------ */
/* the time it is                                                     */

static void
advance(struct flow_table *t, int64_t stamp, int64_t step)
{
	if (step > STEP_MAX)
		step = STEP_MAX;
	if (step > 0 && t->now < INT64_MAX / 2)
		t->now += step;
	t->stamp = stamp;
	t->leaping = false;
}

/*
 * Time follows the packets, but not far on the word of one packet: a single
 * wrong stamp must not end every connection.  Two in a row are believed.
 * A step back is a clock that was set, or files joined out of order: it
 * moves the stamps, and our own time stands still for a moment.
 */
void
timing_set(struct flow_table *t, int64_t stamp)
{
	int64_t step = time_between(t->stamp, stamp), apart;

	if (t->now == 0) {
		t->now = 1;
		advance(t, stamp, 0);
		return;
	}
	if (step >= 0 && step < LEAP) {
		advance(t, stamp, step);
		return;
	}
	if (step < 0 && step > -LEAP) {
		t->leaping = false;
		return;
	}
	apart = time_between(t->leap, stamp);
	if (!t->leaping || apart < -SECOND || apart >= LEAP) {
		t->leaping = true;
		t->leap = stamp;
		t->leaper = NULL;
		return;
	}
	advance(t, stamp, step);
	/* its last segment came after the leap, not before it */
	if (t->leaper != NULL && step > 0) {
		table_move(t, &t->leaper->entry, t->leaper->entry.list,
		    t->now);
		if (t->leaper->waiting != NULL)
			timing_wait(t->leaper);
	}
	t->leaper = NULL;
}

/* ------------------------------------------------------------------ */
/* connections in which something waits                               */

static void
waiting_append(struct flow_table *t, struct waiting *w)
{
	w->since = t->now;
	w->newer = NULL;
	w->older = t->waiting_newest;
	if (w->older != NULL)
		w->older->newer = w;
	else {
		t->waiting_oldest = w;
		timing_expect(t, t->now + t->patience_waiting);
	}
	t->waiting_newest = w;
}

static void
waiting_remove(struct flow_table *t, struct waiting *w)
{
	if (w->newer != NULL)
		w->newer->older = w->older;
	else
		t->waiting_newest = w->older;
	if (w->older != NULL)
		w->older->newer = w->newer;
	else
		t->waiting_oldest = w->newer;
}

bool
timing_wait(struct flow *f)
{
	struct flow_table *t = f->table;

	if (f->waiting != NULL)
		waiting_remove(t, f->waiting);
	else {
		f->waiting = limits_alloc(t, sizeof(*f->waiting));
		if (f->waiting == NULL)
			return false;
		*f->waiting = (struct waiting){ .flow = f };
	}
	waiting_append(t, f->waiting);
	return true;
}

void
timing_wait_no_more(struct flow *f)
{
	if (f->waiting == NULL)
		return;
	waiting_remove(f->table, f->waiting);
	limits_free(f->table, f->waiting, sizeof(*f->waiting));
	f->waiting = NULL;
}

/* ------------------------------------------------------------------ */
/* what is due                                                        */

/* What still waits afterwards is looked at again in the same time. */
static void
lose_patience(struct flow *f)
{
	f->busy = true;
	f->one_sided = true;
	while (gaps_force(f, false))
		continue;
	if (f->waiting != NULL)
		timing_wait(f);
	f->busy = false;
}

static void
expire(struct flow_table *t, struct entry *e)
{
	switch ((enum list_id)e->list) {
	case LIST_OPENING:
	case LIST_QUIET:
	case LIST_CLOSING:
		connection_end((struct flow *)e, FLOW_IDLE);
		break;
	case LIST_OPEN:
		for (int i = 0; i < SIDES; i++)
			memory_forget((struct flow *)e, i);
		table_move(t, e, LIST_QUIET, e->touched);
		break;
	case LIST_TOMBS:
		table_remove_tomb(t, (struct tomb *)e);
		break;
	case LISTS:
		break;
	}
}

void
timing_check(struct flow_table *t)
{
	struct waiting *w;
	struct entry *e;

	if (t->now <= t->due)
		return;
	t->due = INT64_MAX;
	while ((w = t->waiting_oldest) != NULL &&
	    t->now > w->since + t->patience_waiting)
		lose_patience(w->flow);
	if (w != NULL)
		timing_expect(t, w->since + t->patience_waiting);
	for (int i = 0; i < LISTS; i++) {
		while ((e = t->oldest[i]) != NULL &&
		    t->now > e->touched + t->patience[i])
			expire(t, e);
		if (e != NULL)
			timing_expect(t, e->touched + t->patience[i]);
	}
}
