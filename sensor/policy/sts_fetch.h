/* SPDX-License-Identifier: ISC */
/*
 * policy/sts_fetch.h -- MTA-STS policies over HTTPS, by libcurl, as RFC 8461
 * section 3.3 wants: no redirects, a certificate that is valid for the
 * host, text/plain, 64 KiB, a time limit.  Addresses are given, not looked
 * up: all our DNS goes through one resolver.
 */
#ifndef POLICY_STS_FETCH_H
#define POLICY_STS_FETCH_H

#include "base/addr.h"
#include "base/span.h"

struct sts_fetch_options {
	uint16_t	 port;
	const char	*ca_file;	/* NULL: the system's */
	uint32_t	 timeout_ms;
};

/* NULL after saying why. */
struct sts_fetcher;
struct sts_fetcher	*sts_fetcher_new(const struct sts_fetch_options *o);
/* Fetches still open end without a word. */
void			 sts_fetcher_free(struct sts_fetcher *f);

/* Once per fetch, from sts_fetcher_run(); `text` is read during the call.
 * `why` is NULL when it is a policy's text, else what went wrong. */
typedef void	sts_fetched(void *context, struct span text, const char *why);

bool	sts_fetcher_start(struct sts_fetcher *f, const char *domain,
	    const struct addr *at, unsigned n, sts_fetched *done,
	    void *context);

int	sts_fetcher_fd(const struct sts_fetcher *f);
int	sts_fetcher_wait_ms(const struct sts_fetcher *f);
void	sts_fetcher_run(struct sts_fetcher *f);

/* Not loopback, private or link-local: strangers choose where we fetch. */
bool	sts_fetch_is_public(const struct addr *a);

#endif
