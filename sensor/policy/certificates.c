/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/escape.h"
#include "policy/certificates.h"
#include "policy/match_internal.h"

static bool
copy_of(struct span s, struct span *out)
{
	uint8_t *copy;

	if ((copy = malloc(s.len + 1)) == NULL)
		return false;
	memcpy(copy, s.at, s.len);
	*out = span_of(copy, s.len);
	return true;
}

static bool
is_der(struct span text)
{
	const unsigned char *p = text.at;
	X509 *x = d2i_X509(NULL, &p, (long)text.len);
	bool whole = x != NULL && p == text.at + text.len;

	X509_free(x);
	return whole;
}

static bool
is_certificate_block(const char *name)
{
	return strcmp(name, PEM_STRING_X509) == 0 ||
	    strcmp(name, PEM_STRING_X509_OLD) == 0 ||
	    strcmp(name, PEM_STRING_X509_TRUSTED) == 0;
}

int
certificates_read(struct span text, struct span *out, int most)
{
	unsigned char *octets;
	char *name, *header;
	int count = 0;
	long len;
	BIO *in;

	if (text.len > 0 && text.at[0] == 0x30 && is_der(text))
		return most < 1 || copy_of(text, &out[0]) ? 1 : -1;
	if (text.len > INT32_MAX ||
	    (in = BIO_new_mem_buf(text.at, (int)text.len)) == NULL)
		return -1;
	while (count >= 0 && PEM_read_bio(in, &name, &header, &octets,
	    &len) == 1) {
		if (is_certificate_block(name)) {
			if (count < most && !copy_of(span_of(octets,
			    (size_t)len), &out[count])) {
				while (count > 0)
					free((uint8_t *)out[--count].at);
				count = -1;
			} else {
				count++;
			}
		}
		/* a block may be somebody's key */
		OPENSSL_clear_free(octets, (size_t)len);
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	BIO_free(in);
	ERR_clear_error();
	return count;
}

static void
name_text(const X509_NAME *name, char out[CERTIFICATE_NAME_TEXT])
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long len;

	out[0] = '\0';
	if (b != NULL && X509_NAME_print_ex(b, name, 0,
	    XN_FLAG_RFC2253) >= 0 && (len = BIO_get_mem_data(b, &text)) > 0)
		snprintf(out, CERTIFICATE_NAME_TEXT, "%.*s", (int)len, text);
	BIO_free(b);
}

static void
names_text(const X509 *x, char out[CERTIFICATE_NAMES_TEXT])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name,
	    NULL, NULL);
	const GENERAL_NAME *name;
	size_t len = 0, room;
	struct span s;

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		s = span_of(ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
		room = CERTIFICATE_NAMES_TEXT - len;
		if (4 * s.len + 2 > room)
			break;
		if (len > 0)
			out[len++] = ' ';
		len += escape(s, out + len, room - 1);
	}
	GENERAL_NAMES_free(names);
}

static void
key_text(X509 *x, char *out, size_t size)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	char group[24];

	if (key == NULL)
		snprintf(out, size, "unreadable");
	else if (EVP_PKEY_is_a(key, "RSA"))
		snprintf(out, size, "RSA %d", EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_get_group_name(key, group, sizeof(group),
	    NULL) == 1)
		snprintf(out, size, "%s", strcmp(group, "prime256v1") == 0 ?
		    "P-256" : strcmp(group, "secp384r1") == 0 ? "P-384" :
		    group);
	else
		snprintf(out, size, "%s", EVP_PKEY_get0_type_name(key));
}

static void
digest_text(struct span s, char out[2 * DIGEST_SHA256 + 1])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	out[0] = '\0';
	if (EVP_Digest(s.at, s.len, digest, &len, EVP_sha256(), NULL) == 1)
		digest_hex(span_of(digest, len), out);
}

bool
certificates_describe(struct span der, struct certificate_facts *f)
{
	const unsigned char *p = der.at;
	unsigned char *spki = NULL;
	X509 *x;
	int len;

	*f = (struct certificate_facts){ .not_before = 0 };
	if ((x = d2i_X509(NULL, &p, (long)der.len)) == NULL) {
		ERR_clear_error();
		return false;
	}
	name_text(X509_get_subject_name(x), f->subject);
	name_text(X509_get_issuer_name(x), f->issuer);
	names_text(x, f->names);
	key_text(x, f->key, sizeof(f->key));
	digest_text(der, f->sha256);
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	if (len > 0)
		digest_text(span_of(spki, (size_t)len), f->spki_sha256);
	f->not_before = match_moment(X509_get0_notBefore(x));
	f->not_after = match_moment(X509_get0_notAfter(x));
	f->self_signed = X509_NAME_cmp(X509_get_subject_name(x),
	    X509_get_issuer_name(x)) == 0;
	OPENSSL_free(spki);
	X509_free(x);
	ERR_clear_error();
	return true;
}
