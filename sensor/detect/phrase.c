/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "detect/phrase.h"

#define DIGITS_MAX	10	/* of an unsigned int */

/* Nothing but %s, %.10s and the like, and %u? */
static bool
is_plain(const char *fmt)
{
	while ((fmt = strchr(fmt, '%')) != NULL) {
		fmt++;
		if (*fmt == '.' && fmt[1] >= '0' && fmt[1] <= '9') {
			for (fmt++; *fmt >= '0' && *fmt <= '9';)
				fmt++;
			if (*fmt != 's')
				return false;
		}
		if (*fmt != 's' && *fmt != 'u')
			return false;
	}
	return true;
}

struct sentence {
	char	*at;
	size_t	 left;		/* with the NUL */
};

static void
add(struct sentence *s, const char *text, size_t len)
{
	if (len >= s->left)
		len = s->left - 1;
	memcpy(s->at, text, len);
	s->at += len;
	s->left -= len;
}

static void
add_number(struct sentence *s, unsigned n)
{
	char digits[DIGITS_MAX];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	add(s, digits + at, sizeof(digits) - at);
}

/* Behind %: what stands there, and where it ends. */
static const char *
add_value(struct sentence *s, const char *fmt, va_list *ap)
{
	size_t most = SIZE_MAX;
	const char *text;

	if (*fmt == 'u') {
		add_number(s, va_arg(*ap, unsigned));
		return fmt + 1;
	}
	if (*fmt == '.')
		for (most = 0, fmt++; *fmt != 's'; fmt++)
			most = most * 10 + (size_t)(*fmt - '0');
	text = va_arg(*ap, const char *);
	add(s, text, strnlen(text, most));
	return fmt + 1;
}

void
phrase_put(char *out, size_t size, const char *fmt, va_list ap)
{
	struct sentence s = { .at = out, .left = size };
	const char *next;
	va_list values;

	if (size == 0 || !is_plain(fmt)) {
		vsnprintf(out, size, fmt, ap);
		return;
	}
	va_copy(values, ap);
	while ((next = strchr(fmt, '%')) != NULL) {
		add(&s, fmt, (size_t)(next - fmt));
		fmt = add_value(&s, next + 1, &values);
	}
	va_end(values);
	add(&s, fmt, strlen(fmt));
	*s.at = '\0';
}

void
phrase(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	phrase_put(out, size, fmt, ap);
	va_end(ap);
}
