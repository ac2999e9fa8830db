/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <string.h>

#include "analyzer/server_find.h"
#include "analyzer/when.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define STARTED	"((s.id >> 21) * 1000000 + s.started)"

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME, STARTED " >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, STARTED " < @", NULL },
};

const struct filter_rules server_find_filters = { rules, LENGTH(rules) };

static int
run(struct database *d, struct query *q)
{
	sqlite3_stmt *stmt = query_prepare(q);
	int rc;

	query_free(q);
	if (stmt == NULL)
		return -1;
	sqlite3_step(stmt);
	rc = sqlite3_finalize(stmt);
	if (rc != SQLITE_OK)
		warnx("%s: %s", d->paths[0], sqlite3_errmsg(d->sql));
	return rc == SQLITE_OK ? 0 : -1;
}

static int
run_text(struct database *d, const char *sql)
{
	struct query *q = query_new(d->sql);

	query_add(q, "%s", sql);
	return run(d, q);
}

/* As a listing's all_NAME, of a table. */
static int
lay_view(struct database *d, const char *table)
{
	struct query *q = query_new(d->sql);

	query_add(q, "CREATE TEMP VIEW IF NOT EXISTS all_%s AS ", table);
	for (unsigned i = 0; i < d->count; i++)
		query_add(q, "%sSELECT %u AS db, t.* FROM %s.%s AS t",
		    i == 0 ? "" : " UNION ALL ", i, database_name(i), table);
	return run(d, q);
}

static int
make_tables(struct database *d)
{
	static const char *const sql[] = {
		"DROP TABLE IF EXISTS temp.party",
		"DROP TABLE IF EXISTS temp.life",
		"CREATE TEMP TABLE party (db INTEGER, server INTEGER, "
		    "ip TEXT, PRIMARY KEY (db, server)) WITHOUT ROWID",
		"CREATE TEMP TABLE life (ip TEXT, port INTEGER, db INTEGER, "
		    "id INTEGER, at INTEGER, ended INTEGER, net, "
		    "offer INTEGER, starttls INTEGER, reply INTEGER, "
		    "tls INTEGER, protection INTEGER, mails INTEGER, "
		    "name INTEGER, ehlo INTEGER, version INTEGER, "
		    "cipher INTEGER, certificate INTEGER, policy INTEGER, "
		    "tlsa INTEGER)",
	};

	for (size_t i = 0; i < LENGTH(sql); i++)
		if (run_text(d, sql[i]) == -1)
			return -1;
	if (lay_view(d, "text") == -1 || lay_view(d, "ehlo_reply") == -1)
		return -1;
	return lay_view(d, "certificate");
}

/* An address of IPv4 stands for itself: its bits as a signed number. */
static int64_t
number_of(const struct party_address *a)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++)
		bits = bits << 8 | a->octets[i];
	return (int32_t)bits;
}

static int
add_address(struct database *d, unsigned i, const struct party *p)
{
	struct query *q = query_new(d->sql);

	query_add(q, "INSERT INTO temp.party SELECT %u, ", i);
	if (p->address.len == 4)
		query_add_int(q, number_of(&p->address));
	else
		query_add(q, "id");
	query_add(q, ", ");
	query_add_text(q, p->text);
	if (p->address.len != 4) {
		query_add(q, " FROM %s.host WHERE ip = ", database_name(i));
		query_add_text(q, p->text);
	}
	return run(d, q);
}

/* Every address that was once known by this name. */
static int
add_named(struct database *d, unsigned i, const struct party *p)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "INSERT INTO temp.party SELECT %u, server, CASE WHEN "
	    "server BETWEEN -2147483648 AND 2147483647 THEN "
	    "printf('%%d.%%d.%%d.%%d', (server >> 24) & 255, "
	    "(server >> 16) & 255, (server >> 8) & 255, server & 255) "
	    "ELSE (SELECT ip FROM %s.host WHERE id = server) END FROM "
	    "(SELECT DISTINCT server FROM %s.session WHERE server_name IN "
	    "(SELECT id FROM %s.text WHERE name_fits(text, ", i, name, name,
	    name);
	query_add_text(q, p->text);
	query_add(q, ")))");
	return run(d, q);
}

static int
fill(struct database *d, unsigned i, const struct party *p,
    const struct options *o)
{
	struct query *q = query_new(d->sql);
	const char *name = database_name(i);

	query_add(q, "INSERT INTO temp.life SELECT p.ip, s.server_port, %u, "
	    "s.id, " STARTED ", " STARTED " + s.lasted, "
	    "CASE WHEN s.client BETWEEN -2147483648 AND 2147483647 "
	    "THEN s.client >> 8 ELSE (SELECT net FROM %s.host "
	    "WHERE id = s.client) END, k.offer, k.starttls, "
	    "k.starttls_reply, k.tls, k.protection, "
	    "ifnull(json_extract(s.counts, '$[0]'), k.mails_in_clear), "
	    "s.server_name, s.ehlo_reply, k.tls_version, k.tls_cipher, "
	    "s.certificate, s.policy, s.tlsa FROM %s.session AS s "
	    "CROSS JOIN %s.common AS k ON k.id = s.common "
	    "CROSS JOIN temp.party AS p "
	    "WHERE p.db = %u AND p.server = s.server", i, name, name, name, i);
	if (p->port != 0) {
		query_add(q, " AND s.server_port = ");
		query_add_int(q, p->port);
	}
	if (filter_apply(q, &server_find_filters, o, when_now()) !=
	    STATUS_DONE) {
		query_free(q);
		return STATUS_MISUSE;
	}
	return run(d, q) == -1 ? STATUS_ERROR : STATUS_DONE;
}

int
server_find(struct database *d, const struct party *p,
    const struct options *o)
{
	int status = STATUS_DONE;

	if (make_tables(d) == -1)
		return STATUS_ERROR;
	for (unsigned i = 0; i < d->count && status == STATUS_DONE; i++) {
		if ((p->form == PARTY_ADDRESS ? add_address(d, i, p) :
		    add_named(d, i, p)) == -1)
			return STATUS_ERROR;
		status = fill(d, i, p, o);
	}
	return status;
}
