/* SPDX-License-Identifier: ISC */
/*
 * analyzer/dial.h -- a TCP connection with a deadline, and lines over it.
 */
#ifndef ANALYZER_DIAL_H
#define ANALYZER_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAL_WHY_MAX	256
#define DIAL_LINE_MAX	2000	/* octets of a line; SMTP has 512 */

struct dial {
	int	 fd;			/* -1: not connected; non-blocking */
	int64_t	 deadline;		/* of all that is done with it */
	char	 address[64];
	char	 why[DIAL_WHY_MAX];	/* of the last failure */
	char	 buffer[DIAL_LINE_MAX];
	size_t	 have;			/* octets read and not yet taken */
	bool	 no_address;		/* why it is not connected */
	int	 error;			/* likewise: errno; 0: time was up */
};

/* Connect to the first address of `host` that answers.  -1, with `why`. */
int	dial_open(struct dial *d, const char *host, const char *port,
	    unsigned seconds);
void	dial_close(struct dial *d);

/* Our own address, as an SMTP address literal: "[192.0.2.1]". */
void	dial_literal(const struct dial *d, char out[80]);

/* Wait until it can be read (or written); -1 when the time is up. */
int	dial_wait(struct dial *d, bool write);

/* All of the text; -1, with `why`. */
int	dial_send(struct dial *d, const char *text);

/*
 * One line without its end, cut to `size`.  1; 0 if the other side closed
 * the connection; -1 with `why`.
 */
int	dial_line(struct dial *d, char *line, size_t size);

#endif
