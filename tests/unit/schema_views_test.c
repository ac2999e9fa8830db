/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schema/schema.h"
#include "schema_ask.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static sqlite3 *
memory_db(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	return db;
}

/* contract.md: the first columns, in this order. */
static const struct contract {
	const char	*view, *columns;
} contract[] = {
	{ "v_sessions",
	  "id,sensor,source,started_at,ended_at,community_id,client_ip,"
	  "client_port,server_ip,server_port,server_name,server_name_from,"
	  "protocol,hello,capabilities,offer,starttls,starttls_reply,tls,"
	  "tls_failure,tls_version,tls_cipher,sni,ja3,ja3s,ja4,certificate,"
	  "certificate_sha256,spki_sha256,protection,mails_in_clear,"
	  "mail_from_domain,rcpt_domains,auth_in_clear,capture,capture_gaps,"
	  "policy,sts,verdict,kinds," },
	{ "v_findings",
	  "id,session_id,incident_id,at,kind,because,severity,confidence,"
	  "summary,evidence," },
	{ "v_incidents",
	  "id,kind,title,severity,confidence,state,because,server_ip,"
	  "server_name,client_nets,sensors,first_seen,last_seen,sessions,"
	  "mails_in_clear,rcpt_domains,located,explanation,next_steps," },
	{ "v_servers",
	  "server_ip,server_port,server_name,first_seen,last_seen,sessions,"
	  "offered,absent,masked,last_offer,last_offered_at,tls_established,"
	  "client_nets,certificates,policy,tlsa_matching,tlsa_total,posture" },
};

static void
views_begin_with_the_columns_of_the_contract(void **state)
{
	char why[SCHEMA_WHY_MAX], got[4096];
	sqlite3 *db = memory_db();
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(schema_apply(db, why), 0);
	for (size_t i = 0; i < LENGTH(contract); i++) {
		size_t len = 0;

		assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM "
		    "pragma_table_info(?1) ORDER BY cid", -1, &stmt, NULL),
		    SQLITE_OK);
		sqlite3_bind_text(stmt, 1, contract[i].view, -1,
		    SQLITE_STATIC);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			len += (size_t)snprintf(got + len, sizeof(got) - len,
			    "%s,", sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
		if (strncmp(got, contract[i].columns,
		    strlen(contract[i].columns)) != 0)
			fail_msg("%s: got %s, want %s", contract[i].view, got,
			    contract[i].columns);
	}
	sqlite3_close(db);
}

/* Rows with nothing but what must be there; `set` changes that of table
 * session and, behind a semicolon, that of table common. */
static void
put_session(sqlite3 *db, int64_t id, const char *set)
{
	const char *common;
	char sql[1024];

	snprintf(sql, sizeof(sql), "INSERT INTO common (id, sensor, protocol, "
	    "gaps, ending, handshake, payload, flags, offer, starttls, tls, "
	    "protection, mails_in_clear, mail_commands, rcpt_commands, "
	    "data_commands) VALUES (%lld, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, "
	    "0, 0, 0); INSERT INTO session (id, identity, source, started, "
	    "lasted, client, client_port, server, server_port, verdict, "
	    "findings, common, octets_client, octets_server, packets) VALUES "
	    "(%lld, 1, 1, 5, 7, 1, 1, 2, 25, 0, 0, %lld, 0, 0, 0)",
	    (long long)id, (long long)id, (long long)id);
	run(db, sql);
	if (set == NULL)
		return;
	common = strchr(set, ';');
	if (common != set) {
		snprintf(sql, sizeof(sql), "UPDATE session SET %.*s "
		    "WHERE id = %lld", common != NULL ? (int)(common - set) :
		    (int)strlen(set), set, (long long)id);
		run(db, sql);
	}
	if (common == NULL)
		return;
	snprintf(sql, sizeof(sql), "UPDATE common SET %s WHERE id = %lld",
	    common + 1, (long long)id);
	run(db, sql);
}

static sqlite3 *
with_rows(void)
{
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db = memory_db();

	assert_int_equal(schema_apply(db, why), 0);
	run(db, "INSERT INTO sensor VALUES (1, 's'); "
	    "INSERT INTO source VALUES (1, 'eth0')");
	return db;
}

static void
numbers_of_the_views_are_those_of_names_def(void **state)
{
	char set[256], query[256], want[512];
	sqlite3 *db = with_rows();

	(void)state;
	for (enum verdict v = 0; v < VERDICTS; v++) {
		snprintf(set, sizeof(set), "verdict = %u", v);
		put_session(db, 100 + v, set);
		snprintf(query, sizeof(query),
		    "SELECT verdict FROM v_sessions WHERE id = %u", 100 + v);
		check(db, query, verdict_word(v));
	}
	for (enum gap g = 0; g < GAPS; g++) {
		snprintf(set, sizeof(set), ";gaps = %u", 1u << g);
		put_session(db, 200 + g, set);
		snprintf(query, sizeof(query),
		    "SELECT capture || capture_gaps FROM v_sessions "
		    "WHERE id = %u", 200 + g);
		snprintf(want, sizeof(want), "partial[\"%s\"]", gap_word(g));
		check(db, query, want);
	}
	for (unsigned i = 0; i < SEVERITIES * CONFIDENCES; i++) {
		enum severity s = i % SEVERITIES;
		enum confidence c = i / SEVERITIES;

		snprintf(set, sizeof(set), "INSERT INTO finding VALUES (%u, "
		    "9, 1, 0, %u, %u, 'x', '{}', NULL, NULL, NULL)", 128 + i, s,
		    c);
		run(db, set);
		snprintf(query, sizeof(query), "SELECT severity || ' ' || "
		    "confidence FROM v_findings WHERE id = %u", 128 + i);
		snprintf(want, sizeof(want), "%s %s", severity_word(s),
		    confidence_word(c));
		check(db, query, want);
	}
	for (enum expectation e = 0; e < EXPECTATIONS; e++) {
		snprintf(set, sizeof(set), "UPDATE finding SET because = %u "
		    "WHERE id = 128", 1u << e);
		run(db, set);
		snprintf(want, sizeof(want), "[\"%s\"]", expectation_word(e));
		check(db, "SELECT because FROM v_findings WHERE id = 128", want);
	}
	sqlite3_close(db);
}

static const struct value {
	const char	*set, *column, *want;
} values[] = {
	{ NULL, "started_at", "1000005" },
	{ NULL, "ended_at", "1000012" },
	{ NULL, "capture", "complete" },
	{ NULL, "capture_gaps", "[]" },
	{ NULL, "kinds", "[]" },
	{ NULL, "rcpt_domains", "[]" },
	{ NULL, "capabilities", "(none)" },
	{ NULL, "community_id", "(none)" },
	{ NULL, "ehlo_reply", "(none)" },
	{ NULL, "certificate", "(none)" },
	{ NULL, "certificate_sha256", "(none)" },
	{ NULL, "policy", "unknown" },
	{ NULL, "tls_alert", "(none)" },
	{ NULL, "missing_client", "0" },
	{ ";gaps = 129", "capture_gaps", "[\"midstream\",\"gap-in-mail\"]" },
	{ "client = -1062731263", "client_ip", "192.168.2.1" },
	{ "client = 2147483647", "client_ip", "127.255.255.255" },
	{ "client = -2147483648", "client_ip", "128.0.0.0" },
	{ "client = -1", "client_ip", "255.255.255.255" },
	{ "client = 4294967296", "client_ip", "2001:db8::1" },
	{ "server = 0", "server_ip", "0.0.0.0" },
	{ "community = 'abc'", "community_id", "1:abc=" },
	{ "rcpt_domains = '[2,1]'", "rcpt_domains", "[\"b\",\"a\"]" },
	{ "ehlo_first = 1", "ehlo_reply", "[\"mx \\\"q\\\"\"]" },
	{ "banner = 1", "banner", "mx \"q\"" },
	{ "banner = -2", "banner", "of a reply" },
	{ "ehlo_first = -2", "ehlo_reply", "[\"of a reply\"]" },
	{ "ehlo_first = 1, ehlo_reply = 1", "ehlo_reply",
	  "[\"mx \\\"q\\\"\",\"SIZE 9\",\"STARTTLS\"]" },
	{ "ehlo_first = 1, ehlo_reply = 2", "ehlo_reply",
	  "[\"mx \\\"q\\\"\"]" },
	{ "ehlo_first = 1, ehlo_reply = 1", "capabilities",
	  "[\"SIZE\",\"STARTTLS\"]" },
	{ "certificate = 1", "certificate_sha256", "ab01" },
	{ "certificate = 1", "spki_sha256", "(none)" },
	{ "certificate = 1", "certificate_chain", "1" },
	{ "certificate = 1, chain = 1", "certificate_chain", "3" },
	{ "more = '{\"missing_client\":7,\"tls_alert\":\"2/40\"}'",
	  "missing_client", "7" },
	{ "more = '{\"missing_client\":7,\"tls_alert\":\"2/40\"}'",
	  "tls_alert", "2/40" },
	{ ";more = '{\"tls_alert\":\"1/0\"}'", "tls_alert || more",
	  "1/0{\"tls_alert\":\"1/0\"}" },
	{ ";rcpt_commands = 3", "rcpt_commands", "3" },
	{ "counts = '[5,6,7,8]'", "mails_in_clear || mail_commands || "
	  "rcpt_commands || data_commands", "5678" },
	{ ";flags = 5", "quit || plain_after_220 || resumed", "101" },
	{ ";flags = 2", "quit || plain_after_220 || resumed", "010" },
	{ ";server_name_from = 4", "server_name_from", "dns" },
};

static void
a_session_reads_as_it_was_stored(void **state)
{
	sqlite3 *db = with_rows();
	char query[256], got[512];
	int64_t id = session_id(1000000, 0);

	(void)state;
	run(db, "INSERT INTO host VALUES (4294967296, '2001:db8::1', "
	    "'2001:db8::/48'); INSERT INTO text VALUES (1, 'a'), (2, 'b'); "
	    "INSERT INTO line VALUES (1, 'mx \"q\"'), (2, '250-of a reply'); "
	    "INSERT INTO ehlo_reply "
	    "VALUES (1, '[\"SIZE 9\",\"STARTTLS\"]', "
	    "'[\"SIZE\",\"STARTTLS\"]'), (2, '[]', '[]'); INSERT INTO "
	    "certificate (id, sha256, der) VALUES (1, x'ab01', x''); "
	    "INSERT INTO chain VALUES (1, '[1,2,3]', 3)");
	for (size_t i = 0; i < LENGTH(values); i++) {
		run(db, "DELETE FROM session; DELETE FROM common");
		put_session(db, id, values[i].set);
		snprintf(query, sizeof(query), "SELECT %s FROM v_sessions",
		    values[i].column);
		ask(db, query, got);
		if (strcmp(got, values[i].want) != 0)
			fail_msg("%s with %s: got %s, want %s",
			    values[i].column, values[i].set != NULL ?
			    values[i].set : "nothing", got, values[i].want);
	}
	sqlite3_close(db);
}

static void
kinds_come_gravest_first_and_once_each(void **state)
{
	sqlite3 *db = with_rows();

	(void)state;
	run(db, "DELETE FROM kind; INSERT INTO kind VALUES (1, 'a', ''), "
	    "(2, 'b', ''), (3, 'c', '')");
	put_session(db, 7, "findings = 4");
	run(db, "INSERT INTO finding (id, at, kind, because, "
	    "severity, confidence, summary, evidence) VALUES "
	    "(131, 0, 1, 0, 0, 0, '', '{}'), (129, 0, 2, 0, 0, 0, '', '{}'),"
	    "(128, 0, 3, 0, 0, 0, '', '{}'), (130, 0, 3, 0, 0, 0, '', '{}')");
	check(db, "SELECT kinds FROM v_sessions", "[\"c\",\"b\",\"a\"]");
	check(db, "SELECT group_concat(session_id || ' ' || client_ip) "
	    "FROM v_findings WHERE kind = 'b'", "7 0.0.0.1");
	sqlite3_close(db);
}

static void
servers_are_summed_up(void **state)
{
	sqlite3 *db = with_rows();
	char sql[256];

	(void)state;
	run(db, "INSERT INTO text VALUES (1, 'old.example'), "
	    "(2, 'new.example'); INSERT INTO host VALUES "
	    "(4294967296, '2001:db8::1', '2001:db8::/48'), "
	    "(4294967297, '2001:db8:0:1::2', '2001:db8::/48')");
	for (int i = 1; i <= 20; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO certificate (id, "
		    "sha256, der) VALUES (%d, x'%02x', x'')", i, i);
		run(db, sql);
		/* one server showed them all, from the last to the first */
		snprintf(sql, sizeof(sql), "certificate = %d, server = 9",
		    21 - i);
		put_session(db, session_id(i * INT64_C(1000000), 3), sql);
	}
	put_session(db, session_id(50000000, 1), "server_name = 1, "
	    "client = 256, certificate = 2; offer = 1, tls = 1");
	put_session(db, session_id(51000000, 1), "server_name = 2, "
	    "client = 257, certificate = 1; offer = 1, tls = 2");
	put_session(db, session_id(52000000, 1), "client = 512, "
	    "certificate = 2; offer = 2");
	put_session(db, session_id(53000000, 1), "client = 4294967296; "
	    "offer = 3");
	put_session(db, session_id(54000000, 1), "client = 4294967297, "
	    "lasted = 99; offer = 5");
	put_session(db, session_id(55000000, 1), "server_port = 587");

#define OF	" FROM v_servers WHERE server_ip = '0.0.0.2' " \
		"AND server_port = 25"
	check(db, "SELECT count(*) FROM v_servers", "3");
	check(db, "SELECT sessions || ' ' || offered || ' ' || absent || ' ' "
	    "|| masked || ' ' || tls_established" OF, "5 2 1 1 1");
	check(db, "SELECT first_seen || ' ' || last_seen" OF,
	    "50000005 54000104");
	check(db, "SELECT server_name" OF, "new.example");
	check(db, "SELECT last_offer || ' ' || last_offered_at" OF,
	    "masked 51000005");
	check(db, "SELECT client_nets" OF, "3");
	check(db, "SELECT certificates" OF, "[\"02\",\"01\"]");
	check(db, "SELECT posture || policy" OF, "[]unknown");
	check(db, "SELECT certificates FROM v_servers WHERE "
	    "server_ip = '0.0.0.9'", "[\"01\",\"02\",\"03\",\"04\",\"05\","
	    "\"06\",\"07\",\"08\",\"09\",\"0a\",\"0b\",\"0c\",\"0d\",\"0e\","
	    "\"0f\",\"10\"]");
	check(db, "SELECT certificates FROM v_servers WHERE "
	    "server_port = 587", "[]");
	check(db, "SELECT ifnull(last_offer, 'none') FROM v_servers WHERE "
	    "server_port = 587", "none");
#undef OF
	sqlite3_close(db);
}

/* An incident with nothing but what must be there; `set` changes it. */
static void
put_incident(sqlite3 *db, const char *set)
{
	char sql[512];

	run(db, "DELETE FROM incident; INSERT INTO incident (id, family, "
	    "server, server_port, client_net, kind, because, severity, "
	    "confidence, state, first_seen, last_seen, sessions, "
	    "mails_in_clear, located, session, servers_missing, "
	    "servers_offering, nets_offered, peers, title, explanation, "
	    "next_steps) VALUES (7, 0, 2, 25, NULL, 1, 0, 0, 0, 0, 5, 6, 3, "
	    "2, 0, 100, 0, 0, 0, 0, 'a title', 'why', '[\"a step\"]')");
	if (set == NULL)
		return;
	snprintf(sql, sizeof(sql), "UPDATE incident SET %s", set);
	run(db, sql);
}

static void
words_of_incidents_are_those_of_names_def(void **state)
{
	sqlite3 *db = with_rows();
	char set[64];

	(void)state;
#define WORDS(type, COUNT, column, shown)				\
	for (unsigned i = 0; i < COUNT; i++) {				\
		snprintf(set, sizeof(set), column " = %u", i);		\
		put_incident(db, set);					\
		check(db, "SELECT " shown " FROM v_incidents",		\
		    type##_word((enum type)i));				\
	}
	WORDS(severity, SEVERITIES, "severity", "severity")
	WORDS(confidence, CONFIDENCES, "confidence", "confidence")
	WORDS(state, STATES, "state", "state")
	WORDS(location, LOCATIONS, "located", "located")
	WORDS(family, FAMILIES, "family", "family")
#undef WORDS
	sqlite3_close(db);
}

static void
an_incident_has_its_parts_the_busiest_first(void **state)
{
	static const struct {
		const char	*set, *column, *want;
	} parts[] = {
		{ NULL, "server_ip", "0.0.0.2" },
		{ "server = 4294967296", "server_ip", "2001:db8::1" },
		{ "server = NULL", "server_ip", "(none)" },
		{ "server = NULL", "server_name", "(none)" },
		{ NULL, "server_name", "mx.example" },
		{ NULL, "client_nets", "[\"b/24\",\"a/24\",\"c/24\"]" },
		{ NULL, "servers", "[\"0.0.0.2:25\"]" },
		{ NULL, "sensors", "[]" },
		{ NULL, "kinds", "[]" },
		{ NULL, "server_names", "[\"mx.example\",\"alias\"]" },
		{ NULL, "because", "[]" },
		{ "because = 12", "because", "[\"history\",\"peers\"]" },
		{ NULL, "next_steps", "[\"a step\"]" },
		{ NULL, "session_id", "100" },
	};
	sqlite3 *db = with_rows();
	char query[64];

	(void)state;
	run(db, "INSERT INTO host VALUES (4294967296, '2001:db8::1', "
	    "'2001:db8::/48'); INSERT INTO incident_part VALUES "
	    "(7, 0, 'a/24', 2), (7, 0, 'b/24', 9), (7, 0, 'c/24', 2), "
	    "(7, 1, '0.0.0.2:25', 3), (7, 6, 'alias', 1), "
	    "(7, 6, 'mx.example', 2), (8, 0, 'd/24', 5)");
	for (size_t i = 0; i < LENGTH(parts); i++) {
		put_incident(db, parts[i].set);
		snprintf(query, sizeof(query), "SELECT %s FROM v_incidents",
		    parts[i].column);
		check(db, query, parts[i].want);
	}
	sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_begin_with_the_columns_of_the_contract),
		cmocka_unit_test(numbers_of_the_views_are_those_of_names_def),
		cmocka_unit_test(a_session_reads_as_it_was_stored),
		cmocka_unit_test(kinds_come_gravest_first_and_once_each),
		cmocka_unit_test(servers_are_summed_up),
		cmocka_unit_test(words_of_incidents_are_those_of_names_def),
		cmocka_unit_test(an_incident_has_its_parts_the_busiest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
