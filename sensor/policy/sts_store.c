/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/random.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <xxhash.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/sts_fetch.h"
#include "policy/sts_store.h"

#define WAITING_MAX	1024	/* fetches that wait for their turn */

/* A domain: the policy that rules, and the last attempt that failed. */
struct known {
	LIST_ENTRY(known)	 chain;
	TAILQ_ENTRY(known)	 use;
	char			 domain[LOOKUP_NAME_MAX];
	char			 id[STS_ID_MAX];
	enum sts_mode		 mode;
	uint32_t		 max_age;
	int64_t			 expires;	/* microseconds; 0: no policy */
	char			*mx;		/* patterns between commas */
	char			 failed_id[STS_ID_MAX];
	enum sts_why		 failure;
	int64_t			 retry_at;
};

struct waiter {
	SLIST_ENTRY(waiter)	 link;
	sts_told		*told;
	void			*context;
};

struct job {
	TAILQ_ENTRY(job)	 link;
	struct sts_store	*store;
	char			 domain[LOOKUP_NAME_MAX];
	char			 id[STS_ID_MAX];
	struct addr		 at[8];
	unsigned		 nat;
	bool			 running;
	SLIST_HEAD(, waiter)	 waiters;
};

LIST_HEAD(chain, known);

struct sts_store {
	struct sts_options	 options;
	struct sts_fetcher	*fetcher;
	uint64_t		 seed;
	unsigned		 count, running, waiting;
	size_t			 nchains;
	struct chain		*chains;
	TAILQ_HEAD(uses, known)	 uses;
	TAILQ_HEAD(, job)	 jobs;
};

struct sts_store *
sts_store_new(const struct sts_options *o)
{
	struct sts_fetch_options how = { .port = o->port,
	    .ca_file = o->ca_file, .timeout_ms = o->timeout_ms };
	struct sts_store *s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		log_warn("policy: MTA-STS");
		return NULL;
	}
	s->options = *o;
	TAILQ_INIT(&s->uses);
	TAILQ_INIT(&s->jobs);
	for (s->nchains = 16; s->nchains < o->limit; )
		s->nchains *= 2;
	if ((s->chains = calloc(s->nchains, sizeof(*s->chains))) == NULL ||
	    getrandom(&s->seed, sizeof(s->seed), 0) != sizeof(s->seed)) {
		log_warn("policy: MTA-STS");
		sts_store_free(s);
		return NULL;
	}
	if ((s->fetcher = sts_fetcher_new(&how)) == NULL) {
		sts_store_free(s);
		return NULL;
	}
	return s;
}

static void
free_known(struct sts_store *s, struct known *k)
{
	LIST_REMOVE(k, chain);
	TAILQ_REMOVE(&s->uses, k, use);
	s->count--;
	free(k->mx);
	free(k);
}

static void
free_job(struct sts_store *s, struct job *j)
{
	struct waiter *w;

	TAILQ_REMOVE(&s->jobs, j, link);
	while ((w = SLIST_FIRST(&j->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&j->waiters, link);
		free(w);
	}
	free(j);
}

void
sts_store_free(struct sts_store *s)
{
	struct known *k;
	struct job *j;

	if (s == NULL)
		return;
	sts_fetcher_free(s->fetcher);
	while ((k = TAILQ_FIRST(&s->uses)) != NULL)
		free_known(s, k);
	while ((j = TAILQ_FIRST(&s->jobs)) != NULL)
		free_job(s, j);
	free(s->chains);
	free(s);
}

static struct known *
find(struct sts_store *s, const char *domain, struct chain **chain)
{
	XXH64_hash_t h = XXH3_64bits_withSeed(domain, strlen(domain), s->seed);
	struct known *k;

	*chain = &s->chains[h & (s->nchains - 1)];
	LIST_FOREACH(k, *chain, chain)
		if (strcmp(k->domain, domain) == 0) {
			TAILQ_REMOVE(&s->uses, k, use);
			TAILQ_INSERT_HEAD(&s->uses, k, use);
			return k;
		}
	return NULL;
}

static struct known *
find_or_add(struct sts_store *s, const char *domain)
{
	struct chain *chain;
	struct known *k;

	if ((k = find(s, domain, &chain)) != NULL)
		return k;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	if (s->count >= s->options.limit && s->count > 0)
		free_known(s, TAILQ_LAST(&s->uses, uses));
	memcpy(k->domain, domain, strlen(domain) + 1);
	LIST_INSERT_HEAD(chain, k, chain);
	TAILQ_INSERT_HEAD(&s->uses, k, use);
	s->count++;
	return k;
}

static char *
join_mx(const struct sts_policy *p)
{
	size_t size = 1, used = 0;
	char *text;

	for (unsigned i = 0; i < p->nmx; i++)
		size += strlen(p->mx[i]) + 1;
	if ((text = malloc(size)) == NULL)
		return NULL;
	text[0] = '\0';
	for (unsigned i = 0; i < p->nmx; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		    i > 0 ? "," : "", p->mx[i]);
	return text;
}

static void
say(const struct sts_store *s, const struct known *k)
{
	char line[STS_LINE_MAX];

	if (s->options.keep == NULL)
		return;
	snprintf(line, sizeof(line), "STSv1 %s %s %" PRId64 " %s %" PRIu32
	    " %s", k->domain, k->id, k->expires / 1000000, sts_word(k->mode),
	    k->max_age, k->mx);
	s->options.keep(s->options.context, line);
}

static bool
learn(struct sts_store *s, const char *domain, const char *id,
    const struct sts_policy *p, int64_t expires)
{
	struct known *k = find_or_add(s, domain);
	char *mx = join_mx(p);

	if (k == NULL || mx == NULL) {
		free(mx);
		return false;
	}
	free(k->mx);
	k->mx = mx;
	snprintf(k->id, sizeof(k->id), "%s", id);
	k->mode = p->mode;
	k->max_age = p->max_age;
	k->expires = expires;
	k->failed_id[0] = '\0';
	k->retry_at = 0;
	return true;
}

static bool
mode_of(const char *word, enum sts_mode *mode)
{
	for (*mode = STS_NONE; *mode < STS_MODES; (*mode)++)
		if (strcmp(sts_word(*mode), word) == 0)
			return true;
	return false;
}

bool
sts_line_read(const char *line, struct sts_line *l)
{
	int at = 0;

	if (strlen(line) >= STS_LINE_MAX || sscanf(line, "STSv1 %253s %32s %"
	    SCNd64 " %15s %" SCNu32 " %n", l->domain, l->id, &l->expires,
	    l->mode, &l->max_age, &at) != 5 || at == 0 ||
	    !lookup_name_ok(l->domain) || l->max_age > STS_AGE_MAX ||
	    l->expires <= 0 || l->expires >= INT64_MAX / 1000000)
		return false;
	l->expires *= 1000000;
	l->mx = line + at;
	return true;
}

/* The line's fields, as if they had come as a policy. */
static bool
add_patterns(struct sts_policy *p, char *list)
{
	char *save = NULL;

	for (char *at = strtok_r(list, ",", &save); at != NULL;
	    at = strtok_r(NULL, ",", &save)) {
		const char *name = strncmp(at, "*.", 2) == 0 ? at + 2 : at;

		if (p->nmx == STS_MX_MAX || !lookup_name_ok(name) ||
		    strlen(at) >= LOOKUP_NAME_MAX)
			return false;
		memcpy(p->mx[p->nmx++], at, strlen(at) + 1);
	}
	return true;
}

bool
sts_store_load(struct sts_store *s, const char *line, int64_t now)
{
	static char list[STS_LINE_MAX];
	static struct sts_policy p;
	struct sts_line l;

	memset(&p, 0, sizeof(p));
	if (!sts_line_read(line, &l) || !mode_of(l.mode, &p.mode) ||
	    l.expires / 1000000 <= now / 1000000 ||
	    l.expires / 1000000 > now / 1000000 + STS_AGE_MAX)
		return false;
	p.max_age = l.max_age;
	snprintf(list, sizeof(list), "%s", l.mx);
	return add_patterns(&p, list) &&
	    learn(s, l.domain, l.id, &p, l.expires);
}

static void
fail(struct sts_store *s, const char *domain, const char *id,
    enum sts_why why)
{
	struct known *k = find_or_add(s, domain);

	if (k == NULL)
		return;
	snprintf(k->failed_id, sizeof(k->failed_id), "%s", id);
	k->failure = why;
	k->retry_at = clock_wall_us() + (int64_t)s->options.retry_s * 1000000;
}

static void
fetched(void *context, struct span text, const char *why)
{
	struct job *j = context;
	struct sts_store *s = j->store;
	static struct sts_policy p;
	struct chain *chain;
	struct waiter *w;

	if (why != NULL) {
		log_trace("policy mta-sts domain=%s: %s", j->domain, why);
		fail(s, j->domain, j->id, STS_WHY_FETCH);
	} else if (!sts_policy_read(&p, text)) {
		fail(s, j->domain, j->id, STS_WHY_INVALID);
	} else if (learn(s, j->domain, j->id, &p, clock_wall_us() +
	    (int64_t)p.max_age * 1000000)) {
		say(s, find(s, j->domain, &chain));
	}
	s->running--;
	TAILQ_REMOVE(&s->jobs, j, link);
	while ((w = SLIST_FIRST(&j->waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&j->waiters, link);
		w->told(w->context);
		free(w);
	}
	free(j);
}

/* Those whose turn it is. */
static void
start_jobs(struct sts_store *s)
{
	struct job *j;

	TAILQ_FOREACH(j, &s->jobs, link) {
		if (s->running >= s->options.fetches)
			return;
		if (j->running)
			continue;
		s->waiting--;
		s->running++;
		j->running = true;
		if (!sts_fetcher_start(s->fetcher, j->domain, j->at, j->nat,
		    fetched, j)) {
			fetched(j, span_of(NULL, 0), "memory is short");
			return;		/* the list has changed */
		}
	}
}

static struct job *
job_of(struct sts_store *s, const char *domain)
{
	struct job *j;

	TAILQ_FOREACH(j, &s->jobs, link)
		if (strcmp(j->domain, domain) == 0)
			return j;
	return NULL;
}

static bool
wait_for(struct job *j, sts_told *told, void *context)
{
	struct waiter *w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return false;
	w->told = told;
	w->context = context;
	SLIST_INSERT_HEAD(&j->waiters, w, link);
	return true;
}

static void
add_addresses(const struct sts_store *s, struct job *j,
    const struct lookup_answer *a)
{
	if (!lookup_has_data(a))
		return;
	for (unsigned i = 0; i < a->nrecords; i++) {
		struct span data = a->records[i].data;
		struct addr at = data.len == 4 ? addr_v4(data.at) :
		    addr_v6(data.at);

		if (j->nat < sizeof(j->at) / sizeof(j->at[0]) &&
		    (s->options.private_ok || sts_fetch_is_public(&at)))
			j->at[j->nat++] = at;
	}
}

/* One question to sts_judge(), and what it is about. */
struct judging {
	struct sts_store	*store;
	struct sts_verdict	*v;
	const char		*domain, *host;
	struct inquiry		*inquiry;
	struct known		*known;		/* NULL: never heard of */
	int64_t			 now;
};

static bool
rules(const struct judging *j)
{
	return j->known != NULL && j->known->expires > j->now;
}

static bool
apply(const struct judging *j)
{
	static struct sts_policy p;
	static char list[STS_LINE_MAX];
	struct sts_verdict *v = j->v;

	v->mode = j->known->mode;
	v->why = STS_WHY_POLICY;
	snprintf(v->id, sizeof(v->id), "%s", j->known->id);
	if (j->host[0] == '\0' || v->mode == STS_NONE)
		return true;
	p.nmx = 0;
	snprintf(list, sizeof(list), "%s", j->known->mx);
	v->match = add_patterns(&p, list) && sts_policy_matches(&p, j->host) ?
	    STS_MATCH_YES : STS_MATCH_NO;
	return true;
}

/* No new policy is to be had: the one that rules, or none. */
static bool
fall_back(const struct judging *j, enum sts_mode mode, enum sts_why why)
{
	if (rules(j))
		return apply(j);
	j->v->mode = mode;
	j->v->why = why;
	return true;
}

/* True: there will be no fetch, the verdict stands. */
static bool
begin_fetch(const struct judging *j, const char *id, sts_told *told,
    void *context, bool *fetching)
{
	const struct lookup_answer *four, *six;
	struct sts_store *s = j->store;
	char host[LOOKUP_NAME_MAX];
	struct job *job;

	if ((job = job_of(s, j->domain)) != NULL) {
		*fetching = wait_for(job, told, context);
		return !*fetching;
	}
	if (!lookup_name_under(host, "mta-sts", j->domain))
		return fall_back(j, STS_NONE, STS_WHY_ABSENT);
	four = inquire(j->inquiry, host, LOOKUP_A);
	six = inquire(j->inquiry, host, LOOKUP_AAAA);
	if (four == NULL || six == NULL)
		return false;
	if (s->waiting >= WAITING_MAX || (job = calloc(1,
	    sizeof(*job))) == NULL)
		return fall_back(j, STS_UNKNOWN, STS_WHY_NOT_LOOKED);
	job->store = s;
	snprintf(job->domain, sizeof(job->domain), "%s", j->domain);
	snprintf(job->id, sizeof(job->id), "%s", id);
	add_addresses(s, job, four);
	add_addresses(s, job, six);
	if (job->nat == 0 || !wait_for(job, told, context)) {
		free(job);
		fail(s, j->domain, id, STS_WHY_FETCH);
		return fall_back(j, STS_UNKNOWN, STS_WHY_FETCH);
	}
	TAILQ_INSERT_TAIL(&s->jobs, job, link);
	s->waiting++;
	*fetching = true;
	return false;
}

bool
sts_judge(struct sts_verdict *v, struct sts_store *s, const char *domain,
    const char *host, struct inquiry *i, sts_told *told, void *context,
    bool *fetching)
{
	struct judging j = { s, v, domain, host, i, NULL, clock_wall_us() };
	const struct lookup_answer *txt;
	char name[LOOKUP_NAME_MAX], id[STS_ID_MAX];
	struct chain *chain;

	memset(v, 0, sizeof(*v));
	v->why = STS_WHY_NOT_LOOKED;
	if (domain[0] == '\0' || !lookup_name_under(name, "_mta-sts", domain))
		return true;
	if ((txt = inquire(i, name, LOOKUP_TXT)) == NULL)
		return false;
	j.known = find(s, domain, &chain);
	if (lookup_failed(txt) || txt->status == LOOKUP_UNKNOWN)
		return fall_back(&j, STS_UNKNOWN, STS_WHY_LOOKUP);
	if (!sts_record_id(txt, id))
		return fall_back(&j, STS_NONE, STS_WHY_ABSENT);
	if (rules(&j) && strcmp(j.known->id, id) == 0)
		return apply(&j);
	if (j.known != NULL && j.known->retry_at > j.now &&
	    strcmp(j.known->failed_id, id) == 0)
		return fall_back(&j, STS_UNKNOWN, j.known->failure);
	return begin_fetch(&j, id, told, context, fetching);
}

int
sts_store_fd(const struct sts_store *s)
{
	return sts_fetcher_fd(s->fetcher);
}

int
sts_store_wait_ms(const struct sts_store *s)
{
	if (s->waiting > 0 && s->running < s->options.fetches)
		return 0;
	return sts_fetcher_wait_ms(s->fetcher);
}

void
sts_store_run(struct sts_store *s)
{
	start_jobs(s);
	sts_fetcher_run(s->fetcher);
}

void
sts_store_forget(struct sts_store *s, void *context)
{
	struct waiter *w, *next;
	struct job *j;

	TAILQ_FOREACH(j, &s->jobs, link)
		for (w = SLIST_FIRST(&j->waiters); w != NULL; w = next) {
			next = SLIST_NEXT(w, link);
			if (w->context != context)
				continue;
			SLIST_REMOVE(&j->waiters, w, waiter, link);
			free(w);
		}
}
