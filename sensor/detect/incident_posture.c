/* SPDX-License-Identifier: ISC */
/*
 * Incidents of posture: what of one server is to be mended, from when it was
 * seen first to when it was found well.
 */
#include <stdlib.h>
#include <string.h>

#include "detect/incident_internal.h"

struct incident *
incident_posture_new(const struct incident_share *s, const struct posture *p)
{
	struct incident *i;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return NULL;
	i->family = FAMILY_POSTURE;
	i->kind = p->kind;
	i->server = s->r->flow.ip[SIDE_SERVER];
	i->server_port = s->r->flow.port[SIDE_SERVER];
	i->first_seen = INT64_MAX;
	i->last_seen = INT64_MIN;
	return i;
}

/* Past the number of parts everything is known: it is told no more.  What
 * has become graver is told again. */
static bool
is_known(const struct incident *i, const char *about,
    const struct finding *f)
{
	const struct incident_parts *p = &i->parts[PART_ABOUT];

	if (f->severity > i->severity)
		return false;
	for (unsigned n = 0; n < p->count; n++)
		if (strcmp(p->list[n].word, about) == 0)
			return true;
	return p->count == INCIDENT_PARTS_MAX;
}

bool
incident_posture_add(struct incident *i, const struct incident_share *s,
    const struct posture *p)
{
	const struct finding *f = &p->finding;
	const struct incident alone = { .severity = f->severity,
	    .confidence = f->confidence, .kind = p->kind,
	    .session = s->session };
	int64_t at = s->r->flow.first.time;
	bool first = i->first_seen > i->last_seen;
	bool news = first || !is_known(i, p->about, f);

	/* the session to look at is one that has a finding */
	if (first || (news && incident_leads(&alone, i)))
		incident_follow(i, &alone);
	i->because |= f->because;
	i->sessions++;
	if (at < i->first_seen)
		i->first_seen = at;
	if (at > i->last_seen)
		i->last_seen = at;
	if (i->mended <= i->last_seen)
		i->mended = 0;
	incident_put_place(i, s, 1);
	incident_put_part(i, PART_KIND, kind_word(p->kind), 1, true);
	incident_put_part(i, PART_ABOUT, p->about, 1, true);
	i->dirty = true;
	return news;
}

static bool
is_about(const char *word, const char *subject)
{
	size_t len = strlen(subject);

	return strncmp(word, subject, len) == 0 &&
	    (word[len] == '\0' || word[len] == ',');
}

/*
 * A server may show two certificates by turns, or serve two domains: one of
 * them being well does not mend the other.  What was not seen for a day is
 * not used any more.
 */
void
incident_posture_well(struct incident *i, const struct posture *p,
    int64_t at)
{
	const struct incident_parts *all = &i->parts[PART_ABOUT];
	bool whole = true;

	if (i->mended != 0 || at <= i->last_seen)
		return;
	for (unsigned n = 0; n < all->count && p->about[0] != '\0'; n++)
		whole &= is_about(all->list[n].word, p->about);
	if (!whole && at - i->last_seen <= INCIDENT_IDLE)
		return;
	i->mended = at;
	i->dirty = true;
}
