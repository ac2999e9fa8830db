/* SPDX-License-Identifier: ISC */
#include <sys/epoll.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "policy/engine.h"
#include "policy/snapshot.h"

#define TICK_MS	250	/* how late an impatient case may be noticed */

struct engine {
	struct snapshot		*snapshot;
	struct live		*live;
	struct sts_store	*sts;
	struct policy		*policy;
	int			 epoll;
};

static int
watch(struct engine *e, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int
open_sources(struct engine *e, const struct engine_options *o,
    struct policy_options *p)
{
	if (o->snapshot != NULL) {
		if ((e->snapshot = snapshot_open(o->snapshot)) == NULL)
			return -1;
		p->source = snapshot_source(e->snapshot);
		return 0;
	}
	if ((e->live = live_new(&o->live)) == NULL)
		return -1;
	p->source = live_source(e->live);
	if (watch(e, live_fd(e->live)) == -1) {
		log_warn("policy");
		return -1;
	}
	if (!o->sts_enabled)
		return 0;
	if ((e->sts = sts_store_new(&o->sts)) == NULL)
		return -1;
	p->sts = e->sts;
	if (watch(e, sts_store_fd(e->sts)) == -1) {
		log_warn("policy");
		return -1;
	}
	return 0;
}

struct engine *
engine_new(const struct engine_options *o)
{
	struct policy_options p = { .cases = o->cases,
	    .patience_ms = o->patience_ms };
	struct engine *e;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		log_warn("policy");
		free(e);
		return NULL;
	}
	if (open_sources(e, o, &p) == -1 ||
	    (e->policy = policy_new(&p)) == NULL) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	/* lookups hold on to cases: they end first */
	live_free(e->live);
	policy_free(e->policy);
	sts_store_free(e->sts);
	snapshot_free(e->snapshot);
	close(e->epoll);
	free(e);
}

struct policy *
engine_policy(struct engine *e)
{
	return e->policy;
}

struct sts_store *
engine_sts(struct engine *e)
{
	return e->sts;
}

struct live *
engine_live(struct engine *e)
{
	return e->live;
}

int
engine_fd(const struct engine *e)
{
	return e->epoll;
}

static int
sooner(int a, int b)
{
	if (a == -1)
		return b;
	return b != -1 && b < a ? b : a;
}

int
engine_wait_ms(const struct engine *e)
{
	int wait = -1;

	if (e->live != NULL)
		wait = sooner(wait, live_wait_ms(e->live));
	if (e->sts != NULL)
		wait = sooner(wait, sts_store_wait_ms(e->sts));
	if (policy_open_cases(e->policy) > 0)
		wait = sooner(wait, TICK_MS);
	return wait;
}

void
engine_run(struct engine *e)
{
	if (e->live != NULL)
		live_run(e->live);
	if (e->sts != NULL)
		sts_store_run(e->sts);
	policy_tick(e->policy);
}
