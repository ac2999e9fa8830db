/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "tls/names.h"
#include "tls/tls.h"

struct cipher {
	uint16_t	 value;
	const char	*name;
};

static const struct cipher ciphers[] = {
#define CIPHER(value, name)	{ value, name },
#include "tls/cipher_names.def"
#undef CIPHER
};

#define CIPHERS	(sizeof(ciphers) / sizeof(ciphers[0]))

const char *
tls_names_cipher(uint16_t value)
{
	size_t low = 0, high = CIPHERS, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (ciphers[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < CIPHERS && ciphers[low].value == value ?
	    ciphers[low].name : NULL;
}

const char *
tls_cipher_name(uint16_t cipher, char buffer[7])
{
	const char *name = tls_names_cipher(cipher);

	if (name != NULL)
		return name;
	snprintf(buffer, 7, "0x%04x", cipher);
	return buffer;
}

/* TLS Alerts, IANA: RFC 8446 section 6, and those of older versions. */
static const char *const alerts[UINT8_MAX + 1] = {
	[0] = "close_notify",
	[10] = "unexpected_message",
	[20] = "bad_record_mac",
	[21] = "decryption_failed",
	[22] = "record_overflow",
	[30] = "decompression_failure",
	[40] = "handshake_failure",
	[41] = "no_certificate",
	[42] = "bad_certificate",
	[43] = "unsupported_certificate",
	[44] = "certificate_revoked",
	[45] = "certificate_expired",
	[46] = "certificate_unknown",
	[47] = "illegal_parameter",
	[48] = "unknown_ca",
	[49] = "access_denied",
	[50] = "decode_error",
	[51] = "decrypt_error",
	[60] = "export_restriction",
	[70] = "protocol_version",
	[71] = "insufficient_security",
	[80] = "internal_error",
	[86] = "inappropriate_fallback",
	[90] = "user_canceled",
	[100] = "no_renegotiation",
	[109] = "missing_extension",
	[110] = "unsupported_extension",
	[111] = "certificate_unobtainable",
	[112] = "unrecognized_name",
	[113] = "bad_certificate_status_response",
	[114] = "bad_certificate_hash_value",
	[115] = "unknown_psk_identity",
	[116] = "certificate_required",
	[120] = "no_application_protocol",
	[121] = "ech_required",
};

const char *
tls_alert_name(uint8_t code, char buffer[TLS_ALERT_MAX])
{
	if (alerts[code] != NULL)
		snprintf(buffer, TLS_ALERT_MAX, "%s (%u)", alerts[code], code);
	else
		snprintf(buffer, TLS_ALERT_MAX, "%u", code);
	return buffer;
}

const char *
tls_version_name(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "TLSv1.3";
	case 0x0303:
		return "TLSv1.2";
	case 0x0302:
		return "TLSv1.1";
	case 0x0301:
		return "TLSv1.0";
	case 0x0300:
		return "SSLv3";
	case 0x0002:
		return "SSLv2";
	case 0:
		return "";
	}
	return "unknown";
}

static bool
starts(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

bool
tls_names_without_certificate(uint16_t cipher)
{
	const char *name = tls_names_cipher(cipher);

	return name != NULL && (strstr(name, "_anon_") != NULL ||
	    starts(name, "TLS_PSK_") || starts(name, "TLS_DHE_PSK_") ||
	    starts(name, "TLS_ECDHE_PSK_") || starts(name, "TLS_KRB5_") ||
	    starts(name, "TLS_SRP_SHA_WITH_") ||
	    starts(name, "TLS_ECCPWD_") || starts(name, "TLS_ECJPAKE_"));
}
