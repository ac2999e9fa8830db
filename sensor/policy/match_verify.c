/* SPDX-License-Identifier: ISC */
/*
 * DANE by OpenSSL 3.0 without a connection: an SSL that never speaks holds
 * the records and is handed to the verification of a chain.  SSL_get0_dane
 * and X509_STORE_CTX_set0_dane have no manual page, but ldns and Postfix's
 * own tests stand on them.
 *
 * Four things must be guarded against:
 *  - usages 0 and 1, which OpenSSL would verify as PKIX: tlsa.h calls them
 *    unusable, and only usable records are given to it;
 *  - no usable record at all, which it takes for "no DANE": never asked;
 *  - names checked with DANE-EE (RFC 7672 section 3.1.1 says no): a flag;
 *  - a dot at the end of a reference name, which makes it fit nothing: names
 *    come here without.
 */
#include <assert.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "policy/match_internal.h"

/* What Postfix asks of authenticated sessions: 1024 bits of RSA and SHA-1
 * are refused under a trust anchor; the leaf of a DANE-EE record is not. */
#define AUTH_LEVEL	1

#define MICROSECONDS	1000000

struct match_verifier {
	SSL_CTX		*tls;
	X509_STORE	*nothing;	/* trusted beside the records */
};

struct match_verifier *
match_verifier_new(void)
{
	struct match_verifier *v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	v->tls = SSL_CTX_new(TLS_client_method());
	v->nothing = X509_STORE_new();
	if (v->tls == NULL || v->nothing == NULL ||
	    SSL_CTX_dane_enable(v->tls) <= 0) {
		match_verifier_free(v);
		v = NULL;
	}
	ERR_clear_error();
	return v;
}

void
match_verifier_free(struct match_verifier *v)
{
	if (v == NULL)
		return;
	X509_STORE_free(v->nothing);
	SSL_CTX_free(v->tls);
	free(v);
}

bool
match_bears_name(const X509 *leaf, const struct match_names *names)
{
	for (unsigned i = 0; i < names->count; i++)
		if (X509_check_host((X509 *)leaf, names->list[i], 0,
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1)
			return true;
	return false;
}

static enum match_outcome
outcome_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return MATCH_MATCHED;
	case X509_V_ERR_DANE_NO_MATCH:
		return MATCH_MISMATCHED;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return MATCH_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return MATCH_NOT_YET_VALID;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return MATCH_NAME;
	case X509_V_ERR_INVALID_PURPOSE:
		return MATCH_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return MATCH_WEAK;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return MATCH_SIGNATURE;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_UNSPECIFIED:	/* OpenSSL itself failed */
		return MATCH_FAILED;
	default:
		return MATCH_PATH;
	}
}

/* An SSL with names and records; NULL if memory is short. */
static SSL *
promise_of(struct match_verifier *v, const struct match_task *t)
{
	const struct tlsa_record *r;
	unsigned usable = 0;
	SSL *ssl;

	if ((ssl = SSL_new(v->tls)) == NULL || SSL_dane_enable(ssl, NULL) <= 0)
		goto fail;
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (unsigned i = 0; i < t->names->count; i++)
		if (SSL_add1_host(ssl, t->names->list[i]) != 1)
			goto fail;
	for (unsigned i = 0; i < t->records->count; i++) {
		r = &t->records->list[i];
		if ((t->which >> i & 1) == 0 || r->fault != TLSA_USABLE)
			continue;
		if (SSL_dane_tlsa_add(ssl, r->usage, r->selector, r->matching,
		    r->data.at, r->data.len) > 0)
			usable++;
	}
	if (usable > 0)
		return ssl;
fail:
	SSL_free(ssl);
	return NULL;
}

static X509_STORE_CTX *
context_of(struct match_verifier *v, const struct match_task *t,
    STACK_OF(X509) *chain, SSL *ssl)
{
	X509_VERIFY_PARAM *param;
	X509_STORE_CTX *ctx;

	if ((ctx = X509_STORE_CTX_new()) == NULL)
		return NULL;
	if (!X509_STORE_CTX_init(ctx, v->nothing, t->chain->x[0], chain) ||
	    !X509_STORE_CTX_set_default(ctx, "ssl_server"))
		goto fail;
	param = X509_STORE_CTX_get0_param(ctx);
	if (!X509_VERIFY_PARAM_set1(param, SSL_get0_param(ssl)))
		goto fail;
	X509_VERIFY_PARAM_set_time(param, (time_t)(t->at / MICROSECONDS));
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl));
	return ctx;
fail:
	X509_STORE_CTX_free(ctx);
	return NULL;
}

/* Which of the set is the record that OpenSSL points at? */
static int
record_of(const struct match_task *t, SSL *ssl)
{
	struct tlsa_record hit = { 0 };
	const unsigned char *data;
	size_t len;

	if (SSL_get0_dane_tlsa(ssl, &hit.usage, &hit.selector, &hit.matching,
	    &data, &len) < 0)
		return -1;
	hit.data = span_of(data, len);
	for (unsigned i = 0; i < t->records->count; i++)
		if ((t->which >> i & 1) != 0 &&
		    tlsa_compare(&t->records->list[i], &hit) == 0)
			return (int)i;
	return -1;
}

static void
read_proof(const struct match_task *t, X509_STORE_CTX *ctx, SSL *ssl,
    struct match_proof *p)
{
	int error = X509_STORE_CTX_get_error(ctx);
	const char *name;

	p->outcome = outcome_of(error);
	if (p->outcome != MATCH_MATCHED) {
		p->error = X509_verify_cert_error_string(error);
		p->error_depth = X509_STORE_CTX_get_error_depth(ctx);
		return;
	}
	/* the two below answer for a verified connection only */
	SSL_set_verify_result(ssl, error);
	p->depth = SSL_get0_dane_authority(ssl, NULL, NULL);
	p->record = record_of(t, ssl);
	name = X509_VERIFY_PARAM_get0_peername(X509_STORE_CTX_get0_param(ctx));
	if (name != NULL && strlen(name) < sizeof(p->name))
		strcpy(p->name, name);
}

void
match_verify(struct match_verifier *v, const struct match_task *t,
    struct match_proof *p)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE_CTX *ctx = NULL;
	SSL *ssl = promise_of(v, t);
	bool ready = chain != NULL && ssl != NULL;

	/* no names would mean no name check: the caller sees to that */
	assert(t->names->count > 0);
	*p = (struct match_proof){ .outcome = MATCH_FAILED, .record = -1,
	    .depth = -1, .error_depth = -1 };
	for (unsigned i = 0; i < t->chain->count && ready; i++)
		if (t->chain->x[i] != NULL)
			ready = sk_X509_push(chain, t->chain->x[i]) > 0;
	if (ready && (ctx = context_of(v, t, chain, ssl)) != NULL) {
		(void)X509_verify_cert(ctx);
		read_proof(t, ctx, ssl, p);
	}
	X509_STORE_CTX_free(ctx);	/* before the SSL it points into */
	SSL_free(ssl);
	sk_X509_free(chain);
	ERR_clear_error();
}
