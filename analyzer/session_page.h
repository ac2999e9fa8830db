/* SPDX-License-Identifier: ISC */
/*
 * analyzer/session_page.h -- one session in full, for reading.
 *
 * A sentence, the facts in groups, the findings, the dialogue, and what to
 * do next.
 */
#ifndef ANALYZER_SESSION_PAGE_H
#define ANALYZER_SESSION_PAGE_H

#include "analyzer/page.h"

void	session_page(const struct page *p);

/* Parts of it, in its order (session_facts.c, session_promise.c,
 * session_again.c, session_confirmed.c). */
void	session_page_facts(const struct page *p);
void	session_page_promise(const struct page *p);
void	session_page_again(const struct page *p);
void	session_page_confirmation(const struct page *p);

#endif
