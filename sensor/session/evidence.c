/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/footprint.h"
#include "session/evidence.h"

struct evidence {
	struct evidence_frame	*first, **end;
	unsigned		 frames;
	uint32_t		 octets;
};

struct evidence *
evidence_new(void)
{
	struct evidence *e;

	if ((e = calloc(1, sizeof(*e))) != NULL)
		e->end = &e->first;
	return e;
}

static void
free_from(struct evidence_frame *f)
{
	struct evidence_frame *next;

	for (; f != NULL; f = next) {
		next = f->next;
		free(f);
	}
}

void
evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	free_from(e->first);
	free(e);
}

void
evidence_add(struct evidence *e, const struct packet *p)
{
	struct evidence_frame *f;

	if (e->frames == EVIDENCE_FRAMES_MAX ||
	    p->frame.len > EVIDENCE_OCTETS_MAX - e->octets ||
	    (f = malloc(sizeof(*f) + p->frame.len)) == NULL)
		return;
	*f = (struct evidence_frame){ .mark = p->mark,
	    .len = (uint32_t)p->frame.len, .wire_len = p->frame_wire,
	    .link_type = p->link_type };
	if (f->len > 0)
		memcpy(f->octets, p->frame.at, f->len);
	*e->end = f;
	e->end = &f->next;
	e->frames++;
	e->octets += f->len;
}

size_t
evidence_size(const struct evidence *e)
{
	return footprint(sizeof(*e)) + e->octets + e->frames *
	    footprint(sizeof(struct evidence_frame));
}

void
evidence_cut(struct evidence *e, uint64_t packet)
{
	struct evidence_frame **at = &e->first;

	if (packet == 0)
		return;
	while (*at != NULL && (*at)->mark.packet != packet)
		at = &(*at)->next;
	free_from(*at);
	*at = NULL;
	e->end = at;
}

const struct evidence_frame *
evidence_first(const struct evidence *e)
{
	return e->first;
}
