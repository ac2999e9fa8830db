/* SPDX-License-Identifier: ISC */
/*
 * policy_certificates.h -- certificates for one test run, made while it
 * runs: no key is stored in the tree.
 *
 * A `card` is what is wanted of a certificate; issued by another, or by
 * itself.  Dates are days from the moment MADE_AT.
 */
#ifndef TESTS_POLICY_CERTIFICATES_H
#define TESTS_POLICY_CERTIFICATES_H

#include <assert.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/span.h"

#define MADE_AT		1772366400	/* 2026-03-01 12:00:00 UTC */
#define DAY		86400

enum made_key { MADE_EC, MADE_RSA, MADE_RSA_1024, MADE_ED25519 };

struct made {
	X509		*x;
	EVP_PKEY	*key;
	struct span	 der, spki;
};

struct card {
	const char	*cn;		/* NULL: an empty subject */
	const char	*san;		/* "DNS:mx.example,DNS:b"; NULL: none */
	const struct made *issuer;	/* NULL: itself */
	const struct made *rekey;	/* its key again; NULL: a new one */
	bool		 ca;
	const char	*path;		/* other basicConstraints */
	const char	*usage;		/* extendedKeyUsage; NULL: none */
	const char	*constraints;	/* nameConstraints; NULL: none */
	enum made_key	 key;
	bool		 sha1;
	int		 from, to;	/* days; both 0: -30 and 335 */
};

static inline EVP_PKEY *
made_key(enum made_key kind)
{
	switch (kind) {
	case MADE_EC:
		return EVP_EC_gen("P-256");
	case MADE_RSA:
		return EVP_RSA_gen(2048);
	case MADE_RSA_1024:
		return EVP_RSA_gen(1024);
	case MADE_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
	return NULL;
}

static inline void
made_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(e != NULL);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static inline void
made_name(X509 *x, const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	if (cn != NULL)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		    (const unsigned char *)cn, -1, -1, 0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
}

static inline void
made_octets(struct made *m)
{
	unsigned char *der = NULL, *spki = NULL;
	int len;

	len = i2d_X509(m->x, &der);
	assert(len > 0);
	m->der = span_of(der, (size_t)len);
	len = i2d_PUBKEY(m->key, &spki);
	assert(len > 0);
	m->spki = span_of(spki, (size_t)len);
}

static inline void
make_certificate(struct made *m, const struct card *c)
{
	static long serial = 1000;
	const struct made *by = c->issuer != NULL ? c->issuer : m;
	bool usual = c->from == 0 && c->to == 0;
	const EVP_MD *md = c->sha1 ? EVP_sha1() : EVP_sha256();
	int signed_with;

	m->x = X509_new();
	if (c->rekey != NULL) {
		m->key = c->rekey->key;
		EVP_PKEY_up_ref(m->key);
	} else {
		m->key = made_key(c->key);
	}
	assert(m->x != NULL && m->key != NULL);
	X509_set_version(m->x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(m->x), serial++);
	ASN1_TIME_set(X509_getm_notBefore(m->x),
	    MADE_AT + (time_t)(usual ? -30 : c->from) * DAY);
	ASN1_TIME_set(X509_getm_notAfter(m->x),
	    MADE_AT + (time_t)(usual ? 335 : c->to) * DAY);
	made_name(m->x, c->cn);
	X509_set_issuer_name(m->x, X509_get_subject_name(by->x));
	X509_set_pubkey(m->x, m->key);
	made_extension(m->x, by->x, NID_basic_constraints, c->path != NULL ?
	    c->path : c->ca ? "critical,CA:TRUE" : NULL);
	if (c->ca)
		made_extension(m->x, by->x, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	made_extension(m->x, by->x, NID_subject_alt_name, c->san);
	made_extension(m->x, by->x, NID_ext_key_usage, c->usage);
	made_extension(m->x, by->x, NID_name_constraints, c->constraints);
	if (EVP_PKEY_get_id(by->key) == EVP_PKEY_ED25519)
		md = NULL;
	signed_with = X509_sign(m->x, by->key, md);
	assert(signed_with > 0);
	made_octets(m);
}

static inline void
made_free(struct made *m)
{
	OPENSSL_free((unsigned char *)m->der.at);
	OPENSSL_free((unsigned char *)m->spki.at);
	EVP_PKEY_free(m->key);
	X509_free(m->x);
	*m = (struct made){ 0 };
}

#endif
