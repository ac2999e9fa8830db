/* SPDX-License-Identifier: ISC */
/*
 * policy/dane_internal.h -- what dane.c and dane_host.c share.
 */
#ifndef POLICY_DANE_INTERNAL_H
#define POLICY_DANE_INTERNAL_H

#include "policy/dane.h"

struct host {
	uint16_t	 preference;
	const char	*name;		/* the answer's, or the domain */
};

/* One run of the rules. */
struct judging {
	const struct dane_question	*q;
	struct inquiry			*i;
	struct dane_verdict		*v;
	enum lookup_type		 family;	/* of the server */
	const struct lookup_answer	*mx;	/* NULL: domain not known */
	bool				 mx_secure;
	bool				 cut;	/* there are more hosts */
	struct host			 hosts[DANE_HOSTS_MAX];
	unsigned			 nhosts;
	/* Without a domain: a name that might be it, and was not answered. */
	const struct lookup_answer	*unheard;
};

/* Steps tell how they ended. */
enum step {
	STEP_WAIT,		/* answers are missing */
	STEP_GO_ON,
	STEP_DONE,		/* the verdict stands */
};

enum step	dane_conclude(struct dane_verdict *v, enum policy_state state,
		    enum dane_why why);
void		dane_tag(struct dane_verdict *v, enum dane_tag t);
void		dane_copy_name(char to[LOOKUP_NAME_MAX], const char *from);

/* Every answer that is used passes here; NULL: wait. */
const struct lookup_answer	*dane_ask(const struct judging *j,
		    const char *name, enum lookup_type type);

/*
 * A lookup that failed forbids delivery (RFC 7672 section 2.1.2): whoever
 * can make it fail must not get the mail in clear for it.
 */
enum step	dane_check_lookup(struct dane_verdict *v,
		    const struct lookup_answer *a, enum dane_why bogus,
		    enum dane_why failed);

/* STEP_GO_ON: j->mx and j->hosts are known. */
enum step	dane_find_mx(struct judging *j);

/* STEP_GO_ON: j->v->host is the server. */
enum step	dane_find_host(struct judging *j);

#endif
