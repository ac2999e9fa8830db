/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "policy/watch.h"

struct watched {
	uint64_t		 ticket;	/* 0: nothing is open */
	struct policy_answer	*answer;	/* NULL: none yet */
	int64_t			 asked_at;	/* 0: never */
};

struct watched_server {
	struct addr	 ip;
	uint16_t	 port;
	struct watched	 domains[WATCH_DOMAINS_MAX];
};

struct watch {
	const struct inventory	*inventory;
	unsigned		 ndomains;
	unsigned		 open;		/* tickets */
	unsigned		 nservers;
	struct watched_server	*servers;
};

struct watch *
watch_new(const struct inventory *i)
{
	struct watch *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->inventory = i;
	w->ndomains = i->ndomains < WATCH_DOMAINS_MAX ? i->ndomains :
	    WATCH_DOMAINS_MAX;
	if (w->ndomains > 0 && (w->servers = calloc(WATCH_SERVERS_MAX,
	    sizeof(*w->servers))) == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	for (unsigned i = 0; i < w->nservers; i++)
		for (unsigned d = 0; d < w->ndomains; d++)
			policy_answer_free(w->servers[i].domains[d].answer);
	free(w->servers);
	free(w);
}

static struct watched_server *
find(const struct watch *w, const struct addr *ip, uint16_t port)
{
	for (unsigned i = 0; i < w->nservers; i++)
		if (w->servers[i].port == port &&
		    addr_equal(&w->servers[i].ip, ip))
			return &w->servers[i];
	return NULL;
}

/* A resolver that fails is not asked at each session. */
static bool
is_due(const struct watched *one, int64_t at, bool ages)
{
	if (one->ticket != 0)
		return false;
	if (one->asked_at != 0 && at - one->asked_at < WATCH_PAUSE)
		return false;
	return one->answer == NULL || (ages && one->answer->valid_until <= at);
}

void
watch_put(struct watch *w, struct ask *a,
    const struct policy_question *server, int64_t at, bool ages)
{
	struct watched_server *s;
	struct policy_question q;

	if (w->ndomains == 0)
		return;
	if ((s = find(w, &server->server, server->port)) == NULL) {
		if (w->nservers == WATCH_SERVERS_MAX)
			return;
		s = &w->servers[w->nservers++];
		s->ip = server->server;
		s->port = server->port;
	}
	for (unsigned d = 0; d < w->ndomains; d++) {
		struct watched *one = &s->domains[d];

		if (!is_due(one, at, ages) || w->open == WATCH_OPEN_MAX)
			continue;
		/* the same names, and nothing of the session's mail */
		q = *server;
		q.ndomains = 0;
		policy_question_add_domain(&q, w->inventory->domains[d]);
		q.curious = true;
		if ((one->ticket = ask_put(a, &q)) == 0)
			return;		/* too much is open */
		one->asked_at = at;
		w->open++;
	}
}

bool
watch_take(struct watch *w, uint64_t ticket, struct policy_answer *answer)
{
	if (w->open == 0)
		return false;
	for (unsigned i = 0; i < w->nservers; i++)
		for (unsigned d = 0; d < w->ndomains; d++) {
			struct watched *one = &w->servers[i].domains[d];

			if (one->ticket != ticket)
				continue;
			w->open--;
			one->ticket = 0;
			if (answer == NULL)
				return true;
			policy_answer_free(one->answer);
			one->answer = answer;
			return true;
		}
	return false;
}

unsigned
watch_known(const struct watch *w, const struct addr *server, uint16_t port,
    const struct policy_answer *out[WATCH_DOMAINS_MAX])
{
	const struct watched_server *s;
	unsigned n = 0;

	if (w->ndomains == 0 || (s = find(w, server, port)) == NULL)
		return 0;
	for (unsigned d = 0; d < w->ndomains; d++)
		if (s->domains[d].answer != NULL)
			out[n++] = s->domains[d].answer;
	return n;
}
