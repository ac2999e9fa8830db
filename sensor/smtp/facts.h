/* SPDX-License-Identifier: ISC */
/*
 * smtp/facts.h -- keeping what was learned, within its limits.
 */
#ifndef SMTP_FACTS_H
#define SMTP_FACTS_H

#include "smtp/conversation.h"

/* Replace a text of the facts; escaped, at most `max` octets. */
void	smtp_facts_text(struct smtp *s, const char **fact,
	    struct span octets, size_t max);
/* The same by a text that was put together, or NULL; empties it. */
void	smtp_facts_adopt(struct smtp *s, const char **fact,
	    struct smtp_text *text);
/* Let go of a text. */
void	smtp_facts_forget(const struct smtp *s, const char *text);

void	smtp_facts_hello(struct smtp *s, enum smtp_hello hello,
	    struct span name, struct mark at);
/* The domain of MAIL or RCPT. */
void	smtp_facts_path(struct smtp *s, const struct smtp_command *c);
/* The list just read, s->list, becomes the one that counts. */
void	smtp_facts_list(struct smtp *s, enum smtp_offer offer);
/* A mail was sent to its end: what its header said of TLS. */
void	smtp_facts_mail_sent(struct smtp *s);
void	smtp_facts_auth(struct smtp *s, const struct smtp_command *c,
	    struct mark at);
void	smtp_facts_auth_accepted(struct smtp *s);

/* Behind STARTTLS: early once its reply or TLS comes. */
void	smtp_facts_early_held(struct smtp *s, struct span octets,
	    struct mark at);
void	smtp_facts_server_early(struct smtp *s, struct span octets,
	    struct mark at);
void	smtp_facts_early_line(struct smtp *s, enum side who,
	    struct span redacted);

/* This side speaks no SMTP. */
void	smtp_facts_foreign(struct smtp *s, enum side who);
/* A line for the dialogue. */
void	smtp_facts_show(struct smtp *s, enum side who, struct span redacted,
	    struct mark at);
/* The same for a text of the book. */
void	smtp_facts_show_known(struct smtp *s, enum side who,
	    struct span text, struct mark at);
void	smtp_facts_free(struct smtp *s);

#endif
