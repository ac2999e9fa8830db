/* SPDX-License-Identifier: ISC */
/*
 * smtp/conversation.h -- the state that the files of this folder share.
 *
 * smtp.c	the door: octets of a side go to client.c or server.c
 * client.c	reads the client: commands, bodies, chunks, what must wait
 * commands.c	what each command means for the facts
 * server.c	puts reply lines together and pairs replies with commands
 * answers.c	what each reply means for the facts
 * resume.c	what to do with held octets once it is known what they are
 * proxy.c	what stands before SMTP
 * facts.c	keeping texts, domains, dialogue lines
 */
#ifndef SMTP_CONVERSATION_H
#define SMTP_CONVERSATION_H

#include "smtp/body.h"
#include "smtp/capability.h"
#include "smtp/command.h"
#include "smtp/expect.h"
#include "smtp/hold.h"
#include "smtp/line.h"
#include "smtp/preamble.h"
#include "smtp/reply.h"
#include "smtp/smtp.h"
#include "smtp/text.h"

#define SMTP_EARLY_MAX		200	/* octets kept of early plaintext */
#define SMTP_NAME_MAX		255	/* octets of a domain or hello name */
#define SMTP_ANSWER_MAX		512	/* octets of the reply to STARTTLS */
#define SMTP_MECHANISM_MAX	32

/* How the client's next octets are to be read. */
enum smtp_talk {
	TALK_START,	/* nothing heard yet: a proxy may speak first */
	TALK_PREAMBLE,	/* it does */
	TALK_COMMAND,
	TALK_BODY,	/* of DATA */
	TALK_CHUNK,	/* of BDAT: s->chunk octets */
	TALK_AUTH,	/* the next line answers a challenge */
	TALK_HOLD,	/* unknown, until the reply to s->wait comes */
	TALK_FOREIGN,	/* this is not SMTP */
};

/* What is waited for while octets are held. */
enum smtp_wait {
	WAIT_DATA,	/* body, or commands if DATA is refused */
	WAIT_AUTH,	/* answer to a challenge, or commands */
	WAIT_STARTTLS,	/* TLS, injected commands, or plain ones if refused */
	WAIT_BLOB,	/* XEXCH50's octets, or commands */
	WAIT_SYNC,	/* after a gap: anything */
};

struct smtp_proxy {			/* lazily allocated */
	enum smtp_preamble	 what;
	struct smtp_hold	*part[SIDES];	/* the message at hand */
	bool			 greeted[SIDES], done[SIDES];
};

struct smtp_answer {			/* the reply being read */
	enum smtp_due	 due;		/* what it answers */
	int		 first;		/* code of its first line */
	uint16_t	 lines;		/* saturating; 0: none is being read */
	bool		 demands;	/* a line of it asks for TLS */
	bool		 enhanced;	/* a line of it has an enhanced code */
	bool		 echo;		/* a line of it quotes something else */
	struct mark	 at;		/* of its first line */
};

struct smtp {
	struct smtp_facts	 facts;
	const struct smtp_ops	*ops;
	void			*context;

	struct smtp_line_reader	 reader[SIDES];
	struct smtp_expect	 expect;
	struct smtp_answer	 answer;
	struct smtp_list	*list;		/* NULL: no list is being read */
	struct smtp_text	 answer_text;	/* of STARTTLS's reply */
	struct smtp_text	 early[SIDES];
	struct smtp_hold	*hold;
	struct smtp_proxy	*proxy;		/* NULL: none */
	const char		*auth_latest;	/* NULL: as facts.auth */
	struct mark		 auth_latest_at;

	uint64_t		 chunk;		/* octets of it to come */
	uint16_t		 hellos_answered;
	uint16_t		 rcpts_accepted;	/* of this transaction (LMTP) */
	uint16_t		 lmtp_left;	/* replies of a body still to come */
	uint16_t		 lost_replies;	/* whole ones since octets were lost */
	uint32_t		 ran_on;	/* where in the server's unfinished line the client spoke; 0: nowhere */
	uint32_t		 early_held;	/* visible octets held behind STARTTLS */
	uint8_t			 auth_left;	/* lines of AUTH, when no reply tells */

	enum smtp_talk		 talk : 8;
	enum smtp_wait		 wait : 8;
	enum smtp_body_at	 body_at : 8;

	bool	 midstream : 1;
	bool	 flipped : 1;		/* TURN: client and server swapped */
	bool	 heard_client : 1;	/* a line of it, or octets of unknown kind */
	bool	 heard_server : 1;	/* an octet of it */
	bool	 heard_verb : 1;	/* a command known to SMTP */
	bool	 ended_server : 1;
	bool	 lost : 1;		/* which reply is whose is not known */
	bool	 replied : 1;		/* a whole reply came since then */
	bool	 spoke : 1;		/* the client spoke since the last whole reply */
	bool	 turn : 1;		/* ... and had heard it before */
	bool	 mumbled : 1;		/* server octets without a whole reply, since the hold began */
	bool	 impatient : 1;		/* the client waits for no reply */
	bool	 replaying : 1;
	bool	 granted : 1;		/* replaying: DATA was answered 354 already */
	bool	 partial : 1;		/* the hold may begin amid a line */
	bool	 amid : 1;		/* the next reply line may stand amid a reply */
	bool	 skip_line : 1;		/* the rest of this client line is lost */
	bool	 maybe_body : 1;	/* the hold may be a body whose 354 was lost */
	bool	 body_gap : 1;		/* octets of this body are missing */
	bool	 body_answered : 1;	/* refused before its end */
	bool	 may_have_ended : 1;	/* a lenient end was seen, s->hold has what follows */
	bool	 bare_lf : 1;		/* the client ends its lines so */
	bool	 chunk_last : 1;
	bool	 chunk_answered : 1;
	bool	 list_seen : 1;		/* a complete list was judged */
	bool	 after_list : 1;	/* ... and nobody spoke since */
	bool	 judge_unoffered : 1;	/* STARTTLS sent before the list was complete */
	bool	 body_accepted : 1;	/* LMTP: one recipient was */
	bool	 accepted : 1;		/* STARTTLS was */
	bool	 frozen : 1;		/* hello and offer belong to what was */
	bool	 client_plain : 1;	/* and yet the client speaks in clear */
	bool	 tls_tried : 1;		/* TLS octets were handed over since the last STARTTLS */
	bool	 just_flipped : 1;	/* the octets at hand change sides */
	bool	 mail_phase : 1;	/* a reply showed that mail has begun */
};

/* client.c */
size_t	smtp_client_hear(struct smtp *s, struct span octets, struct mark at,
	    enum smtp_next *next);
void	smtp_client_gap(struct smtp *s, uint64_t octets);
void	smtp_client_end(struct smtp *s, struct mark at);
void	smtp_client_wait(struct smtp *s, enum smtp_wait wait);
void	smtp_client_start_body(struct smtp *s);

/* commands.c */
void	smtp_command_hear(struct smtp *s, const struct smtp_line *line,
	    struct mark at);
void	smtp_auth_hear(struct smtp *s, const struct smtp_line *line,
	    struct mark at);
/* Nobody will tell how many lines belong to AUTH: go by its mechanism. */
void	smtp_auth_guess(struct smtp *s);

/* server.c */
size_t	smtp_server_hear(struct smtp *s, struct span octets, struct mark at,
	    enum smtp_next *next);
void	smtp_server_gap(struct smtp *s);
void	smtp_server_end(struct smtp *s, struct mark at);
/* From here on no reply can be told from another. */
void	smtp_pairing_lose(struct smtp *s);

/* answers.c */
void	smtp_answer_line(struct smtp *s, const struct smtp_reply_line *r,
	    const struct smtp_line *line);
void	smtp_answer_finish(struct smtp *s, int code, struct mark at,
	    enum smtp_next *next);

/* resume.c */
/* The octets held are of this kind: hear them again as such. */
void	smtp_resume(struct smtp *s, enum smtp_talk talk);
/* After a gap: a reply of this code begins; what were the octets held? */
void	smtp_resume_sync(struct smtp *s, int code);
/* TLS begins: what was held was smuggled in before it. */
void	smtp_resume_early(struct smtp *s);
/* Is the last whole line held one that only a client says? */
bool	smtp_resume_from_command(struct smtp *s);

/* proxy.c */
/* Octets used; the rest is SMTP. */
size_t	smtp_proxy_start(struct smtp *s, struct span octets, struct mark at);
size_t	smtp_proxy_hear(struct smtp *s, enum side who, struct span octets,
	    struct mark at);
void	smtp_proxy_free(struct smtp_proxy *p);

/* facts.c */
void	smtp_fact_text(const char **fact, struct span octets, size_t max);
void	smtp_fact_hello(struct smtp *s, enum smtp_hello hello,
	    struct span name, struct mark at);
void	smtp_fact_path(struct smtp *s, const struct smtp_command *c);
void	smtp_fact_list(struct smtp *s, enum smtp_offer offer);
void	smtp_fact_auth(struct smtp *s, const struct smtp_command *c,
	    struct mark at);
void	smtp_fact_auth_accepted(struct smtp *s);
/* Behind STARTTLS: early if it turns out to be accepted. */
void	smtp_fact_early_held(struct smtp *s, struct span octets,
	    struct mark at);
void	smtp_fact_server_early(struct smtp *s, struct span octets,
	    struct mark at);
void	smtp_fact_early_line(struct smtp *s, enum side who,
	    struct span redacted);
void	smtp_fact_show(struct smtp *s, enum side who, struct span redacted,
	    struct mark at);
void	smtp_fact_foreign(struct smtp *s, enum side who);
void	smtp_facts_free(struct smtp *s);

#endif
