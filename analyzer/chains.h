/* SPDX-License-Identifier: ISC */
/*
 * analyzer/chains.h -- certificate chains: out of a file, shown by a server
 * that is asked now, or shown to somebody while a sensor looked on.
 */
#ifndef ANALYZER_CHAINS_H
#define ANALYZER_CHAINS_H

#include "analyzer/filter.h"
#include "analyzer/options.h"
#include "analyzer/starttls.h"

#define CHAINS_MAX		8
#define CHAINS_LENGTH		STARTTLS_CHAIN_MAX
#define CHAINS_SOURCE_MAX	200

struct chain {
	struct span	 list[CHAINS_LENGTH];	/* owned; the leaf first */
	unsigned	 count, sent;
	/* "mx.pem"; "mx.example:25 (192.0.2.1), TLSv1.3"; "session 17" */
	char		 source[CHAINS_SOURCE_MAX];
	char		 host[256];		/* the server's name, or "" */
	int64_t		 at;			/* when shown; 0: now */
};

struct chains {
	struct chain	 list[CHAINS_MAX];
	unsigned	 count;
};

/* Filters that choose among what sensors saw. */
extern const struct filter_rules	chains_filters;

/*
 * Add chains from where the options say: --pem, --live, or --server and
 * --session.  STATUS_MISUSE if they name no place, STATUS_ERROR if there is
 * nothing to be had there; both said.  `c` starts with all zero.
 */
int	chains_take(struct chains *c, const struct options *o);

/* Those of one PEM or DER file; STATUS_DONE or STATUS_ERROR. */
int	chains_read(struct chains *c, const char *path);

void	chains_free(struct chains *c);

/* All of a small file, "-" being standard input; NULL after saying why. */
char	*chains_slurp(const char *path, size_t *len);

#endif
