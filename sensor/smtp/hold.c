/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/hold.h"

#define HOLD_AT_FIRST	256

/* Nothing in it can be used any more: only that it ran over is kept. */
static bool
run_over(struct smtp_hold **h)
{
	struct smtp_hold *shrunk;

	if (*h == NULL)
		return false;
	(*h)->over = true;
	(*h)->len = (*h)->cap = (*h)->pieces = 0;
	if ((shrunk = realloc(*h, sizeof(**h))) != NULL)
		*h = shrunk;
	return false;
}

static bool
make_room(struct smtp_hold **h, size_t more)
{
	size_t len = *h != NULL ? (*h)->len : 0;
	size_t cap = *h != NULL ? (*h)->cap : 0;
	struct smtp_hold *grown;

	if (more > SMTP_HOLD_MAX - len)
		return false;
	if (len + more <= cap)
		return true;
	if (cap == 0)
		cap = HOLD_AT_FIRST;
	while (cap < len + more)
		cap *= 2;
	if ((grown = realloc(*h, sizeof(**h) + cap)) == NULL)
		return false;
	if (*h == NULL)
		memset(grown, 0, sizeof(*grown));
	*h = grown;
	grown->cap = (uint32_t)cap;
	return true;
}

bool
smtp_hold_add(struct smtp_hold **h, struct span octets, struct mark at)
{
	struct smtp_hold *hold;
	unsigned last;

	if (*h != NULL && (*h)->over)
		return false;
	if (*h == NULL && !make_room(h, 0))
		return false;
	if (!make_room(h, octets.len))
		return run_over(h);
	hold = *h;
	if (octets.len > 0)
		memcpy(hold->octets + hold->len, octets.at, octets.len);
	hold->len += (uint32_t)octets.len;
	last = hold->pieces > 0 ? hold->pieces - 1 : 0;
	/* One packet is one piece; past the limit the last one stretches. */
	if (hold->pieces == 0 || (hold->pieces < SMTP_HOLD_PIECES &&
	    hold->piece[last].at.packet != at.packet)) {
		last = hold->pieces++;
		hold->piece[last].at = at;
	}
	hold->piece[last].end = hold->len;
	return true;
}

struct span
smtp_hold_octets(const struct smtp_hold *h)
{
	return h != NULL ? span_of(h->octets, h->len) : span_of(NULL, 0);
}

bool
smtp_hold_piece(const struct smtp_hold *h, unsigned *n, struct span *octets,
    struct mark *at)
{
	uint32_t from;

	if (h == NULL || *n >= h->pieces)
		return false;
	from = *n > 0 ? h->piece[*n - 1].end : 0;
	*octets = span_of(h->octets + from, h->piece[*n].end - from);
	*at = h->piece[*n].at;
	(*n)++;
	return true;
}

void
smtp_hold_drop(struct smtp_hold **h)
{
	free(*h);
	*h = NULL;
}
