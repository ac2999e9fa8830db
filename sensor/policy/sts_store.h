/* SPDX-License-Identifier: ISC */
/*
 * policy/sts_store.h -- MTA-STS policies known, and those being fetched.
 *
 * A policy rules until its max_age has passed, whatever the DNS says since
 * (RFC 8461 section 5.1): so it outlives the process, as lines of text that
 * somebody keeps for us.
 */
#ifndef POLICY_STS_STORE_H
#define POLICY_STS_STORE_H

#include "base/addr.h"
#include "policy/inquiry.h"
#include "policy/sts.h"

#define STS_LINE_MAX	(STS_MX_MAX * LOOKUP_NAME_MAX + 512)

struct sts_options {
	uint16_t	 port;		/* 443; another is for tests */
	const char	*ca_file;	/* NULL: the system's */
	bool		 private_ok;	/* fetch from private addresses too */
	unsigned	 limit;		/* policies known */
	unsigned	 fetches;	/* at once */
	uint32_t	 timeout_ms;	/* RFC 8461 section 3.3: a minute */
	uint32_t	 retry_s;	/* after a failed fetch */
	/* A policy was learnt or renewed; keep its line.  May be NULL. */
	void		(*keep)(void *context, const char *line);
	void		*context;
};

#define STS_OPTIONS_DEFAULT	{ .port = 443, .limit = 4096, .fetches = 8, \
				  .timeout_ms = 10000, .retry_s = 300 }

struct sts_store;

/* NULL after saying why. */
struct sts_store	*sts_store_new(const struct sts_options *o);
void			 sts_store_free(struct sts_store *s);

/* A line that `keep` got before.  False: it is none, or it is too old. */
bool	sts_store_load(struct sts_store *s, const char *line, int64_t now);

/* What such a line says. */
struct sts_line {
	char		 domain[LOOKUP_NAME_MAX], id[STS_ID_MAX], mode[16];
	int64_t		 expires;	/* microseconds */
	uint32_t	 max_age;	/* seconds */
	const char	*mx;		/* patterns, by commas; in the line */
};

/* False: it is none. */
bool	sts_line_read(const char *line, struct sts_line *l);

/* Who waits for a fetch is told once, from sts_store_run(). */
typedef void	sts_told(void *context);

/*
 * What MTA-STS asks of mail for `domain` to `host` ("": not known).  False:
 * the inquiry wants more, or (then *fetching) `told` will be called.
 */
bool	sts_judge(struct sts_verdict *v, struct sts_store *s,
	    const char *domain, const char *host, struct inquiry *i,
	    sts_told *told, void *context, bool *fetching);

/* Poll, and run, as in resolver.h. */
int	sts_store_fd(const struct sts_store *s);
int	sts_store_wait_ms(const struct sts_store *s);
void	sts_store_run(struct sts_store *s);

/* The caller of policy_free() will not be told any more. */
void	sts_store_forget(struct sts_store *s, void *context);

#endif
