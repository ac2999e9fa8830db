/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "keys.h"
#include "random.h"
#include "writer.h"

#define DAY		86400
#define INTERMEDIATE_DAYS	900
#define ROOT_DAYS	1900

struct issuers {
	uint64_t	 seed;
	time_t		 start;
	EVP_PKEY	*root_key, *middle_key, *rsa_key;
	X509_NAME	*root_name, *middle_name;
	uint8_t		*middle;	/* DER */
	int		 middle_length;
};

/* What makes one certificate unlike the next. */
struct wish {
	X509_NAME	*subject, *issuer;
	EVP_PKEY	*key, *signer;
	const char	*name;		/* of a leaf; NULL: an authority */
	uint64_t	 serial;
	time_t		 from, until;
};

static X509_NAME *
name_new(const char *organisation, const char *common)
{
	static const char country[] = "XX";
	X509_NAME *n;

	if ((n = X509_NAME_new()) == NULL)
		return NULL;
	if (X509_NAME_add_entry_by_txt(n, "C", MBSTRING_ASC,
	    (const uint8_t *)country, -1, -1, 0) == 1 &&
	    (organisation == NULL || X509_NAME_add_entry_by_txt(n, "O",
	    MBSTRING_ASC, (const uint8_t *)organisation, -1, -1, 0) == 1) &&
	    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
	    (const uint8_t *)common, -1, -1, 0) == 1)
		return n;
	X509_NAME_free(n);
	return NULL;
}

static bool
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX context;
	bool added;

	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	if ((e = X509V3_EXT_conf_nid(NULL, &context, nid, value)) == NULL)
		return false;
	added = X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

static bool
add_octets(X509 *x, int nid, const uint8_t *der, int length)
{
	ASN1_OCTET_STRING *value;
	X509_EXTENSION *e = NULL;
	bool added = false;

	if ((value = ASN1_OCTET_STRING_new()) == NULL)
		return false;
	if (ASN1_OCTET_STRING_set(value, der, length) == 1 &&
	    (e = X509_EXTENSION_create_by_NID(NULL, nid, 0, value)) != NULL)
		added = X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	return added;
}

/* Two signed timestamps (RFC 6962 3.2) of the right form, as a public leaf
 * carries them. */
static bool
add_timestamps(X509 *x, uint64_t serial, time_t start)
{
	enum { ONE = 119, HEAD = 5, TWO = HEAD + 2 * ONE };
	uint8_t der[TWO] = { 0x04, 0x81, TWO - 3 }, *p;
	uint64_t random = serial;
	int k;

	store16(der + 3, TWO - HEAD);
	for (k = 0; k < 2; k++) {
		p = der + HEAD + k * ONE;
		random_fill(&random, p, ONE);
		store16(p, ONE - 2);
		p[2] = 0;			/* version 1; 32 of log id */
		store16(p + 35, 0);		/* time, milliseconds */
		store32(p + 37, (uint32_t)(((uint64_t)start - 2600000) *
		    1000 >> 16));
		store16(p + 43, 0);		/* no extensions */
		p[45] = 4;			/* SHA-256 */
		p[46] = 3;			/* ECDSA */
		store16(p + 47, 70);
	}
	return add_octets(x, NID_ct_precert_scts, der, sizeof(der));
}

static bool
add_authority_extensions(X509 *x)
{
	return add_extension(x, NID_basic_constraints, "critical,CA:TRUE") &&
	    add_extension(x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(x, NID_subject_key_identifier, "hash");
}

static bool
add_leaf_extensions(X509 *x, const struct wish *wish, time_t start)
{
	/* 2.23.140.1.2.1, domain validated */
	static const uint8_t policy[] = { 0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81,
		0x0c, 1, 2, 1 };
	char names[CERTIFICATE_NAME_MAX + 4];

	snprintf(names, sizeof(names), "DNS:%s", wish->name);
	return add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(x, NID_key_usage,
	    "critical,digitalSignature,keyEncipherment") &&
	    add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
	    add_extension(x, NID_subject_key_identifier, "hash") &&
	    add_extension(x, NID_subject_alt_name, names) &&
	    add_extension(x, NID_info_access, "OCSP;URI:http://ocsp.ca.test/,"
	    "caIssuers;URI:http://ca.test/mid.der") &&
	    add_octets(x, NID_certificate_policies, policy, sizeof(policy)) &&
	    add_timestamps(x, wish->serial, start);
}

/* DER to be given to OPENSSL_free; its length, or -1 after saying so. */
static int
certificate_make(uint8_t **der, const struct wish *wish, time_t start)
{
	X509 *x = X509_new();
	int length = -1;

	*der = NULL;
	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    wish->serial >> 1) == 1 &&
	    X509_set_subject_name(x, wish->subject) == 1 &&
	    X509_set_issuer_name(x, wish->issuer) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(x), wish->from) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(x), wish->until) != NULL &&
	    X509_set_pubkey(x, wish->key) == 1 &&
	    (wish->name == NULL ? add_authority_extensions(x) :
	    add_leaf_extensions(x, wish, start)) &&
	    X509_sign(x, wish->signer, NULL) > 0)
		length = i2d_X509(x, der);
	if (length <= 0)
		warnx("a certificate could not be made");
	X509_free(x);
	return length > 0 ? length : -1;
}

struct issuers *
issuers_new(uint64_t seed, uint64_t start)
{
	struct issuers *i;
	struct wish middle;

	if ((i = calloc(1, sizeof(*i))) == NULL) {
		warn("issuers");
		return NULL;
	}
	i->seed = seed;
	i->start = (time_t)start;
	i->root_key = key_ed25519("root", seed);
	i->middle_key = key_ed25519("intermediate", seed);
	i->rsa_key = key_rsa(seed);
	i->root_name = name_new("smtpgen test", "smtpgen test root");
	i->middle_name = name_new("smtpgen test", "smtpgen test intermediate");
	if (i->root_key == NULL || i->middle_key == NULL ||
	    i->rsa_key == NULL || i->root_name == NULL ||
	    i->middle_name == NULL) {
		warnx("the issuers' keys could not be made");
		goto fail;
	}
	middle = (struct wish){
		.subject = i->middle_name, .issuer = i->root_name,
		.key = i->middle_key, .signer = i->root_key,
		.serial = 4242,
		.from = i->start - INTERMEDIATE_DAYS * DAY,
		.until = i->start + INTERMEDIATE_DAYS * DAY,
	};
	i->middle_length = certificate_make(&i->middle, &middle, i->start);
	if (i->middle_length != -1)
		return i;
fail:
	issuers_free(i);
	return NULL;
}

void
issuers_free(struct issuers *i)
{
	if (i == NULL)
		return;
	OPENSSL_free(i->middle);
	X509_NAME_free(i->middle_name);
	X509_NAME_free(i->root_name);
	EVP_PKEY_free(i->rsa_key);
	EVP_PKEY_free(i->middle_key);
	EVP_PKEY_free(i->root_key);
	free(i);
}

int
issuers_write_root(const struct issuers *i, const char *path)
{
	const struct wish wish = {
		.subject = i->root_name, .issuer = i->root_name,
		.key = i->root_key, .signer = i->root_key, .serial = 4,
		.from = i->start - ROOT_DAYS * DAY,
		.until = i->start + ROOT_DAYS * DAY,
	};
	const uint8_t *p;
	uint8_t *der;
	bool written = false;
	X509 *x;
	FILE *f;
	int length;

	if ((length = certificate_make(&der, &wish, i->start)) == -1)
		return -1;
	p = der;
	x = d2i_X509(NULL, &p, length);
	if ((f = fopen(path, "w")) != NULL) {
		written = x != NULL && PEM_write_X509(f, x) == 1;
		written = fclose(f) == 0 && written;
	}
	if (!written)
		warn("%s", path);
	X509_free(x);
	OPENSSL_free(der);
	return written ? 0 : -1;
}

/* The message: a length, then each certificate behind its own. */
static int
chain_lay_out(struct chain *c, const struct issuers *i, const uint8_t *leaf,
    int length, bool alone)
{
	uint32_t n = (uint32_t)length, m = (uint32_t)i->middle_length;
	uint32_t all = 3 + n + (alone ? 0 : 3 + m);

	if ((c->body = malloc(3 + all)) == NULL) {
		warn("chain");
		return -1;
	}
	c->length = 3 + all;
	store24(c->body, all);
	store24(c->body + 3, n);
	memcpy(c->body + 6, leaf, n);
	if (!alone) {
		store24(c->body + 6 + n, m);
		memcpy(c->body + 9 + n, i->middle, m);
	}
	key_digest(leaf, n, c->leaf_sha256);
	return 0;
}

int
chain_make(struct chain *c, const struct issuers *i, uint32_t n,
    const char *name, enum certificate_fault fault)
{
	bool alone = fault == CERTIFICATE_SELF_SIGNED;
	struct wish wish = {
		.serial = random_scramble(i->seed * 31 + n),
		.from = i->start - 30 * DAY,
		.until = i->start + 60 * DAY,
		.name = name,
	};
	char wrong[CERTIFICATE_NAME_MAX];
	EVP_PKEY *own = NULL;
	uint8_t *leaf = NULL;
	int length, made = -1;

	if (fault == CERTIFICATE_EXPIRED) {
		wish.from = i->start - 400 * DAY;
		wish.until = i->start - 35 * DAY;
	}
	if (fault == CERTIFICATE_MISNAMED) {
		snprintf(wrong, sizeof(wrong), "*.other%u.example", n);
		wish.name = wrong;
	}
	wish.subject = name_new(NULL, wish.name);
	if (alone)
		own = key_ed25519(wish.name, i->seed);
	else if (n % 10 >= 6)
		own = key_p256(n, i->seed);
	wish.key = own != NULL ? own : i->rsa_key;
	wish.signer = alone ? own : i->middle_key;
	wish.issuer = alone ? wish.subject : i->middle_name;
	if (wish.subject == NULL || wish.signer == NULL)
		warnx("a server's key could not be made");
	else if ((length = certificate_make(&leaf, &wish, i->start)) != -1)
		made = chain_lay_out(c, i, leaf, length, alone);
	OPENSSL_free(leaf);
	EVP_PKEY_free(own);
	X509_NAME_free(wish.subject);
	return made;
}

void
chain_free(struct chain *c)
{
	free(c->body);
	c->body = NULL;
}
