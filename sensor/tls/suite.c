/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "tls/names.h"
#include "tls/suite.h"

/*
 * The table: what stands in a suite's name, from the worst on; the first that
 * is found decides.  A name in which nothing of it stands has a key exchange
 * that is the server's key itself, or one agreed beforehand.
 */
static const struct {
	const char	*part;
	enum suite_grade grade;
} table[] = {
	{ "_NULL",		SUITE_BROKEN },
	{ "TLS_SHA",		SUITE_BROKEN },	/* RFC 9150: integrity alone */
	{ "_EXPORT",		SUITE_BROKEN },
	{ "_anon_",		SUITE_BROKEN },
	{ "_40_",		SUITE_BROKEN },
	{ "_56_",		SUITE_BROKEN },
	{ "_DES40_",		SUITE_BROKEN },
	{ "_DES_",		SUITE_BROKEN },
	{ "_RC4_",		SUITE_WEAK },
	{ "_RC2_",		SUITE_WEAK },
	{ "_3DES_",		SUITE_WEAK },
	{ "_IDEA_",		SUITE_WEAK },
	{ "_FORTEZZA_",		SUITE_WEAK },
	{ "TLS_AES_",		SUITE_AEAD },	/* TLS 1.3 */
	{ "TLS_CHACHA20_",	SUITE_AEAD },
	{ "TLS_AEGIS_",		SUITE_AEAD },
	{ "TLS_SM4_",		SUITE_AEAD },
};

/* Keys of the moment: Diffie-Hellman, or agreed on by password. */
static const char *const	fresh[] = {
	"TLS_ECDHE_", "TLS_DHE_", "TLS_PSK_DHE_", "TLS_SRP_", "TLS_ECCPWD_",
	"TLS_ECJPAKE_",
};

static const char *const	authenticated[] = {
	"_GCM_", "_CCM", "_POLY1305_", "_MGM_",
};

#define COUNT(list)	(sizeof(list) / sizeof((list)[0]))

static bool
is_fresh(const char *name)
{
	for (size_t i = 0; i < COUNT(fresh); i++)
		if (strncmp(name, fresh[i], strlen(fresh[i])) == 0)
			return true;
	return false;
}

/* No cipher: what a hello lists beside them. */
static bool
is_signal(const char *name)
{
	return strstr(name, "_SCSV") != NULL;
}

enum suite_grade
suite_grade(uint16_t cipher)
{
	const char *name;

	/* most are of TLS 1.3 (RFC 8446 B.4) */
	if (cipher >= 0x1301 && cipher <= 0x1305)
		return SUITE_AEAD;
	if ((name = tls_names_cipher(cipher)) == NULL || is_signal(name))
		return SUITE_UNKNOWN;
	for (size_t i = 0; i < COUNT(table); i++)
		if (strstr(name, table[i].part) != NULL)
			return table[i].grade;
	if (!is_fresh(name))
		return SUITE_STATIC;
	for (size_t i = 0; i < COUNT(authenticated); i++)
		if (strstr(name, authenticated[i]) != NULL)
			return SUITE_AEAD;
	return SUITE_CBC;
}

const char *
suite_grade_words(enum suite_grade grade)
{
	switch (grade) {
	case SUITE_UNKNOWN:
	case SUITE_GRADES:
		break;
	case SUITE_BROKEN:
		return "no protection from who is in between";
	case SUITE_WEAK:
		return "a weak cipher";
	case SUITE_STATIC:
		return "no forward secrecy";
	case SUITE_CBC:
		return "forward secrecy";
	case SUITE_AEAD:
		return "forward secrecy and authenticated encryption";
	}
	return "an unknown suite";
}
