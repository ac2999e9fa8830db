/* SPDX-License-Identifier: ISC */
/*
 * store/decimal.h -- a number in digits, where printf would cost more than
 * all around it.
 */
#ifndef STORE_DECIMAL_H
#define STORE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_MAX	20	/* digits of 64 bits */

/* Without a NUL; the digits written. */
static inline size_t
decimal_put(char *out, uint64_t number)
{
	char digits[DECIMAL_MAX];
	size_t at = sizeof(digits), len;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	len = sizeof(digits) - at;
	for (size_t i = 0; i < len; i++)
		out[i] = digits[at + i];
	return len;
}

#endif
