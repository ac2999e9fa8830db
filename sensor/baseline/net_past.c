/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "baseline/codec.h"
#include "baseline/days.h"
#include "baseline/net_past.h"

#define AROUND		INT64_C(10800000000)	/* three hours, us */
#define FORMAT		2

struct seen {
	uint64_t	server;
	int64_t		offered_at, missing_at;		/* 0: never */
};

/* Where all times of the list are in these hours, as they mostly are, what
 * is asked of it is known without a walk. */
struct net_past {
	unsigned	count;
	unsigned	offering, missing;	/* in the list, whenever */
	int64_t		first, last;		/* no time is outside these */
	int64_t		weighed_at;
	struct seen	list[NET_SERVERS_MAX];
};

static void
weigh(struct net_past *p, const struct seen *one)
{
	p->missing += one->missing_at != 0;
	p->offering += one->offered_at != 0 &&
	    one->offered_at > one->missing_at;
}

static void
unweigh(struct net_past *p, const struct seen *one)
{
	p->missing -= one->missing_at != 0;
	p->offering -= one->offered_at != 0 &&
	    one->offered_at > one->missing_at;
}

static void
widen(struct net_past *p, int64_t at)
{
	if (at == 0)
		return;
	if (at < p->first)
		p->first = at;
	if (at > p->last)
		p->last = at;
}

/* Times that are in the list no more have left the bounds too wide. */
static void
weigh_all(struct net_past *p, int64_t at)
{
	p->offering = p->missing = 0;
	p->first = INT64_MAX;
	p->last = INT64_MIN;
	p->weighed_at = at;
	for (unsigned i = 0; i < p->count; i++) {
		weigh(p, &p->list[i]);
		widen(p, p->list[i].offered_at);
		widen(p, p->list[i].missing_at);
	}
}

struct net_past *
net_past_new(void)
{
	struct net_past *p;

	if ((p = calloc(1, sizeof(*p))) != NULL)
		weigh_all(p, 0);
	return p;
}

void
net_past_free(struct net_past *p)
{
	free(p);
}

static bool
around(int64_t when, int64_t at)
{
	return when != 0 && when >= at - AROUND && when <= at + AROUND;
}

void
net_past_recall(const struct net_past *p, int64_t at, struct past *past)
{
	if (p->first >= at - AROUND && p->last <= at + AROUND) {
		past->net_servers_missing += p->missing;
		past->net_servers_offering += p->offering;
		return;
	}
	for (unsigned i = 0; i < p->count; i++) {
		const struct seen *one = &p->list[i];

		past->net_servers_missing += around(one->missing_at, at);
		past->net_servers_offering += around(one->offered_at, at) &&
		    one->offered_at > one->missing_at;
	}
}

static int64_t
last(const struct seen *one)
{
	return one->offered_at > one->missing_at ? one->offered_at :
	    one->missing_at;
}

static struct seen *
seen_of(struct net_past *p, uint64_t server)
{
	struct seen *one;

	for (unsigned i = 0; i < p->count; i++)
		if (p->list[i].server == server)
			return &p->list[i];
	if (p->count < NET_SERVERS_MAX)
		one = &p->list[p->count++];
	else {
		one = &p->list[0];
		for (unsigned i = 1; i < p->count; i++)
			if (last(&p->list[i]) < last(one))
				one = &p->list[i];
		unweigh(p, one);
	}
	*one = (struct seen){ .server = server };
	return one;
}

void
net_past_learn(struct net_past *p, int64_t at, uint64_t server, bool offered)
{
	struct seen *one = seen_of(p, server);
	int64_t *when = offered ? &one->offered_at : &one->missing_at;

	if (at <= *when)
		return;
	unweigh(p, one);
	*when = at;
	weigh(p, one);
	widen(p, at);
	if (at - p->weighed_at > HOUR)
		weigh_all(p, at);
}

size_t
net_past_pack(const struct net_past *p, uint8_t out[NET_OCTETS_MAX])
{
	struct writer w = { .at = out, .size = NET_OCTETS_MAX };

	put_number(&w, FORMAT);
	put_number(&w, p->count);
	for (unsigned i = 0; i < p->count; i++) {
		put_number(&w, p->list[i].server);
		put_time(&w, p->list[i].offered_at);
		put_time(&w, p->list[i].missing_at);
	}
	return w.full ? 0 : w.len;
}

struct net_past *
net_past_unpack(const uint8_t *octets, size_t len)
{
	struct source_octets s = { .at = octets, .len = len };
	struct net_past *p;
	uint64_t count;

	if (get_number(&s) != FORMAT || (p = net_past_new()) == NULL)
		return NULL;
	if ((count = get_number(&s)) > NET_SERVERS_MAX)
		s.bad = true;
	else
		for (; p->count < count; p->count++) {
			p->list[p->count].server = get_number(&s);
			p->list[p->count].offered_at = get_time(&s);
			p->list[p->count].missing_at = get_time(&s);
		}
	weigh_all(p, 0);
	if (!s.bad)
		return p;
	net_past_free(p);
	return NULL;
}
