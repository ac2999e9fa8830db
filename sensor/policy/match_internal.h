/* SPDX-License-Identifier: ISC */
/*
 * policy/match_internal.h -- what the files of match.h share.
 */
#ifndef POLICY_MATCH_INTERNAL_H
#define POLICY_MATCH_INTERNAL_H

#include <openssl/ssl.h>

#include "policy/match.h"

#define MATCH_KEY	32		/* SHA-256 of a question */

/* A chain that has been read. */
struct match_chain {
	X509		*x[MATCH_CHAIN_MAX];	/* NULL: unreadable */
	struct span	 der[MATCH_CHAIN_MAX];	/* the question's */
	struct span	 spki[MATCH_CHAIN_MAX];	/* owned; empty: unreadable */
	unsigned	 count;
	bool		 cut;			/* there was more */
	bool		 damaged;		/* something is unreadable */
};

/* Reference names, fit to be compared. */
struct match_names {
	char		 list[MATCH_NAMES_MAX][MATCH_NAME_MAX];
	unsigned	 count;
};

/* How much of the question's chain is looked at. */
unsigned	match_chain_kept(const struct match_question *q);
void		match_read_chain(struct match_chain *c,
		    const struct match_question *q);
void		match_forget_chain(struct match_chain *c);

/* Those that are host names, without the dot at their end. */
void		match_read_names(struct match_names *n,
		    const struct match_question *q);

/* Microseconds since 1970; 0 if unreadable. */
int64_t		match_moment(const ASN1_TIME *time);

/* Set from and until: when the answer could change. */
void		match_bounds(struct match_result *r,
		    const struct match_question *q,
		    const struct match_chain *c);

/* What is given to OpenSSL. */
struct match_task {
	const struct match_chain	*chain;
	const struct tlsa_set		*records;
	uint64_t			 which;	/* a bit per record */
	const struct match_names	*names;
	int64_t				 at;
};

/* What it says. */
struct match_proof {
	enum match_outcome	 outcome;
	int			 record, depth;		/* -1: none */
	char			 name[MATCH_NAME_MAX];
	const char		*error;
	int			 error_depth;
};

struct match_verifier;		/* OpenSSL's objects, made once */

struct match_verifier	*match_verifier_new(void);
void			 match_verifier_free(struct match_verifier *v);
void			 match_verify(struct match_verifier *v,
			    const struct match_task *t, struct match_proof *p);

/* Does the leaf bear one of the names, as senders compare them? */
bool	match_bears_name(const X509 *leaf, const struct match_names *names);

struct match_cache;		/* opaque: answers by their key */

struct match_cache	*match_cache_new(unsigned entries);
void			 match_cache_free(struct match_cache *c);
/* NULL: not there, or not for that time. */
const struct match_result	*match_cache_find(struct match_cache *c,
				    const uint8_t key[MATCH_KEY], int64_t at);
/* True: something else was forgotten for it. */
bool	match_cache_keep(struct match_cache *c, const uint8_t key[MATCH_KEY],
	    const struct match_result *r);

#endif
