/* SPDX-License-Identifier: ISC */
/*
 * analyzer/starttls.h -- ask a mail server for its certificates: connect,
 * EHLO, STARTTLS, handshake, QUIT.  No mail is begun.
 *
 * Nothing is verified here; what the server shows is handed to those who
 * judge it.  All of it is bounded in time and size.
 */
#ifndef ANALYZER_STARTTLS_H
#define ANALYZER_STARTTLS_H

#include "base/span.h"

#define STARTTLS_CHAIN_MAX	10
#define STARTTLS_LINES_MAX	64	/* of the EHLO reply */
#define STARTTLS_LINE_MAX	512	/* octets of one that are kept */
#define STARTTLS_WHY_MAX	256
#define STARTTLS_SECONDS	30

/* How far it came. */
enum starttls_outcome {
	STARTTLS_ESTABLISHED,
	STARTTLS_NO_ADDRESS,	/* the name has none */
	STARTTLS_UNREACHABLE,	/* no connection */
	STARTTLS_NO_GREETING,	/* none, or not 220 */
	STARTTLS_NO_EHLO,	/* refused, or cut off */
	STARTTLS_NOT_OFFERED,
	STARTTLS_REFUSED,	/* not 220 */
	STARTTLS_NO_TLS,	/* the handshake failed */
	STARTTLS_OUTCOMES
};

/* A server may hold a certificate for each kind of key. */
enum starttls_key { STARTTLS_ANY_KEY, STARTTLS_RSA, STARTTLS_ECDSA };

struct starttls_question {
	const char		*host;		/* a name, or an address */
	const char		*address;	/* NULL: look `host` up */
	const char		*sni;		/* NULL: `host` if a name */
	const char		*port;		/* "25" */
	const char		*hello;		/* NULL: our own address */
	enum starttls_key	 key;
	unsigned		 seconds;	/* for all; 0: the default */
};

struct starttls_answer {
	enum starttls_outcome	 outcome;
	char	 why[STARTTLS_WHY_MAX];	/* one line, safe to show; or "" */
	int	 error;			/* errno of UNREACHABLE; 0: time up */
	char	 address[64];		/* that answered; "" */
	char	 greeting[STARTTLS_LINE_MAX];
	char	 lines[STARTTLS_LINES_MAX][STARTTLS_LINE_MAX];
	unsigned lines_count;		/* of the EHLO reply, codes left off */
	int	 reply;			/* to STARTTLS; 0: none */
	size_t	 early;			/* octets behind the 220, before TLS */
	const char *version;		/* "TLSv1.3"; NULL */
	const char *cipher;		/* IANA's name; NULL */
	struct span chain[STARTTLS_CHAIN_MAX];	/* owned; the leaf first */
	unsigned chain_count, chain_sent;
};

/* Large: not for the stack of a thread.  -1 if memory is short (said). */
int	starttls_ask(const struct starttls_question *q,
	    struct starttls_answer *a);
void	starttls_forget(struct starttls_answer *a);

const char	*starttls_word(enum starttls_outcome o); /* "not-offered" */

#endif
