/* SPDX-License-Identifier: ISC */
/*
 * flow/flow_internal.h -- what the files of flow/ share.
 *
 *	table.c		the table: finding a connection, beginning one
 *	limits.c	memory, and who goes when there is too little
 *	timing.c	packet time, and what is due when it passes
 *	connection.c	one connection: roles, SYN, its end
 *	doubts.c	SYNs and RSTs that are not believed yet
 *	stream.c	one side: order, skipping, who is told
 *	waiting.c	copies that have to wait, and when their turn comes
 *	gaps.c		giving up waiting for what does not come
 *	memory.c	octets remembered, and copies compared with them
 */
#ifndef FLOW_INTERNAL_H
#define FLOW_INTERNAL_H

#include "base/book.h"
#include "flow/flow.h"

#define SECOND			1000000	/* µs */
#define HELD_SEGMENTS_MAX	1024	/* a side: bounds the search too */
#define PIECES_MAX		1024	/* remembered segments a side */
#define PLAUSIBLE		(1U << 24)	/* octets away from the next expected */
#define ASTRAY_MAX		8	/* implausible segments in a row */
#define LEAP			(60 * SECOND)	/* a step of time to be confirmed */

/* Sequence numbers wrap (RFC 9293 section 3.4). */
static inline bool
seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Stamps are hostile: their difference must not overflow. */
static inline int64_t
time_between(int64_t earlier, int64_t later)
{
	return (int64_t)((uint64_t)later - (uint64_t)earlier);
}

/* A stretch of a side, from one packet. */
struct copy {
	struct span	 octets;	/* as captured */
	uint32_t	 seq;
	uint32_t	 wire_len;	/* more, if the snap length cut it */
	uint32_t	 ack;
	struct mark	 mark;
	uint8_t		 ttl;
	bool		 has_ack;
	bool		 fin;		/* and then it ends */
	bool		 bad_checksum;
	/* The octets may come once more, and better: */
	bool		 tail;		/* what the snap length left of another */
	bool		 damaged;	/* the receiver may have thrown it away */
	bool		 final;		/* they will not */
};

/* A copy that has to wait: for octets before it, or for those that it
 * acknowledges; a tail, for another copy that has its octets. */
struct held {
	struct held	*next;
	struct copy	 copy;		/* its span points behind this struct */
	uint32_t	 room;
	uint8_t		 octets[];
};

/* Finished connections still read for late copies: that many at most. */
#define CLOSING_SHARE	256		/* of the connections */
#define CLOSING_LEAST	64

struct line {			/* of waiting copies, by sequence number */
	struct held	*first, *last;
	uint32_t	 octets, count;
};

/* Of a connection in which something waits. */
struct waiting {
	struct flow	*flow;
	struct waiting	*newer, *older;	/* in order of `since` */
	int64_t		 since;		/* the last progress */
	struct line	 side[SIDES];
};

struct doubted_rst {
	bool		 waits;
	bool		 fits;		/* as the receiver judges, RFC 5961 */
	bool		 late;		/* both sides had finished already */
	uint32_t	 seq;
	bool		 has_peer;
	uint32_t	 peer;		/* the other side's next at that time */
	struct mark	 at;
};

/* What a packet claimed and nobody has confirmed. */
struct doubts {
	struct doubted_rst	 rst[SIDES];
	bool		 syn_waits;
	enum side	 syn_by;
	struct packet	 syn;		/* without octets */
};

struct stream {
	struct memory	*memory;	/* NULL: nothing remembered */
	uint64_t	 skip;
	uint32_t	 next;		/* expected; valid once started */
	uint32_t	 first;		/* where it started */
	uint32_t	 acked;		/* highest the other side has acknowledged */
	uint8_t		 want;		/* enum flow_want */
	uint8_t		 good_checksums, bad_checksums;	/* to 255 */
	uint8_t		 astray;	/* implausible segments in a row */
	bool		 started;	/* `next` is known */
	bool		 has_acked;
	bool		 ended;		/* FIN reached */
	bool		 fin_missed;	/* the octet before `next` seems a FIN */
};

enum list_id {
	LIST_OPENING,		/* no octet yet */
	LIST_OPEN,
	LIST_QUIET,		/* too long for anything to be remembered */
	LIST_CLOSING,		/* finished or reset, still read for a while */
	LIST_TOMBS,		/* over; known for late copies */
	LISTS
};

struct flow_key {
	struct addr	ip[2];		/* the lower address and port first */
	uint16_t	port[2];
};

/* What both a connection and its tombstone have. */
struct entry {
	struct entry	*chain;		/* next in the bucket */
	struct entry	*newer, *older;	/* in its list */
	int64_t		 touched;	/* place in time of its list */
	uint32_t	 hash;
	uint8_t		 list;		/* enum list_id */
};

struct tomb {
	struct entry	 entry;
	struct flow_key	 key;
	uint32_t	 next[2];	/* by key order */
	uint32_t	 isn[2];
	bool		 has_next[2], has_isn[2];
	bool		 reset;
};

struct flow {
	struct entry	 entry;
	struct flow_table	*table;
	void		*session;	/* NULL before the first octet */
	void		*kept;		/* the reader's, see flow_ops.segment */
	struct waiting	*waiting;	/* NULL: nothing waits */
	struct doubts	*doubts;	/* NULL: none */
	uint32_t	 charged, kept_size;	/* octets of the reader */
	bool		 busy;		/* being worked on: not to be evicted */
	bool		 unread;	/* no session could be had */
	bool		 one_sided;	/* not waiting for a side never seen */
	bool		 client_is_low;	/* key[0] is the client */
	bool		 seen[SIDES];	/* packets of this side came */
	bool		 asked_twice;	/* a SYN came again, later */
	struct stream	 side[SIDES];
	struct flow_facts facts;
};

struct flow_table {
	struct flow_limits	 limits;
	const uint8_t		*ports;
	const struct flow_ops	*ops;
	void			*context;
	struct counters		*counters;
	struct entry		**buckets;
	uint32_t		 mask;
	uint64_t		 seed;
	uint64_t		 memory;	/* octets, held against the limit */
	size_t			 connections, tombs;
	uint64_t		 departures;	/* of entries, so far */
	/*
	 * `stamp` follows the packets' time, also when that steps back; `now`
	 * is what the table's own times are in, and only goes forward.
	 */
	int64_t			 stamp, now;
	int64_t			 leap;		/* a stamp that waits to be confirmed */
	struct flow		*leaper;	/* ... and whose segment had it */
	bool			 leaping;
	int64_t			 due;		/* nothing is before that */
	int64_t			 patience[LISTS], patience_waiting;
	struct entry		*oldest[LISTS], *newest[LISTS];
	size_t			 listed[LISTS];
	struct waiting		*waiting_oldest, *waiting_newest;
	struct bookshelf	*books;		/* of what servers say */
};

/* Octets of this connection were given to a reader, or to none for lack of
 * memory. */
static inline bool
flow_heard(const struct flow *f)
{
	return f->session != NULL || f->unread;
}

/* table.c */
void	 table_look(const struct flow_table *t, struct packet *p);
	    /* sets flow_hash and source_is_low */
void	 table_move(struct flow_table *t, struct entry *e, enum list_id to,
	    int64_t at);
void	 table_remove(struct flow *f, bool leave_tomb);	/* and free */
void	 table_remove_tomb(struct flow_table *t, struct tomb *tomb);

/* limits.c */
void	*limits_alloc(struct flow_table *t, size_t size);	/* NULL: limit or memory */
void	 limits_free(struct flow_table *t, void *p, size_t size);
/* As limits_alloc(), but nobody has to go for it. */
void	*limits_alloc_spare(struct flow_table *t, size_t size);
void	 limits_charge(struct flow_table *t, uint32_t *charged, size_t octets);
void	 limits_enforce(struct flow_table *t);	/* after charges */
bool	 limits_evict(struct flow_table *t);	/* false: nobody can go */

/* foresee.c */
void	 foresee_ends(const struct flow *f);	/* this one is about to end */

/* timing.c */
void	 timing_init(struct flow_table *t);
void	 timing_set(struct flow_table *t, int64_t stamp);
void	 timing_check(struct flow_table *t);	/* what is due */
/* Something began to wait in a list that was empty. */
void	 timing_expect(struct flow_table *t, int64_t due);
/* It waits for something; false: no memory for that.  Again: there was
 * progress, so it may wait as long again. */
bool	 timing_wait(struct flow *f);
void	 timing_wait_no_more(struct flow *f);

/* connection.c */
/* Settle who is who by what this segment tells. */
void	 connection_begin(struct flow *f, const struct packet *p,
	    bool source_is_low);
void	 connection_take(struct flow *f, const struct packet *p,
	    bool source_is_low);
/* Deliver what there is, tell the reader, and forget. */
void	 connection_end(struct flow *f, enum flow_end how);
enum side connection_side(const struct flow *f, bool source_is_low);
bool	 connection_owns_syn(const struct flow *f, enum side who,
	    const struct packet *p);
bool	 connection_is_over(const struct flow *f);
/* Over, and nothing that may still come is of interest. */
bool	 connection_is_done(const struct flow *f);

/* doubts.c */
/* A segment between the ends of this connection: is it part of it? */
enum belonging {
	BELONGS,
	DOUBTFUL,	/* remembered until something confirms it */
	BEGINS_ANEW,	/* another connection: the SYN it had to confirm, if
			 * any, lies in the doubts */
};
enum belonging	 doubts_judge(struct flow *f, const struct packet *p,
		    bool source_is_low);
void	 doubts_take_rst(struct flow *f, enum side who,
	    const struct packet *p);
/* After a segment: does it show that an end does not know of a RST? */
void	 doubts_review(struct flow *f, const struct packet *p);
bool	 doubts_rst_fits(const struct flow *f);
bool	 doubts_believe_rst(struct flow *f);	/* true: it was reset */
void	 doubts_swap(struct flow *f);	/* the sides change places */
void	 doubts_free(struct flow *f);

/* stream.c */
void	 stream_take(struct flow *f, enum side who, const struct copy *c);
/* Sets bad_checksum and damaged. */
void	 stream_check(struct flow *f, enum side who, const struct packet *p,
	    struct copy *c);
bool	 stream_plausible(const struct stream *s, uint32_t seq);
void	 stream_start(struct stream *s, uint32_t next);
void	 stream_pump(struct flow *f);	/* deliver all that may be */
/* Octets that nobody saw, before what comes next. */
void	 stream_missing(struct flow *f, enum side who, uint32_t octets,
	    struct mark at);

/* waiting.c */
/* Where a copy ends; a FIN counts as one octet (RFC 9293 section 3.4). */
uint32_t waiting_end(const struct copy *c);
void	 waiting_hold(struct flow *f, enum side who, const struct copy *c);
/* Has the other side been delivered as far as this one acknowledges? */
bool	 waiting_caught_up(const struct flow *f, enum side who,
	    const struct copy *c);
/*
 * The copy whose turn it is, out of line; NULL: none.  What of it is to be
 * taken is *c: the rest was seen in another copy first.  Then say so.
 */
struct held *waiting_next(struct flow *f, enum side who, struct copy *c);
void	 waiting_done(struct flow *f, enum side who, struct held *h,
	    uint32_t taken);
void	 waiting_forget(struct flow *f, enum side who);

/* gaps.c */
/* Declare one gap; false: there is none to declare.  `final`: no evidence
 * that the receiver got what we did not is asked for. */
bool	 gaps_force(struct flow *f, bool final);
/* Did the receiver get this side's octets up to `seq`?  Nobody can tell
 * when the receiver is out of sight. */
bool	 gaps_received(const struct flow *f, enum side who, uint32_t seq);
/* At the end: acknowledged, but never seen. */
void	 gaps_at_end(struct flow *f);

/* memory.c */
/* What is behind the first `from` octets of the copy. */
void	 memory_keep(struct flow *f, enum side who, const struct copy *c,
	    uint32_t from);
void	 memory_compare(struct flow *f, enum side who, const struct copy *c);
void	 memory_expire(struct flow *f, enum side who);	/* what is too old */
void	 memory_forget(struct flow *f, enum side who);	/* all of a side */

/* For flow_foresee(): what tells where the next piece goes, then where. */
void	 memory_foresee(const struct stream *s, unsigned depth);
/* The last octet seen came alone in its segment, and is remembered. */
bool	 memory_last_is_single(const struct stream *s);

#endif
