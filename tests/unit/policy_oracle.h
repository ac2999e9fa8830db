/* SPDX-License-Identifier: ISC */
/*
 * policy_oracle.h -- what OpenSSL says of a chain and a whole set of
 * records when asked once and straight: the measure for policy/match.
 */
#ifndef TESTS_POLICY_ORACLE_H
#define TESTS_POLICY_ORACLE_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "policy/match.h"

#define ORACLE_NO_RECORD	(-1)	/* it took none of them */

struct oracle {
	const struct match_question	*q;
	bool	ee_names;	/* check names with DANE-EE too */
	bool	all_usages;	/* also PKIX-TA and PKIX-EE */
	bool	no_store;	/* NULL instead of an empty store */
	int	level;
};

/* X509_V_OK, an error of OpenSSL, or ORACLE_NO_RECORD. */
static inline int
oracle_asks(const struct oracle *o)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	const struct tlsa_record *r;
	int taken = 0, error;
	X509_VERIFY_PARAM *p;
	const uint8_t *at;
	SSL *ssl;

	SSL_CTX_dane_enable(tls);
	ssl = SSL_new(tls);
	SSL_dane_enable(ssl, NULL);
	if (!o->ee_names)
		SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (unsigned i = 0; i < o->q->names_count; i++)
		SSL_add1_host(ssl, o->q->names[i]);
	for (unsigned i = 0; i < o->q->records->count; i++) {
		r = &o->q->records->list[i];
		if (r->usage < 2 && !o->all_usages)
			continue;
		taken += SSL_dane_tlsa_add(ssl, r->usage, r->selector,
		    r->matching, r->data.at, r->data.len) > 0;
	}
	for (unsigned i = 0; i < o->q->chain_count; i++) {
		at = o->q->chain[i].at;
		sk_X509_push(chain, d2i_X509(NULL, &at,
		    (long)o->q->chain[i].len));
	}
	X509_STORE_CTX_init(ctx, o->no_store ? NULL : store,
	    sk_X509_value(chain, 0), chain);
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set1(p, SSL_get0_param(ssl));
	X509_VERIFY_PARAM_set_time(p, (time_t)(o->q->at / 1000000));
	X509_VERIFY_PARAM_set_auth_level(p, o->level);
	X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl));
	X509_verify_cert(ctx);
	error = taken == 0 && !o->all_usages ? ORACLE_NO_RECORD :
	    X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	SSL_free(ssl);
	SSL_CTX_free(tls);
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return error;
}

#endif
