/* SPDX-License-Identifier: ISC */
/*
 * session/session_internal.h -- what the files of this folder share.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include "session/path.h"
#include "session/session.h"

#define PEEK_MAX	8	/* octets held to tell TLS from text */

/* Whose turn it is to read a side. */
enum reader {
	READER_UNDECIDED,	/* the next octets tell: text or TLS */
	READER_SMTP,
	READER_TLS,
};

/*
 * Of a side that is undecided: what it takes to decide.  Few connections
 * have any: text and TLS tell themselves by their first octets.
 */
struct puzzle {
	uint64_t	 gap;		/* octets missing ahead of what comes */
	struct mark	 gap_at;
	uint8_t		 peek[PEEK_MAX];
	uint8_t		 peeked;
	uint8_t		 line;		/* readable octets behind the gap */
	bool		 cr;		/* ... and CR as the last of them */
};

struct voice {			/* one side */
	uint8_t		 reader : 4;	/* enum reader */
	uint8_t		 want : 4;	/* enum flow_want, as last told to
					 * the flow */
	bool		 enough : 1;	/* tls/ needs no more of it */
	bool		 holed : 1;	/* octets missing since TLS might
					 * begin */
};

struct skip {			/* what a side's reader does not want */
	uint64_t	 octets;	/* as last told; 0: none running */
	uint64_t	 from;		/* the side's octets when told */
};

/* There are as many as connections: it fills a size of malloc's, and what
 * their octets touch comes first. */
struct session {
	struct session_world	*world;
	struct flow		*flow;
	struct smtp		*smtp;
	struct tls		*tls;
	struct dialogue		*dialogue;
	struct book		*book;	/* NULL: none; held */
	struct voice		 side[SIDES];	/* true roles, not the flow's */
	uint16_t		 heard;		/* times something was; wraps */
	uint16_t		 told;		/* enum news given early */
	unsigned		 conflicts_seen;
	uint8_t			 conflicts_kept;
	uint8_t			 remarked;	/* enum remark already made */
	bool			 flipped : 1;	/* content says that the flow guessed the roles wrong */
	bool			 tls_expected : 1;	/* STARTTLS accepted, no octet since */
	bool			 implicit_tls : 1;	/* TLS from the first octet */
	bool			 path_done : 1;	/* past what could be forged */
	bool			 gap_before_tls : 1;	/* while text or TLS was undecided */
	bool			 server_heard : 1;
	bool			 server_late : 1;	/* nothing tells what it said before */
	bool			 given_up : 1;	/* memory was short */
	uint8_t			 ended : SIDES;	/* a bit a side, the flow's */
	struct skip		 skip[SIDES];	/* true roles */
	struct path_side	 path_side[SIDES];	/* true sides */
	struct path		*path;		/* NULL: nothing was odd */
	struct puzzle		*puzzle;	/* SIDES of them; NULL: none */
	struct record_conflict	*conflicts;
	const char		*source;	/* the book's, or owned */
};

/* guess.c: what octets are, by themselves. */
enum guess { GUESS_TEXT, GUESS_TLS, GUESS_MORE };
enum guess	guess_reader(enum side who, struct span first);
/* Octets behind a gap, where TLS is expected.  `p` counts from call to
 * call. */
enum guess	guess_behind_hole(struct puzzle *p, struct span octets);
/* A reply is the server's, a command the client's; else *flipped stays. */
void		guess_roles(enum side who, struct span octets, bool *flipped);

/* Who that is whom the flow takes for `who`, and the other way round. */
static inline enum side
session_side(const struct session *s, enum side who)
{
	return s->flipped ? side_other(who) : who;
}

/* steer.c: after all that was heard. */
void	session_steer(struct session *s);
void	session_end_skip(struct session *s, enum side flow_side,
	    bool at_end, struct mark at);

/* Octets of a skip have passed (all, or as many as came before the end):
 * tell the reader before it hears anything else.  Mostly there is none. */
static inline void
session_settle_skip(struct session *s, enum side flow_side, bool at_end,
    struct mark at)
{
	if (s->skip[session_side(s, flow_side)].octets > 0)
		session_end_skip(s, flow_side, at_end, at);
}

/* session.c: a line for the dialogue. */
void	session_say(struct session *s, enum dialogue_who who, struct mark at,
	    struct span line);

/* foresee.c: struct flow_ops */
void	session_foresee(const void *session, struct span octets,
	    unsigned depth);

/* remarks.c: lines of the dialogue that nobody said. */
void	remark_tls(struct session *s);
void	remark_gap(struct session *s, enum side who, uint64_t octets,
	    struct mark at);
void	remark_conflict(struct session *s, const struct record_conflict *c);
void	remark_end(struct session *s, enum side who, bool reset,
	    struct mark at);

/* conflict.c: the first few are kept, redacted. */
void	conflict_keep(struct session *s, enum side who,
	    const struct flow_conflict *c);

/* name.c: what the server is called, and what DNS said about it. */
void	conclude_name(struct session_record *r, const struct session *s,
	    const struct smtp_facts *smtp);

/* conclude.c: from a session and its flow to a record.  NULL: memory. */
struct session_record	*session_conclude(struct session *s,
			    const struct flow_facts *facts);
/* The same of a session that goes on: copies, what is known so far. */
struct session_record	*session_conclude_early(const struct session *s,
			    enum record_stage stage);

/* segments.c: struct flow_ops */
size_t	session_segment(void *context, void *session, void **kept,
	    const struct packet *p);
void	session_forget(void *kept);

/* early.c: tell at once what should not wait for the end, live. */
void	early_news(struct session *s);
static inline void
early_look(struct session *s)
{
	if (s->world->live)
		early_news(s);
}

/* Both ends have said all they will. */
void	early_ended(struct session *s);

#endif
