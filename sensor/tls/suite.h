/* SPDX-License-Identifier: ISC */
/*
 * tls/suite.h -- what a cipher suite is worth: a few grades, one table.
 *
 * After RFC 9325 (BCP 195) section 4, and what RFC 7457 says is done to the
 * lesser ones.  Grades are stored: never renumber.
 */
#ifndef TLS_SUITE_H
#define TLS_SUITE_H

#include <stdint.h>

enum suite_grade {
	SUITE_UNKNOWN,	/* no suite, or one that has no name */
	SUITE_BROKEN,	/* NULL, export, single DES, or anonymous: who is in
			 * between reads, or breaks the key exchange in time
			 * (RFC 9325 section 4.1, RFC 7457 sections 2.7, 2.11;
			 * FREAK, Logjam) */
	SUITE_WEAK,	/* RC4, 3DES and others of 64-bit blocks (RFC 7465,
			 * RFC 9325 section 4.1; SWEET32) */
	SUITE_STATIC,	/* no forward secrecy: who has or gets the server's
			 * key reads all of it (RFC 9325 section 4.1) */
	SUITE_CBC,	/* forward secrecy, and an old mode */
	SUITE_AEAD,	/* ... and authenticated encryption; TLS 1.3 */
	SUITE_GRADES
};

enum suite_grade	 suite_grade(uint16_t cipher);
/* "no forward secrecy": what follows "with". */
const char	*suite_grade_words(enum suite_grade grade);

#endif
