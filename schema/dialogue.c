/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "schema/dialogue.h"

/* To the reply to EHLO it is enough, of some to the end.  It grows by two
 * fifths, which with this start are sizes that malloc() has. */
#define BLOCK_AT_FIRST	160
#define BLOCK_GROWN(size)	(((size) * 7 / 5 + 31) & ~(size_t)31)
#define VARINT_MAX	10	/* octets of 64 bits, seven each */
#define WHO_BITS	2
#define WHO_MASK	((1U << WHO_BITS) - 1)
#define COUNT_SHORT	32U	/* octets of a line whose length and speaker
				 * count as one octet, of others as two */
#define FAR		UINT32_MAX	/* a step of as much or more */

/* What the head of an entry says: who in the lowest bits, and in those left
 * above the octets of its text, or the lines of a list. */
#define REFERRED	(1U << 2)	/* a place instead of a text */
#define LIST		(1U << 3)	/* ... of a list of them */
#define ALIKE		(1U << 4)	/* steps as before, left out */
#define WIDE		(1U << 5)	/* steps of 64 bits, not 32 */
#define LEN_SHIFT	6

/* Of an entry, in octets. */
#define HEAD_SIZE	sizeof(uint16_t)
#define STEPS_SIZE	(2 * sizeof(uint32_t))
#define STEPS_WIDE	(2 * sizeof(uint64_t))
#define PLACE_SIZE	sizeof(uint32_t)

/* Where a walk stands: behind so many octets, and lines of a list there. */
#define WALK_BITS	24
#define WALK_OCTETS	(((size_t)1 << WALK_BITS) - 1)

/*
 * One block.  Entries lie one behind the other: a head, the steps of packet
 * and time from the first line, and the text, or in what place it is kept.
 * Of two lines said at once the second has no steps.  Numbers have their
 * machine's form: they are written and read more often than the few octets
 * matter that they would take less in another.  Hundreds of thousands of
 * dialogues may be open at once.
 */
struct dialogue {
	int64_t		 first_time;
	uint64_t	 first_packet;
	const char	*start;		/* of texts kept elsewhere */
	unsigned	 dropped;
	uint32_t	 packet, time;	/* steps of the last line, or FAR */
	uint32_t	 len, size;
	uint16_t	 counted;	/* as if texts were here, and numbers
				 * varints */
	uint8_t		 steps;		/* octets of those, so counted */
	uint8_t		 octets[];
};

/* Steps may be negative: small numbers of either sign become small ones. */
static uint64_t
zigzag(uint64_t step)
{
	return step << 1 ^ (0 - (step >> 63));
}

static uint64_t
unzigzag(uint64_t n)
{
	return n >> 1 ^ (0 - (n & 1));
}

static inline size_t
put_varint(uint8_t *out, uint64_t n)
{
	uint8_t *to = out;

	while (n >= 0x80) {
		*to++ = (uint8_t)(n | 0x80);
		n >>= 7;
	}
	*to++ = (uint8_t)n;
	return (size_t)(to - out);
}

/* Octets used; 0 if the number does not end, or is more than 64 bits. */
static size_t
take_varint(const uint8_t *in, size_t len, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < len && i < VARINT_MAX; i++) {
		if (i == VARINT_MAX - 1 && in[i] > 1)
			return 0;
		*n |= (uint64_t)(in[i] & 0x7f) << (7 * i);
		if ((in[i] & 0x80) == 0)
			return i + 1;
	}
	return 0;
}

/* Three numbers in a row, of a line in memory or on disk. */
static size_t
take_three(const uint8_t *in, size_t len, uint64_t n[3])
{
	size_t used = 0, one;

	for (int i = 0; i < 3; i++) {
		one = take_varint(in + used, len - used, &n[i]);
		if (one == 0)
			return 0;
		used += one;
	}
	return used;
}

static size_t
block(const struct dialogue *d)
{
	return offsetof(struct dialogue, octets) + d->size;
}

static struct dialogue *
grow(struct dialogue *d, size_t size)
{
	struct dialogue *grown;

	if ((grown = realloc(d, size)) == NULL)
		return NULL;
	grown->size = (uint32_t)(size - offsetof(struct dialogue, octets));
	return grown;
}

struct dialogue *
dialogue_new(void)
{
	struct dialogue *d;

	if ((d = grow(NULL, BLOCK_AT_FIRST)) == NULL)
		return NULL;
	d->dropped = 0;
	d->start = NULL;
	d->packet = d->time = FAR;
	d->steps = 0;
	d->counted = 0;
	d->len = 0;
	return d;
}

void
dialogue_free(struct dialogue *d)
{
	free(d);
}

static bool
room(struct dialogue **d, size_t n)
{
	size_t size = block(*d), want = size - (*d)->size + (*d)->len + n;
	struct dialogue *grown;

	while (size < want)
		size = BLOCK_GROWN(size);
	if ((grown = grow(*d, size)) == NULL)
		return false;
	*d = grown;
	return true;
}

/* Seven bits to an octet, without a loop. */
static inline unsigned
varint_size(uint32_t n)
{
	unsigned bits = 32 - (unsigned)__builtin_clz(n | 1);

	return (bits * 9 + 64) / 64;
}

/* The same of any number. */
static unsigned
varint_size_wide(uint64_t n)
{
	unsigned size = 1;

	while ((n >>= 7) != 0)
		size++;
	return size;
}

/* As a line counts to the limit, but for its steps. */
static inline size_t
count_of(size_t len)
{
	return (len < COUNT_SHORT ? 1 : 2) + len;
}

static inline uint8_t *
put(uint8_t *to, const void *number, size_t size)
{
	memcpy(to, number, size);
	return to + size;
}

/* Are they those of the line before?  If not, these are the last now. */
static inline unsigned
note_steps(struct dialogue *d, uint64_t packet, uint64_t time)
{
	if (packet == d->packet && time == d->time && packet != FAR)
		return ALIKE;
	if (packet < FAR && time < FAR) {
		d->packet = (uint32_t)packet;
		d->time = (uint32_t)time;
		d->steps = (uint8_t)(varint_size(d->packet) +
		    varint_size(d->time));
		return 0;
	}
	d->packet = d->time = FAR;
	d->steps = (uint8_t)(varint_size_wide(packet) +
	    varint_size_wide(time));
	return WIDE;
}

/* One line, or those of a list. */
struct entry {
	unsigned	 head;		/* but for who and steps */
	unsigned	 lines;
	size_t		 octets;	/* behind its steps */
	size_t		 count;		/* to the limit, but for steps */
};

/*
 * Room for an entry, with its head and steps put there; where its octets go.
 * NULL: it is dropped, and nothing behind the first that is may be kept: a
 * dialogue has an end, but no holes.
 */
static inline uint8_t *
begin(struct dialogue **dialogue, const struct dialogue_line *line,
    const struct entry *e)
{
	struct dialogue *d = *dialogue;
	uint64_t step[2];
	unsigned form;
	size_t size;
	uint8_t *to;
	uint16_t head;

	if (d->counted == 0) {
		d->first_time = line->time;
		d->first_packet = line->packet;
	}
	step[0] = zigzag(line->packet - d->first_packet);
	step[1] = zigzag((uint64_t)line->time - (uint64_t)d->first_time);
	form = note_steps(d, step[0], step[1]);
	size = HEAD_SIZE + e->octets + (form == ALIKE ? 0 : form == WIDE ?
	    STEPS_WIDE : STEPS_SIZE);
	if (d->dropped > 0 || d->counted + e->count + e->lines * d->steps >
	    DIALOGUE_OCTETS_MAX ||
	    (size > d->size - d->len && !room(dialogue, size))) {
		d->packet = d->time = FAR;	/* nothing has these */
		return NULL;
	}
	d = *dialogue;
	d->counted += (uint16_t)(e->count + e->lines * d->steps);
	to = d->octets + d->len;
	d->len += (uint32_t)size;
	head = (uint16_t)(e->head | form | line->who);
	to = put(to, &head, HEAD_SIZE);
	if (form == ALIKE)
		return to;
	if (form == WIDE)
		return put(to, step, STEPS_WIDE);
	to = put(to, &d->packet, sizeof(d->packet));
	return put(to, &d->time, sizeof(d->time));
}

void
dialogue_add(struct dialogue **d, enum dialogue_who who, int64_t time,
    uint64_t packet, const char *text, size_t length)
{
	size_t len = length < DIALOGUE_LINE_MAX ? length : DIALOGUE_LINE_MAX;
	struct dialogue_line line = { .who = who, .time = time,
	    .packet = packet };
	struct entry e = { .head = (unsigned)len << LEN_SHIFT, .lines = 1,
	    .octets = len, .count = count_of(len) };
	uint8_t *to = begin(d, &line, &e);

	if (to == NULL)
		(*d)->dropped++;
	else if (len > 0)
		memcpy(to, text, len);
}

void
dialogue_refer(struct dialogue **d, const struct dialogue_line *line,
    const char *start)
{
	size_t len = line->len < DIALOGUE_LINE_MAX ? line->len :
	    DIALOGUE_LINE_MAX;
	struct entry e = { .head = (unsigned)len << LEN_SHIFT | REFERRED,
	    .lines = 1, .octets = PLACE_SIZE, .count = count_of(len) };
	uint32_t place = (uint32_t)(line->text - start);
	uint8_t *to;

	(*d)->start = start;
	if ((to = begin(d, line, &e)) == NULL)
		(*d)->dropped++;
	else
		put(to, &place, PLACE_SIZE);
}

/* A place in the list that is kept at `list`. */
static struct dialogue_place
place_of(const char *list, size_t nth)
{
	struct dialogue_place place;

	memcpy(&place, list + nth * sizeof(place), sizeof(place));
	return place;
}

/* Where the list as a whole has no room, some of its lines may. */
static void
refer_each(struct dialogue **d, const struct dialogue_line *list,
    const char *start)
{
	struct dialogue_line line = *list;

	for (size_t i = 0; i < list->len; i++) {
		struct dialogue_place place = place_of(list->text, i);

		line.text = start + place.at;
		line.len = place.len;
		dialogue_refer(d, &line, start);
	}
}

void
dialogue_refer_list(struct dialogue **d, const struct dialogue_line *list,
    const char *start)
{
	struct entry e = { .head = (unsigned)list->len << LEN_SHIFT |
	    REFERRED | LIST, .lines = (unsigned)list->len,
	    .octets = PLACE_SIZE };
	uint32_t place = (uint32_t)(list->text - start);
	uint8_t *to;

	(*d)->start = start;
	for (size_t i = 0; i < list->len; i++)
		e.count += count_of(place_of(list->text, i).len);
	if ((to = begin(d, list, &e)) != NULL)
		put(to, &place, PLACE_SIZE);
	else
		refer_each(d, list, start);
}

struct dialogue *
dialogue_copy(const struct dialogue *d)
{
	struct dialogue *copy = dialogue_new();
	struct dialogue_line line;
	size_t at = 0;

	while (copy != NULL && dialogue_next(d, &at, &line))
		dialogue_add(&copy, line.who, line.time, line.packet,
		    line.text, line.len);
	return copy;
}

unsigned
dialogue_dropped(const struct dialogue *d)
{
	return d->dropped;
}

size_t
dialogue_size(const struct dialogue *d)
{
	return block(d);
}

void
dialogue_foresee(const struct dialogue *d)
{
	__builtin_prefetch(d->octets + d->len, 1);
}

/* The steps of an entry, which has some. */
static const uint8_t *
take_steps(const struct dialogue *d, const uint8_t *in, unsigned head,
    struct dialogue_line *line)
{
	uint32_t near[2];
	uint64_t step[2];

	if ((head & WIDE) != 0) {
		memcpy(step, in, sizeof(step));
		in += sizeof(step);
	} else {
		memcpy(near, in, sizeof(near));
		in += sizeof(near);
		step[0] = near[0];
		step[1] = near[1];
	}
	line->packet = d->first_packet + unzigzag(step[0]);
	line->time = (int64_t)((uint64_t)d->first_time + unzigzag(step[1]));
	return in;
}

/* What is kept elsewhere, the nth of a list.  Is it the last? */
static bool
take_kept(const struct dialogue *d, uint32_t place, size_t nth,
    unsigned head, struct dialogue_line *line)
{
	struct dialogue_place kept;

	if ((head & LIST) == 0) {
		line->text = d->start + place;
		return true;
	}
	kept = place_of(d->start + place, nth);
	line->text = d->start + kept.at;
	line->len = kept.len;
	return nth + 1 == head >> LEN_SHIFT;
}

bool
dialogue_next(const struct dialogue *d, size_t *at,
    struct dialogue_line *line)
{
	size_t offset = *at & WALK_OCTETS, nth = *at >> WALK_BITS;
	const uint8_t *p = d->octets + offset;
	uint32_t place;
	uint16_t head;

	if (offset >= d->len)
		return false;
	memcpy(&head, p, HEAD_SIZE);
	p += HEAD_SIZE;
	if ((head & ALIKE) == 0)
		p = take_steps(d, p, head, line);
	line->who = (enum dialogue_who)(head & WHO_MASK);
	line->len = head >> LEN_SHIFT;
	line->referred = (head & REFERRED) != 0;
	if (!line->referred) {
		line->text = (const char *)p;
		p += line->len;
	} else {
		memcpy(&place, p, PLACE_SIZE);
		p += PLACE_SIZE;
		if (!take_kept(d, place, nth, head, line)) {
			*at += (size_t)1 << WALK_BITS;
			return true;
		}
	}
	*at = (size_t)(p - d->octets);
	return true;
}

size_t
dialogue_pack(uint8_t out[DIALOGUE_ROW_MAX], struct dialogue_steps *from,
    int64_t line_id, const struct dialogue_line *line)
{
	size_t n;

	n = put_varint(out, (uint64_t)line_id << WHO_BITS | line->who);
	n += put_varint(out + n, zigzag(line->packet - from->packet));
	n += put_varint(out + n,
	    zigzag((uint64_t)line->time - (uint64_t)from->time));
	from->packet = line->packet;
	from->time = line->time;
	return n;
}

size_t
dialogue_unpack(const uint8_t *in, size_t len, struct dialogue_steps *from,
    int64_t *line_id, struct dialogue_line *line)
{
	uint64_t n[3];
	size_t used;
	unsigned who;

	if ((used = take_three(in, len, n)) == 0)
		return 0;
	if ((who = n[0] & ((1 << WHO_BITS) - 1)) > SAID_BY_US)
		return 0;
	*line_id = (int64_t)(n[0] >> WHO_BITS);
	from->packet += unzigzag(n[1]);
	from->time = (int64_t)((uint64_t)from->time + unzigzag(n[2]));
	line->who = (enum dialogue_who)who;
	line->packet = from->packet;
	line->time = from->time;
	return used;
}
