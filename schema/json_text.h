/* SPDX-License-Identifier: ISC */
/*
 * schema/json_text.h -- JSON written down as it comes.
 *
 * For what is made a hundred thousand times a second and read rarely: no
 * tree, one growing buffer.  The caller sets the commas and brackets.
 */
#ifndef SCHEMA_JSON_TEXT_H
#define SCHEMA_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
	char	*at;		/* NUL-terminated; NULL: nothing yet */
	size_t	 len, size;
	bool	 failed;	/* memory was short: `at` is cut */
};

/* As they stand: brackets, commas, keys. */
void	json_text_raw(struct json_text *j, const char *text);
/* In quotes and escaped; NULL: null. */
void	json_text_string(struct json_text *j, const char *text);
void	json_text_number(struct json_text *j, int64_t number);
void	json_text_free(struct json_text *j);

#endif
