/* SPDX-License-Identifier: ISC */
/*
 * smtp/expect.h -- the replies that the server owes, in order.
 *
 * Clients send commands in groups (RFC 2920) whether or not they may, so
 * replies are paired with commands by counting, never by timing.
 */
#ifndef SMTP_EXPECT_H
#define SMTP_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMTP_EXPECT_MAX		1024	/* commands waiting for their replies */
#define SMTP_EXPECT_NEAR	8	/* of them without a heap block */

enum smtp_due {
	DUE_NOTHING,		/* no command explains it */
	DUE_LOST,		/* some command whose place was lost in a gap */
	DUE_GREETING,
	DUE_EHLO,		/* or LHLO: a list may come */
	DUE_HELO,
	DUE_STARTTLS,
	DUE_MASKED,		/* what seems to have been STARTTLS */
	DUE_MAIL,
	DUE_RCPT,
	DUE_DATA,
	DUE_BODY,		/* the end of what DATA began */
	DUE_CHUNK,		/* BDAT or BURL */
	DUE_CHUNK_LAST,
	DUE_AUTH,		/* AUTH, or an answer to its challenge */
	DUE_BLOB,		/* XEXCH50 */
	DUE_RSET,
	DUE_QUIT,
	DUE_TURN,
	DUE_BLANK,		/* an empty line: some servers answer it */
	DUE_OTHER,
};

struct smtp_expect {		/* all zero: nothing is expected */
	union {
		uint8_t		*far;	/* a ring of `cap` */
		uint8_t		 near[SMTP_EXPECT_NEAR];
	};
	uint16_t	 cap;		/* 0: near is used */
	uint16_t	 first, count;
};

/* False: too many, or memory is short. */
bool		 smtp_expect_push(struct smtp_expect *q, enum smtp_due due);
enum smtp_due	 smtp_expect_first(const struct smtp_expect *q);
void		 smtp_expect_pop(struct smtp_expect *q);
/* The nth from the front, for n below count. */
enum smtp_due	 smtp_expect_at(const struct smtp_expect *q, unsigned n);
bool		 smtp_expect_has(const struct smtp_expect *q,
		    enum smtp_due due);
/* The memory it takes up beside itself. */
size_t		 smtp_expect_size(const struct smtp_expect *q);
/* Forget all; gives the memory back. */
void		 smtp_expect_clear(struct smtp_expect *q);

#endif
