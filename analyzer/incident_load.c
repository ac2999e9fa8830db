/* SPDX-License-Identifier: ISC */
#include "analyzer/incident_load.h"
#include "analyzer/rows.h"

#define RELATED_MAX	20

/* incident_part.what, in the order of its numbers. */
static const char *const parts[] = {
	"client_nets", "servers", "rcpt_domains", "sensors", "kinds",
	"causes", "server_names", "about",
};

static struct query *
select_facts(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT * FROM %s.v_incidents WHERE id = ",
	    database_name(i));
	query_add_int(q, id);
	return q;
}

static struct query *
select_part(const struct database *d, unsigned i, int64_t id, size_t what)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT word, sessions FROM %s.incident_part "
	    "WHERE incident = ", database_name(i));
	query_add_int(q, id);
	query_add(q, " AND what = %zu ORDER BY sessions DESC, word", what);
	return q;
}

/* Found by the table's numbers first, so that an incident of ten thousand
 * sessions does not have all its rows made to show ten. */
static struct query *
select_findings(const struct database *d, unsigned i, int64_t id, long limit)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "SELECT v.* FROM (SELECT id FROM %s.finding "
	    "WHERE incident = ", name);
	query_add_int(q, id);
	query_add(q, " ORDER BY severity DESC, confidence DESC, at, id "
	    "LIMIT %ld) AS k CROSS JOIN %s.v_findings AS v ON v.id = k.id",
	    limit > 0 ? limit : -1, name);
	return q;
}

static struct query *
select_total(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT count(*) AS total FROM %s.finding "
	    "WHERE incident = ", database_name(i));
	query_add_int(q, id);
	return q;
}

/* The gravest session's own: they say what decided.  Of posture it is the
 * incident's, whatever else was found in that session. */
static struct query *
select_decisive(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "SELECT * FROM %s.v_findings WHERE session_id = (SELECT "
	    "session FROM %s.incident WHERE id = ", name, name);
	query_add_int(q, id);
	query_add(q, ") ORDER BY incident_id IS NOT ");
	query_add_int(q, id);
	query_add(q, ", id LIMIT 1");
	return q;
}

/* ... and what its destination promised. */
static struct query *
select_promise(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "SELECT promise, more, certificate, confirmation, "
	    "unanswered FROM %s.v_sessions "
	    "WHERE id = (SELECT session FROM %s.incident WHERE id = ", name,
	    name);
	query_add_int(q, id);
	query_add(q, ")");
	return q;
}

static struct query *
select_log(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);

	query_add(q, "SELECT at, who, action, text FROM %s.incident_log "
	    "WHERE incident = ", database_name(i));
	query_add_int(q, id);
	query_add(q, " ORDER BY at, id");
	return q;
}

/* What else there is at its server, no more than a day before or after: a
 * record left behind both breaks a promise and is to be mended. */
static struct query *
select_related(const struct database *d, unsigned i, int64_t id)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "SELECT v.id AS id, v.kind AS kind, v.severity AS "
	    "severity, v.state AS state, v.title AS title FROM (SELECT r.id "
	    "FROM %s.incident AS o CROSS JOIN %s.incident AS r "
	    "ON r.server = o.server AND r.server_port = o.server_port "
	    "AND r.id <> o.id AND r.first_seen <= o.last_seen + 86400000000 "
	    "AND r.last_seen >= o.first_seen - 86400000000 WHERE o.id = ",
	    name, name);
	query_add_int(q, id);
	query_add(q, " ORDER BY r.severity DESC, r.id LIMIT %d) AS k "
	    "CROSS JOIN %s.v_incidents AS v ON v.id = k.id", RELATED_MAX,
	    name);
	return q;
}

static int
put_rows(json_t *facts, const char *name, const struct database *d,
    unsigned i, struct query *q)
{
	json_t *rows = rows_take(d, d->paths[i], q);

	if (rows == NULL)
		return -1;
	return json_object_set_new(facts, name, rows);
}

static int
put_parts(json_t *facts, const struct database *d, unsigned i, int64_t id)
{
	json_t *all = json_object();
	int rc = 0;

	for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++)
		if (rc == 0)
			rc = put_rows(all, parts[n], d, i,
			    select_part(d, i, id, n));
	if (rc == 0)
		return json_object_set_new(facts, "parts", all);
	json_decref(all);
	return -1;
}

static int
put_findings(json_t *facts, const struct database *d, unsigned i,
    int64_t id, long limit)
{
	json_t *row;

	if (put_rows(facts, "findings", d, i,
	    select_findings(d, i, id, limit)) == -1 ||
	    rows_take_one(d, d->paths[i], select_total(d, i, id), &row) == -1)
		return -1;
	json_object_set(facts, "findings_total",
	    json_object_get(row, "total"));
	json_decref(row);
	if (rows_take_one(d, d->paths[i], select_decisive(d, i, id),
	    &row) == -1)
		return -1;
	json_object_set_new(facts, "decisive", row != NULL ? row :
	    json_null());
	if (rows_take_one(d, d->paths[i], select_promise(d, i, id),
	    &row) == -1)
		return -1;
	return json_object_set_new(facts, "promised", row != NULL ? row :
	    json_null());
}

int
incident_load(struct full_thing *t, const struct database *d, unsigned i,
    int64_t id, const struct options *o)
{
	long limit = o->limit == -1 ? INCIDENT_FINDINGS : o->limit;

	*t = (struct full_thing){ 0 };
	if (rows_take_one(d, d->paths[i], select_facts(d, i, id),
	    &t->facts) == -1)
		return -1;
	if (t->facts == NULL)
		return 0;
	if (put_parts(t->facts, d, i, id) == 0 &&
	    put_findings(t->facts, d, i, id, limit) == 0 &&
	    put_rows(t->facts, "related", d, i,
	    select_related(d, i, id)) == 0 &&
	    put_rows(t->facts, "log", d, i, select_log(d, i, id)) == 0)
		return 1;
	full_unload(t);
	return -1;
}
