/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/addr.h"
#include "base/escape.h"
#include "tls/certificate_internal.h"

#define NAME_MAX_OCTETS	1024	/* of subject or issuer as text */
#define SAN_MAX_OCTETS	4096	/* of all alternative names as text */

/*
 * Certificate, RFC 5280 section 4.1, as OpenSSL's own template has it, but
 * for the key: d2i_X509() makes every key ready for use, which costs three
 * times as much as all the rest, and nothing here is ever verified.
 */
struct key {
	X509_ALGOR		*algorithm;
	ASN1_BIT_STRING		*bits;
};

struct told {				/* TBSCertificate */
	ASN1_INTEGER		*version, *serial;
	X509_ALGOR		*algorithm;
	X509_NAME		*issuer, *subject;
	X509_VAL		*validity;
	struct key		*key;
	ASN1_BIT_STRING		*issuer_uid, *subject_uid;
	STACK_OF(X509_EXTENSION) *extensions;
};

struct signed_told {
	struct told		*told;
	X509_ALGOR		*algorithm;
	ASN1_BIT_STRING		*signature;
};

ASN1_SEQUENCE(KEY) = {
	ASN1_SIMPLE(struct key, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct key, bits, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct key, KEY)

ASN1_SEQUENCE(TOLD) = {
	ASN1_EXP_OPT(struct told, version, ASN1_INTEGER, 0),
	ASN1_SIMPLE(struct told, serial, ASN1_INTEGER),
	ASN1_SIMPLE(struct told, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct told, issuer, X509_NAME),
	ASN1_SIMPLE(struct told, validity, X509_VAL),
	ASN1_SIMPLE(struct told, subject, X509_NAME),
	ASN1_SIMPLE(struct told, key, KEY),
	ASN1_IMP_OPT(struct told, issuer_uid, ASN1_BIT_STRING, 1),
	ASN1_IMP_OPT(struct told, subject_uid, ASN1_BIT_STRING, 2),
	ASN1_EXP_SEQUENCE_OF_OPT(struct told, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END_name(struct told, TOLD)

ASN1_SEQUENCE(SIGNED_TOLD) = {
	ASN1_SIMPLE(struct signed_told, told, TOLD),
	ASN1_SIMPLE(struct signed_told, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct signed_told, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct signed_told, SIGNED_TOLD)

/*
 * RFC 2253 text of a name, the leaf's end first, as OpenSSL and every tool
 * built on it print it.  Control and non-ASCII octets are escaped by it.
 */
static char *
name_text(const X509_NAME *name)
{
	char *text = NULL, *printed;
	BIO *out;
	long len;

	if ((out = BIO_new(BIO_s_mem())) == NULL)
		return NULL;
	if (X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(out, &printed);
		if (len > NAME_MAX_OCTETS)
			len = NAME_MAX_OCTETS;
		if (len >= 0 && (text = malloc((size_t)len + 1)) != NULL) {
			if (len > 0)
				memcpy(text, printed, (size_t)len);
			text[len] = '\0';
		}
	}
	BIO_free(out);
	return text;
}

/* A DNS name in lower case.  It is shown between blanks, so a blank inside
 * (which no name has) must not stay one. */
static size_t
dns_text(const ASN1_STRING *name, char *out, size_t size)
{
	struct span in = span_of(ASN1_STRING_get0_data(name),
	    (size_t)ASN1_STRING_length(name));
	size_t len = escape(in, out, size);

	for (size_t i = 0; i < len; i++)
		out[i] = out[i] == ' ' ? '?' :
		    (char)span_lower((uint8_t)out[i]);
	return len;
}

static size_t
address_text(const ASN1_STRING *address, char *out, size_t size)
{
	const uint8_t *at = ASN1_STRING_get0_data(address);
	char text[ADDR_TEXT_MAX];
	struct addr a;
	size_t len;

	switch (ASN1_STRING_length(address)) {
	case 4:
		a = addr_v4(at);
		break;
	case 16:
		a = addr_v6(at);
		break;
	default:
		return 0;
	}
	len = strlen(addr_format(&a, text));
	if (len >= size)
		return 0;
	memcpy(out, text, len + 1);
	return len;
}

/* DNS names and addresses, blank-separated; NULL if there are none. */
static char *
san_text(const struct told *x)
{
	char text[SAN_MAX_OCTETS + 1], *copy = NULL;
	const GENERAL_NAME *name;
	GENERAL_NAMES *names;
	size_t len = 0, more, from;

	if ((names = X509V3_get_d2i(x->extensions, NID_subject_alt_name,
	    NULL, NULL)) == NULL)
		return NULL;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		from = len + (len > 0);
		if (from + 1 >= sizeof(text))
			break;
		if (name->type == GEN_DNS)
			more = dns_text(name->d.dNSName, text + from,
			    sizeof(text) - from);
		else if (name->type == GEN_IPADD)
			more = address_text(name->d.iPAddress, text + from,
			    sizeof(text) - from);
		else
			continue;
		if (more == 0)
			continue;
		if (len > 0)
			text[len] = ' ';
		len = from + more;
	}
	GENERAL_NAMES_free(names);
	if (len > 0 && (copy = malloc(len + 1)) != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

/* GeneralizedTime may have a fraction (X.680 46); RFC 5280 forbids it, some
 * write it all the same. */
static int64_t
fraction(const ASN1_TIME *t)
{
	const uint8_t *at = ASN1_STRING_get0_data(t);
	int64_t micro = 0, unit = 100000;
	int i, len = ASN1_STRING_length(t);

	for (i = 0; i < len && at[i] != '.'; i++)
		;
	for (i++; i < len && at[i] >= '0' && at[i] <= '9'; i++) {
		micro += unit * (at[i] - '0');
		unit /= 10;
	}
	return micro;
}

static int64_t
moment(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm) * 1000000 + fraction(t);
}

/* OpenSSL reads no key whose algorithm it cannot name. */
static bool
is_named(const ASN1_OBJECT *algorithm)
{
	return OBJ_obj2txt(NULL, 0, algorithm, 0) > 0;
}

static void
read_key(struct certificate *c, const struct key *key, struct digest *digest)
{
	unsigned char *spki = NULL;
	int len;

	len = ASN1_item_i2d((const ASN1_VALUE *)key, &spki,
	    ASN1_ITEM_rptr(KEY));
	if (len > 0)
		digest_sha256(digest, span_of(spki, (size_t)len),
		    c->spki_sha256);
	else
		c->readable = false;
	OPENSSL_free(spki);
}

static void
read_x509(struct certificate *c, struct digest *digest)
{
	const unsigned char *p = c->der.at;
	struct signed_told *x;
	const struct told *told;

	x = (struct signed_told *)ASN1_item_d2i(NULL, &p, (long)c->der.len,
	    ASN1_ITEM_rptr(SIGNED_TOLD));
	told = x != NULL ? x->told : NULL;
	/* octets behind the certificate: peers refuse it, and so do we */
	if (x != NULL && p == c->der.at + c->der.len &&
	    is_named(told->key->algorithm->algorithm)) {
		c->readable = true;
		read_key(c, told->key, digest);
	}
	if (c->readable) {
		c->subject = name_text(told->subject);
		c->issuer = name_text(told->issuer);
		c->san = san_text(told);
		c->not_before = moment(told->validity->notBefore);
		c->not_after = moment(told->validity->notAfter);
	}
	ASN1_item_free((ASN1_VALUE *)x, ASN1_ITEM_rptr(SIGNED_TOLD));
	ERR_clear_error();	/* what a stranger's octets left there */
}

struct certificate_kept *
certificate_read(struct span der, struct digest *digest)
{
	struct certificate_kept *k;
	uint8_t *copy;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	atomic_init(&k->holders, 1);
	digest_sha256(digest, der, k->seen.sha256);
	if (der.len == 0 || der.len > CERTIFICATE_MAX)
		return k;
	if ((copy = malloc(der.len)) == NULL) {
		free(k);
		return NULL;
	}
	memcpy(copy, der.at, der.len);
	k->seen.der = span_of(copy, der.len);
	read_x509(&k->seen, digest);
	return k;
}

struct certificate *
certificate_take(struct certificate *c)
{
	struct certificate_kept *k = (struct certificate_kept *)c;

	atomic_fetch_add_explicit(&k->holders, 1, memory_order_relaxed);
	return c;
}

void
certificate_drop(struct certificate *c)
{
	struct certificate_kept *k = (struct certificate_kept *)c;
	unsigned before;

	if (c == NULL)
		return;
	before = atomic_fetch_sub_explicit(&k->holders, 1,
	    memory_order_acq_rel);
	assert(before > 0);
	if (before > 1)
		return;
	free((char *)c->subject);
	free((char *)c->issuer);
	free((char *)c->san);
	free((uint8_t *)c->der.at);
	free(k);
}
