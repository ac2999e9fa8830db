/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/cursor.h"
#include "policy/tlsa.h"

#define PRIVATE_USE	255	/* RFC 6698 section 7 */

static size_t
digest_length(uint8_t matching)
{
	return matching == TLSA_SHA256 ? 32 : 64;
}

static bool
is_certificate(struct span der)
{
	const unsigned char *p = der.at;
	bool whole;
	X509 *x;

	x = d2i_X509(NULL, &p, (long)der.len);
	whole = x != NULL && p == der.at + der.len;
	X509_free(x);
	ERR_clear_error();	/* what a stranger's octets left there */
	return whole;
}

static bool
is_key(struct span der)
{
	const unsigned char *p = der.at;
	EVP_PKEY *key;
	bool whole;

	key = d2i_PUBKEY(NULL, &p, (long)der.len);
	whole = key != NULL && p == der.at + der.len;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return whole;
}

/* RFC 6698 section 4.1; RFC 7672 section 3.1.3 for the usages. */
static enum tlsa_fault
fault_of(const struct tlsa_record *r)
{
	if (r->usage == PRIVATE_USE || r->selector == PRIVATE_USE ||
	    r->matching == PRIVATE_USE)
		return TLSA_FAULT_PRIVATE;
	if (r->usage > TLSA_DANE_EE)
		return TLSA_FAULT_USAGE;
	if (r->usage < TLSA_DANE_TA)
		return TLSA_FAULT_PKIX;
	if (r->selector > TLSA_SPKI)
		return TLSA_FAULT_SELECTOR;
	if (r->matching > TLSA_SHA512)
		return TLSA_FAULT_MATCHING;
	if (r->data.len == 0)
		return TLSA_FAULT_EMPTY;
	if (r->matching != TLSA_FULL)
		return r->data.len == digest_length(r->matching) ?
		    TLSA_USABLE : TLSA_FAULT_LENGTH;
	if (r->selector == TLSA_CERT)
		return is_certificate(r->data) ? TLSA_USABLE :
		    TLSA_FAULT_CERTIFICATE;
	return is_key(r->data) ? TLSA_USABLE : TLSA_FAULT_KEY;
}

void
tlsa_clear(struct tlsa_set *s)
{
	for (unsigned i = 0; i < s->count; i++)
		free((uint8_t *)s->list[i].data.at);
	*s = (struct tlsa_set){ 0 };
}

int
tlsa_add(struct tlsa_set *s, const struct tlsa_record *r)
{
	struct tlsa_record *new;
	uint8_t *copy = NULL;

	if (s->count == TLSA_RECORDS_MAX || r->data.len > TLSA_DATA_MAX) {
		s->left_out++;
		return 0;
	}
	if (r->data.len > 0) {
		if ((copy = malloc(r->data.len)) == NULL)
			return -1;
		memcpy(copy, r->data.at, r->data.len);
	}
	new = &s->list[s->count++];
	*new = *r;
	new->data = span_of(copy, r->data.len);
	new->fault = fault_of(new);
	return 0;
}

bool
tlsa_add_rdata(struct tlsa_set *s, struct span rdata)
{
	struct cursor c = cursor_over(rdata);
	struct tlsa_record r = { 0 };

	r.usage = cursor_u8(&c);
	r.selector = cursor_u8(&c);
	r.matching = cursor_u8(&c);
	r.data = c.rest;
	return cursor_ok(&c) && tlsa_add(s, &r) == 0;
}

/* Room for any digest; 0 octets if OpenSSL cannot. */
static struct span
digest_of(uint8_t matching, struct span in, uint8_t out[EVP_MAX_MD_SIZE])
{
	const EVP_MD *how = matching == TLSA_SHA256 ? EVP_sha256() :
	    EVP_sha512();
	unsigned len = 0;

	if (EVP_Digest(in.at, in.len, out, &len, how, NULL) != 1)
		len = 0;
	return span_of(out, len);
}

bool
tlsa_add_made(struct tlsa_set *s, const struct tlsa_record *kind,
    struct span der, bool raw)
{
	const unsigned char *p = der.at;
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct tlsa_record r = *kind;
	unsigned char *key = NULL;
	X509 *x = NULL;
	bool ok = false;
	int len;

	if (r.usage > TLSA_DANE_EE || r.selector > TLSA_SPKI ||
	    r.matching > TLSA_SHA512 || (raw && r.selector == TLSA_CERT) ||
	    !(raw ? is_key(der) : is_certificate(der)))
		return false;
	r.data = der;
	if (!raw && r.selector == TLSA_SPKI) {
		x = d2i_X509(NULL, &p, (long)der.len);
		if (x == NULL || (len = i2d_X509_PUBKEY(
		    X509_get_X509_PUBKEY(x), &key)) <= 0)
			goto out;
		r.data = span_of(key, (size_t)len);
	}
	if (r.matching != TLSA_FULL)
		r.data = digest_of(r.matching, r.data, digest);
	ok = r.data.len > 0 && r.data.len <= TLSA_DATA_MAX &&
	    s->count < TLSA_RECORDS_MAX && tlsa_add(s, &r) == 0;
out:
	OPENSSL_free(key);
	X509_free(x);
	return ok;
}

unsigned
tlsa_usable(const struct tlsa_set *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->count; i++)
		n += s->list[i].fault == TLSA_USABLE;
	return n;
}

bool
tlsa_counts(const struct tlsa_set *s, unsigned i)
{
	const struct tlsa_record *r = &s->list[i], *other;

	if (r->fault != TLSA_USABLE)
		return false;
	if (r->matching == TLSA_FULL)
		return true;
	for (unsigned j = 0; j < s->count; j++) {
		other = &s->list[j];
		if (other->fault == TLSA_USABLE && other->usage == r->usage &&
		    other->selector == r->selector &&
		    other->matching > r->matching)
			return false;
	}
	return true;
}

int
tlsa_compare(const struct tlsa_record *a, const struct tlsa_record *b)
{
	size_t least = a->data.len < b->data.len ? a->data.len : b->data.len;
	int d;

	if (a->usage != b->usage)
		return a->usage < b->usage ? -1 : 1;
	if (a->selector != b->selector)
		return a->selector < b->selector ? -1 : 1;
	if (a->matching != b->matching)
		return a->matching < b->matching ? -1 : 1;
	if (least > 0 && (d = memcmp(a->data.at, b->data.at, least)) != 0)
		return d;
	return (a->data.len > b->data.len) - (a->data.len < b->data.len);
}

bool
tlsa_describes(const struct tlsa_record *r, struct span certificate,
    struct span key)
{
	struct span what = r->selector == TLSA_CERT ? certificate : key;
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (r->selector > TLSA_SPKI || r->matching > TLSA_SHA512 ||
	    what.len == 0)
		return false;
	if (r->matching != TLSA_FULL) {
		if (r->data.len != digest_length(r->matching))
			return false;
		what = digest_of(r->matching, what, digest);
	}
	return span_equal(what, r->data);
}

const char *
tlsa_fault_word(enum tlsa_fault f)
{
	static const char *const words[TLSA_FAULTS] = {
		[TLSA_USABLE] = "usable",
		[TLSA_FAULT_PKIX] = "pkix-usage",
		[TLSA_FAULT_PRIVATE] = "private-use",
		[TLSA_FAULT_USAGE] = "unknown-usage",
		[TLSA_FAULT_SELECTOR] = "unknown-selector",
		[TLSA_FAULT_MATCHING] = "unknown-matching-type",
		[TLSA_FAULT_EMPTY] = "no-data",
		[TLSA_FAULT_LENGTH] = "digest-length",
		[TLSA_FAULT_CERTIFICATE] = "no-certificate",
		[TLSA_FAULT_KEY] = "no-key",
	};

	return f < TLSA_FAULTS ? words[f] : "?";
}

static void
say_number(const struct tlsa_record *r, char out[TLSA_FAULT_TEXT_MAX])
{
	const char *what = "usage";
	unsigned number = r->usage;

	if (r->fault == TLSA_FAULT_SELECTOR) {
		what = "selector";
		number = r->selector;
	} else if (r->fault == TLSA_FAULT_MATCHING) {
		what = "matching type";
		number = r->matching;
	}
	snprintf(out, TLSA_FAULT_TEXT_MAX, "%s %u is not defined", what,
	    number);
}

void
tlsa_fault_text(const struct tlsa_record *r, char out[TLSA_FAULT_TEXT_MAX])
{
	const char *text = "";

	switch (r->fault) {
	case TLSA_USABLE:
		text = "usable";
		break;
	case TLSA_FAULT_PKIX:
		snprintf(out, TLSA_FAULT_TEXT_MAX, "usage %u (PKIX-%s) is "
		    "not for SMTP; senders ignore it", r->usage,
		    r->usage == TLSA_PKIX_TA ? "TA" : "EE");
		return;
	case TLSA_FAULT_PRIVATE:
		text = "255 is for private use and means nothing in DNS";
		break;
	case TLSA_FAULT_USAGE:
	case TLSA_FAULT_SELECTOR:
	case TLSA_FAULT_MATCHING:
		say_number(r, out);
		return;
	case TLSA_FAULT_EMPTY:
		text = "has no association data";
		break;
	case TLSA_FAULT_LENGTH:
		snprintf(out, TLSA_FAULT_TEXT_MAX, "a %s digest has %zu "
		    "octets, not %zu", r->matching == TLSA_SHA256 ?
		    "SHA2-256" : "SHA2-512", digest_length(r->matching),
		    r->data.len);
		return;
	case TLSA_FAULT_CERTIFICATE:
		text = "its data is not a certificate";
		break;
	case TLSA_FAULT_KEY:
		text = "its data is not a public key";
		break;
	case TLSA_FAULTS:
		break;
	}
	snprintf(out, TLSA_FAULT_TEXT_MAX, "%s", text);
}
