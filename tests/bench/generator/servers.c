/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "servers.h"

void
server_name(char to[CERTIFICATE_NAME_MAX], uint32_t n)
{
	snprintf(to, CERTIFICATE_NAME_MAX, "mx%u.domain%u.example",
	    n % 4 + 1, n / 4);
}

static void
append(struct server_list *l, uint32_t n)
{
	l->numbers[l->count++] = n;
}

static int
make_one(struct servers *s, uint32_t n, const struct issuers *issuers,
    enum certificate_fault fault)
{
	char name[CERTIFICATE_NAME_MAX];

	server_name(name, n);
	append(&s->offering, n);
	return chain_make(&s->all[n].chain, issuers, n, name, fault);
}

/*
 * As many never offer STARTTLS as there are sessions of class plain, but
 * one offers at all times, and one does not if that class occurs.
 */
static int
make_all(struct servers *s, const struct options *o,
    const struct issuers *issuers, uint64_t *random)
{
	enum certificate_fault fault;
	double sum = 0, plain;
	bool offers;
	uint32_t n;
	int c;

	for (c = 0; c < CLASSES; c++)
		sum += o->mix[c];
	plain = o->mix[CLASS_PLAIN] / sum;
	for (n = 0; n < s->count; n++) {
		offers = random_share(random) >= plain;
		if (n == 0)
			offers = true;
		if (n == 1)
			offers = o->mix[CLASS_PLAIN] <= 0;
		s->all[n].flavour = random_below(random, FLAVOURS);
		fault = CERTIFICATE_GOOD;
		if (random_chance(random, o->badcert))
			fault = 1 + random_below(random, CERTIFICATE_MISNAMED);
		if (!offers)
			append(&s->plain, n);
		else if (make_one(s, n, issuers, fault) == -1)
			return -1;
	}
	return 0;
}

int
servers_make(struct servers *s, const struct options *o, uint64_t *random)
{
	struct issuers *issuers;
	int made = -1;

	*s = (struct servers){ .count = o->servers };
	s->all = calloc(s->count, sizeof(*s->all));
	s->offering.numbers = calloc(s->count, sizeof(uint32_t));
	s->plain.numbers = calloc(s->count, sizeof(uint32_t));
	s->seen.numbers = calloc(s->count, sizeof(uint32_t));
	if (s->all == NULL || s->offering.numbers == NULL ||
	    s->plain.numbers == NULL || s->seen.numbers == NULL)
		warn("servers");
	else if ((issuers = issuers_new(o->seed, o->start)) != NULL) {
		if (o->ca == NULL || issuers_write_root(issuers, o->ca) == 0)
			made = make_all(s, o, issuers, random);
		issuers_free(issuers);
	}
	if (made == -1)
		servers_free(s);
	return made;
}

void
servers_free(struct servers *s)
{
	uint32_t n;

	for (n = 0; s->all != NULL && n < s->count; n++)
		chain_free(&s->all[n].chain);
	free(s->seen.numbers);
	free(s->plain.numbers);
	free(s->offering.numbers);
	free(s->all);
	*s = (struct servers){ 0 };
}

void
servers_show_offer(struct servers *s, uint32_t n)
{
	if (s->all[n].seen)
		return;
	s->all[n].seen = true;
	append(&s->seen, n);
}

uint32_t
servers_pick(const struct server_list *l, uint64_t *random)
{
	return l->numbers[random_skewed(random, l->count)];
}
