/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/log.h"
#include "clerk.h"
#include "detect/detect.h"

#define BATCH		256		/* records taken at once */
#define COMMIT_RECORDS	60000		/* a transaction at most */
#define COMMIT_MS	1000		/* ... and at most this old */
#define WAIT_MS		200

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
fail(struct clerk *c)
{
	if (!atomic_exchange(&c->failed, true))
		pthread_kill(c->waiter, SIGUSR1);
}

/* Judge a record and have it stored; -1: the store takes no more. */
static int
judge_record(struct clerk *c, const struct session_record *r)
{
	enum store_place place;
	struct findings f;
	struct past past;
	int64_t id;
	int rc;

	if (r->stage == RECORD_NOTE)
		return store_note(c->store, r);
	if (store_place(c->store, r, &place, &id, &past) == -1)
		return -1;
	if (place != STORE_NEW)
		return 0;
	detect_session(r, &past, &f);
	rc = store_session(c->store, id, r, &f, &past);
	findings_clear(&f);
	return rc;
}

static void
file_record(struct clerk *c, struct session_record *r)
{
	/* A store that failed said so; records still on their way are let
	 * go, so that the roads can end. */
	if (!atomic_load(&c->failed) && judge_record(c, r) == -1)
		fail(c);
	session_record_free(r);
}

static void
commit(struct clerk *c)
{
	if (!atomic_load(&c->failed) && store_commit(c->store) == -1)
		fail(c);
}

static void *
clerk_main(void *argument)
{
	struct clerk *c = argument;
	size_t n, uncommitted = 0;
	void *batch[BATCH];
	int64_t since = 0;
	bool closed;

	pthread_setname_np(pthread_self(), "clerk");
	do {
		n = queue_take(c->records, batch, BATCH, WAIT_MS, &closed);
		if (uncommitted == 0)
			since = now_ms();
		for (size_t i = 0; i < n; i++)
			file_record(c, batch[i]);
		uncommitted += n;
		if (uncommitted > 0 && (n == 0 || closed ||
		    uncommitted >= COMMIT_RECORDS ||
		    now_ms() - since >= COMMIT_MS)) {
			commit(c);
			uncommitted = 0;
		}
	} while (!closed);
	return NULL;
}

int
clerk_start(struct clerk *c)
{
	int error;

	if ((error = pthread_create(&c->thread, NULL, clerk_main, c)) != 0) {
		errno = error;
		log_warn("clerk thread");
		return -1;
	}
	return 0;
}

void
clerk_join(struct clerk *c)
{
	pthread_join(c->thread, NULL);
}
