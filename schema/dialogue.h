/* SPDX-License-Identifier: ISC */
/*
 * schema/dialogue.h -- the redacted dialogue of a session, and its form on
 * disk.
 *
 * A dialogue is a list of lines with who said them, when, and in which
 * packet.  In memory it is one growing block with a limit; on disk the
 * texts are numbers of a dictionary (table `line`), so a row is a few
 * octets a line:
 *
 *	varint(line id * 4 + who)  varint(packet step)  varint(time step, µs)
 *
 * steps from the line before (zigzag: captures can step back), the first
 * from packet 0 and the session's start.
 */
#ifndef SCHEMA_DIALOGUE_H
#define SCHEMA_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIALOGUE_OCTETS_MAX	16384	/* in memory, a session */
#define DIALOGUE_LINE_MAX	512	/* octets of one line; longer is cut */
#define DIALOGUE_LIST_MAX	255	/* lines referred to at once */
/* a line takes three octets at least */
#define DIALOGUE_LINES_MAX	(DIALOGUE_OCTETS_MAX / 3)

enum dialogue_who {
	SAID_BY_CLIENT,
	SAID_BY_SERVER,
	SAID_BY_US,		/* a remark: a gap, a TLS message, a conflict */
};

struct dialogue_line {
	enum dialogue_who	 who;
	int64_t			 time;		/* microseconds since 1970 */
	uint64_t		 packet;
	const char		*text;		/* not NUL-terminated */
	size_t			 len;
	bool			 referred;	/* kept elsewhere */
};

/* Where a text is kept elsewhere: behind some start. */
struct dialogue_place {
	uint32_t		 at, len;
};

struct dialogue;		/* opaque */

struct dialogue	*dialogue_new(void);		/* NULL: memory */
void		 dialogue_free(struct dialogue *d);	/* NULL is fine */

/* Past the limit, or with memory short, this and all later lines are
 * dropped and counted: a dialogue has an end, but no holes.  The block may
 * move: *d. */
void		 dialogue_add(struct dialogue **d, enum dialogue_who who,
		    int64_t time, uint64_t packet, const char *text,
		    size_t len);
/*
 * The same for a text that is kept elsewhere as long as the dialogue is
 * walked: in 32 bits behind `start`, which is the same for all its lines.
 * To the limit it counts as if it were here.
 */
void		 dialogue_refer(struct dialogue **d,
		    const struct dialogue_line *line, const char *start);
/*
 * The same for lines said together: list->len of them, DIALOGUE_LIST_MAX or
 * fewer, each of at most DIALOGUE_LINE_MAX octets.  list->text is where their
 * places are (struct dialogue_place), kept like the texts.
 */
void		 dialogue_refer_list(struct dialogue **d,
		    const struct dialogue_line *list, const char *start);
/* All lines so far, with texts of its own.  NULL: memory is short. */
struct dialogue	*dialogue_copy(const struct dialogue *d);
unsigned	 dialogue_dropped(const struct dialogue *d);

/* The memory it takes up now, in octets. */
size_t		 dialogue_size(const struct dialogue *d);

/* A line will be added soon: fetch where it goes into the caches. */
void		 dialogue_foresee(const struct dialogue *d);

/* Walk: start with *at = 0, and leave `line` as the call before made it;
 * false at the end. */
bool		 dialogue_next(const struct dialogue *d, size_t *at,
		    struct dialogue_line *line);

/* The form on disk.  `out` grows by at most DIALOGUE_ROW_MAX octets. */
#define DIALOGUE_ROW_MAX	30
struct dialogue_steps {
	uint64_t	packet;
	int64_t		time;	/* begin with the session's start */
};
size_t	dialogue_pack(uint8_t out[DIALOGUE_ROW_MAX],
	    struct dialogue_steps *from, int64_t line_id,
	    const struct dialogue_line *line);
/* Octets used, 0 at the end or if `in` is damaged.  Sets all but text. */
size_t	dialogue_unpack(const uint8_t *in, size_t len,
	    struct dialogue_steps *from, int64_t *line_id,
	    struct dialogue_line *line);

#endif
