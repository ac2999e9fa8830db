/* SPDX-License-Identifier: ISC */
#include <time.h>

#include <openssl/err.h>

#include "policy/match_internal.h"

#define MICROSECONDS	1000000

static X509 *
read_certificate(struct span der)
{
	const unsigned char *p = der.at;
	X509 *x;

	x = d2i_X509(NULL, &p, (long)der.len);
	if (x != NULL && p != der.at + der.len) {
		X509_free(x);	/* octets behind it: peers refuse it too */
		x = NULL;
	}
	return x;
}

unsigned
match_chain_kept(const struct match_question *q)
{
	size_t octets = 0;
	unsigned n;

	for (n = 0; n < q->chain_count && n < MATCH_CHAIN_MAX; n++) {
		octets += q->chain[n].len;
		if (octets > MATCH_CHAIN_OCTETS)
			break;
	}
	return n;
}

void
match_read_chain(struct match_chain *c, const struct match_question *q)
{
	unsigned char *spki;
	int len;

	c->count = match_chain_kept(q);
	c->cut = c->count < q->chain_count || c->count < q->chain_sent;
	for (unsigned i = 0; i < c->count; i++) {
		c->der[i] = q->chain[i];
		if ((c->x[i] = read_certificate(q->chain[i])) == NULL) {
			c->damaged = true;
			continue;
		}
		spki = NULL;
		len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x[i]), &spki);
		if (len > 0)
			c->spki[i] = span_of(spki, (size_t)len);
	}
	ERR_clear_error();	/* what a stranger's octets left there */
}

void
match_forget_chain(struct match_chain *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		OPENSSL_free((unsigned char *)c->spki[i].at);
		X509_free(c->x[i]);
	}
}

/*
 * A host name: labels of letters, digits, hyphens and underscores.  No empty
 * label, as to OpenSSL a dot in front means "anything below"; no last label
 * of digits alone, which would be an address.
 */
static bool
is_host_name(struct span name)
{
	size_t label = 0;
	bool digits = true;
	uint8_t c;

	if (name.len == 0 || name.len >= MATCH_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		c = span_lower(name.at[i]);
		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_') || ++label > 63)
			return false;
		digits = digits && c >= '0' && c <= '9';
	}
	return label > 0 && !digits;
}

void
match_read_names(struct match_names *n, const struct match_question *q)
{
	struct span name;

	for (unsigned i = 0; i < q->names_count &&
	    n->count < MATCH_NAMES_MAX; i++) {
		if (q->names[i] == NULL)
			continue;
		name = span_text(q->names[i]);
		if (name.len > 0 && name.at[name.len - 1] == '.')
			name.len--;
		if (!is_host_name(name))
			continue;
		memcpy(n->list[n->count], name.at, name.len);
		n->list[n->count][name.len] = '\0';
		n->count++;
	}
}

int64_t
match_moment(const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm) * MICROSECONDS;
}

/* Nothing of the answer changes but when a certificate begins or ends: the
 * second of each that lies next to `at` on either side. */
static void
bound(struct match_result *r, int64_t at, const ASN1_TIME *time)
{
	int64_t when = match_moment(time);

	if (when == 0)
		return;		/* unreadable: never valid, at no time */
	if (when <= at && when > r->from)
		r->from = when;
	if (when > at && when < r->until)
		r->until = when;
}

static void
bound_by(struct match_result *r, int64_t at, const X509 *x)
{
	if (x == NULL)
		return;
	bound(r, at, X509_get0_notBefore(x));
	bound(r, at, X509_get0_notAfter(x));
}

void
match_bounds(struct match_result *r, const struct match_question *q,
    const struct match_chain *c)
{
	const struct tlsa_record *t;
	X509 *x;

	r->from = INT64_MIN;
	r->until = INT64_MAX;
	for (unsigned i = 0; i < c->count; i++)
		bound_by(r, q->at, c->x[i]);
	/* trust anchors that are in DNS in full */
	for (unsigned i = 0; i < q->records->count; i++) {
		t = &q->records->list[i];
		if (t->fault != TLSA_USABLE || t->selector != TLSA_CERT ||
		    t->matching != TLSA_FULL)
			continue;
		x = read_certificate(t->data);
		bound_by(r, q->at, x);
		X509_free(x);
	}
}
