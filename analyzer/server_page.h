/* SPDX-License-Identifier: ISC */
/*
 * analyzer/server_page.h -- one server's life, for reading.
 */
#ifndef ANALYZER_SERVER_PAGE_H
#define ANALYZER_SERVER_PAGE_H

#include "analyzer/page.h"

/* `facts` as server_load() has them. */
void	server_page(const struct page *p);

/* What it said and showed: EHLO replies, certificates, TLS
 * (server_shown.c). */
void	server_page_replies(const struct page *p);
void	server_page_certificates(const struct page *p);
void	server_page_tls(const struct page *p);

/* "2026-03-01 12:00", or with `day` only the date; "?" if unknown. */
#define SERVER_WHEN	24
const char	*server_page_when(const json_t *row, const char *name,
		    bool day, char out[SERVER_WHEN]);

#endif
