/* SPDX-License-Identifier: ISC */
/*
 * What is remembered that concerns one session.
 */
#include <stdlib.h>

#include "dns/seen_internal.h"

/* Answers so close to each other have no order that can be relied upon. */
#define TOGETHER	(2 * DNS_SECOND)

enum rank { RANK_NONE, RANK_HOST, RANK_MX, RANK_RECIPIENT };

static bool
is_mx(const struct dns_seen *d, const char *host, int64_t at)
{
	return dns_known(d, dns_shelf_find(&d->mx, dns_key_name(d->seed, host)),
	    at);
}

/* Does mail for one of the recipients go to this host?  Without an MX it
 * goes to the domain itself (RFC 5321 section 5.1). */
static bool
takes_recipients(const struct dns_seen *d, const char *host,
    const struct dns_subject *about)
{
	uint64_t key = dns_key_name(d->seed, host);

	for (unsigned i = 0; i < about->nrcpt_domains; i++) {
		const char *domain = about->rcpt_domains[i];

		if (strcmp(domain, host) == 0 || dns_known(d,
		    dns_shelf_find(&d->mx, dns_key_pair(d->seed, key,
		    dns_key_name(d->seed, domain))), about->at))
			return true;
	}
	return false;
}

static enum rank
rank_of(const struct dns_seen *d, const struct dns_led *led,
    const struct dns_subject *about)
{
	if (!dns_known(d, led, about->at) ||
	    !addr_equal(&led->address, about->server))
		return RANK_NONE;
	if (takes_recipients(d, led->name, about))
		return RANK_RECIPIENT;
	return is_mx(d, led->name, about->at) ? RANK_MX : RANK_HOST;
}

static int64_t
told(const struct dns_led *led, const struct dns_subject *about)
{
	return led->item.last < about->at ? led->item.last : about->at;
}

bool
dns_seen_name(const struct dns_seen *d, const struct dns_subject *about,
    char name[DNS_NAME_MAX + 1], bool *mx)
{
	const struct dns_led *first, *led, *best = NULL;
	enum rank rank, highest = RANK_NONE;
	int64_t latest = 0;

	if (d == NULL || d->names.count == 0)
		return false;
	first = dns_shelf_find(&d->names, dns_key_address(d->seed,
	    about->server));
	for (led = first; led != NULL; led = dns_shelf_next(&d->names, led)) {
		rank = rank_of(d, led, about);
		if (rank < highest || rank == RANK_NONE)
			continue;
		if (rank > highest || told(led, about) > latest)
			latest = told(led, about);
		highest = rank;
	}
	if (highest == RANK_NONE)
		return false;
	for (led = first; led != NULL; led = dns_shelf_next(&d->names, led))
		if (rank_of(d, led, about) == highest &&
		    told(led, about) >= latest - TOGETHER &&
		    (best == NULL || strcmp(led->name, best->name) < 0))
			best = led;
	if (best == NULL)
		return false;
	strcpy(name, best->name);
	*mx = is_mx(d, name, about->at);
	return true;
}

/* ------------------------------------------------------------------ */
/* conflicts and failures                                             */

/* All names of the server: what it is called, and what led to it. */
struct hosts {
	const char	*names[DNS_NAMES_EACH + 1];
	unsigned	 count;
	char		 called[DNS_NAME_MAX + 1];
};

static void
gather(struct hosts *h, const struct dns_seen *d,
    const struct dns_subject *about)
{
	const char *name = about->server_name;
	const struct dns_led *led;
	size_t len;

	h->count = 0;
	if (name != NULL && (len = strlen(name)) <= DNS_NAME_MAX) {
		for (size_t i = 0; i <= len; i++)
			h->called[i] = (char)span_lower((uint8_t)name[i]);
		if (len > 1 && h->called[len - 1] == '.')
			h->called[len - 1] = '\0';
		h->names[h->count++] = h->called;
	}
	led = dns_shelf_find(&d->names, dns_key_address(d->seed,
	    about->server));
	for (; led != NULL; led = dns_shelf_next(&d->names, led))
		if (rank_of(d, led, about) != RANK_NONE &&
		    h->count < DNS_NAMES_EACH + 1)
			h->names[h->count++] = led->name;
}

static bool
named(const struct dns_doubt *doubt, uint64_t key)
{
	for (unsigned i = 0; i < doubt->abouts; i++)
		if (doubt->about[i] == key)
			return true;
	return false;
}

/* Is the question about the server or its recipients, or does an answer to
 * it name the server? */
static bool
concerns(const struct dns_seen *d, const struct dns_doubt *doubt,
    const struct hosts *h, const struct dns_subject *about)
{
	const char *name = doubt->conflict.name, *host;

	if (doubt->conflict.type == DNS_TLSA &&
	    (host = dns_host_of_tlsa(name)) != NULL)
		name = host;
	if (named(doubt, dns_key_address(d->seed, about->server)) ||
	    takes_recipients(d, name, about))
		return true;
	for (unsigned i = 0; i < h->count; i++)
		if (strcmp(h->names[i], name) == 0 ||
		    named(doubt, dns_key_name(d->seed, h->names[i])))
			return true;
	return false;
}

static void
take_conflicts(struct dns_facts *f, const struct dns_seen *d,
    const struct hosts *h, const struct dns_subject *about)
{
	const struct dns_doubt *doubt = dns_shelf_oldest(&d->doubts);

	for (; doubt != NULL; doubt = dns_shelf_newer(&d->doubts, doubt)) {
		if (!dns_known(d, doubt, about->at) ||
		    !concerns(d, doubt, h, about))
			continue;
		if (f->conflicts_kept < DNS_CONFLICTS_MAX)
			f->conflicts[f->conflicts_kept++] = doubt->conflict;
		f->conflicts_seen++;
	}
}

static void
take_failure(struct dns_facts *f, const struct dns_seen *d,
    const struct hosts *h, const struct dns_subject *about)
{
	struct dns_tlsa_failure one;

	for (unsigned i = 0; i < h->count; i++)
		if (dns_host_fails(d, h->names[i], about->at, &one) &&
		    (!f->tlsa_fails || strcmp(one.host, f->tlsa.host) < 0)) {
			f->tlsa = one;
			f->tlsa_fails = true;
		}
}

struct dns_facts *
dns_seen_facts(const struct dns_seen *d, const struct dns_subject *about)
{
	struct dns_facts f, *out;
	struct hosts h;

	if (d == NULL || (d->doubts.count == 0 && d->hosts.count == 0))
		return NULL;
	f.conflicts_kept = f.conflicts_seen = 0;
	f.tlsa_fails = false;
	gather(&h, d, about);
	take_conflicts(&f, d, &h, about);
	take_failure(&f, d, &h, about);
	if (f.conflicts_seen == 0 && !f.tlsa_fails)
		return NULL;
	if ((out = calloc(1, sizeof(*out))) == NULL)
		return NULL;
	out->conflicts_kept = f.conflicts_kept;
	out->conflicts_seen = f.conflicts_seen;
	out->tlsa_fails = f.tlsa_fails;
	if (f.tlsa_fails)
		out->tlsa = f.tlsa;
	memcpy(out->conflicts, f.conflicts,
	    f.conflicts_kept * sizeof(f.conflicts[0]));
	return out;
}
