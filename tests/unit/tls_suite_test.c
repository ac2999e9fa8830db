/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls/suite.h"
#include "tls/tls.h"

static const uint16_t values[] = {
#define CIPHER(value, name)	value,
#include "tls/cipher_names.def"
#undef CIPHER
};

static void
suites_have_their_grades(void **state)
{
	static const struct {
		uint16_t		cipher;
		enum suite_grade	want;
	} cases[] = {
		{ 0x0000, SUITE_BROKEN },	/* NULL */
		{ 0x0003, SUITE_BROKEN },	/* export: FREAK */
		{ 0x0014, SUITE_BROKEN },	/* DHE export: Logjam */
		{ 0x0009, SUITE_BROKEN },	/* single DES */
		{ 0x0018, SUITE_BROKEN },	/* anonymous, and RC4 */
		{ 0xc019, SUITE_BROKEN },	/* anonymous, and AES */
		{ 0xc010, SUITE_BROKEN },	/* ECDHE, and NULL */
		{ 0xc0b4, SUITE_BROKEN },	/* TLS 1.3 without secrecy */
		{ 0x000a, SUITE_WEAK },		/* RSA, 3DES */
		{ 0xc011, SUITE_WEAK },		/* ECDHE, RC4 */
		{ 0xc012, SUITE_WEAK },		/* ECDHE, 3DES */
		{ 0x002f, SUITE_STATIC },	/* RSA, CBC */
		{ 0x009d, SUITE_STATIC },	/* RSA, GCM */
		{ 0xc005, SUITE_STATIC },	/* ECDH, not ephemeral */
		{ 0x0033, SUITE_CBC },		/* DHE, CBC */
		{ 0xc014, SUITE_CBC },		/* ECDHE, CBC */
		{ 0x009e, SUITE_AEAD },		/* DHE, GCM */
		{ 0xc030, SUITE_AEAD },		/* ECDHE, GCM */
		{ 0xc0ae, SUITE_AEAD },		/* ECDHE, CCM_8 */
		{ 0xcca8, SUITE_AEAD },		/* ECDHE, ChaCha20 */
		{ 0x1301, SUITE_AEAD },
		{ 0x1303, SUITE_AEAD },
		{ 0x00ff, SUITE_UNKNOWN },	/* a signal, no suite */
		{ 0x5600, SUITE_UNKNOWN },
		{ 0xabcd, SUITE_UNKNOWN },
	};
	char buffer[7];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (suite_grade(cases[i].cipher) != cases[i].want)
			fail_msg("%s: got %s, want %s",
			    tls_cipher_name(cases[i].cipher, buffer),
			    suite_grade_words(suite_grade(cases[i].cipher)),
			    suite_grade_words(cases[i].want));
}

/* Whatever has a name has a grade, and what is good by its grade has nothing
 * bad in its name. */
static void
no_name_is_graded_better_than_it_says(void **state)
{
	static const char *const bad[] = { "NULL", "EXPORT", "anon", "DES",
	    "RC4", "RC2", "IDEA" };
	char buffer[7];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *name = tls_cipher_name(values[i], buffer);
		enum suite_grade grade = suite_grade(values[i]);

		if ((grade == SUITE_UNKNOWN) !=
		    (strstr(name, "_SCSV") != NULL))
			fail_msg("%s: %s", name, suite_grade_words(grade));
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++)
			if (grade > SUITE_WEAK && strstr(name, bad[j]))
				fail_msg("%s: %s", name,
				    suite_grade_words(grade));
		if (grade > SUITE_STATIC && (strncmp(name, "TLS_RSA_", 8) == 0
		    || strncmp(name, "TLS_DH_", 7) == 0 ||
		    strncmp(name, "TLS_ECDH_", 9) == 0))
			fail_msg("%s: %s", name, suite_grade_words(grade));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_have_their_grades),
		cmocka_unit_test(no_name_is_graded_better_than_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
