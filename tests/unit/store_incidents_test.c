/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store_incident_play.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* Numbers differ with the order of arrival; what is in them must not. */
#define ALL_OF_THEM							\
	"SELECT group_concat(t, x'0a') FROM (SELECT "			\
	"family || ' ' || ifnull(server & 255, client_net) || ' ' || kind " \
	"|| ' ' || severity || ' ' || first_seen || '-' || "		\
	"(last_seen - first_seen) || ' ' || sessions || ' ' || "	\
	"mails_in_clear || ' ' || (SELECT group_concat(what || word || "	\
	"sessions) FROM (SELECT * FROM incident_part p WHERE p.incident = " \
	"i.id AND what < 2 ORDER BY what, word)) AS t FROM incident i "	\
	"ORDER BY t)"

/* ------------------------------------------------------------------ */
/* what is one incident                                               */

static const struct {
	const char	*name;
	struct met	 list[8];
	const char	*sessions;	/* of each incident, the least first */
} cases[] = {
	{ "one session", { { 0, 1, 1, ABSENT } }, "1" },
	{ "a day later it goes on",
	  { { 0, 1, 1, ABSENT }, { 24, 1, 1, ABSENT } }, "2" },
	{ "more than a day later it is another",
	  { { 0, 1, 1, ABSENT }, { 24.01, 1, 1, ABSENT } }, "1,1" },
	{ "an older capture read later belongs to it",
	  { { 0, 1, 1, ABSENT }, { -24, 1, 1, ABSENT } }, "2" },
	{ "two that a third bridges",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 20, 1, 1, ABSENT } }, "3" },
	{ "a chain of days",
	  { { 0, 1, 1, ABSENT }, { 20, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 60, 1, 1, ABSENT } }, "4" },
	{ "another network of clients, the same server",
	  { { 0, 1, 1, ABSENT }, { 1, 2, 1, ABSENT } }, "2" },
	{ "another kind of the same family",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 1, MASKED } }, "2" },
	{ "another family",
	  { { 0, 1, 1, ABSENT },
	    { 1, 1, 1, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH } }, "1,1" },
	{ "two servers",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT } }, "1,1" },
	{ "three servers of one network are the network's",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT } },
	  "3" },
	{ "... and the fourth goes there",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 1, 4, ABSENT } }, "4" },
	{ "... and so does the first server again",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 1, 1, ABSENT } }, "4" },
	{ "... but for other clients that server has its own",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	    { 3, 2, 1, ABSENT } }, "1,3" },
	{ "three servers, of which others lost one, too",
	  { { 0, 1, 1, ABSENT }, { 0, 2, 1, ABSENT }, { 1, 1, 2, ABSENT },
	    { 2, 1, 3, ABSENT } }, "1,1,2" },
	{ "three servers, each for another network",
	  { { 0, 1, 1, ABSENT }, { 1, 2, 2, ABSENT }, { 2, 3, 3, ABSENT } },
	  "1,1,1" },
	{ "three servers, but another thing with the third",
	  { { 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, MASKED } },
	  "1,1,1" },
	{ "three servers, linked in time by the second",
	  { { 0, 1, 1, ABSENT }, { 20, 1, 2, ABSENT },
	    { 40, 1, 3, ABSENT } }, "3" },
	{ "... which comes last",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 3, ABSENT },
	    { 20, 1, 2, ABSENT } }, "3" },
	{ "three servers, days apart",
	  { { 0, 1, 1, ABSENT }, { 30, 1, 2, ABSENT },
	    { 60, 1, 3, ABSENT } }, "1,1,1" },
	{ "three incidents, but two servers",
	  { { 0, 1, 1, ABSENT }, { 40, 1, 1, ABSENT },
	    { 20, 1, 2, ABSENT } }, "1,1,1" },
	{ "a network's, and one of its servers that comes near in time",
	  { { 0, 1, 1, ABSENT }, { 0, 1, 2, ABSENT }, { 0, 1, 3, ABSENT },
	    { 40, 1, 4, ABSENT }, { 20, 1, 1, ABSENT } }, "5" },
	{ "passwords are a matter of each server",
	  { { 0, 1, 1, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH },
	    { 0, 1, 2, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH },
	    { 0, 1, 3, KIND_CREDENTIALS_IN_CLEAR, SEVERITY_HIGH } },
	  "1,1,1" },
	{ "a note is in none",
	  { { 0, 1, 1, KIND_STARTTLS_ABSENT, SEVERITY_INFO } }, "(none)" },
};

static size_t
length(const struct met *list)
{
	size_t n = 0;

	while (n < 8 && list[n].net != 0)
		n++;
	return n;
}

static void
sessions_of_one_cause_are_one_incident(void **state)
{
	struct place *p = *state;
	char got[512];
	sqlite3 *db;

	/* all at once; a commit behind each; a restart behind each */
	for (unsigned way = 0; way < 3; way++)
		for (size_t i = 0; i < LENGTH(cases); i++) {
			for (size_t n = 0; n < length(cases[i].list); n++) {
				put(p, &cases[i].list[n]);
				if (way == 1)
					store_commit(p->store);
				else if (way == 2)
					restart(p);
			}
			db = look(p);
			ask(db, SUM, got);
			if (strcmp(got, cases[i].sessions) != 0)
				fail_msg("%s (%u): got %s, want %s",
				    cases[i].name, way, got,
				    cases[i].sessions);
			check(db, ASTRAY, "0");
			run(db, "DELETE FROM incident; DELETE FROM finding; "
			    "DELETE FROM incident_part; DELETE FROM session; "
			    "DELETE FROM incident_log; DELETE FROM past");
			sqlite3_close(db);
			restart(p);
		}
}

static void
an_incident_says_what_is_in_it(void **state)
{
	static const struct met list[] = {
		{ 0, 1, 1, ABSENT }, { 2, 1, 1, MASKED }, { 1, 2, 1, ABSENT },
	};
	struct place *p = *state;
	sqlite3 *db;

	put_all(p, list, LENGTH(list));
	db = look(p);
	check(db, "SELECT severity || ' ' || state || ' ' || because || ' ' || "
	    "mails_in_clear || ' ' || ((last_seen - first_seen) / 3600000000) "
	    "FROM incident", "3 0 4 3 2");
	check(db, "SELECT word FROM kind JOIN incident ON kind.id = "
	    "incident.kind", "starttls-masked");
	check(db, "SELECT group_concat(word || '=' || sessions) FROM "
	    "incident_part WHERE what = 0", "10.0.1.0/24=2,10.0.2.0/24=1");
	check(db, "SELECT word || '=' || sessions FROM incident_part "
	    "WHERE what = 3", "tap=3");
	check(db, "SELECT group_concat(action) FROM incident_log", "opened");
	/* to look at first: the gravest */
	check(db, "SELECT f.severity FROM incident i JOIN session s ON "
	    "s.id = i.session JOIN finding f ON f.id = s.row * 128", "3");
	/* notes stay outside */
	check(db, "SELECT count(*) FROM finding WHERE incident IS NULL", "3");
	sqlite3_close(db);
}

static void
a_network_of_clients_has_a_place_of_its_own(void **state)
{
	static const struct met list[] = {
		{ 0, 1, 1, ABSENT }, { 1, 1, 2, ABSENT }, { 2, 1, 3, ABSENT },
	};
	struct place *p = *state;
	sqlite3 *db;

	put_all(p, list, LENGTH(list));
	db = look(p);
	check(db, "SELECT client_net || ifnull(server, '') FROM incident",
	    "10.0.1.0/24");
	check(db, "SELECT located FROM incident", "1");
	check(db, "SELECT count(DISTINCT incident) || ' ' || count(incident) "
	    "FROM finding", "1 3");
	sqlite3_close(db);
	assert_int_equal(store_totals(p->store)->incidents, 1);
}

/* ------------------------------------------------------------------ */
/* order                                                              */

static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void
the_order_of_arrival_changes_nothing(void **state)
{
	enum { MANY = 120, ROUNDS = 25 };
	struct place *p = *state;
	struct met list[MANY], swap;
	unsigned order[MANY];
	char want[32768] = "", got[32768];
	uint64_t seed = 7;

	/* networks 1-3 lose all of their servers, network 4 two; servers
	 * 200.. are lost for all; four stretches of time, two of them linked */
	for (unsigned i = 0; i < MANY; i++) {
		static const int starts[] = { 0, 20, 100, 300 };
		unsigned net = 1 + (unsigned)(next(&seed) % 5);

		swap = (struct met){ starts[next(&seed) % 4] +
		    (double)(next(&seed) % 100) / 20, (uint8_t)net,
		    (uint8_t)(net * 10 + next(&seed) % 4), ABSENT };
		if (net == 4)
			swap.server = (uint8_t)(40 + next(&seed) % 2);
		if (net == 5) {
			swap.net = (uint8_t)(50 + next(&seed) % 20);
			swap.server = (uint8_t)(200 + next(&seed) % 2);
		}
		list[i] = swap;
		order[i] = i;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		sqlite3 *db;
		sqlite3_stmt *stmt;

		for (unsigned i = 0; i < MANY; i++) {
			put_with(p, &list[order[i]], 1 + order[i]);
			if (round % 3 == 1 && i % 10 == 9)
				store_commit(p->store);
			if (round % 3 == 2 && i % 30 == 29)
				restart(p);
		}
		db = look(p);
		check(db, ASTRAY, "0");
		assert_int_equal(sqlite3_prepare_v2(db, ALL_OF_THEM, -1, &stmt,
		    NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_in_range(snprintf(got, sizeof(got), "%s",
		    (const char *)sqlite3_column_text(stmt, 0)), 100,
		    sizeof(got) - 1);
		sqlite3_finalize(stmt);
		if (round == 0)
			strcpy(want, got);
		else if (strcmp(want, got) != 0)
			fail_msg("round %u: got\n%s\nwant\n%s", round, got,
			    want);
		run(db, "DELETE FROM incident; DELETE FROM finding; "
		    "DELETE FROM incident_part; DELETE FROM session; "
		    "DELETE FROM incident_log; DELETE FROM past");
		sqlite3_close(db);
		restart(p);
		for (unsigned i = MANY - 1; i > 0; i--) {
			unsigned k = (unsigned)(next(&seed) % i), was;

			was = order[i];
			order[i] = order[k];
			order[k] = was;
		}
	}
	/* it is not one for all, nor one for each */
	assert_non_null(strstr(want, "10.0.1.0/24"));
	assert_non_null(strchr(want, '\n'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(sessions_of_one_cause_are_one_incident),
		test(an_incident_says_what_is_in_it),
		test(a_network_of_clients_has_a_place_of_its_own),
		test(the_order_of_arrival_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
