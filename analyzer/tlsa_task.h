/* SPDX-License-Identifier: ISC */
/*
 * analyzer/tlsa_task.h -- what the parts of the command tlsa share: its
 * options, read.
 */
#ifndef ANALYZER_TLSA_TASK_H
#define ANALYZER_TLSA_TASK_H

#include "analyzer/chains.h"
#include "policy/match.h"

#define TASK_OWNER_MAX	300
#define TASK_REASON_MAX	256
#define TASK_NAMES_MAX	MATCH_NAMES_MAX

struct tlsa_task {
	const struct options	*o;
	struct chains		 chains;
	struct tlsa_set		 records;
	char		 host[256];		/* the server's name, or "" */
	unsigned	 port;
	/* "_25._tcp.mx.example.", or "" */
	char		 owner[TASK_OWNER_MAX];
	uint32_t	 ttl;			/* seconds; 0: not known */
	int64_t		 at;			/* --at; 0: not given */
	const char	*names[TASK_NAMES_MAX];	/* reference names */
	unsigned	 names_count;
	struct match	*match;
};

/* Each begins with all zero and says what is wrong. */
int	task_read(struct tlsa_task *t, const struct options *o);
int	task_read_records(struct tlsa_task *t);
void	task_free(struct tlsa_task *t);

/* The chain against the records, at --at, when it was shown, or now. */
void	task_ask(struct tlsa_task *t, const struct chain *c,
	    struct match_result *r);
int64_t	task_time(const struct tlsa_task *t, const struct chain *c);

/* "3 1 1 9f86d0...", in full; the caller frees it.  NULL: memory (said). */
char	*task_record_text(const struct tlsa_record *r, bool generic);

/* A record's verdict as a sentence: "describes the server's own
 * certificate". */
void	task_explain(const struct tlsa_record *r,
	    const struct match_verdict *v, char out[TASK_REASON_MAX]);

/* The parts of the command; the exit status. */
int	tlsa_create(struct tlsa_task *t);
int	tlsa_verify(struct tlsa_task *t);
int	tlsa_rollover(struct tlsa_task *t);

#endif
