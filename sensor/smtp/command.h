/* SPDX-License-Identifier: ISC */
/*
 * smtp/command.h -- what a line of the client says.
 *
 * Verbs in any case (RFC 5321 section 2.4), with the blanks that servers
 * put up with.  Spans point into the line.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "base/span.h"

enum smtp_verb {
	VERB_UNKNOWN,
	VERB_EHLO, VERB_HELO, VERB_LHLO,
	VERB_STARTTLS,
	VERB_ANONYMOUSTLS,	/* X-ANONYMOUSTLS, between Exchange servers */
	VERB_MAIL,		/* also SEND, SOML, SAML of RFC 821 */
	VERB_RCPT, VERB_DATA,
	VERB_BDAT,		/* RFC 3030 */
	VERB_BURL,		/* RFC 4468 */
	VERB_RSET, VERB_QUIT,
	VERB_AUTH,		/* RFC 4954; also X-EXPS of Exchange */
	VERB_NOOP, VERB_HELP, VERB_VRFY, VERB_EXPN,
	VERB_ETRN,		/* RFC 1985 */
	VERB_ATRN,		/* RFC 2645 */
	VERB_TURN,		/* RFC 821 */
	VERB_XCLIENT, VERB_XFORWARD,	/* Postfix */
	VERB_XEXCH50,		/* Exchange: a blob of known size follows */
	VERB_MASKED_HELLO,	/* "XXXX name": a box overwrote EHLO */
	VERB_MASKED_STARTTLS,	/* "XXXXXXXX" alone on its line */
};

/* A reverse- or forward-path, with what follows it. */
struct smtp_path {
	bool		 null;		/* <> */
	struct span	 local;		/* NULL at: none */
	struct span	 domain;	/* NULL at: none; brackets are kept */
	struct span	 parameters;	/* without blanks around them */
	bool		 bracketed;
	bool		 found;		/* false: there is none */
};

struct smtp_command {
	enum smtp_verb	 verb;
	struct span	 word;		/* the verb as sent */
	struct span	 argument;	/* without blanks around it */
	struct smtp_path path;		/* of MAIL and RCPT */
	bool		 trailing;	/* blanks behind the last word */
};

void	smtp_command_parse(struct span line, struct smtp_command *c);

/* Is it what a client says, rather than a line of text that begins with the
 * same word? */
bool	smtp_command_plausible(const struct smtp_command *c);

/* Is `keyword` among ESMTP parameters, with or without a value? */
bool	smtp_command_parameter(struct span parameters, const char *keyword);

/* The next word off the front of *rest; empty when there is none. */
struct span	smtp_command_word(struct span *rest);

/* A word as long as STARTTLS that shares at least `same` of its letters
 * with it, place by place, and is not it. */
bool	smtp_command_near_starttls(struct span word, unsigned same);

#endif
