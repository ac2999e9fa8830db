/* SPDX-License-Identifier: ISC */
/*
 * detect/detect.h -- facts against expectations: findings and a verdict.
 *
 * One rule, one file, one line in the table of detect.c.  A rule reads the
 * brief and adds findings; it changes nothing else.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "baseline/past.h"
#include "detect/promise.h"
#include "schema/json_text.h"
#include "schema/names.h"
#include "session/record.h"

#define FINDINGS_MAX	32	/* of one session */
#define FINDING_MARKS	12	/* of the evidence, kept as numbers */
#define CAUSE_MAX	64	/* octets of a cause's name, with the NUL */
#define POSTURES_MAX	40	/* a kind each, two of each own domain */
#define POSTURE_ABOUT_MAX	240

struct finding {
	enum kind	 kind;
	uint32_t	 because;	/* bit per enum expectation */
	enum severity	 severity;
	enum confidence	 confidence;
	int64_t		 at;		/* of the decisive packet */
	int64_t		 incident;	/* 0: of none; whoever groups them sets it */
	char		*summary;	/* one plain sentence; owned */
	/*
	 * An object; owned.  Where it says when, behind a member "packet", an
	 * octet n of 1 to FINDING_MARKS stands for the n-th mark, as in
	 * 4,"at":"2026-..." : all but those comes again in other sessions,
	 * and need not be stored each time.
	 */
	struct json_text evidence;
	struct mark	 marks[FINDING_MARKS];
	unsigned	 nmarks;
};

/*
 * A duty of the operator of an own server, as far as this session shows it.
 * What is to be mended is found once, not once a session: whoever groups
 * findings says which are known.  No verdict depends on it.
 */
struct posture {
	enum kind	 kind;
	bool		 well;		/* nothing to mend */
	bool		 known;		/* it was found before: no finding now */
	/* What it is about: a certificate, a domain, a set of records.  Up to
	 * a comma that is who, and behind it how. */
	char		 about[POSTURE_ABOUT_MAX];
	struct finding	 finding;	/* unless it is well */
};

/* "mx.example (198.51.100.25)", or the address alone: what the server is
 * called in summaries, into `out`. */
#define PARTY_MAX	320
const char	*record_server(const struct session_record *r,
		    char out[PARTY_MAX]);

struct findings {
	struct finding	 list[FINDINGS_MAX];	/* gravest first */
	unsigned	 count;
	struct posture	 posture[POSTURES_MAX];
	unsigned	 postures;
	unsigned	 dropped;	/* no room or no memory */
	enum verdict	 verdict;
	const char	*cause;		/* a known box, by name; NULL: none */
	bool		 taken;		/* an offer known to be made is gone */
	bool		 pressed;	/* a suite below what both agree on */
};

/* Judge one session by itself, by its past and by what was promised of it
 * (NULL: nothing is known).  The caller clears the findings. */
void	detect_session(const struct session_record *r,
	    const struct past *past, const struct promise *promise,
	    struct findings *f);
void	findings_clear(struct findings *f);

/* To be told of a duty: not well, and not known.  And how many there are to
 * be told in all, and how grave the gravest is (info, if there is none). */
bool		 posture_is_news(const struct posture *p);
unsigned	 findings_told(const struct findings *f);
enum severity	 findings_gravest(const struct findings *f);

#endif
