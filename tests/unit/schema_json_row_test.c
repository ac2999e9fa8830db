/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "schema/json_row.h"
#include "schema/schema.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct row {
	const char	*name, *sql, *type, *want;
} rows[] = {
	{ "numbers, text and nothing",
	  "SELECT 25 AS server_port, -7 AS less, 0 AS zero, 'mx' AS name, "
	  "NULL AS sni", NULL,
	  "{\"server_port\":25,\"less\":-7,\"zero\":0,\"name\":\"mx\","
	  "\"sni\":null}" },
	{ "the extremes of 64 bits",
	  "SELECT 9223372036854775807 AS a, -9223372036854775807 - 1 AS b",
	  NULL, "{\"a\":9223372036854775807,\"b\":-9223372036854775808}" },
	{ "a type comes first", "SELECT 1 AS id", "session",
	  "{\"type\":\"session\",\"id\":1}" },
	{ "no column at all but the type", "SELECT NULL AS x", "t",
	  "{\"type\":\"t\",\"x\":null}" },
	{ "times are RFC 3339",
	  "SELECT 1795157515066175 AS started_at, 0 AS at, NULL AS last_seen, "
	  "-1 AS ended_at", NULL,
	  "{\"started_at\":\"2026-11-20T06:51:55.066175Z\","
	  "\"at\":\"1970-01-01T00:00:00.000000Z\",\"last_seen\":null,"
	  "\"ended_at\":\"1969-12-31T23:59:59.999999Z\"}" },
	{ "flags are true, false or unknown",
	  "SELECT 1 AS quit, 0 AS resumed, NULL AS plain_after_220", NULL,
	  "{\"quit\":true,\"resumed\":false,\"plain_after_220\":null}" },
	{ "lists and objects are embedded",
	  "SELECT '[\"a\",\"b\"]' AS kinds, '[]' AS because, "
	  "'{\"packet\":4}' AS evidence, NULL AS capabilities, NULL AS more",
	  NULL, "{\"kinds\":[\"a\",\"b\"],\"because\":[],"
	  "\"evidence\":{\"packet\":4},\"capabilities\":null,"
	  "\"more\":null}" },
	{ "a list that is a number in this view",
	  "SELECT 3 AS client_nets", NULL, "{\"client_nets\":3}" },
	{ "a list that is none stays a text",
	  "SELECT 'x' AS kinds, '[]' AS evidence", NULL,
	  "{\"kinds\":\"x\",\"evidence\":\"[]\"}" },
	{ "a line end inside a list does not end the line",
	  "SELECT '[1,' || char(10) || '2]' AS kinds", NULL,
	  "{\"kinds\":[1, 2]}" },
	{ "what is a list elsewhere is text here",
	  "SELECT '[1]' AS banner", NULL, "{\"banner\":\"[1]\"}" },
	{ "quotes, backslashes and controls are escaped",
	  "SELECT 'a\"b\\c' || char(9, 10, 31, 127) AS banner", NULL,
	  "{\"banner\":\"a\\\"b\\\\c\\u0009\\u000a\\u001f\\u007f\"}" },
	{ "UTF-8 stays, what is none is replaced",
	  "SELECT 'é€😀' AS a, CAST(x'c3' AS TEXT) AS b, "
	  "CAST(x'c0af' AS TEXT) AS c, CAST(x'eda080' AS TEXT) AS d, "
	  "CAST(x'f4908080' AS TEXT) AS e, CAST(x'e28241' AS TEXT) AS f", NULL,
	  "{\"a\":\"é€😀\",\"b\":\"\\ufffd\",\"c\":\"\\ufffd\\ufffd\","
	  "\"d\":\"\\ufffd\\ufffd\\ufffd\","
	  "\"e\":\"\\ufffd\\ufffd\\ufffd\\ufffd\","
	  "\"f\":\"\\ufffd\\ufffdA\"}" },
	{ "a share is a number", "SELECT 0.25 AS share", NULL,
	  "{\"share\":0.25}" },
};

static void
a_row_becomes_an_object(void **state)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	struct json_row *r;
	const char *got;
	json_t *parsed;
	size_t len;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		if (sqlite3_prepare_v2(db, rows[i].sql, -1, &stmt, NULL) !=
		    SQLITE_OK)
			fail_msg("%s: %s", rows[i].name, sqlite3_errmsg(db));
		r = json_row_new(stmt, rows[i].type);
		assert_non_null(r);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		/* twice: nothing of the first stays in the second */
		assert_non_null(json_row_text(r, &len));
		got = json_row_text(r, &len);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", rows[i].name, got,
			    rows[i].want);
		assert_int_equal(len, strlen(got));
		parsed = json_loads(got, JSON_REJECT_DUPLICATES, NULL);
		if (parsed == NULL)
			fail_msg("%s: no JSON: %s", rows[i].name, got);
		json_decref(parsed);
		json_row_free(r);
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
}

static void
a_row_of_any_length_fits(void **state)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	struct json_row *r;
	const char *got;
	size_t len;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "WITH RECURSIVE n (i, t) AS "
	    "(SELECT 0, 'x' UNION ALL SELECT i + 1, t || t FROM n) "
	    "SELECT t AS banner FROM n LIMIT 18", -1, &stmt, NULL), SQLITE_OK);
	r = json_row_new(stmt, NULL);
	for (size_t want = 1; want <= 1 << 17; want *= 2) {
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		got = json_row_text(r, &len);
		assert_non_null(got);
		assert_int_equal(len, want + strlen("{\"banner\":\"\"}"));
		assert_string_equal(got + len - 2, "\"}");
	}
	json_row_free(r);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static const struct {
	const char	*column;
	enum row_role	 want;
} roles[] = {
	{ "id", ROW_PLAIN }, { "sensor", ROW_PLAIN }, { "end", ROW_PLAIN },
	{ "tls_version", ROW_PLAIN }, { "mails_in_clear", ROW_PLAIN },
	{ "started_at", ROW_TIME }, { "ended_at", ROW_TIME },
	{ "at", ROW_TIME }, { "first_seen", ROW_TIME },
	{ "last_offered_at", ROW_TIME }, { "certificate_not_after", ROW_TIME },
	{ "quit", ROW_FLAG }, { "resumed", ROW_FLAG },
	{ "capabilities", ROW_LIST }, { "rcpt_domains", ROW_LIST },
	{ "capture_gaps", ROW_LIST }, { "kinds", ROW_LIST },
	{ "because", ROW_LIST }, { "certificates", ROW_LIST },
	{ "posture", ROW_LIST }, { "about", ROW_LIST },
	{ "mended_at", ROW_TIME }, { "evidence", ROW_OBJECT },
};

static void
columns_have_their_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(roles); i++)
		if (row_role(roles[i].column) != roles[i].want)
			fail_msg("%s: got %d, want %d", roles[i].column,
			    row_role(roles[i].column), roles[i].want);
}

/* A column that is a list in a view, but is not known as one, would come
 * out as a string: look at what the views give for an eventful session. */
static void
no_list_of_a_view_is_forgotten(void **state)
{
	static const char *const views[] = {
		"v_sessions", "v_findings", "v_incidents", "v_servers",
	};
	char why[SCHEMA_WHY_MAX], sql[64];
	sqlite3 *db;
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(schema_apply(db, why), 0);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO sensor VALUES (1, 's');"
	    "INSERT INTO source VALUES (1, 'f'); INSERT INTO text VALUES "
	    "(1, '[\"t\"]'); INSERT INTO line VALUES (1, 'l'); INSERT INTO "
	    "ehlo_reply VALUES (1, '[\"A\"]', '[\"A\"]'); INSERT INTO "
	    "certificate VALUES (1, x'00', x'00', 's', 'i', '[\"a\"]', 1, 2, "
	    "x''); INSERT INTO common (id, sensor, protocol, gaps, ending, "
	    "handshake, payload, flags, offer, starttls, tls, protection, "
	    "mails_in_clear, mail_commands, rcpt_commands, data_commands, "
	    "tunnel, hellos, more) VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
	    "1, 1, 1, 1, 1, 1, '{\"a\":1}'); INSERT INTO session (id, "
	    "identity, source, started, lasted, client, client_port, server, "
	    "server_port, verdict, findings, common, octets_client, "
	    "octets_server, packets, ehlo_first, ehlo_reply, certificate, "
	    "rcpt_domains) VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
	    "1, 1, 1, 1, '[1]'); INSERT INTO finding VALUES "
	    "(128, 1, 1, 1, 1, 1, 'x', '{}', 1, NULL, NULL); INSERT INTO incident "
	    "VALUES (1, 0, 1, 25, NULL, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
	    "1, 1, 1, 't', 'e', '[\"s\"]', 9); INSERT INTO incident_part VALUES "
	    "(1, 0, 'n', 1), (1, 1, 's', 1), (1, 2, 'd', 1), (1, 3, 'e', 1), "
	    "(1, 4, 'k', 1), (1, 5, 'c', 1), (1, 6, 'm', 1), "
	    "(1, 7, 'a', 1)", NULL, NULL,
	    NULL),
	    SQLITE_OK);
	for (size_t v = 0; v < LENGTH(views); v++) {
		snprintf(sql, sizeof(sql), "SELECT * FROM %s", views[v]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
		    SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *name = sqlite3_column_name(stmt, i);
			const unsigned char *text =
			    sqlite3_column_text(stmt, i);
			enum row_role role = row_role(name);

			if (text == NULL)
				continue;
			if ((text[0] == '[') != (role == ROW_LIST) &&
			    sqlite3_column_type(stmt, i) == SQLITE_TEXT)
				fail_msg("%s.%s is %s: got role %d", views[v],
				    name, text, role);
			if ((text[0] == '{') != (role == ROW_OBJECT))
				fail_msg("%s.%s is %s: got role %d", views[v],
				    name, text, role);
		}
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_an_object),
		cmocka_unit_test(a_row_of_any_length_fits),
		cmocka_unit_test(columns_have_their_roles),
		cmocka_unit_test(no_list_of_a_view_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
