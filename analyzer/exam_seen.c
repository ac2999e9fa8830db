/* SPDX-License-Identifier: ISC */
/*
 * Where the sensors saw something else than we do: what stands between a
 * server and its clients need not stand between the server and us.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "analyzer/exam.h"
#include "analyzer/server_find.h"
#include "analyzer/when.h"
#include "policy/certificates.h"

/* The latest sessions in which something was to be seen. */
struct seen {
	bool	 known;
	int64_t	 at, id;
	char	 text[128];
};

static int
find_one(struct database *d, const char *sql, struct seen *s)
{
	struct query *q = query_new(d->sql);
	sqlite3_stmt *stmt;
	const char *text;
	int rc;

	*s = (struct seen){ 0 };
	query_add(q, "%s", sql);
	stmt = query_prepare(q);
	query_free(q);
	if (stmt == NULL)
		return -1;
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		s->known = text != NULL;
		snprintf(s->text, sizeof(s->text), "%s",
		    text != NULL ? text : "");
		s->at = sqlite3_column_int64(stmt, 1);
		s->id = sqlite3_column_int64(stmt, 2);
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	warnx("%s: %s", d->paths[0], sqlite3_errmsg(d->sql));
	return -1;
}

/* "3 hours ago (session 17)" */
static const char *
ago(const struct exam *e, const struct seen *s, char out[64])
{
	int64_t minutes = (e->now - s->at) / 60000000;
	int64_t n = minutes < 120 ? minutes : minutes < 2880 ? minutes / 60 :
	    minutes / 1440;

	snprintf(out, 64, "%lld %s ago (session %lld)", (long long)n,
	    minutes < 120 ? "minutes" : minutes < 2880 ? "hours" : "days",
	    (long long)s->id);
	return out;
}

static unsigned
compare_offer(struct exam *e, const struct exam_address *a,
    const struct seen *s)
{
	enum starttls_outcome o = a->shown[0]->outcome;
	bool here = o == STARTTLS_ESTABLISHED || o == STARTTLS_REFUSED ||
	    o == STARTTLS_NO_TLS;
	bool there = strcmp(s->text, "offered") == 0;
	char when[64];

	if (!s->known || here == there ||
	    (!here && o != STARTTLS_NOT_OFFERED))
		return 0;
	exam_say(e, &(struct exam_remark){ EXAM_WARNING, "sensor",
	    here ? "seen-not-offered" : "seen-offered", a->host, a },
	    "the sensor saw STARTTLS %s %s%s", s->text, ago(e, s, when),
	    here ? ": if nobody mended it since, something between it and "
	    "the server takes it out" : "; from here it is not");
	return 1;
}

static unsigned
compare_key(struct exam *e, const struct exam_address *a,
    const struct seen *s)
{
	struct certificate_facts f;
	bool newer = false, any = false;
	char when[64];

	for (unsigned n = 0; n < EXAM_CHAINS_MAX && s->known; n++) {
		if (a->shown[n] == NULL || a->shown[n]->chain_count == 0 ||
		    !certificates_describe(a->shown[n]->chain[0], &f))
			continue;
		if (strcasecmp(f.spki_sha256, s->text) == 0)
			return 0;
		any = true;
		newer = newer || f.not_before > s->at;
	}
	if (!any)
		return 0;
	exam_say(e, &(struct exam_remark){ newer ? EXAM_NOTE : EXAM_WARNING,
	    "sensor", newer ? "seen-older-key" : "seen-other-key", a->host,
	    a }, "another key than the one the sensor saw %s%s",
	    ago(e, s, when), newer ? ": the certificate was issued since" :
	    ": that was not this server's, or it has several");
	return 1;
}

static unsigned
compare_version(struct exam *e, const struct exam_address *a,
    const struct seen *s)
{
	const char *here = a->shown[0]->version;
	char when[64];

	/* "TLSv1.2" < "TLSv1.3" */
	if (!s->known || here == NULL || strcmp(s->text, here) >= 0)
		return 0;
	exam_say(e, &(struct exam_remark){ EXAM_NOTE, "sensor",
	    "seen-older-tls", a->host, a }, "the sensor saw %s %s; its "
	    "client may know no newer", s->text, ago(e, s, when));
	return 1;
}

static int
compare(struct exam *e, struct database *d, const struct exam_address *a)
{
	struct seen offer, key, version;
	char when[64];

	if (find_one(d, "SELECT CASE offer WHEN 1 THEN 'offered' WHEN 2 THEN "
	    "'absent' WHEN 3 THEN 'masked' WHEN 4 THEN 'absent, EHLO being "
	    "refused,' END, at, id FROM temp.life WHERE offer BETWEEN 1 AND "
	    "4 ORDER BY at DESC LIMIT 1", &offer) == -1 ||
	    find_one(d, "SELECT lower(hex(c.spki_sha256)), l.at, l.id FROM "
	    "temp.life AS l JOIN all_certificate AS c ON c.db = l.db AND "
	    "c.id = l.certificate WHERE c.spki_sha256 IS NOT NULL "
	    "ORDER BY l.at DESC LIMIT 1", &key) == -1 ||
	    find_one(d, "SELECT t.text, l.at, l.id FROM temp.life AS l JOIN "
	    "all_text AS t ON t.db = l.db AND t.id = l.version "
	    "ORDER BY l.at DESC LIMIT 1", &version) == -1)
		return -1;
	if (compare_offer(e, a, &offer) + compare_key(e, a, &key) +
	    compare_version(e, a, &version) == 0 && offer.known &&
	    a->shown[0]->outcome == STARTTLS_ESTABLISHED)
		exam_say(e, &(struct exam_remark){ EXAM_GOOD, "sensor",
		    "seen-same", a->host, a }, "as the sensor saw it %s",
		    ago(e, &offer, when));
	return 0;
}

int
exam_seen(struct exam *e)
{
	struct database d;
	struct party p;
	int rc = 0;

	if (!e->o->files_given && access(e->o->files[0], F_OK) == -1)
		return 0;		/* no sensor here */
	if (database_open(&d, e->o->files, e->o->files_count) == -1)
		return -1;
	for (unsigned i = 0; i < e->naddresses && rc == 0; i++) {
		if (party_read(&p, e->addresses[i].text) != NULL)
			continue;
		p.port = e->port;
		rc = server_find(&d, &p, e->o) == STATUS_DONE ? compare(e, &d,
		    &e->addresses[i]) : -1;
	}
	database_close(&d);
	return rc;
}
