/* SPDX-License-Identifier: ISC */
/*
 * analyzer/exam.h -- a domain or a mail server, looked at now.
 *
 *	name -> MX hosts -> addresses -> TLSA records	exam_dns.c
 *	  -> each address is asked for STARTTLS		exam_live.c
 *	  -> what it shows against the records		exam_judge.c
 *	  -> MTA-STS					exam_sts.c
 *	  -> what sensors saw of the same addresses	exam_seen.c
 *
 * All of it goes into one JSON object, `facts`; a remark with a level about
 * each thing stands in the list "lines" of what it is about.
 */
#ifndef ANALYZER_EXAM_H
#define ANALYZER_EXAM_H

#include <jansson.h>

#include "analyzer/answers.h"
#include "analyzer/starttls.h"
#include "policy/dane.h"
#include "policy/match.h"

#define EXAM_ADDRESSES_MAX	32	/* asked, of all hosts together */
#define EXAM_CHAINS_MAX		2	/* a server has: one a kind of key */

/* The graver, the higher. */
enum exam_level {
	EXAM_GOOD,
	EXAM_NOTE,		/* to be known; nothing to mend */
	EXAM_WARNING,
	EXAM_UNKNOWN,		/* could not be found out */
	EXAM_FAULT,		/* mail does not arrive, or in clear */
	EXAM_LEVELS
};

struct exam_address {
	struct addr		 addr;
	char			 text[ADDR_TEXT_MAX];
	struct exam_host	*host;
	struct dane_verdict	 dane;		/* as seen over its family */
	struct starttls_answer	*shown[EXAM_CHAINS_MAX];	/* or NULL */
	struct match_result	 results[EXAM_CHAINS_MAX];
	bool			 failed;	/* our memory was short */
	json_t			*facts;		/* borrowed */
};

struct exam_host {
	const char	*name;			/* the inquiry's */
	uint16_t	 preference;
	struct tlsa_set	 records;		/* signed or not */
	bool		 is_signed;
	uint32_t	 ttl;
	json_t		*facts;			/* borrowed */
};

struct exam {
	const struct options	*o;
	struct answers		*dns;
	struct inquiry		 inquiry;
	char			 name[LOOKUP_NAME_MAX];
	bool			 is_domain;	/* it has an MX */
	const struct lookup_answer *mx;
	unsigned		 port, seconds;
	int64_t			 now;
	struct exam_host	 hosts[DANE_HOSTS_MAX];
	unsigned		 nhosts;
	struct exam_address	 addresses[EXAM_ADDRESSES_MAX];
	unsigned		 naddresses;
	bool			 failed;	/* memory was short */
	json_t			*facts;
	/* of all remarks: */
	unsigned		 counts[EXAM_LEVELS];
	enum exam_level		 worst;
	char			 worst_text[300];	/* "host: what" */
};

/* Each adds to the facts; -1 after saying why. */
int	exam_dns(struct exam *e);
int	exam_live(struct exam *e);
int	exam_judge(struct exam *e);
int	exam_sts(struct exam *e);
int	exam_seen(struct exam *e);

/* Where a remark belongs: the whole, a host, or an address of it. */
json_t	*exam_place(struct exam *e, const struct exam_host *h,
	    const struct exam_address *a);

struct exam_remark {
	enum exam_level		 level;
	const char		*about;		/* "MX", "certificate" */
	const char		*word;		/* for programs */
	const struct exam_host	*host;		/* NULL: the whole */
	const struct exam_address *address;	/* NULL: all of the host */
};

/* Text of strangers may be in it; it is made plain, and bounded. */
void	exam_say(struct exam *e, const struct exam_remark *r,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Keep text that may be a stranger's under a name. */
void	exam_keep(json_t *facts, const char *name, const char *text);

const char	*exam_level_word(enum exam_level l);

/* As a page for reading (full.h). */
struct page;
void	exam_page(const struct page *p);

#endif
