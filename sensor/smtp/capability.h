/* SPDX-License-Identifier: ISC */
/*
 * smtp/capability.h -- a list of capabilities as it is read, and what
 * became of STARTTLS in it.
 *
 * The first line of a reply to EHLO names the server and is no keyword
 * (RFC 5321 section 4.1.1.1).  A keyword is the first word of a line, in
 * any case.  Boxes that hide one overwrite it and keep its length, since
 * they edit packets in place; so what is masked is told by shape, and the
 * length of eight is counted apart, without claiming that eight letters
 * were STARTTLS.
 */
#ifndef SMTP_CAPABILITY_H
#define SMTP_CAPABILITY_H

#include "smtp/smtp.h"
#include "smtp/text.h"

#define SMTP_TOKEN_MAX	160	/* octets of offer_token kept */

enum smtp_token {		/* of a line, weaker before stronger */
	TOKEN_PLAIN,
	TOKEN_MASKED,		/* overwritten, any length but eight */
	TOKEN_MASKED_EIGHT,
	TOKEN_NEAR,		/* STARTTLS with letters changed or between */
	TOKEN_OFFER,
};

struct smtp_list {		/* all zero: nothing read yet */
	struct smtp_text	 reply, capabilities;
	char			*token;
	enum smtp_token		 strongest;	/* of the lines so far */
	uint32_t		 octets;
	unsigned		 lines;
	unsigned		 offered, altered;
	unsigned		 masked, masked_eights, masked_pairs;
	uint8_t			 letter;	/* due next from a box that
						 * counts */
	bool			 letters_broken;
	bool			 enhanced;	/* ENHANCEDSTATUSCODES */
	bool			 known;		/* a keyword of some RFC */
	bool			 too_long;
	/* instead of `capabilities` and `token`; the book's, see recall.h */
	const char		*known_capabilities, *known_token;
};

/* One line of the reply, behind code and separator. */
void		 smtp_capability_line(struct smtp_list *l, struct span text,
		    bool cut);
/* More lines, read before on their own: `behind` began with a first line
 * without text, and has known_capabilities and known_token only. */
void		 smtp_capability_join(struct smtp_list *l,
		    const struct smtp_list *behind);
/* A line that is no reply line at all, amid the others. */
void		 smtp_capability_garbage(struct smtp_list *l,
		    struct span line);
/* The reply is complete, with code 250. */
enum smtp_offer	 smtp_capability_judge(const struct smtp_list *l);
void		 smtp_capability_drop(struct smtp_list *l);

/* What a single line is. */
enum smtp_token	 smtp_capability_token(struct span text, bool *altered);

#endif
