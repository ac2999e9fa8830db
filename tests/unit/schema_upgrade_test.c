/* SPDX-License-Identifier: ISC */
/*
 * From older versions to this one, on databases as they really were:
 * unit/schema_version_N.sql is what the program of version N made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "schema/schema.h"
#include "schema_ask.h"

#define SQL_MAX		(256 * 1024)
#define ANSWERS_MAX	65536

static void
read_file(const char *path, char sql[SQL_MAX])
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(sql, 1, SQL_MAX - 1, f);
	fclose(f);
	assert_true(n < SQL_MAX - 1);
	sql[n] = '\0';
}

static void
run_file(sqlite3 *db, const char *path)
{
	static char sql[SQL_MAX];

	read_file(path, sql);
	run(db, sql);
}

/* With two sessions, one of them with two findings, and what they name. */
static sqlite3 *
version_one(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	run_file(db, "tests/unit/schema_version_1.sql");
	run(db, "PRAGMA application_id = 1398033491; PRAGMA user_version = 1;"
	    "INSERT INTO kind (id, word, text) VALUES "
	    "(1, 'starttls-absent', 'old'), (2, 'starttls-masked', 'old'), "
	    "(3, 'mail-in-clear', 'old'), (4, 'credentials-in-clear', 'old');"
	    "INSERT INTO expectation VALUES (0, 'dane'), (1, 'sts');"
	    "INSERT INTO gap VALUES (4, 'gap-in-ehlo-reply', 'old');"
	    "INSERT INTO sensor VALUES (1, 'edge');"
	    "INSERT INTO source VALUES (1, 'eth0');"
	    "INSERT INTO run VALUES (1, 1, 1, 5, 6, 7, '{\"frames\":9}', "
	    "NULL);"
	    "INSERT INTO host VALUES (4294967296, '2001:db8::1', "
	    "'2001:db8::/48');"
	    "INSERT INTO text VALUES (1, 'mx.example'), (2, 'rcpt.example');"
	    "INSERT INTO line VALUES (1, 'mx.example ESMTP');"
	    "INSERT INTO ehlo_reply VALUES (1, '[\"SIZE\"]', '[\"SIZE\"]');"
	    "INSERT INTO certificate (id, sha256, der) VALUES "
	    "(1, x'ab01', x'30');"
	    "INSERT INTO chain VALUES (1, '[1]', 1)");
	run(db, "INSERT INTO session (id, identity, sensor, source, started, "
	    "lasted, client, client_port, server, server_port, server_name, "
	    "protocol, verdict, findings, gaps, ending, handshake, payload, "
	    "flags, octets_client, octets_server, packets, banner, "
	    "ehlo_first, ehlo_reply, offer, starttls, tls, certificate, "
	    "protection, mails_in_clear, mail_commands, rcpt_commands, "
	    "data_commands, rcpt_domains, more, dialogue) VALUES "
	    "(2097152, 77, 1, 1, 5, 7, -1062731263, 41022, 4294967296, 25, 1, "
	    "1, 2, 2, 16, 0, 1, 1, 1, 10, 20, 30, 1, 1, 1, 2, 0, 0, 1, 0, 1, "
	    "1, 1, 1, '[2]', '{\"missing_server\":3}', x'040404'), "
	    "(4194304, 78, 1, 1, 0, 0, 4294967296, 1, 9, 587, NULL, 0, 0, 0, "
	    "0, 0, 1, 0, 0, 0, 0, 3, NULL, NULL, NULL, 5, 0, 0, NULL, 2, 0, "
	    "0, 0, 0, NULL, NULL, NULL);"
	    "INSERT INTO finding VALUES (1, 2097152, 0, 1000006, 2, 1, 4, 2, "
	    "'a sentence', '{\"packet\":6}'), (2, 2097152, 1, 1000007, 3, 0, "
	    "3, 1, 'another', '{}')");
	return db;
}

/* All cells of these rows, one after another. */
static void
answers(sqlite3 *db, const char *sql, char out[ANSWERS_MAX])
{
	sqlite3_stmt *stmt;
	size_t len = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *text = (const char *)
			    sqlite3_column_text(stmt, i);

			len += (size_t)snprintf(out + len, ANSWERS_MAX - len,
			    "%s=%s\n", sqlite3_column_name(stmt, i),
			    text != NULL ? text : "(none)");
			assert_true(len < ANSWERS_MAX);
		}
	sqlite3_finalize(stmt);
}

/* A session's columns, in whichever tables they are. */
static void
make_whole(sqlite3 *db, bool apart)
{
	run(db, "DROP VIEW IF EXISTS temp.whole");
	/* of columns with one name a view has the first under it */
	run(db, !apart ? "CREATE TEMP VIEW whole AS SELECT * FROM session" :
	    "CREATE TEMP VIEW whole AS SELECT s.id AS id, "
	    "ifnull(s.more, k.more) AS more, "
	    "ifnull(s.counts ->> 0, k.mails_in_clear) AS mails_in_clear, "
	    "ifnull(s.counts ->> 1, k.mail_commands) AS mail_commands, "
	    "ifnull(s.counts ->> 2, k.rcpt_commands) AS rcpt_commands, "
	    "ifnull(s.counts ->> 3, k.data_commands) AS data_commands, "
	    "s.*, k.* "
	    "FROM session AS s JOIN common AS k ON k.id = s.common");
}

/* Findings with their session and rank, wherever those are. */
static void
make_found(sqlite3 *db, bool apart)
{
	run(db, "DROP VIEW IF EXISTS temp.found");
	run(db, apart ? "CREATE TEMP VIEW found AS SELECT *, id AS place "
	    "FROM finding" :
	    "CREATE TEMP VIEW found AS SELECT f.*, s.id AS session, "
	    "f.id % 128 AS rank, f.id AS place FROM finding AS f "
	    "JOIN session AS s ON s.row = f.id / 128");
}

static void
sessions_and_findings_of_version_1_survive(void **state)
{
	static const char *const asked[] = {
		"SELECT "
		    "id, sensor, source, started, lasted, community, "
		    "client, client_port, server, server_port, server_name, "
		    "server_name_from, protocol, verdict, findings, gaps, ending, "
		    "handshake, payload, flags, octets_client, octets_server, "
		    "packets, vlan, tunnel, greeting_code, banner, hello, "
		    "hello_name, hellos, ehlo_first, ehlo_reply, offer, "
		    "offer_token, starttls, starttls_command, starttls_reply, "
		    "tls, tls_failure, tls_version, tls_cipher, "
		    "client_tls_version, sni, alpn, ja3, ja3s, ja4, "
		    "certificate_seen, certificate, chain, protection, "
		    "mails_in_clear, mail_commands, rcpt_commands, data_commands, "
		    "mail_from_domain, rcpt_domains, auth_in_clear, more, "
		    "dialogue "
		    "FROM whole ORDER BY id",
		"SELECT * FROM run", "SELECT * FROM host",
		("SELECT session, rank, at, kind, because, severity, "
		    "confidence, summary, evidence FROM found ORDER BY place"),
		"SELECT id, sensor, source, started_at, ended_at, "
		    "client_ip, client_port, server_ip, server_port, "
		    "server_name, protocol, capabilities, offer, starttls, "
		    "tls, certificate_sha256, protection, rcpt_domains, "
		    "policy, sts, verdict, kinds, ehlo_reply, more "
		    "FROM v_sessions ORDER BY id",
		"SELECT session_id, at, kind, because, severity, confidence, "
		    "summary, evidence, server_ip, client_ip, verdict "
		    "FROM v_findings ORDER BY id",
		"SELECT * FROM v_servers ORDER BY server_port",
	};
	static char before[sizeof(asked) / sizeof(asked[0])][ANSWERS_MAX];
	static char after[ANSWERS_MAX];
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX];

	(void)state;
	assert_int_equal(schema_look(db, why), SCHEMA_OLDER);
	make_whole(db, false);
	make_found(db, true);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		answers(db, asked[i], before[i]);
		assert_true(before[i][0] != '\0');
	}
	run(db, "DROP VIEW temp.whole; DROP VIEW temp.found");
	if (schema_apply(db, why) == -1)
		fail_msg("%s", why);
	assert_int_equal(schema_look(db, why), SCHEMA_READY);
	make_whole(db, true);
	make_found(db, false);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		answers(db, asked[i], after);
		if (strcmp(before[i], after) != 0)
			fail_msg("%s: got %s, want %s", asked[i], after,
			    before[i]);
	}
	check(db, "PRAGMA integrity_check", "ok");
	check(db, "SELECT count(*) FROM finding WHERE incident IS NOT NULL",
	    "0");
	check(db, "SELECT count(*) FROM v_incidents", "0");
	sqlite3_close(db);
}

static void
an_upgraded_database_is_made_like_a_new_one(void **state)
{
	static char upgraded[ANSWERS_MAX], made[ANSWERS_MAX];
	static const char shape[] = "SELECT m.type || ' ' || m.name || ' ' || "
	    "coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || "
	    "' ' || c.pk, '') AS part FROM sqlite_schema AS m "
	    "LEFT JOIN pragma_table_info(m.name) AS c "
	    "ORDER BY m.type, m.name, c.cid";
	sqlite3 *db = version_one(), *other;
	char why[SCHEMA_WHY_MAX];

	(void)state;
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(sqlite3_open(":memory:", &other), SQLITE_OK);
	assert_int_equal(schema_apply(other, why), 0);
	answers(db, shape, upgraded);
	answers(other, shape, made);
	if (strcmp(upgraded, made) != 0)
		fail_msg("got %s, want %s", upgraded, made);
	sqlite3_close(other);
	sqlite3_close(db);
}

/* As version 2 left it, with a finding in an incident. */
static void
what_version_2_knew_survives(void **state)
{
	static char before[ANSWERS_MAX], after[ANSWERS_MAX];
	static const char asked[] = "SELECT id, verdict, promise, 0 "
	    "FROM session UNION ALL SELECT id, state, title, kind "
	    "FROM incident UNION ALL SELECT at, incident, kind, summary "
	    "FROM finding UNION ALL SELECT id, digest, evidence, 0 "
	    "FROM promise";
	static char sql[SQL_MAX];
	const struct schema_step one = { 1, sql };
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX];

	(void)state;
	read_file("schema/upgrades/1.sql", sql);
	assert_int_equal(schema_climb(db, &one, 1, 2, why), 0);
	run(db, "INSERT INTO incident "
	    "VALUES (1, 0, 9, 25, NULL, 2, 1, 3, 1, 0, 5, 6, 1, 0, 0, "
	    "2097152, 0, 0, 0, 0, 'a title', 'why', '[]');"
	    "UPDATE finding SET incident = 1; INSERT INTO promise VALUES "
	    "(1, 'aa', '{}'); UPDATE session SET promise = 1, policy = 7");
	assert_int_equal(schema_look(db, why), SCHEMA_OLDER);
	answers(db, asked, before);
	assert_int_equal(schema_apply(db, why), 0);
	answers(db, asked, after);
	assert_string_equal(before, after);
	assert_true(before[0] != '\0');
	check(db, "SELECT count(*) FROM v_sessions WHERE confirmation "
	    "IS NOT NULL", "0");
	check(db, "SELECT count(*) FROM confirmation", "0");
	check(db, "SELECT count(*) FROM sts_policy", "0");
	check(db, "PRAGMA integrity_check", "ok");
	sqlite3_close(db);
}

/* With a session that was confirmed, and a text in two places. */
static void
what_version_3_knew_survives(void **state)
{
	static char before[ANSWERS_MAX], after[ANSWERS_MAX];
	static const char asked[] = "SELECT * FROM confirmation UNION ALL "
	    "SELECT 0, session, rank, at, kind, because, severity, "
	    "wording, shape, summary FROM found UNION ALL SELECT id, text, "
	    "0, 0, 0, 0, 0, 0, 0, 0 FROM wording";
	static char one[SQL_MAX], two[SQL_MAX];
	const struct schema_step steps[] = { { 1, one }, { 2, two } };
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX];

	(void)state;
	read_file("schema/upgrades/1.sql", one);
	read_file("schema/upgrades/2.sql", two);
	assert_int_equal(schema_climb(db, steps, 2, 3, why), 0);
	run(db, "INSERT INTO confirmation VALUES (2097152, 2, 5, 6, NULL, "
	    "NULL, 2, 2, 0, 'as it was'); INSERT INTO wording VALUES "
	    "(1, 'a text'); UPDATE finding SET wording = 1, summary = ''");
	assert_int_equal(schema_look(db, why), SCHEMA_OLDER);
	make_found(db, true);
	answers(db, asked, before);
	run(db, "DROP VIEW temp.found");
	assert_int_equal(schema_apply(db, why), 0);
	make_found(db, false);
	answers(db, asked, after);
	assert_string_equal(before, after);
	assert_true(before[0] != '\0');
	check(db, "SELECT count(*) FROM v_sessions WHERE confirmation "
	    "IS NOT NULL", "1");
	check(db, "SELECT count(*) FROM v_sessions WHERE unanswered "
	    "IS NOT NULL", "0");
	check(db, "SELECT count(*) FROM unanswered", "0");
	check(db, "SELECT DISTINCT summary FROM v_findings", "a text");
	sqlite3_close(db);
}

/* As version 3 left it: sessions that have all in common, and others that
 * differ in one thing, each of which must stay theirs. */
static void
sessions_of_version_3_share_what_they_have_in_common(void **state)
{
	static char before[ANSWERS_MAX], after[ANSWERS_MAX];
	static const char asked[] = "SELECT id, sensor, policy, gaps, vlan, "
	    "starttls_reply, mails_in_clear, mail_commands, rcpt_commands, "
	    "data_commands, more, promise, tlsa FROM whole ORDER BY id";
	static char sql[2][SQL_MAX];
	const struct schema_step steps[] = { { 1, sql[0] }, { 2, sql[1] } };
	static const char *const changes[] = {
		"vlan = 0", "policy = 7", "policy = 0", "starttls_reply = 454",
		"more = '{\"a\":1}'", "more = '{\"missing_server\":9}'",
		"more = '{\"b\":\"' || printf('%300d', 1) || '\"}'",
		"rcpt_commands = 3", "rcpt_commands = 4",
		"rcpt_commands = 4, data_commands = 2", "tlsa = 1",
	};
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX], text[512];

	(void)state;
	read_file("schema/upgrades/1.sql", sql[0]);
	read_file("schema/upgrades/2.sql", sql[1]);
	assert_int_equal(schema_climb(db, steps, 2, 3, why), 0);
	run(db, "CREATE TEMP TABLE one AS SELECT * FROM session "
	    "WHERE id = 4194304");
	for (unsigned i = 0; i < 3 * sizeof(changes) / sizeof(changes[0]);
	    i++) {
		snprintf(text, sizeof(text), "UPDATE one SET id = %u; INSERT "
		    "INTO session SELECT * FROM one; UPDATE session SET %s "
		    "WHERE id = %u", 9000000 + i, i % 3 == 0 ? "promise = 1" :
		    changes[i / 3], 9000000 + i);
		run(db, text);
	}
	make_whole(db, false);
	answers(db, asked, before);
	run(db, "DROP VIEW temp.whole");
	if (schema_apply(db, why) == -1)
		fail_msg("%s", why);
	make_whole(db, true);
	answers(db, asked, after);
	assert_string_equal(before, after);
	/* two of version 1, and one for vlan, reply, a, 3 */
	check(db, "SELECT count(*) FROM common", "6");
	check(db, "SELECT count(*) FROM session WHERE counts IS NOT NULL",
	    "4");
	check(db, "SELECT count(*) FROM session WHERE more IS NOT NULL",
	    "5");
	check(db, "PRAGMA integrity_check", "ok");
	sqlite3_close(db);
}

/* As version 4 left it: findings in another order than their sessions, of
 * all ranks, and sessions without. */
static void
findings_of_version_4_keep_their_sessions_and_order(void **state)
{
	static char before[2][ANSWERS_MAX], after[ANSWERS_MAX];
	char columns[512], all[600];
	const char *const asked[] = {
		"SELECT session, rank, at, kind, because, severity, "
		    "confidence, summary, evidence, incident, wording, shape "
		    "FROM found ORDER BY place", all,
	};
	static char sql[3][SQL_MAX];
	const struct schema_step steps[] = { { 1, sql[0] }, { 2, sql[1] },
		{ 3, sql[2] } };
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX], text[512];

	(void)state;
	read_file("schema/upgrades/1.sql", sql[0]);
	read_file("schema/upgrades/2.sql", sql[1]);
	read_file("schema/upgrades/3.sql", sql[2]);
	assert_int_equal(schema_climb(db, steps, 3, 4, why), 0);
	run(db, "CREATE TEMP TABLE one AS SELECT * FROM session "
	    "WHERE id = 4194304");
	for (unsigned i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "UPDATE one SET id = %u; INSERT "
		    "INTO session SELECT * FROM one", 9000000 + i);
		run(db, text);
		if (i % 3 == 0)
			continue;
		/* whose rank is 0 may come later than the others */
		snprintf(text, sizeof(text), "INSERT INTO finding SELECT NULL, "
		    "%u, %u, at, kind, because, severity, confidence, "
		    "'summary %u', evidence, nullif(%u, 3), wording, shape "
		    "FROM finding WHERE id = 1", 9000000 + 7 * i % 60,
		    (111 - i) % 112, i, i % 5);
		run(db, text);
	}
	run(db, "DROP TABLE temp.one");
	/* another value in each column */
	run(db, "UPDATE session SET identity = 101, source = 102, "
	    "started = 103, lasted = 104, client = 105, client_port = 106, "
	    "server = 107, server_port = 108, server_name = 109, "
	    "verdict = 110, findings = 111, common = 112, "
	    "octets_client = 113, octets_server = 114, packets = 115, "
	    "banner = 116, hello_name = 117, ehlo_first = 118, "
	    "ehlo_reply = 119, sni = 120, certificate = 121, chain = 122, "
	    "mail_from_domain = 123, policy = 124, promise = 125, "
	    "tlsa = 126, community = '127', rcpt_domains = '128', "
	    "counts = '129', more = '130', dialogue = x'131313' "
	    "WHERE id = 9000007");
	ask(db, "SELECT group_concat(name, ', ') FROM "
	    "pragma_table_info('session')", columns);
	snprintf(all, sizeof(all), "SELECT %s FROM session ORDER BY id",
	    columns);
	make_found(db, true);
	for (unsigned i = 0; i < 2; i++)
		answers(db, asked[i], before[i]);
	run(db, "DROP VIEW temp.found");
	if (schema_apply(db, why) == -1)
		fail_msg("%s", why);
	make_found(db, false);
	for (unsigned i = 0; i < 2; i++) {
		answers(db, asked[i], after);
		assert_string_equal(before[i], after);
	}
	check(db, "SELECT count(*) FROM v_findings", "42");
	check(db, "SELECT count(*) || ' ' || min(row) || ' ' || max(row) "
	    "FROM session", "62 1 62");
	check(db, "PRAGMA integrity_check", "ok");
	sqlite3_close(db);
}

static void
words_of_version_1_keep_their_numbers(void **state)
{
	sqlite3 *db = version_one();
	char why[SCHEMA_WHY_MAX];
	int64_t kinds[KINDS];

	(void)state;
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(schema_kinds(db, kinds, why), 0);
	assert_int_equal(kinds[KIND_STARTTLS_ABSENT], 1);
	assert_int_equal(kinds[KIND_CREDENTIALS_IN_CLEAR], 4);
	for (enum kind k = 0; k < KINDS; k++)
		assert_true(kinds[k] > 0);
	sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_and_findings_of_version_1_survive),
		cmocka_unit_test(an_upgraded_database_is_made_like_a_new_one),
		cmocka_unit_test(what_version_2_knew_survives),
		cmocka_unit_test(what_version_3_knew_survives),
		cmocka_unit_test(
		    sessions_of_version_3_share_what_they_have_in_common),
		cmocka_unit_test(
		    findings_of_version_4_keep_their_sessions_and_order),
		cmocka_unit_test(words_of_version_1_keep_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
