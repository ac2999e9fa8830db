/* SPDX-License-Identifier: ISC */
/*
 * Each address is asked for its certificates, several at a time: a server
 * that answers nothing keeps us waiting, and there may be many.
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/exam.h"
#include "policy/certificates.h"

#define AT_ONCE		8

struct work {
	struct exam	*e;
	unsigned	 next;
	pthread_mutex_t	 lock;
};

/* -1 if memory is short. */
static int
ask(const struct exam *e, struct exam_address *a, enum starttls_key key,
    struct starttls_answer **to)
{
	const char *base = a->dane.base[0] != '\0' ? a->dane.base :
	    a->host->name;
	struct starttls_question q = { .host = a->text, .sni = base,
	    .key = key, .seconds = e->seconds };
	struct starttls_answer *answer;
	char port[8];

	snprintf(port, sizeof(port), "%u", e->port);
	q.port = port;
	if ((answer = calloc(1, sizeof(*answer))) == NULL)
		return -1;
	if (starttls_ask(&q, answer) == -1) {
		free(answer);
		return -1;
	}
	*to = answer;
	return 0;
}

static bool
same_leaf(const struct starttls_answer *a, const struct starttls_answer *b)
{
	return a->chain_count > 0 && b->chain_count > 0 &&
	    span_equal(a->chain[0], b->chain[0]);
}

static void
drop(struct starttls_answer **a)
{
	starttls_forget(*a);
	free(*a);
	*a = NULL;
}

/* What it shows, and what it shows to who wants the other kind of key
 * (RFC 7671 section 8: senders differ). */
static void
ask_address(const struct exam *e, struct exam_address *a)
{
	struct certificate_facts f;
	enum starttls_key other = STARTTLS_RSA;

	if (ask(e, a, STARTTLS_ANY_KEY, &a->shown[0]) == -1) {
		a->failed = true;
		return;
	}
	if (a->shown[0]->outcome != STARTTLS_ESTABLISHED ||
	    a->shown[0]->chain_count == 0)
		return;
	if (certificates_describe(a->shown[0]->chain[0], &f) &&
	    strncmp(f.key, "RSA", 3) == 0)
		other = STARTTLS_ECDSA;
	if (ask(e, a, other, &a->shown[1]) == -1)
		a->failed = true;
	else if (a->shown[1]->outcome != STARTTLS_ESTABLISHED ||
	    same_leaf(a->shown[0], a->shown[1]))
		drop(&a->shown[1]);
}

static void *
work(void *context)
{
	struct work *w = context;
	unsigned i;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		i = w->next++;
		pthread_mutex_unlock(&w->lock);
		if (i >= w->e->naddresses)
			return NULL;
		ask_address(w->e, &w->e->addresses[i]);
	}
}

int
exam_live(struct exam *e)
{
	struct work w = { .e = e, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[AT_ONCE];
	unsigned n = 0;

	while (n < AT_ONCE && n + 1 < e->naddresses &&
	    pthread_create(&threads[n], NULL, work, &w) == 0)
		n++;
	work(&w);			/* we help */
	while (n > 0)
		pthread_join(threads[--n], NULL);
	for (unsigned i = 0; i < e->naddresses; i++) {
		if (!e->addresses[i].failed)
			continue;
		warnx("memory is short");
		return -1;
	}
	return 0;
}
