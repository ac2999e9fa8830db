/* SPDX-License-Identifier: ISC */
/*
 * policy/policy.h -- what must TLS look like, between these two, and why?
 *
 *	question: recipient domains, server address and port, names seen
 *	    -> dane.h for each domain, sts.h where enabled -> the strictest
 *	answer: state, host, TLSA records, and the evidence as text
 *
 * Questions are cases that wait for the DNS, many at a time, in one thread.
 * With a snapshot they are answered at once.  The sensor asks through ask.h,
 * which puts a process in between; a one-shot program may use this directly.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/dane.h"
#include "policy/source.h"
#include "policy/sts_store.h"
#include "policy/tlsa.h"

#define POLICY_DOMAINS_MAX	16	/* of one question; more are "cut" */
#define POLICY_NAMES_MAX	8
#define POLICY_ID_MAX		33	/* hexadecimal, and the NUL */

struct policy_question {
	unsigned	ndomains;	/* none: RCPT was not seen */
	unsigned	nnames;
	char		domains[POLICY_DOMAINS_MAX][LOOKUP_NAME_MAX];
	/* names that DNS answers of the capture gave the server */
	char		names[POLICY_NAMES_MAX][LOOKUP_NAME_MAX];
	char		sni[LOOKUP_NAME_MAX];	/* these two may be "" */
	char		banner[LOOKUP_NAME_MAX];	/* its first word */
	struct addr	server;
	uint16_t	port;
	bool		curious;	/* own domains: see dane.h */
};

/* Adds a copy, cut to what a name can be; beyond the limit it is dropped. */
void	policy_question_add_domain(struct policy_question *q,
	    const char *domain);
void	policy_question_add_name(struct policy_question *q, const char *name);

struct policy_promise {		/* of one domain */
	char		 domain[LOOKUP_NAME_MAX];
	enum policy_state state;
	enum dane_why	 why;
};

struct policy_answer {
	/* of the strictest domain */
	enum policy_state state;
	enum dane_why	 why;
	enum dane_by	 by;
	uint32_t	 tags;		/* 1 << enum dane_tag, of all domains */
	char		 domain[LOOKUP_NAME_MAX];
	char		 host[LOOKUP_NAME_MAX];
	char		 base[LOOKUP_NAME_MAX];
	char		 references[DANE_REFERENCES_MAX][LOOKUP_NAME_MAX];
	unsigned	 nreferences;
	unsigned	 hosts, covered;
	struct tlsa_set	 tlsa;		/* that decided; may be empty */
	int64_t		 looked_up;	/* when, microseconds; 0: not */
	uint32_t	 ttl;		/* seconds they stand, from then on */

	enum sts_mode	 sts;		/* the strictest; DANE is before it */
	enum sts_match	 sts_match;
	enum sts_why	 sts_why;

	unsigned	 npromises;
	struct policy_promise promises[POLICY_DOMAINS_MAX];

	int64_t		 valid_until;	/* microseconds; INT64_MAX: for ever */
	char		 evidence_id[POLICY_ID_MAX];	/* of the text below */
	char		*evidence;	/* compact JSON; NULL: none */
};

/* "unknown", for that reason.  NULL if memory is short. */
struct policy_answer	*policy_answer_new(enum dane_why why);
void			 policy_answer_free(struct policy_answer *a);

/*
 * Did a lookup fail, so that another answer may come of asking again?  Why,
 * then; DANE_WHY_NOTHING: all was said, or what was not could ask no more.
 * Bogus is one of these: who spoils answers while he strips wants no better.
 */
enum dane_why		 policy_unanswered(const struct policy_answer *a);

struct policy_options {
	struct lookup_source	 source;
	struct sts_store	*sts;		/* NULL: not enabled */
	unsigned		 cases;		/* open at once */
	uint32_t		 patience_ms;	/* for one case */
};

#define POLICY_CASES		512
#define POLICY_PATIENCE_MS	20000

struct policy;

/* Once per question; the answer is the callee's (NULL: memory is short). */
typedef void	policy_done(void *context, struct policy_answer *a);

struct policy	*policy_new(const struct policy_options *o);
/* Open cases are not answered any more.  Free before the source. */
void		 policy_free(struct policy *p);

/* `done` may be called before this returns. */
void	policy_ask(struct policy *p, const struct policy_question *q,
	    policy_done *done, void *context);

/* Answers "unknown" to who waited too long; call now and then. */
void	policy_tick(struct policy *p);

unsigned	policy_open_cases(const struct policy *p);

#endif
