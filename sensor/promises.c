/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stdlib.h>

#include "capture/privileges.h"
#include "policy/ask.h"
#include "policy/watch.h"
#include "promises.h"

#define MATCHES_KEPT	4096

struct promises {
	const struct config	*config;
	struct ask		*ask;		/* NULL: off */
	struct store		*store;		/* of STS policies; or NULL */
	struct watch		*watch;		/* own domains */
	const struct policy_answer *watched[WATCH_DOMAINS_MAX];
	struct match		*match;
	struct match_result	 result;	/* of the record at hand */
};

static int
drop(void *context)
{
	return privileges_drop(context);
}

/* -1 is said by the store, and met by the clerk at its next record. */
static void
keep_sts(void *context, const char *line)
{
	struct promises *p = context;

	if (p->store != NULL)
		store_sts_keep(p->store, line);
}

static void
give_sts(void *context, const char *line)
{
	ask_give_sts(context, line);
}

static void
load_sts(void *context, struct ask *a)
{
	struct promises *p = context;

	if (p->store != NULL)
		store_sts_tell(p->store, give_sts, a);
}

void
promises_keep_in(struct promises *p, struct store *s)
{
	p->store = s;
}

static struct ask *
open_ask(struct promises *p)
{
	const struct config *c = p->config;
	struct ask_options o = ASK_OPTIONS_DEFAULT;

	o.engine.live.resolver = c->resolver;
	o.engine.sts_enabled = c->mta_sts;
	if (c->policy == POLICY_BY_FILE) {
		o.engine.snapshot = c->snapshot;
		o.engine.sts_enabled = false;
		o.in_process = true;
	} else {
		o.drop = drop;
		o.drop_context = c->user;
		o.sts_keep = keep_sts;
		o.sts_load = load_sts;
		o.sts_context = p;
	}
	return ask_open(&o);
}

struct promises *
promises_open(const struct config *c)
{
	struct promises *p;

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->match = match_new(MATCHES_KEPT)) == NULL ||
	    (p->watch = watch_new(&c->inventory)) == NULL) {
		log_warn("policy");
		promises_close(p);
		return NULL;
	}
	p->config = c;
	if (c->policy != POLICY_BY_NOBODY && (p->ask = open_ask(p)) == NULL) {
		promises_close(p);	/* said why itself */
		return NULL;
	}
	return p;
}

void
promises_close(struct promises *p)
{
	if (p == NULL)
		return;
	ask_close(p->ask);
	watch_free(p->watch);
	match_free(p->match);
	free(p);
}

bool
promises_worth(const struct promises *p, const struct session_record *r)
{
	return r->stage != RECORD_NOTE &&
	    (r->protocol == RECORD_SMTP || r->protocol == RECORD_TLS) &&
	    (r->smtp != NULL || r->tls != NULL) &&
	    (r->server_name != NULL || (r->smtp != NULL &&
	    smtp_mail(smtp_facts(r->smtp))->rcpt_domains_kept > 0) ||
	    inventory_server_at(&p->config->inventory,
	    &r->flow.ip[SIDE_SERVER]) != NULL);
}

static void
put_first_word(char out[LOOKUP_NAME_MAX], const char *text)
{
	size_t len = text == NULL ? 0 : strcspn(text, " ");

	if (len >= LOOKUP_NAME_MAX)
		len = 0;
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

void
promises_ask(const struct promises *p, const struct session_record *r,
    struct policy_question *q)
{
	const struct smtp_facts *f = r->smtp != NULL ? smtp_facts(r->smtp) :
	    NULL;
	const struct inventory_server *own;

	memset(q, 0, sizeof(*q));
	q->server = r->flow.ip[SIDE_SERVER];
	q->port = r->flow.port[SIDE_SERVER];
	if (r->tls != NULL)
		put_first_word(q->sni, tls_facts(r->tls)->sni);
	if (f != NULL && !f->banner_masked)
		put_first_word(q->banner, f->banner);
	if (r->server_name != NULL && (r->server_name_from == RECORD_NAME_MX ||
	    r->server_name_from == RECORD_NAME_DNS))
		policy_question_add_name(q, r->server_name);
	for (unsigned i = 0; f != NULL &&
	    i < smtp_mail(f)->rcpt_domains_kept; i++)
		policy_question_add_domain(q, smtp_mail(f)->rcpt_domains[i]);
	if ((own = inventory_server_at(&p->config->inventory,
	    &q->server)) != NULL)
		policy_question_add_name(q, own->name);
	q->curious = inventory_owns_address(&p->config->inventory,
	    &q->server);
}

uint64_t
promises_put(struct promises *p, const struct session_record *r)
{
	struct policy_question q;

	if (p->ask == NULL || !promises_worth(p, r))
		return 0;
	promises_ask(p, r, &q);
	if (q.curious)
		watch_put(p->watch, p->ask, &q, r->flow.first.time,
		    promises_change(p));
	return ask_put(p->ask, &q);
}

uint64_t
promises_put_question(struct promises *p, const struct policy_question *q)
{
	return p->ask == NULL ? 0 : ask_put(p->ask, q);
}

bool
promises_take(struct promises *p, uint64_t *ticket,
    struct policy_answer **answer)
{
	while (p->ask != NULL && ask_take(p->ask, ticket, answer))
		if (!watch_take(p->watch, *ticket, *answer))
			return true;
	return false;
}

void
promises_run(struct promises *p, int wait_ms)
{
	struct pollfd fd = { .events = POLLIN };
	int most;

	if (p->ask == NULL)
		return;
	fd.fd = ask_fd(p->ask);
	most = ask_wait_ms(p->ask);
	if (wait_ms > 0 && fd.fd != -1)
		poll(&fd, 1, most >= 0 && most < wait_ms ? most : wait_ms);
	ask_run(p->ask);
}

void
promises_show(const struct session_record *r, struct promises_shown *s)
{
	const struct tls_facts *t;

	*s = (struct promises_shown){ .seen = MATCH_SEEN_HIDDEN,
	    .at = r->flow.first.time };
	if (r->tls == NULL)
		return;
	t = tls_facts(r->tls);
	s->seen = r->certificate == RECORD_CERTIFICATE_VISIBLE ?
	    MATCH_SEEN_CHAIN : r->certificate == RECORD_CERTIFICATE_NONE ?
	    MATCH_SEEN_NONE : MATCH_SEEN_HIDDEN;
	for (unsigned i = 0; i < t->chain_len && i < TLS_CHAIN_MAX; i++)
		s->chain[s->count++] = t->chain[i];
	s->sent = t->chain_sent;
}

bool
promises_compare(struct promises *p, const struct promises_shown *s,
    const struct policy_answer *answer, struct match_result *result)
{
	struct span chain[TLS_CHAIN_MAX];
	const char *names[DANE_REFERENCES_MAX];
	struct match_question q = { .records = &answer->tlsa,
	    .chain = chain, .names = names, .at = s->at, .seen = s->seen,
	    .chain_count = s->count, .chain_sent = s->sent };

	if (answer->tlsa.count == 0)
		return false;
	for (unsigned i = 0; i < s->count; i++)
		chain[i] = s->chain[i]->der;
	for (unsigned i = 0; i < answer->nreferences; i++)
		names[q.names_count++] = answer->references[i];
	match_ask(p->match, &q, result);
	return true;
}

/* The certificates that were sent, against what was promised. */
static bool
compare(struct promises *p, const struct session_record *r,
    const struct policy_answer *answer)
{
	struct promises_shown shown;

	if (answer->tlsa.count == 0 || r->tls == NULL ||
	    r->tls_state != RECORD_TLS_ESTABLISHED)
		return false;
	promises_show(r, &shown);
	return promises_compare(p, &shown, answer, &p->result);
}

/* What is known of the time of a snapshot's records: have those of the time of
 * the session run out before they were looked up (policy/confirm.h)? */
static enum confirm_answer
fixed(const struct session_record *r, const struct policy_answer *answer)
{
	int64_t after = answer->looked_up - r->flow.first.time;

	return answer->looked_up != 0 && after < (int64_t)answer->ttl *
	    1000000 ? CONFIRM_UNDECIDED : CONFIRM_FIXED;
}

void
promises_weigh(struct promises *p, const struct session_record *r,
    const struct policy_answer *answer, struct promise *out)
{
	*out = (struct promise){ .answer = answer,
	    .inventory = &p->config->inventory,
	    .fixed = !promises_change(p), .watched = p->watched,
	    .nwatched = watch_known(p->watch, &r->flow.ip[SIDE_SERVER],
	    r->flow.port[SIDE_SERVER], p->watched) };
	if (answer == NULL || !compare(p, r, answer))
		return;
	out->match = &p->result;
	if (match_promise(p->result.outcome) == MATCH_BROKEN)
		out->confirm = promises_change(p) ? CONFIRM_WAIT :
		    fixed(r, answer);
}

bool
promises_change(const struct promises *p)
{
	return p->config->policy == POLICY_BY_RESOLVER;
}
