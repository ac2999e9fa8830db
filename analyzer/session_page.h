/* SPDX-License-Identifier: ISC */
/*
 * analyzer/session_page.h -- one session in full, for reading.
 *
 * A sentence, the facts in groups, the findings, the dialogue, and what to
 * do next.
 */
#ifndef ANALYZER_SESSION_PAGE_H
#define ANALYZER_SESSION_PAGE_H

#include "analyzer/render.h"
#include "analyzer/session_load.h"

struct page {
	const struct render_style	*style;
	const json_t			*facts;
	const char			*damage;	/* NULL: none */
	const char			*path;		/* of the database */
};

void	session_page(const struct page *p);

/* Parts of it, in its order (session_facts.c). */
void	session_page_facts(const struct page *p);

/* Building blocks, shared by the parts.  Values may be a stranger's. */
void	page_heading(const struct page *p, const char *title);
/* "  label        value"; nothing if the value is NULL. */
void	page_field(const struct page *p, const char *label,
	    const char *value);
/* Likewise with a label of any length: "  label: value". */
void	page_line(const struct page *p, const char *label,
	    const char *value);
void	page_put(const struct page *p, const char *text);
void	page_colour(const struct page *p, const char *sequence);

#endif
