/* SPDX-License-Identifier: ISC */
/*
 * analyzer/page.h -- one thing in full, for reading: headings, labelled
 * fields and lists, as wide as the terminal.
 */
#ifndef ANALYZER_PAGE_H
#define ANALYZER_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyzer/render.h"

#define PAGE_LABEL	14	/* columns of a label */

#define PAGE_BOLD	"\033[1m"
#define PAGE_DIM	"\033[2m"
#define PAGE_RED	"\033[31m"
#define PAGE_YELLOW	"\033[33m"
#define PAGE_CYAN	"\033[36m"
#define PAGE_PLAIN	"\033[0m"

struct page {
	const struct render_style	*style;
	const json_t			*facts;	/* what it is about */
	const char			*damage;	/* of its source; NULL */
	const char			*path;		/* of the database */
};

/* Members of a JSON object: NULL or 0 if unknown. */
const char	*page_text(const json_t *facts, const char *name);
json_int_t	 page_number(const json_t *facts, const char *name);
/* A time in RFC 3339; false if it is unknown. */
bool		 page_time(const json_t *facts, const char *name,
		    int64_t *time);

/* All below: values may be a stranger's, labels are ours. */
void	page_heading(const struct page *p, const char *title);
/* "  label        value", wrapped; nothing if the value is NULL. */
void	page_field(const struct page *p, const char *label,
	    const char *value);
void	page_fieldf(const struct page *p, const char *label,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Likewise with a label of any length: "  label: value". */
void	page_line(const struct page *p, const char *label,
	    const char *value);
/* Wrapped between columns `indent` and the width; the first line begins
 * where the cursor is, which is at `indent`. */
void	page_wrapped(const struct page *p, const char *value, size_t indent);
void	page_put(const struct page *p, const char *text);
/* Nothing where there are no colours. */
void	page_colour(const struct page *p, const char *sequence);
const char	*page_severity_colour(const char *word);
const char	*page_verdict_colour(const char *word);

/* A list of strings in one field: "a, b". */
void	page_list(const struct page *p, const char *label,
	    const json_t *list);

/* What decided a finding: expected, seen, packets and lines. */
void	page_evidence(const struct page *p, const json_t *evidence);

#endif
