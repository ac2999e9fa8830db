/* SPDX-License-Identifier: ISC */
#include "policy/inquiry.h"

const struct lookup_answer *
inquire(struct inquiry *i, const char *name, enum lookup_type type)
{
	struct inquiry_line *l;

	for (unsigned n = 0; n < i->count; n++) {
		l = &i->lines[n];
		if (l->question.type == type &&
		    strcmp(l->question.name, name) == 0)
			return l->answer;
	}
	if (i->count == INQUIRY_MAX || !lookup_name_ok(name)) {
		i->full = true;
		return NULL;
	}
	l = &i->lines[i->count++];
	memset(l, 0, sizeof(*l));
	memcpy(l->question.name, name, strlen(name) + 1);
	l->question.type = type;
	return NULL;
}

struct inquiry_line *
inquiry_next(struct inquiry *i)
{
	for (unsigned n = 0; n < i->count; n++) {
		struct inquiry_line *l = &i->lines[n];

		if (l->answer == NULL && !l->asked) {
			l->asked = true;
			return l;
		}
	}
	return NULL;
}

void
inquiry_tell(struct inquiry_line *l, struct lookup_answer *a)
{
	l->answer = lookup_answer_take(a);
}

void
inquiry_clear(struct inquiry *i)
{
	for (unsigned n = 0; n < i->count; n++)
		lookup_answer_give(i->lines[n].answer);
	i->count = 0;
	i->full = false;
}
