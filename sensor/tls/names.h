/* SPDX-License-Identifier: ISC */
/*
 * tls/names.h -- what can be told from the name of a cipher suite.
 * The names themselves are asked for in tls/tls.h.
 */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* IANA's name of a suite; NULL: it has none. */
const char	*tls_names_cipher(uint16_t cipher);

/* Below TLS 1.3: does the server prove itself without a certificate, or
 * not at all? */
bool	tls_names_without_certificate(uint16_t cipher);

#endif
