/* SPDX-License-Identifier: ISC */
#include "store/again.h"

/* Of the incident that it was in before, and of the one that it is in now. */
static int
tell_incidents(const struct again_rows *rows, const struct store_again *a,
    int64_t before)
{
	char words[UNANSWERED_WORDS_MAX];
	struct incident_revision i = { .incident = before, .at = a->at,
	    .text = words };
	int64_t now = 0;

	for (unsigned n = 0; n < a->findings->count && now == 0; n++)
		now = a->findings->list[n].incident;
	if (unanswered_row_words(rows->unanswered, a, words) == -1 ||
	    (before != now && incidents_revise(rows->incidents, &i) == -1))
		return -1;
	i.incident = now;
	i.again = incident_leader(a->findings) != NULL;
	return incidents_revise(rows->incidents, &i);
}

static int
replace(const struct again_rows *rows, const struct store_again *a,
    const struct confirm_before *before)
{
	const struct session_record *r = a->of.r;
	struct findings *f = a->findings;
	struct incident_share share = { .r = r, .f = f, .past = a->of.past,
	    .sensor = rows->sensor, .session = a->session,
	    .again = before->incident != 0, .before = before->incident,
	    .mails_before = before->incident != 0 && r->smtp != NULL ?
	    smtp_facts(r->smtp)->mails_accepted : 0 };

	if (confirm_row_forget(rows->confirm, before) == -1 ||
	    incidents_take(rows->incidents, &share, f) == -1 ||
	    incidents_take_posture(rows->incidents, &share, f) == -1)
		return -1;
	/* what is a note now is told where it was more */
	for (unsigned i = 0; incident_leader(f) == NULL && i < f->count; i++)
		f->list[i].incident = before->incident;
	if (finding_row_put_again(rows->findings, before->row, r, f) == -1 ||
	    finding_row_flush(rows->findings) == -1 ||
	    unanswered_row_settle(rows->unanswered, a) == -1)
		return -1;
	return tell_incidents(rows, a, before->incident);
}

int
again_put(const struct again_rows *rows, const struct store_again *a,
    struct confirm_before *before)
{
	if (confirm_row_look_back(rows->confirm, a->session, before) == -1)
		return -1;
	return before->there ? replace(rows, a, before) : 0;
}
