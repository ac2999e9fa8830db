/* SPDX-License-Identifier: ISC */
/*
 * detect/phrase.h -- sentences of findings.
 *
 * Most are a few words around names and numbers, and printf takes longer
 * over one than all rules over a session.
 */
#ifndef DETECT_PHRASE_H
#define DETECT_PHRASE_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf() and vsnprintf() write it, cut at the same octet. */
void	phrase(char *out, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	phrase_put(char *out, size_t size, const char *fmt, va_list ap)
	    __attribute__((format(printf, 3, 0)));

#endif
