/* SPDX-License-Identifier: ISC */
/*
 * smtp/facts.h -- keeping what was learned, within its limits.
 */
#ifndef SMTP_FACTS_H
#define SMTP_FACTS_H

#include "smtp/conversation.h"

/* The parts of the facts, begun if need be.  NULL: memory is short. */
struct smtp_asked	*smtp_facts_asked(struct smtp *s);
struct smtp_mail	*smtp_facts_mail(struct smtp *s);
struct smtp_odd		*smtp_facts_odd(struct smtp *s);

/* Replace a text of the facts; escaped, at most `max` octets. */
void	smtp_facts_text(struct smtp *s, const char **fact,
	    struct span octets, size_t max);
/* The same by a text that was put together; NULL if it was not. */
void	smtp_facts_adopt(struct smtp *s, const char **fact,
	    const struct smtp_text *text);
/* Let go of a text. */
void	smtp_facts_forget(const struct smtp *s, const char *text);

void	smtp_facts_hello(struct smtp *s, enum smtp_hello hello,
	    struct span name, struct mark at);
/* STARTTLS, or what seems to have been one, as it was sent. */
void	smtp_facts_starttls(struct smtp *s, struct span line, struct mark at);
/* The reply to it, which was just read. */
void	smtp_facts_verdict(struct smtp *s, int code);
/* The text of a line of a reply that may be it; and none of it is kept. */
void	smtp_facts_verdict_line(struct smtp *s, struct span text);
void	smtp_facts_verdict_drop(struct smtp *s);
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

/* A limit was reached; a reply that no command explains. */
void	smtp_facts_limit(struct smtp *s);
void	smtp_facts_unpaired(struct smtp *s);
/* SMTP goes on in clear behind an accepted STARTTLS. */
void	smtp_facts_plain(struct smtp *s, struct mark at);

/* This side speaks no SMTP. */
void	smtp_facts_foreign(struct smtp *s, enum side who);
/* A line for the dialogue. */
void	smtp_facts_show(struct smtp *s, enum side who, struct span redacted,
	    struct mark at);
/* The same for lines at once, texts of the book. */
void	smtp_facts_show_known(struct smtp *s, enum side who,
	    struct book_list lines, struct mark at);
void	smtp_facts_free(struct smtp *s);

#endif
