/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "smtp/list.h"
#include "smtp/recall.h"

struct smtp_list *
smtp_list_begin(struct smtp *s)
{
	if (s->list == NULL)
		s->list = smtp_recalls_room(s->recalls);
	if (s->list == NULL)
		s->list = calloc(1, sizeof(*s->list));
	return s->list;
}

static bool
is_room(const struct smtp *s)
{
	return s->list != NULL && s->list == smtp_recalls_room(s->recalls);
}

void
smtp_list_rest(struct smtp *s)
{
	struct smtp_list *own;

	if (!is_room(s))
		return;
	if ((own = malloc(sizeof(*own))) == NULL) {
		smtp_list_drop(s);
		return;
	}
	*own = *s->list;
	*s->list = (struct smtp_list){ .token = NULL };
	s->list = own;
}

void
smtp_list_drop(struct smtp *s)
{
	struct smtp_text reply;

	if (s->list == NULL)
		return;
	if (is_room(s)) {
		/* its block is good for the next one */
		reply = s->list->reply;
		s->list->reply = (struct smtp_text){ .at = NULL };
		smtp_capability_drop(s->list);
		s->list->reply = (struct smtp_text){ .at = reply.at,
			.cap = reply.cap };
	} else {
		smtp_capability_drop(s->list);
		free(s->list);
	}
	s->list = NULL;
}
