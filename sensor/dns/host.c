/* SPDX-License-Identifier: ISC */
/*
 * Whether TLSA questions about a host fail, and they alone.
 *
 * A sender that gets an error for the TLSA question must not deliver
 * (RFC 7672 section 2.1), so whoever wants DANE out of the way makes it
 * fail.  So do name servers that do not know the type: this is a hint.
 */
#include "dns/seen_internal.h"

/* An answer that is not there by then does not come; resolvers ask again
 * after a second or two. */
#define PATIENCE	(5 * DNS_SECOND)

/* Errors that were told are evidence by themselves; answers that are merely
 * missing may have been missed, so it takes one more of them. */
#define REFUSED_LEAST	2
#define FAILED_LEAST	3

const char *
dns_host_of_tlsa(const char *name)
{
	const char *p = name;

	if (*p++ != '_')
		return NULL;
	while (*p >= '0' && *p <= '9')
		p++;
	if (p == name + 1 || strncmp(p, "._tcp.", 6) != 0 || p[6] == '\0')
		return NULL;
	return p + 6;
}

static struct dns_host *
find(const struct dns_seen *d, const char *host, const struct addr *resolver)
{
	struct dns_host *h;

	for (h = dns_shelf_find(&d->hosts, dns_key_name(d->seed, host));
	    h != NULL; h = dns_shelf_next(&d->hosts, h))
		if (addr_equal(&h->resolver, resolver))
			return h;
	return NULL;
}

/* NULL: memory is short. */
static struct dns_host *
find_or_add(struct dns_seen *d, const char *host,
    const struct addr *resolver, int64_t time)
{
	struct dns_host *h = find(d, host, resolver);

	if (h != NULL && h->item.last < time - d->keep) {
		dns_shelf_renew(&d->hosts, h, time);
		h->resolver = *resolver;
		return h;
	}
	if (h != NULL) {
		dns_shelf_touch(&d->hosts, h, time);
		return h;
	}
	h = dns_shelf_add_few(&d->hosts, dns_key_name(d->seed, host), time,
	    DNS_RESOLVERS_EACH);
	if (h != NULL)
		h->resolver = *resolver;
	return h;
}

void
dns_host_well(struct dns_seen *d, const char *host,
    const struct packet *answer)
{
	struct dns_host *h = find_or_add(d, host, &answer->source,
	    answer->mark.time);

	if (h != NULL && (h->well_since == 0 ||
	    answer->mark.time < h->well_since))
		h->well_since = answer->mark.time;
}

void
dns_host_asked(struct dns_seen *d, const char *host, uint64_t question,
    const struct packet *p)
{
	struct dns_host *h = find_or_add(d, host, &p->destination,
	    p->mark.time);

	if (h == NULL)
		return;
	if (h->opens == DNS_OPEN_MAX)	/* the oldest goes */
		memmove(h->open, h->open + 1,
		    --h->opens * sizeof(h->open[0]));
	h->open[h->opens].question = question;
	h->open[h->opens++].at = p->mark;
}

static void
close_question(struct dns_host *h, uint64_t question)
{
	for (unsigned i = 0; i < h->opens; i++)
		if (h->open[i].question == question) {
			h->opens--;
			memmove(h->open + i, h->open + i + 1,
			    (h->opens - i) * sizeof(h->open[0]));
			return;
		}
}

void
dns_host_answered(struct dns_seen *d, const char *host, uint64_t question,
    const struct packet *p, uint16_t rcode, bool failed)
{
	struct dns_host *h = find_or_add(d, host, &p->source, p->mark.time);
	bool well = rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN;

	if (h == NULL)
		return;
	close_question(h, question);
	if (well)
		h->refusals = h->opens = 0;
	else if (failed) {
		h->rcode = rcode;
		if (h->refusals < DNS_FAILURES_MAX)
			h->refused[h->refusals++] = p->mark;
	}
}

static void
stretch(struct dns_tlsa_failure *out, struct mark at)
{
	if (out->first.packet == 0 || at.time < out->first.time)
		out->first = at;
	if (out->last.packet == 0 || at.time > out->last.time)
		out->last = at;
}

static bool
fails(const struct dns_host *h, int64_t at, struct dns_tlsa_failure *out)
{
	out->refused = out->unanswered = 0;
	out->first = out->last = (struct mark){ .packet = 0 };
	for (unsigned i = 0; i < h->refusals; i++)
		if (h->refused[i].time <= at) {
			out->refused++;
			stretch(out, h->refused[i]);
		}
	for (unsigned i = 0; i < h->opens; i++)
		if (h->open[i].at.time <= at - PATIENCE) {
			out->unanswered++;
			stretch(out, h->open[i].at);
		}
	out->rcode = out->refused > 0 ? h->rcode : DNS_NOERROR;
	return h->well_since != 0 && h->well_since <= at &&
	    (out->refused >= REFUSED_LEAST ||
	    out->refused + out->unanswered >= FAILED_LEAST);
}

bool
dns_host_fails(const struct dns_seen *d, const char *host, int64_t at,
    struct dns_tlsa_failure *out)
{
	const struct dns_host *h;

	for (h = dns_shelf_find(&d->hosts, dns_key_name(d->seed, host));
	    h != NULL; h = dns_shelf_next(&d->hosts, h)) {
		if (!dns_known(d, h, at) || !fails(h, at, out))
			continue;
		strcpy(out->host, host);
		out->resolver = h->resolver;
		return true;
	}
	return false;
}
