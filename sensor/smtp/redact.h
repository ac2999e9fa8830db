/* SPDX-License-Identifier: ISC */
/*
 * smtp/redact.h -- lines as they may be kept and shown.
 *
 * Escaped, and without what is nobody's business: local parts of addresses,
 * credentials, message text.  What cannot be told to be harmless is left
 * out; "..." stands for it.
 */
#ifndef SMTP_REDACT_H
#define SMTP_REDACT_H

#include "smtp/command.h"
#include "smtp/reply.h"

#define SMTP_REDACT_MAX	400	/* octets of a redacted line */

/* A command of the client: in `out`, or where it was sent if all of it may
 * be shown as it is. */
struct span	smtp_redact_command(const struct smtp_command *c,
		    char out[SMTP_REDACT_MAX + 1]);

/*
 * A line of the server.  `whole`: it belongs to the greeting, EHLO or
 * STARTTLS, where no addresses of people stand; otherwise code and enhanced
 * status are all that stays.
 */
size_t	smtp_redact_reply(const struct smtp_reply_line *r, struct span line,
	    char out[SMTP_REDACT_MAX + 1]);

#endif
