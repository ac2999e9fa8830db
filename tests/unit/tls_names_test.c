/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tls/names.h"
#include "tls/tls.h"

static const uint16_t values[] = {
#define CIPHER(value, name)	value,
#include "tls/cipher_names.def"
#undef CIPHER
};

/* The search relies on the order. */
static void
ascending(void **state)
{
	(void)state;
	for (size_t i = 1; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i - 1] >= values[i])
			fail_msg("0x%04x stands before 0x%04x", values[i - 1],
			    values[i]);
}

static void
suites(void **state)
{
	static const struct {
		uint16_t	 value;
		const char	*want;
		bool		 without;
	} cases[] = {
		{ 0x0000, "TLS_NULL_WITH_NULL_NULL", false },
		{ 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", false },
		{ 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", true },
		{ 0x0020, "TLS_KRB5_WITH_RC4_128_SHA", true },
		{ 0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA", true },
		{ 0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA", false },
		{ 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", false },
		{ 0x1301, "TLS_AES_128_GCM_SHA256", false },
		{ 0x1305, "TLS_AES_128_CCM_8_SHA256", false },
		{ 0x5600, "TLS_FALLBACK_SCSV", false },
		{ 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", true },
		{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", false },
		{ 0xc102, "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", false },
		{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
		  false },
		{ 0xff87, "TLS_GOSTR341112_256_WITH_NULL_GOSTR3411", false },
		{ 0xabcd, "0xabcd", false },
		{ 0xffff, "0xffff", false },
	};
	char buffer[7];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(tls_cipher_name(cases[i].value, buffer),
		    cases[i].want);
		if (tls_names_without_certificate(cases[i].value) !=
		    cases[i].without)
			fail_msg("%s: certificate or not", cases[i].want);
	}
}

static void
versions(void **state)
{
	(void)state;
	assert_string_equal(tls_version_name(0x0304), "TLSv1.3");
	assert_string_equal(tls_version_name(0x0303), "TLSv1.2");
	assert_string_equal(tls_version_name(0x0302), "TLSv1.1");
	assert_string_equal(tls_version_name(0x0301), "TLSv1.0");
	assert_string_equal(tls_version_name(0x0300), "SSLv3");
	assert_string_equal(tls_version_name(0x0002), "SSLv2");
	assert_string_equal(tls_version_name(0x0399), "unknown");
}

static void
alerts(void **state)
{
	char buffer[TLS_ALERT_MAX];

	(void)state;
	assert_string_equal(tls_alert_name(0, buffer), "close_notify (0)");
	assert_string_equal(tls_alert_name(70, buffer),
	    "protocol_version (70)");
	assert_string_equal(tls_alert_name(113, buffer),
	    "bad_certificate_status_response (113)");
	assert_string_equal(tls_alert_name(255, buffer), "255");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascending),
		cmocka_unit_test(suites),
		cmocka_unit_test(versions),
		cmocka_unit_test(alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
