/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/moment.h"
#include "schema/schema.h"
#include "store/incident_rows.h"
#include "store/statement.h"

enum statement {
	PUT, STATE_OF, PUT_PART, PARTS_OF, RECENT, AT, OF_NET, NEXT_ID,
	VERSION, LOG, REOPEN, CLOSE, MOVED, MOVE_FINDINGS, MOVE_LOG, DROP_LOG,
	DROP_PARTS, DROP, HOST, OF_ID, LEADS, LOGGED, STATEMENTS
};

#define COLUMNS	"id, family, server, server_port, client_net, kind, because, " \
    "severity, confidence, first_seen, last_seen, sessions, mails_in_clear, " \
    "session, servers_missing, servers_offering, nets_offered, peers, mended"

static const char *const sql[STATEMENTS] = {
	[PUT] = "INSERT INTO incident (" COLUMNS ", state, located, title, "
	    "explanation, next_steps) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
	    "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
	    "nullif(?23, 0), 0, ?19, ?20, ?21, ?22) ON CONFLICT (id) DO UPDATE SET "
	    "server = ?3, server_port = ?4, client_net = ?5, kind = ?6, "
	    "because = ?7, severity = ?8, confidence = ?9, first_seen = ?10, "
	    "last_seen = ?11, sessions = ?12, mails_in_clear = ?13, "
	    "session = ?14, servers_missing = ?15, servers_offering = ?16, "
	    "nets_offered = ?17, peers = ?18, located = ?19, title = ?20, "
	    "explanation = ?21, next_steps = ?22, mended = nullif(?23, 0)",
	[STATE_OF] = "SELECT state FROM incident WHERE id = ?1",
	[PUT_PART] = "INSERT OR REPLACE INTO incident_part "
	    "(incident, what, word, sessions) VALUES (?1, ?2, ?3, ?4)",
	[PARTS_OF] = "SELECT what, word, sessions FROM incident_part "
	    "WHERE incident = ?1",
	[RECENT] = "SELECT " COLUMNS " FROM incident WHERE last_seen >= "
	    "(SELECT max(last_seen) FROM incident) - ?1 "
	    "ORDER BY last_seen DESC LIMIT ?2",
	[AT] = "SELECT " COLUMNS " FROM incident WHERE family = ?1 AND "
	    "server IS ?3 AND server_port IS ?4 AND client_net IS ?5 AND "
	    "?2 <= last_seen AND ?6 >= first_seen",
	[OF_NET] = "SELECT " COLUMNS " FROM incident WHERE id IN "
	    "(SELECT incident FROM incident_part WHERE what = 0 AND "
	    "word = ?5) AND family = ?1 AND client_net IS NULL AND "
	    "?2 <= last_seen AND ?6 >= first_seen",
	[NEXT_ID] = "SELECT ifnull(max(id), 0) + 1 FROM incident",
	[VERSION] = "PRAGMA data_version",
	[LOG] = "INSERT INTO incident_log (incident, at, who, action, text) "
	    "VALUES (?1, ?2, 'sensor', ?3, ?4)",
	[REOPEN] = "UPDATE incident SET state = 0 WHERE id = ?1",
	[CLOSE] = "UPDATE incident SET state = 2 WHERE id = ?1",
	[MOVED] = "UPDATE incident SET server = NULL, server_port = NULL, "
	    "client_net = ?2 WHERE id = ?1",
	[MOVE_FINDINGS] = "UPDATE finding SET incident = ?1 "
	    "WHERE incident = ?2",
	[MOVE_LOG] = "UPDATE incident_log SET incident = ?1 "
	    "WHERE incident = ?2 AND action <> 'opened'",
	[DROP_LOG] = "DELETE FROM incident_log WHERE incident = ?1",
	[DROP_PARTS] = "DELETE FROM incident_part WHERE incident = ?1",
	[DROP] = "DELETE FROM incident WHERE id = ?1",
	[HOST] = "SELECT ip FROM host WHERE id = ?1",
	[OF_ID] = "SELECT " COLUMNS " FROM incident WHERE id = ?1",
	[LEADS] = "SELECT severity, confidence, kind, min(s.id) "
	    "FROM finding AS f CROSS JOIN session AS s ON s.row = f.id >> 7 "
	    "WHERE incident = ?1 AND severity > 0 GROUP BY severity, "
	    "confidence, kind ORDER BY severity DESC, confidence DESC LIMIT ?2",
	[LOGGED] = "SELECT 1 FROM incident_log WHERE incident = ?1 AND "
	    "at = ?2 AND action = 'revised'",
};

struct incident_rows {
	struct dictionary	*dictionary;
	sqlite3_stmt		*stmt[STATEMENTS];
	int64_t			 kinds[KINDS];	/* this database's numbers */
	int64_t			 data_version;
	sqlite3_stmt		*asked;		/* incident_rows_next()'s */
	bool			 failed;
};

int
incident_rows_new(sqlite3 *db, struct dictionary *d,
    struct incident_rows **out)
{
	struct incident_rows *r;

	*out = NULL;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return -1;
	r->dictionary = d;
	r->data_version = -1;
	if (statements_prepare(db, sql, r->stmt, STATEMENTS) == -1 ||
	    schema_kinds(db, r->kinds, NULL) == -1) {
		incident_rows_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
incident_rows_free(struct incident_rows *r)
{
	if (r == NULL)
		return;
	statements_finalize(r->stmt, STATEMENTS);
	free(r);
}

int
incident_rows_changed(struct incident_rows *r, bool *changed,
    int64_t *next_id)
{
	int64_t version = 0;

	if (statement_number(r->stmt[VERSION], &version) == -1)
		return -1;
	*changed = version != r->data_version;
	r->data_version = version;
	return *changed ? statement_number(r->stmt[NEXT_ID], next_id) : 0;
}

/* ------------------------------------------------------------------ */
/* reading                                                            */

/* As session.server: 32 bits of an IPv4 address, or a row of table host. */
static void
read_server(struct incident_rows *r, int64_t server, struct addr *out)
{
	const uint8_t v4[4] = { (uint8_t)(server >> 24),
	    (uint8_t)(server >> 16), (uint8_t)(server >> 8),
	    (uint8_t)server };

	if (server >= INT32_MIN && server <= INT32_MAX) {
		*out = addr_v4(v4);
		return;
	}
	sqlite3_bind_int64(r->stmt[HOST], 1, server);
	if (sqlite3_step(r->stmt[HOST]) != SQLITE_ROW ||
	    addr_parse(out, (const char *)sqlite3_column_text(r->stmt[HOST],
	    0)) == -1)
		memset(out, 0, sizeof(*out));
	if (sqlite3_reset(r->stmt[HOST]) != SQLITE_OK)
		r->failed = true;
}

void
incident_rows_parts(struct incident_rows *r, struct incident *i)
{
	sqlite3_stmt *stmt = r->stmt[PARTS_OF];
	int what;

	sqlite3_bind_int64(stmt, 1, i->id);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		what = sqlite3_column_int(stmt, 0);
		if (what >= 0 && what < PARTS)
			incident_put_part(i, (enum part)what,
			    (const char *)sqlite3_column_text(stmt, 1),
			    (uint64_t)sqlite3_column_int64(stmt, 2), false);
	}
	if (sqlite3_reset(stmt) != SQLITE_OK)
		r->failed = true;
}

static enum kind
read_kind(const struct incident_rows *r, int64_t id)
{
	for (enum kind k = 0; k < KINDS; k++)
		if (r->kinds[k] == id)
			return k;
	return KIND_MAIL_IN_CLEAR;	/* a later program's */
}

static struct incident *
read_row(struct incident_rows *r, sqlite3_stmt *stmt)
{
	struct incident *i;

	if ((i = calloc(1, sizeof(*i))) == NULL) {
		r->failed = true;
		return NULL;
	}
	i->id = sqlite3_column_int64(stmt, 0);
	i->family = (enum family)sqlite3_column_int(stmt, 1);
	i->at_net = sqlite3_column_type(stmt, 4) != SQLITE_NULL;
	if (i->at_net)
		snprintf(i->net, sizeof(i->net), "%s",
		    (const char *)sqlite3_column_text(stmt, 4));
	else
		read_server(r, sqlite3_column_int64(stmt, 2), &i->server);
	i->server_port = (uint16_t)sqlite3_column_int(stmt, 3);
	i->kind = read_kind(r, sqlite3_column_int64(stmt, 5));
	i->because = (uint32_t)sqlite3_column_int64(stmt, 6);
	i->severity = (enum severity)sqlite3_column_int(stmt, 7);
	i->confidence = (enum confidence)sqlite3_column_int(stmt, 8);
	i->first_seen = sqlite3_column_int64(stmt, 9);
	i->last_seen = sqlite3_column_int64(stmt, 10);
	i->sessions = (uint64_t)sqlite3_column_int64(stmt, 11);
	i->mails = (uint64_t)sqlite3_column_int64(stmt, 12);
	i->session = sqlite3_column_int64(stmt, 13);
	i->servers_missing = (unsigned)sqlite3_column_int(stmt, 14);
	i->servers_offering = (unsigned)sqlite3_column_int(stmt, 15);
	i->nets_offered = (unsigned)sqlite3_column_int(stmt, 16);
	i->peers = (unsigned)sqlite3_column_int(stmt, 17);
	i->mended = sqlite3_column_int64(stmt, 18);
	return i;
}

static int
bind_place(struct incident_rows *r, sqlite3_stmt *stmt,
    const struct incident *i)
{
	int64_t server;

	if (i->at_net) {
		sqlite3_bind_null(stmt, 3);
		sqlite3_bind_null(stmt, 4);
		sqlite3_bind_text(stmt, 5, i->net, -1, SQLITE_STATIC);
		return 0;
	}
	if (dictionary_host(r->dictionary, &i->server, &server) == -1)
		return -1;
	sqlite3_bind_int64(stmt, 3, server);
	sqlite3_bind_int(stmt, 4, i->server_port);
	sqlite3_bind_null(stmt, 5);
	return 0;
}

void
incident_rows_recent(struct incident_rows *r, unsigned most)
{
	r->asked = r->stmt[RECENT];
	r->failed = false;
	sqlite3_bind_int64(r->asked, 1, INCIDENT_ROWS_RECENT);
	sqlite3_bind_int64(r->asked, 2, most);
}

static void
bind_times(struct incident_rows *r, const struct incident *like)
{
	/* posture: of all times, a few a year; what is well now was to be
	 * mended who knows when */
	bool all = like->family == FAMILY_POSTURE;

	r->failed = false;
	sqlite3_bind_int(r->asked, 1, like->family);
	sqlite3_bind_int64(r->asked, 2, all ? INT64_MIN : like->first_seen -
	    INCIDENT_IDLE);
	sqlite3_bind_int64(r->asked, 6, all ? INT64_MAX : like->last_seen +
	    INCIDENT_IDLE);
}

int
incident_rows_at(struct incident_rows *r, const struct incident *like)
{
	r->asked = r->stmt[AT];
	bind_times(r, like);
	return bind_place(r, r->asked, like);
}

void
incident_rows_of_net(struct incident_rows *r, const struct incident *like)
{
	r->asked = r->stmt[OF_NET];
	bind_times(r, like);
	sqlite3_bind_text(r->asked, 5, like->net, -1, SQLITE_STATIC);
}

void
incident_rows_of_id(struct incident_rows *r, int64_t id)
{
	r->asked = r->stmt[OF_ID];
	r->failed = false;
	sqlite3_bind_int64(r->asked, 1, id);
}

struct incident *
incident_rows_next(struct incident_rows *r)
{
	struct incident *i = NULL;

	if (sqlite3_step(r->asked) == SQLITE_ROW &&
	    (i = read_row(r, r->asked)) != NULL)
		return i;
	if (sqlite3_reset(r->asked) != SQLITE_OK)
		r->failed = true;
	return NULL;
}

bool
incident_rows_failed(const struct incident_rows *r)
{
	return r->failed;
}

/* ------------------------------------------------------------------ */
/* writing                                                            */

static int
write_log(struct incident_rows *r, int64_t id, int64_t now,
    const char *action, const char *text)
{
	sqlite3_stmt *stmt = r->stmt[LOG];

	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, now);
	sqlite3_bind_text(stmt, 3, action, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, text, -1, SQLITE_TRANSIENT);
	return statement_run(stmt);
}

/* New, or closed and going on?  Its log has to say so.  *state is what it
 * then is. */
static int
note_state(struct incident_rows *r, const struct incident *i, int64_t now,
    int64_t *state)
{
	*state = -1;
	sqlite3_bind_int64(r->stmt[STATE_OF], 1, i->id);
	if (statement_number(r->stmt[STATE_OF], state) == -1)
		return -1;
	if (*state == -1) {
		*state = STATE_NEW;
		return write_log(r, i->id, now, "opened", NULL);
	}
	if (*state != STATE_CLOSED || i->mended != 0)
		return 0;
	*state = STATE_NEW;
	sqlite3_bind_int64(r->stmt[REOPEN], 1, i->id);
	if (statement_run(r->stmt[REOPEN]) == -1)
		return -1;
	return write_log(r, i->id, now, "reopened", "it goes on");
}

/* What was mended needs nobody's hand. */
static int
close_mended(struct incident_rows *r, const struct incident *i, int64_t now,
    int64_t state)
{
	char text[64 + MOMENT_TEXT], when[MOMENT_TEXT];

	if (i->mended == 0 || state == STATE_CLOSED ||
	    state == STATE_SUPPRESSED)
		return 0;
	sqlite3_bind_int64(r->stmt[CLOSE], 1, i->id);
	if (statement_run(r->stmt[CLOSE]) == -1)
		return -1;
	snprintf(text, sizeof(text), "mended: found well at %s",
	    moment_format(i->mended, when));
	return write_log(r, i->id, now, "closed", text);
}

static int
put_parts(struct incident_rows *r, struct incident *i)
{
	sqlite3_stmt *stmt = r->stmt[PUT_PART];

	for (int p = 0; p < PARTS; p++)
		for (unsigned n = 0; n < i->parts[p].count; n++) {
			struct incident_part *one = &i->parts[p].list[n];

			if (!one->dirty)
				continue;
			sqlite3_bind_int64(stmt, 1, i->id);
			sqlite3_bind_int(stmt, 2, p);
			sqlite3_bind_text(stmt, 3, one->word, -1,
			    SQLITE_STATIC);
			sqlite3_bind_int64(stmt, 4, (int64_t)one->sessions);
			if (statement_run(stmt) == -1)
				return -1;
			one->dirty = false;
		}
	return 0;
}

static int
put_row(struct incident_rows *r, const struct incident *i)
{
	sqlite3_stmt *stmt = r->stmt[PUT];
	const int64_t numbers[] = { r->kinds[i->kind], i->because,
	    incident_severity(i), i->confidence, i->first_seen, i->last_seen,
	    (int64_t)i->sessions, (int64_t)i->mails, i->session,
	    i->servers_missing, i->servers_offering, i->nets_offered,
	    i->peers, incident_location(i) };
	char *title = incident_title(i), *why = incident_explanation(i);
	char *steps = incident_next_steps(i);
	int rc = -1;

	if (title == NULL || why == NULL || steps == NULL ||
	    bind_place(r, stmt, i) == -1)
		goto out;
	sqlite3_bind_int64(stmt, 1, i->id);
	sqlite3_bind_int(stmt, 2, i->family);
	for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++)
		sqlite3_bind_int64(stmt, 6 + (int)n, numbers[n]);
	sqlite3_bind_text(stmt, 20, title, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 21, why, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 22, steps, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 23, i->mended);
	rc = statement_run(stmt);
out:
	free(title);
	free(why);
	free(steps);
	return rc;
}

int
incident_rows_put(struct incident_rows *r, struct incident *i, int64_t now)
{
	int64_t state;

	if (note_state(r, i, now, &state) == -1 || put_row(r, i) == -1 ||
	    put_parts(r, i) == -1 ||
	    close_mended(r, i, now, state) == -1)
		return -1;
	i->dirty = false;
	return 0;
}

int
incident_rows_leads(struct incident_rows *r, int64_t id,
    struct incident_lead out[INCIDENT_LEADS_MAX], unsigned *n)
{
	sqlite3_stmt *stmt = r->stmt[LEADS];

	*n = 0;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int(stmt, 2, INCIDENT_LEADS_MAX);
	while (sqlite3_step(stmt) == SQLITE_ROW && *n < INCIDENT_LEADS_MAX)
		out[(*n)++] = (struct incident_lead){
			.severity = (enum severity)sqlite3_column_int(stmt, 0),
			.confidence = (enum confidence)
			    sqlite3_column_int(stmt, 1),
			.kind = read_kind(r, sqlite3_column_int64(stmt, 2)),
			.session = sqlite3_column_int64(stmt, 3),
		};
	return sqlite3_reset(stmt) == SQLITE_OK ? 0 : -1;
}

/* Nobody has begun to work on it, and there is nothing to work on. */
static int
close_empty(struct incident_rows *r, const struct incident *i, int64_t now)
{
	int64_t state = -1;

	sqlite3_bind_int64(r->stmt[STATE_OF], 1, i->id);
	if (statement_number(r->stmt[STATE_OF], &state) == -1)
		return -1;
	if (state != STATE_NEW || i->severity > SEVERITY_INFO)
		return 0;
	sqlite3_bind_int64(r->stmt[CLOSE], 1, i->id);
	if (statement_run(r->stmt[CLOSE]) == -1)
		return -1;
	return write_log(r, i->id, now, "closed", "nothing of it is left");
}

int
incident_rows_revise(struct incident_rows *r, struct incident *i,
    int64_t now, const char *text, bool again)
{
	int64_t state = -1, logged = 0;

	sqlite3_bind_int64(r->stmt[STATE_OF], 1, i->id);
	if (statement_number(r->stmt[STATE_OF], &state) == -1)
		return -1;
	if ((again || state == -1 || i->dirty) && note_state(r, i, now,
	    &state) == -1)
		return -1;
	if (put_row(r, i) == -1 || put_parts(r, i) == -1)
		return -1;
	i->dirty = false;
	sqlite3_bind_int64(r->stmt[LOGGED], 1, i->id);
	sqlite3_bind_int64(r->stmt[LOGGED], 2, now);
	if (statement_number(r->stmt[LOGGED], &logged) == -1)
		return -1;
	if (logged == 0 && write_log(r, i->id, now, "revised", text) == -1)
		return -1;
	return close_empty(r, i, now);
}

int
incident_rows_moved(struct incident_rows *r, const struct incident *i)
{
	sqlite3_bind_int64(r->stmt[MOVED], 1, i->id);
	sqlite3_bind_text(r->stmt[MOVED], 2, i->net, -1, SQLITE_STATIC);
	return statement_run(r->stmt[MOVED]);
}

/* Who looks for the other one finds where it went, and what it was. */
static int
log_merge(struct incident_rows *r, int64_t into, int64_t other, int64_t now)
{
	int64_t state = -1;
	char text[80];

	sqlite3_bind_int64(r->stmt[STATE_OF], 1, other);
	if (statement_number(r->stmt[STATE_OF], &state) == -1)
		return -1;
	if (state == -1)		/* nobody ever saw it */
		return 0;
	snprintf(text, sizeof(text), "incident %lld (%s) became part of it",
	    (long long)other, state_word((enum state)state));
	return write_log(r, into, now, "merged", text);
}

int
incident_rows_merge(struct incident_rows *r, int64_t into,
    const struct incident *other, int64_t now)
{
	static const enum statement moves[] = { MOVE_FINDINGS, MOVE_LOG };
	static const enum statement drops[] = { DROP_LOG, DROP_PARTS, DROP };

	for (size_t i = 0; i < 2; i++) {
		sqlite3_bind_int64(r->stmt[moves[i]], 1, into);
		sqlite3_bind_int64(r->stmt[moves[i]], 2, other->id);
		if (statement_run(r->stmt[moves[i]]) == -1)
			return -1;
	}
	if (log_merge(r, into, other->id, now) == -1)
		return -1;
	for (size_t i = 0; i < 3; i++) {
		sqlite3_bind_int64(r->stmt[drops[i]], 1, other->id);
		if (statement_run(r->stmt[drops[i]]) == -1)
			return -1;
	}
	return 0;
}
