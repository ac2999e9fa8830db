/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/chains.h"
#include "analyzer/database.h"
#include "analyzer/slurp.h"
#include "analyzer/when.h"
#include "policy/certificates.h"

#define FILE_MAX	(1 << 20)	/* octets of a file of ours */
#define DAY		INT64_C(86400000000)

static const struct filter_rule rules[] = {
	{ FILTER_SINCE, FILTER_TIME, "s.started_at >= @", NULL },
	{ FILTER_SINCE, FILTER_TIME_AS_ID, "s.id >= @", NULL },
	{ FILTER_UNTIL, FILTER_TIME, "s.started_at < @", NULL },
	{ FILTER_UNTIL, FILTER_TIME_PAST_ID, "s.id < @", NULL },
	{ FILTER_SERVER, FILTER_PARTY, "name_fits(s.server_name, @)",
	    "s.server" },
	{ FILTER_SENSOR, FILTER_TEXT, "s.sensor = @", NULL },
	{ FILTER_SESSION, FILTER_NUMBER, "s.id = @", NULL },
};

const struct filter_rules chains_filters = { rules,
    sizeof(rules) / sizeof(rules[0]) };

static struct chain *
next_chain(struct chains *c)
{
	return c->count < CHAINS_MAX ? &c->list[c->count] : NULL;
}

/* --- out of a file --- */

char *
chains_slurp(const char *path, size_t *len)
{
	char *text = slurp(path, FILE_MAX, len);

	if (text == NULL || *len < FILE_MAX)
		return text;
	warnx("%s: more than %d octets", path, FILE_MAX - 1);
	free(text);
	return NULL;
}

int
chains_read(struct chains *c, const char *path)
{
	struct chain *chain = next_chain(c);
	size_t len;
	char *text;
	int count;

	if (chain == NULL) {
		warnx("%s: more than %d chains", path, CHAINS_MAX);
		return STATUS_ERROR;
	}
	if ((text = chains_slurp(path, &len)) == NULL)
		return STATUS_ERROR;
	count = certificates_read(span_of(text, len), chain->list,
	    CHAINS_LENGTH);
	explicit_bzero(text, len);	/* there may have been a key */
	free(text);
	if (count < 1) {
		warnx("%s: %s", path, count == 0 ? "has no certificate "
		    "(PEM, or one as DER)" : "memory is short");
		return STATUS_ERROR;
	}
	chain->count = (unsigned)(count < CHAINS_LENGTH ? count :
	    CHAINS_LENGTH);
	chain->sent = (unsigned)count;
	snprintf(chain->source, sizeof(chain->source), "%s", path);
	c->count++;
	return STATUS_DONE;
}

/* --- from a server, now --- */

/* "host", "host:587", "[2001:db8::1]:25", "2001:db8::1" */
static bool
split_place(const char *where, char host[256], char port[8])
{
	const char *colon = strrchr(where, ':');
	size_t len = strlen(where);

	if (where[0] == '[') {
		colon = strchr(where, ']');
		if (colon == NULL)
			return false;
		len = (size_t)(colon - ++where);
		colon = colon[1] == ':' ? colon + 1 : NULL;
	} else if (colon != NULL && strchr(where, ':') == colon) {
		len = (size_t)(colon - where);
	} else {
		colon = NULL;
	}
	snprintf(port, 8, "%s", colon != NULL ? colon + 1 : "25");
	if (len == 0 || len > 255 || strspn(port, "0123456789") !=
	    strlen(port) || atoi(port) < 1 || atoi(port) > 65535)
		return false;
	snprintf(host, 256, "%.*s", (int)len, where);
	return true;
}

/* Has this server shown it already, to those who want another key? */
static bool
is_known(const struct chains *c, unsigned from,
    const struct starttls_answer *a)
{
	for (unsigned i = from; i < c->count; i++)
		if (a->chain_count > 0 &&
		    span_equal(c->list[i].list[0], a->chain[0]))
			return true;
	return false;
}

/* The answer's chain, which is then ours. */
static void
take_answer(struct chains *c, unsigned from,
    const struct starttls_question *q, struct starttls_answer *a)
{
	struct chain *chain = next_chain(c);

	if (chain == NULL || a->chain_count == 0 || is_known(c, from, a)) {
		starttls_forget(a);
		return;
	}
	chain->count = a->chain_count;
	chain->sent = a->chain_sent;
	memcpy(chain->list, a->chain, sizeof(chain->list));
	a->chain_count = 0;
	snprintf(chain->source, sizeof(chain->source), "%s:%s (%s), %s",
	    q->host, q->port, a->address, a->version);
	/* an address is no name */
	if (strchr(q->host, ':') == NULL &&
	    strspn(q->host, "0123456789.") != strlen(q->host))
		snprintf(chain->host, sizeof(chain->host), "%s", q->host);
	c->count++;
}

static enum starttls_key
other_key(const struct span leaf)
{
	struct certificate_facts f;

	if (certificates_describe(leaf, &f) && strncmp(f.key, "RSA", 3) == 0)
		return STARTTLS_ECDSA;
	return STARTTLS_RSA;
}

/* What it shows, and then what it shows to those who want the other kind of
 * key: senders differ (RFC 7671 section 8). */
static int
take_live(struct chains *c, const char *where, const struct options *o)
{
	const struct extra_words *timeout = &o->extras[EXTRA_TIMEOUT];
	struct starttls_question q = { .key = STARTTLS_ANY_KEY };
	struct starttls_answer *a;
	char host[256], port[8];
	unsigned before = c->count;
	int status = STATUS_ERROR;

	if (!split_place(where, host, port))
		return options_misuse(o->command, "--live %s: not a host, or "
		    "host and port", where);
	q.host = host;
	q.port = port;
	if (o->extras[EXTRA_HOST].count > 0)
		q.sni = o->extras[EXTRA_HOST].list[0];
	if (timeout->count > 0)
		q.seconds = (unsigned)atoi(timeout->list[0]);
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		warnx("memory is short");
		return STATUS_ERROR;
	}
	if (starttls_ask(&q, a) == -1)
		goto out;
	if (a->outcome != STARTTLS_ESTABLISHED || a->chain_count == 0) {
		warnx("%s: %s", where, a->outcome == STARTTLS_ESTABLISHED ?
		    "showed no certificate" : a->why);
		goto out;
	}
	status = STATUS_DONE;
	if (a->early > 0)
		warnx("%s: sent %zu octets in clear behind its 220; they are "
		    "no part of TLS (RFC 3207 section 4.2)", where, a->early);
	q.key = other_key(a->chain[0]);
	take_answer(c, before, &q, a);
	if (c->count > before && starttls_ask(&q, a) == 0 &&
	    a->outcome == STARTTLS_ESTABLISHED)
		take_answer(c, before, &q, a);
out:
	starttls_forget(a);
	free(a);
	return status;
}

/* --- from what sensors saw --- */

/* Certificates of a session: all it was shown, or its leaf. */
static sqlite3_stmt *
prepare_ders(const struct database *d, unsigned file, int64_t id, bool all)
{
	const char *db = database_name(file);
	struct query *q = query_new(d->sql);
	sqlite3_stmt *stmt;

	if (all)
		query_add(q, "SELECT c.der FROM %s.session AS s, "
		    "json_each((SELECT certificates FROM %s.chain "
		    "WHERE id = s.chain)) AS j JOIN %s.certificate AS c "
		    "ON c.id = j.value WHERE s.id = ", db, db, db);
	else
		query_add(q, "SELECT c.der FROM %s.session AS s "
		    "JOIN %s.certificate AS c ON c.id = s.certificate "
		    "WHERE s.id = ", db, db);
	query_add_int(q, id);
	if (all)
		query_add(q, " ORDER BY j.key");
	stmt = query_prepare(q);
	query_free(q);
	return stmt;
}

static bool
load_chain(const struct database *d, unsigned file, int64_t id,
    struct chain *chain)
{
	sqlite3_stmt *stmt;
	const void *octets;
	uint8_t *copy;
	size_t len;

	for (int i = 0; i < 2 && chain->count == 0; i++) {
		if ((stmt = prepare_ders(d, file, id, i == 0)) == NULL)
			return false;
		while (chain->count < CHAINS_LENGTH &&
		    sqlite3_step(stmt) == SQLITE_ROW) {
			octets = sqlite3_column_blob(stmt, 0);
			len = (size_t)sqlite3_column_bytes(stmt, 0);
			if (octets == NULL || (copy = malloc(len)) == NULL)
				break;
			memcpy(copy, octets, len);
			chain->list[chain->count++] = span_of(copy, len);
		}
		sqlite3_finalize(stmt);
	}
	return chain->count > 0;
}

static void
take_row(struct chains *c, const struct database *d, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 1);
	unsigned file = (unsigned)sqlite3_column_int(stmt, 0);
	const char *name = (const char *)sqlite3_column_text(stmt, 2);
	struct chain *chain = next_chain(c);
	char when[WHEN_TEXT_MAX];

	if (chain == NULL || file >= d->count ||
	    !load_chain(d, file, id, chain))
		return;
	chain->at = sqlite3_column_int64(stmt, 3);
	chain->sent = (unsigned)sqlite3_column_int(stmt, 4);
	when_write(when, chain->at, false);
	snprintf(chain->source, sizeof(chain->source), "session %lld, %s",
	    (long long)id, when);
	if (name != NULL)
		snprintf(chain->host, sizeof(chain->host), "%s", name);
	c->count++;
}

/*
 * Each leaf once, as it was last shown.  Unless --since says how far to look
 * back, that is the certificates in use: those shown within a day of the
 * last one, not all that a server ever had.
 */
static int
select_seen(struct chains *c, const struct database *d,
    const struct options *o)
{
	struct query *q = query_new(d->sql);
	sqlite3_stmt *stmt = NULL;
	int64_t oldest = INT64_MIN, at;
	int status;

	query_add(q, "SELECT s.db, s.id, s.server_name, max(s.started_at), "
	    "coalesce(json_extract(s.more, '$.certificates_sent'), "
	    "s.certificate_chain) FROM all_sessions AS s WHERE "
	    "s.certificate_sha256 IS NOT NULL");
	status = filter_apply(q, &chains_filters, o, when_now());
	query_add(q, " GROUP BY s.db, s.certificate_sha256 "
	    "ORDER BY max(s.started_at) DESC LIMIT %d", CHAINS_MAX);
	if (status == STATUS_DONE && (stmt = query_prepare(q)) == NULL)
		status = STATUS_ERROR;
	query_free(q);
	while (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW) {
		at = sqlite3_column_int64(stmt, 3);
		if (at < oldest)
			break;
		if (oldest == INT64_MIN && o->filters[FILTER_SINCE] == NULL)
			oldest = at - DAY;
		take_row(c, d, stmt);
	}
	sqlite3_finalize(stmt);
	return status;
}

static int
take_seen(struct chains *c, const struct options *o)
{
	unsigned before = c->count;
	struct database d;
	int status;

	if (database_open(&d, o->files, o->files_count) == -1)
		return STATUS_ERROR;
	status = select_seen(c, &d, o);
	database_close(&d);
	if (status == STATUS_DONE && c->count == before) {
		warnx("no sensor saw a certificate there (in TLS 1.3 they "
		    "are hidden); --live asks the server itself");
		status = STATUS_ERROR;
	}
	return status;
}

int
chains_take(struct chains *c, const struct options *o)
{
	const struct extra_words *pem = &o->extras[EXTRA_PEM];
	const struct extra_words *live = &o->extras[EXTRA_LIVE];
	bool seen = o->filters[FILTER_SERVER] != NULL ||
	    o->filters[FILTER_SESSION] != NULL;
	int status = STATUS_DONE;

	if (pem->count == 0 && live->count == 0 && !seen)
		return options_misuse(o->command, "%s %s: whose certificate?  "
		    "--pem FILE, --live HOST, or --server X for what sensors "
		    "saw", o->command, o->words[0]);
	for (unsigned i = 0; i < pem->count && status == STATUS_DONE; i++)
		status = chains_read(c, pem->list[i]);
	for (unsigned i = 0; i < live->count && status == STATUS_DONE; i++)
		status = take_live(c, live->list[i], o);
	if (seen && status == STATUS_DONE)
		status = take_seen(c, o);
	return status;
}

void
chains_free(struct chains *c)
{
	for (unsigned i = 0; i < c->count; i++)
		for (unsigned n = 0; n < c->list[i].count; n++)
			free((uint8_t *)c->list[i].list[n].at);
	c->count = 0;
}
