/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "analyzer/page.h"
#include "analyzer/server_load.h"

#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)
#define HOURS_MAX	(2 * DAY)	/* so long by hours, */
#define DAYS_MAX	(60 * DAY)	/* so long by days */
#define LIST_MAX	200		/* rows of each sort */

/* What is counted in the whole and in each period. */
#define COUNTS								\
	"count(*) AS sessions, sum(offer = 1) AS offered, "		\
	"sum(offer = 2) AS absent, sum(offer = 3) AS masked, "		\
	"sum(offer = 4) AS ehlo_refused, "				\
	"sum(ifnull(reply, 220) <> 220) AS starttls_refused, "		\
	"sum(tls = 1) AS tls_established, sum(tls = 2) AS tls_failed, "	\
	"sum(protection = 0) AS cleartext, sum(mails) AS mails_in_clear"

/* A client that takes no certificate (an anonymous suite) was shown none. */
#define COMPARED	"tlsa > 0 AND certificate IS NOT NULL"

struct server {
	const struct database	*d;
	const char		*ip;
	int			 port;
	json_t			*facts;
};

json_t *
server_list(const struct database *d)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT ip, port FROM temp.life GROUP BY ip, port "
	    "ORDER BY max(at) DESC, ip, port");
	return rows_take(d, d->paths[0], q);
}

/* " FROM life WHERE it is this server's". */
static void
add_life(struct query *q, const struct server *s)
{
	query_add(q, " FROM temp.life WHERE ip = ");
	query_add_text(q, s->ip);
	query_add(q, " AND port = %d", s->port);
}

/* The column of the latest session of those that have it. */
static void
add_latest(struct query *q, const struct server *s, const char *column,
    const char *condition)
{
	query_add(q, ", (SELECT v.%s FROM (SELECT db, id", column);
	add_life(q, s);
	query_add(q, " AND %s ORDER BY at DESC LIMIT 1) AS k CROSS JOIN "
	    "all_sessions AS v WHERE v.db = k.db AND v.id = k.id) AS ",
	    condition);
}

/* What is still to be mended, the gravest first: as v_servers has it. */
static void
add_posture(struct query *q, const struct server *s)
{
	query_add(q, ", (SELECT json_group_array(kind) FROM (SELECT kind "
	    "FROM all_incidents WHERE family = 'posture' AND mended_at "
	    "IS NULL AND server_ip = ");
	query_add_text(q, s->ip);
	query_add(q, " AND server_port = %d GROUP BY kind ORDER BY "
	    "max(CASE severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 "
	    "WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END) DESC, kind)) "
	    "AS posture", s->port);
}

static struct query *
select_facts(const struct server *s)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT ip AS server_ip, port AS server_port");
	add_latest(q, s, "server_name", "name IS NOT NULL");
	query_add(q, "server_name, min(at) AS first_seen, max(ended) "
	    "AS last_seen, count(*) AS sessions, sum(offer = 1) AS offered, "
	    "sum(offer = 2) AS absent, sum(offer = 3) AS masked");
	add_latest(q, s, "offer", "offer BETWEEN 1 AND 4");
	query_add(q, "last_offer, max(CASE WHEN offer = 1 THEN at END) "
	    "AS last_offered_at, sum(tls = 1) AS tls_established, "
	    "count(DISTINCT net) AS client_nets, '[]' AS certificates");
	add_latest(q, s, "policy", "(policy & 15) > 0");
	query_add(q, "policy");
	add_latest(q, s, "tlsa_matching", COMPARED);
	query_add(q, "tlsa_matching");
	add_latest(q, s, "tlsa_total", COMPARED);
	query_add(q, "tlsa_total");
	add_posture(q, s);
	query_add(q, ", sum(offer = 4) AS ehlo_refused, "
	    "sum(ifnull(reply, 220) <> 220) AS starttls_refused, "
	    "sum(tls = 2) AS tls_failed, sum(protection = 0) AS cleartext, "
	    "sum(mails) AS mails_in_clear");
	add_life(q, s);
	return q;
}

static int
put(struct server *s, const char *name, struct query *q)
{
	json_t *rows = rows_take(s->d, s->d->paths[0], q);

	if (rows == NULL)
		return -1;
	return json_object_set_new(s->facts, name, rows);
}

static int
put_offers(struct server *s)
{
	struct query *q = query_new(s->d->sql);
	int64_t first = 0, last = 0, unit;

	page_time(s->facts, "first_seen", &first);
	page_time(s->facts, "last_seen", &last);
	unit = last - first <= HOURS_MAX ? HOUR :
	    last - first <= DAYS_MAX ? DAY : 7 * DAY;
	json_object_set_new(s->facts, "period", json_string(unit == HOUR ?
	    "hour" : unit == DAY ? "day" : "week"));
	query_add(q, "SELECT at / %lld * %lld AS at, " COUNTS,
	    (long long)unit, (long long)unit);
	add_life(q, s);
	query_add(q, " GROUP BY at / %lld ORDER BY 1", (long long)unit);
	return put(s, "offers", q);
}

static int
put_replies(struct server *s)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT e.lines AS ehlo_reply, e.keywords "
	    "AS capabilities, sum(g.n) AS sessions, min(g.first) "
	    "AS first_seen, max(g.last) AS last_seen FROM (SELECT db, ehlo, "
	    "count(*) AS n, min(at) AS first, max(at) AS last");
	add_life(q, s);
	query_add(q, " AND ehlo IS NOT NULL GROUP BY db, ehlo) AS g "
	    "CROSS JOIN all_ehlo_reply AS e WHERE e.db = g.db "
	    "AND e.id = g.ehlo GROUP BY e.lines "
	    "ORDER BY 3 DESC, 4, 1 LIMIT %d", LIST_MAX);
	return put(s, "ehlo_replies", q);
}

static int
put_tls(struct server *s)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT v.text AS tls_version, c.text AS tls_cipher, "
	    "sum(g.n) AS sessions, min(g.first) AS first_seen, "
	    "max(g.last) AS last_seen FROM (SELECT db, version, cipher, "
	    "count(*) AS n, min(at) AS first, max(at) AS last");
	add_life(q, s);
	query_add(q, " AND tls = 1 GROUP BY db, version, cipher) AS g "
	    "LEFT JOIN all_text AS v ON v.db = g.db AND v.id = g.version "
	    "LEFT JOIN all_text AS c ON c.db = g.db AND c.id = g.cipher "
	    "GROUP BY 1, 2 ORDER BY 3 DESC, 4, 1, 2 LIMIT %d", LIST_MAX);
	return put(s, "tls_seen", q);
}

static int
put_networks(struct server *s)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT CASE typeof(net) WHEN 'integer' THEN "
	    "printf('%%d.%%d.%%d.0/24', (net >> 16) & 255, "
	    "(net >> 8) & 255, net & 255) ELSE net END AS client_net, "
	    "count(*) AS sessions, sum(offer = 1) AS offered, "
	    "sum(offer BETWEEN 2 AND 4) AS not_offered, "
	    "sum(tls = 1) AS tls_established, min(at) AS first_seen, "
	    "max(at) AS last_seen");
	add_life(q, s);
	query_add(q, " GROUP BY net ORDER BY 4 DESC, 3 DESC, 1 LIMIT %d",
	    LIST_MAX);
	return put(s, "client_networks", q);
}

static int
put_incidents(struct server *s)
{
	struct query *q = query_new(s->d->sql);
	char party[80];

	snprintf(party, sizeof(party), strchr(s->ip, ':') != NULL ?
	    "[%s]:%d" : "%s:%d", s->ip, s->port);
	query_add(q, "SELECT i.id AS id, i.severity AS severity, "
	    "i.confidence AS confidence, i.state AS state, i.kind AS kind, "
	    "i.title AS title, i.first_seen AS first_seen, i.last_seen "
	    "AS last_seen, i.sessions AS sessions, file_name(i.db) AS file "
	    "FROM all_incidents AS i WHERE EXISTS (SELECT 1 FROM "
	    "json_each(i.servers) WHERE value = ");
	query_add_text(q, party);
	query_add(q, ") ORDER BY i.state IN ('closed', 'suppressed'), "
	    "CASE i.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 "
	    "WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, "
	    "i.last_seen DESC, i.id LIMIT %d", LIST_MAX);
	return put(s, "incidents", q);
}

static int
put_sessions(struct server *s, long limit)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT v.id AS id, v.started_at AS started_at, "
	    "v.client_ip AS client_ip, v.offer AS offer, v.starttls "
	    "AS starttls, v.starttls_reply AS starttls_reply, v.tls AS tls, "
	    "v.tls_version AS tls_version, v.tls_failure AS tls_failure, "
	    "v.protection AS protection, v.mails_in_clear AS mails_in_clear, "
	    "v.verdict AS verdict, v.kinds AS kinds, file_name(v.db) AS file "
	    "FROM (SELECT db, id");
	add_life(q, s);
	query_add(q, " ORDER BY at DESC, id LIMIT %ld) AS k "
	    "CROSS JOIN all_sessions AS v WHERE v.db = k.db AND v.id = k.id",
	    limit > 0 ? limit : -1);
	return put(s, "recent_sessions", q);
}

/* How a certificate differs from the one before it; NULL: it is the first. */
static const char *
change_of(const json_t *one, const json_t *before)
{
	const char *key = page_text(one, "spki_sha256");
	const char *issuer = page_text(one, "certificate_issuer"), *other;

	if (before == NULL)
		return NULL;
	other = page_text(before, "spki_sha256");
	if (key != NULL && other != NULL && strcmp(key, other) == 0)
		return "same-key";
	other = page_text(before, "certificate_issuer");
	if (issuer != NULL && other != NULL && strcmp(issuer, other) == 0)
		return "new-key";
	return "new-key-and-issuer";
}

/* Changes marked; the digests also as v_servers lists them. */
static void
mark_changes(struct server *s)
{
	json_t *all = json_object_get(s->facts, "certificate_history");
	json_t *digests = json_array(), *one;
	const char *change;
	size_t i;

	json_array_foreach(all, i, one) {
		change = change_of(one, i > 0 ? json_array_get(all, i - 1) :
		    NULL);
		json_object_set_new(one, "change", change != NULL ?
		    json_string(change) : json_null());
	}
	for (i = json_array_size(all); i > 0; i--)
		json_array_append(digests, json_object_get(
		    json_array_get(all, i - 1), "certificate_sha256"));
	json_object_set_new(s->facts, "certificates", digests);
}

static int
put_certificates(struct server *s)
{
	struct query *q = query_new(s->d->sql);

	query_add(q, "SELECT lower(hex(c.sha256)) AS certificate_sha256, "
	    "CASE WHEN c.spki_sha256 IS NOT NULL THEN "
	    "lower(hex(c.spki_sha256)) END AS spki_sha256, c.subject "
	    "AS certificate_subject, c.issuer AS certificate_issuer, "
	    "c.not_before AS certificate_not_before, c.not_after "
	    "AS certificate_not_after, sum(g.n) AS sessions, min(g.first) "
	    "AS first_seen, max(g.last) AS last_seen FROM (SELECT db, "
	    "certificate, count(*) AS n, min(at) AS first, max(at) AS last");
	add_life(q, s);
	query_add(q, " AND certificate IS NOT NULL GROUP BY db, certificate) "
	    "AS g CROSS JOIN all_certificate AS c WHERE c.db = g.db "
	    "AND c.id = g.certificate GROUP BY c.sha256 "
	    "ORDER BY first_seen, last_seen LIMIT %d", LIST_MAX);
	if (put(s, "certificate_history", q) == -1)
		return -1;
	mark_changes(s);
	return 0;
}

/* What was promised last, with what it rests on, and what became of it. */
static int
put_promised(struct server *s)
{
	struct query *q = query_new(s->d->sql);
	json_t *row;

	query_add(q, "SELECT v.promise AS promise, v.more AS more, "
	    "v.certificate AS certificate, v.confirmation AS confirmation, "
	    "v.unanswered AS unanswered, "
	    "v.id AS session_id, v.started_at AS at FROM (SELECT db, id");
	add_life(q, s);
	query_add(q, " AND (policy & 15) > 0 ORDER BY " COMPARED
	    " DESC, at DESC LIMIT 1) AS k "
	    "CROSS JOIN all_sessions AS v WHERE v.db = k.db AND v.id = k.id");
	if (rows_take_one(s->d, s->d->paths[0], q, &row) == -1)
		return -1;
	return json_object_set_new(s->facts, "promised", row != NULL ? row :
	    json_null());
}

json_t *
server_load(const struct database *d, const char *ip, int port,
    long sessions)
{
	struct server s = { .d = d, .ip = ip, .port = port };

	if (rows_take_one(d, d->paths[0], select_facts(&s), &s.facts) == -1)
		return NULL;
	if (json_is_null(json_object_get(s.facts, "policy")))
		json_object_set_new(s.facts, "policy",
		    json_string("unknown"));
	if (put_promised(&s) == 0 && put_offers(&s) == 0 &&
	    put_replies(&s) == 0 &&
	    put_certificates(&s) == 0 && put_tls(&s) == 0 &&
	    put_networks(&s) == 0 && put_incidents(&s) == 0 &&
	    put_sessions(&s, sessions) == 0)
		return s.facts;
	json_decref(s.facts);
	return NULL;
}
