/* SPDX-License-Identifier: ISC */
/*
 * unit/store_incident_play.h -- sessions put into a store for the incidents
 * they make, and a reader beside it.  Behind <cmocka.h>; in one file of a
 * program.
 */
#ifndef STORE_INCIDENT_PLAY_H
#define STORE_INCIDENT_PLAY_H

#include "schema/schema.h"
#include "schema_ask.h"
#include "store_made_up.h"

#define HOUR		INT64_C(3600000000)

/* A session as far as incidents go: from network 10.0.NET.0/24 with
 * 10.1.0.SERVER, hours after noon; what was found, its leader first. */
struct met {
	double		hours;
	uint8_t		net, server;
	enum kind	kind;
	enum severity	severity;
};

struct place {
	char		 path[64];
	struct store	*store;
	uint64_t	 identity;
};

static inline int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	int fd;

	assert_non_null(p);
	snprintf(p->path, sizeof(p->path), "/tmp/incidents_test.XXXXXX");
	assert_int_not_equal(fd = mkstemp(p->path), -1);
	close(fd);
	assert_non_null(p->store = store_open(p->path, "tap"));
	*state = p;
	return 0;
}

static inline int
teardown(void **state)
{
	struct place *p = *state;

	store_close(p->store);
	unlink(p->path);
	free(p);
	return 0;
}

static inline void
restart(struct place *p)
{
	assert_int_equal(store_close(p->store), 0);
	assert_non_null(p->store = store_open(p->path, "tap"));
}

static inline void
put_with(struct place *p, const struct met *m, uint64_t identity)
{
	static char text[] = "found";
	struct made_up made;

	make_up(&made, identity);
	made.record.protocol = RECORD_SMTP;
	made.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 10, 0, m->net,
	    (uint8_t)(1 + identity % 200) });
	made.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1, 0,
	    m->server });
	made.record.flow.first.time = NOON + (int64_t)(m->hours *
	    (double)HOUR);
	made.smtp.facts.mails_accepted = 1;
	made.findings.count = 2;
	made.findings.list[0] = (struct finding){ .kind = m->kind,
	    .severity = m->severity, .confidence = CONFIDENCE_STRONG,
	    .because = 1U << EXPECT_HISTORY, .summary = text };
	made.findings.list[1] = (struct finding){
	    .kind = KIND_PATH_ANOMALY, .severity = SEVERITY_INFO,
	    .summary = text };
	assert_int_equal(made_up_store(p->store, &made), 0);
}

static inline void
put(struct place *p, const struct met *m)
{
	put_with(p, m, ++p->identity);
}

static inline void
put_all(struct place *p, const struct met *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(p, &list[i]);
}

/* A reader beside the store, behind its commit. */
static inline sqlite3 *
look(struct place *p)
{
	sqlite3 *db;

	assert_int_equal(store_commit(p->store), 0);
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

static inline void
expect(struct place *p, const char *sql, const char *want)
{
	sqlite3 *db = look(p);

	check(db, sql, want);
	sqlite3_close(db);
}

static inline void
tell(struct place *p, const char *sql)
{
	sqlite3 *db = look(p);

	run(db, sql);
	sqlite3_close(db);
}

#define SUM		"SELECT group_concat(sessions) FROM " \
    "(SELECT sessions FROM incident ORDER BY sessions)"
/* Each finding above a note is in an incident that has its session's
 * server, and none is lost. */
#define ASTRAY								\
	"SELECT count(*) FROM finding f WHERE f.severity > 0 AND NOT EXISTS " \
	"(SELECT 1 FROM incident i JOIN incident_part p ON p.incident = i.id " \
	"JOIN session s ON s.row = f.id >> 7 WHERE i.id = f.incident AND "	\
	"p.what = 1 AND p.word = '10.1.0.' || (s.server & 255) || ':25')"

#define ABSENT	KIND_STARTTLS_ABSENT, SEVERITY_MEDIUM
#define MASKED	KIND_STARTTLS_MASKED, SEVERITY_HIGH

#define test(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
