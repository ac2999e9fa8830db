/* SPDX-License-Identifier: ISC */
/*
 * unit/store_made_up.h -- records as no packet made them.
 *
 * The readers' objects are opaque, so a test is free to say what they hold:
 * here they are their facts, and nothing else of smtp/ and tls/ is linked.
 * Behind <cmocka.h>; in one file of a program.
 */
#ifndef STORE_MADE_UP_H
#define STORE_MADE_UP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/detect.h"
#include "session/record.h"
#include "store/store.h"

/* 2026-11-20T12:11:55.066175Z */
#define NOON	INT64_C(1795176715066175)

struct smtp {
	struct smtp_facts	facts;
};

struct tls {
	struct tls_facts	facts;
};

const struct smtp_facts *
smtp_facts(const struct smtp *s)
{
	return &s->facts;
}

const struct tls_facts *
tls_facts(const struct tls *t)
{
	return &t->facts;
}

/* A record with room for what it points to. */
struct made_up {
	struct session_record	 record;
	struct smtp		 smtp;
	struct smtp_upgrade	 upgrade;	/* the parts of its facts */
	struct smtp_mail	 mail;
	struct smtp_rare	 rare;
	struct tls		 tls;
	struct findings		 findings;
	char			 source[16];
	struct smtp_greeting	 hellos[2];
	const char		*domains[2];
	struct certificate	*chain[2];
};

/* A connection that was seen whole and said nothing of note. */
static inline void
make_up(struct made_up *m, uint64_t identity)
{
	struct flow_facts *f = &m->record.flow;

	memset(m, 0, sizeof(*m));
	snprintf(m->source, sizeof(m->source), "eth0");
	m->record.source = m->source;
	m->smtp.facts.upgrade = &m->upgrade;
	m->smtp.facts.mail = &m->mail;
	m->smtp.facts.rare = &m->rare;
	m->smtp.facts.hellos = m->hellos;
	m->mail.rcpt_domains = m->domains;
	m->tls.facts.chain = m->chain;
	m->record.identity = identity;
	m->record.smtp = &m->smtp;
	m->record.tls = &m->tls;
	snprintf(m->record.community_id, sizeof(m->record.community_id),
	    "1:abcdefghijklmnopqrstuvwxyz0=");
	f->ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 192, 0, 2, 10 });
	f->ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 198, 51, 100, 25 });
	f->port[SIDE_CLIENT] = 41022;
	f->port[SIDE_SERVER] = 25;
	f->first = (struct mark){ .time = NOON, .packet = 1 };
	f->last = (struct mark){ .time = NOON + 1500000, .packet = 20 };
	f->end = FLOW_FINISHED;
	for (int i = 0; i < SIDES; i++) {
		f->side[i].syn = f->side[i].fin = true;
		f->side[i].packets = 10;
		f->side[i].octets = 300;
	}
}

/* Where the log goes while a test listens. */
struct ear {
	int	 saved;
	FILE	*file;
};

static inline void
ear_open(struct ear *e)
{
	fflush(stderr);
	e->saved = dup(STDERR_FILENO);
	e->file = tmpfile();
	assert_non_null(e->file);
	dup2(fileno(e->file), STDERR_FILENO);
}

/* What was said, into `out`. */
static inline const char *
ear_close(struct ear *e, char *out, size_t size)
{
	size_t n;

	fflush(stderr);
	dup2(e->saved, STDERR_FILENO);
	close(e->saved);
	rewind(e->file);
	n = fread(out, 1, size - 1, e->file);
	out[n] = '\0';
	fclose(e->file);
	return out;
}

/* Into the store as the clerk does it, with the findings it has. */
static inline int
made_up_store(struct store *s, struct made_up *m)
{
	enum store_place place;
	struct past past;
	int64_t id;

	for (unsigned depth = 0; depth < STORE_DEPTHS; depth++)
		store_foresee(s, &m->record, depth);
	if (store_place(s, &m->record, &place, &id, &past) == -1)
		return -1;
	return place != STORE_NEW ? 0 : store_session(s, id,
	    &(struct store_case){ .r = &m->record, .past = &past },
	    &m->findings);
}

#endif
