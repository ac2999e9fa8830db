/* SPDX-License-Identifier: ISC */
/*
 * smtp/conversation.h -- the state that the files of this folder share.
 *
 * smtp.c	the door: octets of a side go to client.c or server.c
 * client.c	reads the client: commands, bodies, chunks, what must wait
 * commands.c	what each command means for the facts
 * server.c	puts reply lines together and pairs replies with commands
 * recall.c	replies to EHLO that were read before
 * list.c	where the one that is being read lies
 * answers.c	what each reply means for the facts
 * header.c	which mails may go in clear, by their header
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
#include "smtp/header.h"
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
	enum smtp_due	 due : 8;	/* what it answers */
	bool		 demands : 1;	/* a line of it asks for TLS */
	bool		 enhanced : 1;	/* a line of it has an enhanced code */
	bool		 echo : 1;	/* a line of it quotes something else */
	uint16_t	 first;		/* code of its first line */
	uint16_t	 lines;		/* saturating; 0: none is being read */
	struct mark	 at;		/* of its first line */
};

/* The parts of the facts, with what only they need; each begins with them. */
struct smtp_asked {
	struct smtp_upgrade	 facts;
	struct smtp_text	 answer;	/* of STARTTLS's reply */
};

struct smtp_odd {
	struct smtp_rare	 facts;
	struct smtp_text	 early[SIDES];
	const char		*auth_latest;	/* NULL: as facts.auth */
	struct mark		 auth_latest_at;
	struct smtp_proxy	*proxy;		/* NULL: none */
};

/* One block, few cache lines: see smtp_foresee(). */
struct smtp {
	const struct smtp_ops	*ops;
	void			*context;
	struct book		*book;		/* NULL: none */
	struct smtp_recalls	*recalls;	/* NULL: none */

	struct smtp_line_reader	 reader[SIDES];
	struct smtp_expect	 expect;
	struct smtp_answer	 answer;
	struct smtp_list	*list;		/* NULL: none is being read */
	struct smtp_hold	*hold;

	uint64_t		 chunk;		/* octets of it to come */
	uint32_t		 ran_on;	/* where in the server's
						 * unfinished line the client
						 * spoke; 0: nowhere */
	uint32_t		 early_held;	/* visible octets held behind
						 * STARTTLS */
	uint16_t		 hellos_answered;
	uint16_t		 rcpts_accepted;	/* in this mail */
	uint16_t		 lmtp_left;	/* replies to come to a body */
	uint16_t		 lost_replies;	/* whole ones since a gap */
	uint8_t			 auth_left;	/* lines of AUTH, when no reply
						 * tells */

	enum smtp_talk		 talk : 8;
	enum smtp_wait		 wait : 8;
	enum smtp_body_at	 body_at : 8;

	/* who was heard */
	bool	 midstream : 1;
	bool	 flipped : 1;		/* TURN: the sides are swapped */
	bool	 just_flipped : 1;	/* the octets at hand change sides */
	bool	 heard_client : 1;	/* a line of it */
	bool	 heard_server : 1;	/* an octet of it */
	bool	 heard_verb : 1;	/* a command known to SMTP */
	bool	 ended_server : 1;

	/* whose turn it is */
	bool	 lost : 1;		/* which reply is whose, is unknown */
	bool	 replied : 1;		/* a whole reply came since then */
	bool	 spoke : 1;		/* the client has, since the last whole
					 * reply */
	bool	 turn : 1;		/* ... and had heard it before */
	bool	 mumbled : 1;		/* the server has, since the hold began,
					 * but no whole reply */
	bool	 impatient : 1;		/* the client waits for no reply */
	bool	 amid : 1;		/* the server's next line may stand amid
					 * a reply */

	/* what is held */
	bool	 replaying : 1;
	bool	 granted : 1;		/* replaying: DATA's 354 came already */
	bool	 partial : 1;		/* it may begin amid a line, until one
					 * was heard again */
	bool	 skip_line : 1;		/* the rest of this line is lost */
	bool	 maybe_body : 1;	/* it may be a body, its 354 lost */

	/* bodies */
	bool	 body_gap : 1;		/* octets of this one are missing */
	bool	 body_answered : 1;	/* refused before its end */
	bool	 body_accepted : 1;	/* LMTP: by one recipient */
	bool	 may_have_ended : 1;	/* at a lenient end; s->hold has what
					 * follows it */
	bool	 bare_lf : 1;		/* the client ends its lines so */
	bool	 chunk_last : 1;
	bool	 chunk_answered : 1;
	bool	 blob : 1;		/* the chunk is none of a mail */
	bool	 headless : 1;		/* the body about to be read may lack
					 * its beginning */
	bool	 requiretls : 1;	/* this mail's MAIL had it */
	bool	 mail_phase : 1;	/* a reply showed that mail has begun */

	/* the offer, and TLS */
	bool	 list_seen : 1;		/* a complete list was judged */
	bool	 after_list : 1;	/* ... and nobody spoke since */
	bool	 judge_unoffered : 1;	/* STARTTLS came before the list was
					 * complete */
	bool	 accepted : 1;		/* STARTTLS was */
	bool	 verdict_lost : 1;	/* ... or may have been, in a hole */
	bool	 frozen : 1;		/* hello and offer stay as they were */
	bool	 client_plain : 1;	/* accepted, yet it speaks in clear */
	bool	 tls_tried : 1;		/* TLS octets were handed over since the
					 * last STARTTLS */

	struct smtp_header	 header;	/* of the mail at hand */
	uint32_t		 list_len;	/* octets of facts.ehlo_reply */

	struct smtp_facts	 facts;
	struct smtp_greeting	 first_hello;	/* facts.hellos, while alone */
};

/* NULL: none of it so far. */
static inline struct smtp_asked *
smtp_asked_of(const struct smtp *s)
{
	return (struct smtp_asked *)s->facts.upgrade;
}

static inline struct smtp_odd *
smtp_odd_of(const struct smtp *s)
{
	return (struct smtp_odd *)s->facts.rare;
}

#endif
