/* SPDX-License-Identifier: ISC */
/*
 * What a session wants of the packets themselves: the frames of its
 * beginning as evidence, and the way they took.
 */
#include "session/session_internal.h"

/* Nothing of a mail, a password or another's secret goes into evidence. */
static bool
evidence_enough(const struct session *s)
{
	const struct smtp_facts *f;

	if (s->tls != NULL && tls_facts(s->tls)->state == TLS_ESTABLISHED)
		return true;
	if (s->smtp == NULL)
		return false;
	f = smtp_facts(s->smtp);
	return f->mail_commands > 0 || smtp_rare(f)->auth != NULL;
}

/* Whose packet is it?  Ports tell, but for the rare two that are the same. */
static enum side
sender(const struct session *s, const struct packet *p)
{
	const struct flow_facts *f = flow_facts(s->flow);
	enum side flow_side = p->source_port == f->port[SIDE_CLIENT] &&
	    (p->source_port != f->port[SIDE_SERVER] ||
	    addr_equal(&p->source, &f->ip[SIDE_CLIENT])) ? SIDE_CLIENT :
	    SIDE_SERVER;

	return s->flipped ? side_other(flow_side) : flow_side;
}

size_t
session_segment(void *context, void *session, void **kept,
    const struct packet *p)
{
	const struct session_world *world = context;
	struct evidence **e = (struct evidence **)kept;
	struct session *s = session;

	if (s != NULL && !s->path_done)
		path_see(&s->path, s->path_side, sender(s, p), p);
	if (!world->evidence)
		return 0;
	if (session == NULL || !evidence_enough(session)) {
		if (*e == NULL)
			*e = evidence_new();
		if (*e != NULL)
			evidence_add(*e, p);
	}
	return *e == NULL ? 0 : evidence_size(*e);
}

void
session_forget(void *kept)
{
	evidence_free(kept);
}
