/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "schema/dialogue.h"

#define BLOCK_AT_FIRST	160	/* to the reply to EHLO it is enough ... */
#define BLOCK_STEP	64	/* ... and with one step to the end of most */
#define VARINT_MAX	10	/* octets of 64 bits, seven each */
#define WHO_BITS	2
#define HEAD_BITS	4		/* who, and the two below */
#define REFERRED	(1U << WHO_BITS)
#define ALIKE		(2U << WHO_BITS)
#define HEAD_SHORT	32U	/* octets of a line whose length and speaker
				 * count as one octet, of others as two */
#define HEAD_MAX	2
#define AT_MAX		5	/* octets of where a text is kept */
#define FAR		UINT32_MAX	/* a step of as much or more */

/*
 * One block.  Lines lie one behind the other, each behind a head of three
 * numbers: length and speaker, and the steps of packet and time from the
 * first line; ALIKE, the steps are those of the line before and left out.
 * Instead of a text that is kept elsewhere stands a number, where.  Hundreds
 * of thousands of dialogues may be open at once.
 */
struct dialogue {
	int64_t		 first_time;
	uint64_t	 first_packet;
	const char	*start;		/* of texts kept elsewhere */
	unsigned	 dropped;
	uint32_t	 packet, time;	/* steps of the last line, or FAR */
	uint16_t	 counted;	/* as if texts and steps were here */
	uint16_t	 len, size;
	uint8_t		 steps;		/* octets of those, as counted */
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

/* What we wrote ourselves needs no distrust. */
static inline const uint8_t *
take_own(const uint8_t *in, uint64_t *n)
{
	unsigned shift = 0;

	*n = *in & 0x7f;
	while ((*in++ & 0x80) != 0) {
		shift += 7;
		*n |= (uint64_t)(*in & 0x7f) << shift;
	}
	return in;
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

	if (size - offsetof(struct dialogue, octets) > UINT16_MAX ||
	    (grown = realloc(d, size)) == NULL)
		return NULL;
	grown->size = (uint16_t)(size - offsetof(struct dialogue, octets));
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
	d->counted = d->len = 0;
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

	if (want <= size)
		return true;
	while (size < want)
		size += size < 8 * BLOCK_STEP ? BLOCK_STEP : size / 2;
	if ((grown = grow(*d, size)) == NULL)
		return false;
	*d = grown;
	return true;
}

static inline unsigned
varint_size(uint64_t n)
{
	unsigned size = 1;

	while ((n >>= 7) != 0)
		size++;
	return size;
}

static uint32_t
near_step(uint64_t step)
{
	return step < FAR ? (uint32_t)step : FAR;
}

/* Does the line before have the same steps?  If not, these are the last. */
static bool
is_alike(struct dialogue *d, uint64_t packet, uint64_t time)
{
	if (packet == d->packet && time == d->time && packet != FAR &&
	    time != FAR)
		return true;
	d->packet = near_step(packet);
	d->time = near_step(time);
	d->steps = (uint8_t)(varint_size(packet) + varint_size(time));
	return false;
}

/* Room for it; else it is dropped, and nothing behind the first that is may
 * be kept: a dialogue has an end, but no holes. */
static bool
has_room(struct dialogue **dialogue, size_t len, bool here)
{
	struct dialogue *d = *dialogue;
	size_t count = (len < HEAD_SHORT ? 1 : 2) + d->steps + len;
	size_t most = HEAD_MAX + d->steps + (here ? len : AT_MAX);

	if (d->dropped > 0 ||
	    d->counted + count > DIALOGUE_OCTETS_MAX ||
	    (most > (size_t)d->size - d->len && !room(dialogue, most))) {
		d->dropped++;
		return false;
	}
	(*dialogue)->counted += (uint16_t)count;
	return true;
}

/* `at` is where the text is kept, `from` NULL then. */
static void
append(struct dialogue **dialogue, const struct dialogue_line *line,
    const char *from, uint32_t at)
{
	size_t len = line->len < DIALOGUE_LINE_MAX ? line->len :
	    DIALOGUE_LINE_MAX;
	struct dialogue *d = *dialogue;
	uint64_t packet, time;
	bool alike;
	uint8_t *to;

	if (d->counted == 0) {
		d->first_time = line->time;
		d->first_packet = line->packet;
	}
	packet = zigzag(line->packet - d->first_packet);
	time = zigzag((uint64_t)line->time - (uint64_t)d->first_time);
	alike = is_alike(d, packet, time);
	if (!has_room(dialogue, len, from != NULL))
		return;
	d = *dialogue;
	to = d->octets + d->len;
	to += put_varint(to, len << HEAD_BITS | line->who |
	    (from != NULL ? 0 : REFERRED) | (alike ? ALIKE : 0));
	if (!alike) {
		to += put_varint(to, packet);
		to += put_varint(to, time);
	}
	if (from == NULL)
		to += put_varint(to, at);
	else {
		memcpy(to, from, len);
		to += len;
	}
	d->len = (uint16_t)(to - d->octets);
}

void
dialogue_add(struct dialogue **d, enum dialogue_who who, int64_t time,
    uint64_t packet, const char *text, size_t len)
{
	struct dialogue_line line = { .who = who, .time = time,
	    .packet = packet, .len = len };

	append(d, &line, text != NULL ? text : "", 0);
}

void
dialogue_refer(struct dialogue **d, const struct dialogue_line *line,
    const char *start)
{
	(*d)->start = start;
	append(d, line, NULL, (uint32_t)(line->text - start));
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

bool
dialogue_next(const struct dialogue *d, size_t *at,
    struct dialogue_line *line)
{
	uint64_t head, step;
	const uint8_t *p;

	if (*at >= d->len)
		return false;
	p = take_own(d->octets + *at, &head);
	if ((head & ALIKE) == 0) {
		p = take_own(p, &step);
		line->packet = d->first_packet + unzigzag(step);
		p = take_own(p, &step);
		line->time = (int64_t)((uint64_t)d->first_time +
		    unzigzag(step));
	}
	line->who = (enum dialogue_who)(head & ((1 << WHO_BITS) - 1));
	line->len = (size_t)(head >> HEAD_BITS);
	line->referred = (head & REFERRED) != 0;
	if (line->referred) {
		p = take_own(p, &head);
		line->text = d->start + head;
	} else {
		line->text = (const char *)p;
		p += line->len;
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
