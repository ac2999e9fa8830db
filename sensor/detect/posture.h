/* SPDX-License-Identifier: ISC */
/*
 * detect/posture.h -- what the posture rules share.
 *
 * Each kind is looked at in every session of an own server that shows enough
 * for it: it is well, or to be mended.  A session that does not show enough
 * says nothing of it.
 */
#ifndef DETECT_POSTURE_H
#define DETECT_POSTURE_H

#include "detect/rules.h"

#define POSTURE_SUBJECT_MAX	(POSTURE_ABOUT_MAX - 140)

/* `subject` is what is well, as in struct posture; "": all of the server. */
void	posture_well(struct findings *f, enum kind kind, const char *subject);

/* Who has a lack, and how: without a comma in `subject`. */
struct lack {
	const char	*subject, *detail;	/* detail may be "" */
	struct opinion	 opinion;
};
void	posture_mend(struct findings *f, const struct brief *b,
	    const struct lack *l, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

/* The certificate shown, in the order of the chain the leaf; NULL: none was
 * to be seen, or nobody can read it. */
const struct certificate	*posture_certificate(const struct brief *b);
/* "certificate 0123456789abcdef", by its SHA-256. */
void	posture_name_certificate(const struct certificate *c,
	    char out[POSTURE_SUBJECT_MAX]);

/* What DNS says: detect/posture_dns.c. */
void	posture_look_at_dns(const struct brief *b, struct findings *f);

#endif
