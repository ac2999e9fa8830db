/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "detect/grade.h"
#include "detect/incident_internal.h"
#include "detect/phrase.h"
#include "detect/rules.h"

/* Whose TLS had failed passed the offer by because of that. */
static bool
follows(const struct findings *f, enum kind kind)
{
	const struct finding *retry;

	if (kind != KIND_STARTTLS_UNUSED)
		return grade_consequence(kind);
	retry = finding_of(f, KIND_CLEARTEXT_RETRY);
	return retry != NULL && retry->severity > SEVERITY_INFO;
}

const struct finding *
incident_leader(const struct findings *f)
{
	const struct finding *follower = NULL;

	/* the gravest is first */
	for (unsigned i = 0; i < f->count; i++) {
		const struct finding *one = &f->list[i];

		if (one->severity == SEVERITY_INFO)
			break;
		if (!follows(f, one->kind))
			return one;
		if (follower == NULL)
			follower = one;
	}
	return follower;
}

bool
incident_covers(const struct incident *i, int64_t at)
{
	return incident_touches(i, at, at);
}

int64_t
incident_idle(enum family family)
{
	return family == FAMILY_POSTURE ? POSTURE_IDLE : INCIDENT_IDLE;
}

bool
incident_touches(const struct incident *i, int64_t first, int64_t last)
{
	int64_t idle = incident_idle(i->family);

	return last >= i->first_seen - idle && first <= i->last_seen + idle;
}

const char *
incident_net(const struct addr *client, char out[ADDR_TEXT_MAX + 4])
{
	struct addr net = *client;

	if (addr_is_v4(client)) {
		net.octets[15] = 0;
		addr_format(&net, out);
		return strcat(out, "/24");
	}
	memset(net.octets + 6, 0, sizeof(net.octets) - 6);
	addr_format(&net, out);
	return strcat(out, "/48");
}

const char *
incident_server(const struct addr *server, uint16_t port,
    char out[INCIDENT_PARTY_MAX])
{
	char ip[ADDR_TEXT_MAX];

	addr_format(server, ip);
	phrase(out, INCIDENT_PARTY_MAX, addr_is_v4(server) ? "%s:%u" :
	    "[%s]:%u", ip, port);
	return out;
}

struct incident *
incident_new(const struct incident_share *s)
{
	const struct finding *leader = incident_leader(s->f);
	struct incident *i;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return NULL;
	i->family = grade_family(leader->kind);
	i->server = s->r->flow.ip[SIDE_SERVER];
	i->server_port = s->r->flow.port[SIDE_SERVER];
	i->first_seen = INT64_MAX;
	i->last_seen = INT64_MIN;
	return i;
}

void
incident_free(struct incident *i)
{
	if (i == NULL)
		return;
	for (int p = 0; p < PARTS; p++) {
		for (unsigned n = 0; n < i->parts[p].count; n++)
			free(i->parts[p].list[n].word);
		free(i->parts[p].list);
	}
	free(i);
}

void
incident_put_part(struct incident *i, enum part what, const char *word,
    uint64_t sessions, bool dirty)
{
	const uint32_t hash = (uint32_t)XXH3_64bits(word, strlen(word));
	struct incident_parts *p = &i->parts[what];
	struct incident_part *one;
	void *room;

	for (unsigned n = 0; n < p->count; n++) {
		one = &p->list[n];
		if (one->hash == hash && strcmp(one->word, word) == 0) {
			one->sessions += sessions;
			one->dirty |= dirty;
			return;
		}
	}
	if (p->count == INCIDENT_PARTS_MAX)
		return;
	if (p->count % 8 == 0) {
		room = realloc(p->list, (p->count + 8) * sizeof(*one));
		if (room == NULL)
			return;
		p->list = room;
	}
	one = &p->list[p->count];
	if ((one->word = strdup(word)) == NULL)
		return;
	one->hash = hash;
	one->sessions = sessions > 0 ? sessions : 1;
	one->dirty = dirty;
	p->count++;
}

void
incident_put_place(struct incident *i, const struct incident_share *s,
    uint64_t sessions)
{
	char net[ADDR_TEXT_MAX + 4], server[INCIDENT_PARTY_MAX];
	const struct session_record *r = s->r;

	incident_put_part(i, PART_CLIENT_NET,
	    incident_net(&r->flow.ip[SIDE_CLIENT], net), sessions, true);
	incident_put_part(i, PART_SERVER,
	    incident_server(&r->flow.ip[SIDE_SERVER],
	    r->flow.port[SIDE_SERVER], server), sessions, true);
	incident_put_part(i, PART_SENSOR, s->sensor, sessions, true);
	if (r->server_name != NULL)
		incident_put_part(i, PART_SERVER_NAME, r->server_name,
		    sessions, true);
}

static void
add_parts(struct incident *i, const struct incident_share *s)
{
	const struct session_record *r = s->r;
	const uint64_t one = s->again ? 0 : 1;
	const struct smtp_facts *f;

	incident_put_place(i, s, one);
	if (s->f->cause != NULL)
		incident_put_part(i, PART_CAUSE, s->f->cause, one, true);
	for (unsigned n = 0; n < s->f->count; n++)
		if (s->f->list[n].severity > SEVERITY_INFO)
			incident_put_part(i, PART_KIND,
			    kind_word(s->f->list[n].kind), one, true);
	if (r->smtp == NULL)
		return;
	f = smtp_facts(r->smtp);
	for (unsigned n = 0; n < smtp_mail(f)->rcpt_domains_kept; n++)
		incident_put_part(i, PART_DOMAIN,
		    smtp_mail(f)->rcpt_domains[n], one,
		    true);
}

bool
incident_leads(const struct incident *a, const struct incident *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (a->confidence != b->confidence)
		return a->confidence > b->confidence;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->session < b->session;
}

void
incident_follow(struct incident *i, const struct incident *leader)
{
	i->severity = leader->severity;
	i->confidence = leader->confidence;
	i->kind = leader->kind;
	i->session = leader->session;
}

void
incident_add(struct incident *i, const struct incident_share *s)
{
	const struct finding *leader = incident_leader(s->f);
	const struct incident alone = { .severity = leader->severity,
	    .confidence = leader->confidence, .kind = leader->kind,
	    .session = s->session };
	int64_t at = s->r->flow.first.time;

	if (i->first_seen > i->last_seen || incident_leads(&alone, i))
		incident_follow(i, &alone);
	for (unsigned n = 0; n < s->f->count; n++)
		if (s->f->list[n].severity > SEVERITY_INFO)
			i->because |= s->f->list[n].because;
	i->sessions += s->again ? 0 : 1;
	if (s->r->smtp != NULL)
		i->mails += smtp_facts(s->r->smtp)->mails_accepted -
		    s->mails_before;
	if (at >= i->last_seen) {
		i->servers_missing = s->past->net_servers_missing;
		i->servers_offering = s->past->net_servers_offering;
		i->nets_offered = s->past->nets_offered;
		i->peers = s->past->peers;
		i->last_seen = at;
	}
	if (at < i->first_seen)
		i->first_seen = at;
	add_parts(i, s);
	i->dirty = true;
}

void
incident_lead_by(struct incident *i, const struct incident_lead *l,
    unsigned n)
{
	struct incident best = { .session = 0 };

	for (int follower = 0; follower < 2 && best.session == 0; follower++)
		for (unsigned k = 0; k < n; k++) {
			const struct incident alone = {
				.severity = l[k].severity,
				.confidence = l[k].confidence,
				.kind = l[k].kind, .session = l[k].session };

			if (grade_consequence(alone.kind) == (follower == 0))
				continue;
			if (best.session == 0 || incident_leads(&alone, &best))
				best = alone;
		}
	if (best.session != 0) {
		incident_follow(i, &best);
		return;
	}
	i->severity = SEVERITY_INFO;
	i->confidence = CONFIDENCE_CIRCUMSTANTIAL;
}

void
incident_absorb(struct incident *i, const struct incident *other)
{
	if (incident_leads(other, i))
		incident_follow(i, other);
	i->because |= other->because;
	i->sessions += other->sessions;
	i->mails += other->mails;
	if (other->last_seen > i->last_seen) {
		i->servers_missing = other->servers_missing;
		i->servers_offering = other->servers_offering;
		i->nets_offered = other->nets_offered;
		i->peers = other->peers;
		i->last_seen = other->last_seen;
	}
	if (other->first_seen < i->first_seen)
		i->first_seen = other->first_seen;
	if (other->mended > i->mended)
		i->mended = other->mended;
	if (i->mended <= i->last_seen)
		i->mended = 0;
	for (int p = 0; p < PARTS; p++)
		for (unsigned n = 0; n < other->parts[p].count; n++)
			incident_put_part(i, (enum part)p,
			    other->parts[p].list[n].word,
			    other->parts[p].list[n].sessions, true);
	i->dirty = true;
}

void
incident_move_to_net(struct incident *i)
{
	i->at_net = true;
	snprintf(i->net, sizeof(i->net), "%s",
	    i->parts[PART_CLIENT_NET].list[0].word);
	i->dirty = true;
}

enum location
incident_location(const struct incident *i)
{
	unsigned nets = i->parts[PART_CLIENT_NET].count;
	unsigned servers = i->parts[PART_SERVER].count;

	/* the counts are of offers, and say nothing of other families */
	if (i->family != FAMILY_ENCRYPTION_LOST)
		return LOCATION_UNKNOWN;
	if (i->at_net && servers >= INCIDENT_NET_SERVERS)
		return LOCATION_NEAR_CLIENT;
	if (nets == 1 && i->servers_missing >= INCIDENT_NET_SERVERS &&
	    i->servers_missing > i->servers_offering)
		return LOCATION_NEAR_CLIENT;
	if (nets >= INCIDENT_NEAR_NETS && i->peers == 0)
		return LOCATION_NEAR_SERVER;
	return LOCATION_UNKNOWN;
}

/* Gone for everybody at once: as likely switched off as taken away. */
enum severity
incident_severity(const struct incident *i)
{
	const uint32_t promised = 1U << EXPECT_DANE | 1U << EXPECT_STS;

	if ((i->kind == KIND_STARTTLS_ABSENT || i->kind == KIND_EHLO_REFUSED)
	    && incident_location(i) == LOCATION_NEAR_SERVER &&
	    (i->because & promised) == 0 && i->severity > SEVERITY_MEDIUM)
		return SEVERITY_MEDIUM;
	return i->severity;
}
