/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "baseline/baseline.h"
#include "schema/schema.h"
#include "schema_ask.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		INT64_C(3600000000)
#define DAY		(24 * HOUR)

struct place {
	char		 path[64];
	sqlite3		*db;
	struct baseline	*baseline;
};

static const struct baseline_limits plenty = BASELINE_LIMITS_DEFAULT;

static sqlite3 *
database(const char *path)
{
	char why[SCHEMA_WHY_MAX];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (schema_apply(db, why) == -1)
		fail_msg("%s", why);
	return db;
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	int fd;

	assert_non_null(p);
	snprintf(p->path, sizeof(p->path), "/tmp/baseline_test.XXXXXX");
	assert_int_not_equal(fd = mkstemp(p->path), -1);
	close(fd);
	p->db = database(p->path);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	baseline_free(p->baseline);
	sqlite3_close(p->db);
	unlink(p->path);
	free(p);
	return 0;
}

static void
open_book(struct place *p, const struct baseline_limits *limits)
{
	baseline_free(p->baseline);
	assert_non_null(p->baseline = baseline_new(p->db, limits));
}

/* ------------------------------------------------------------------ */
/* sessions                                                           */

enum what { OFFERS, LACKS, MASKS, FAILS, USES };

/* From 192.0.2.10 with 198.51.100.25, this many hours after noon. */
static void
session(struct made_up *m, double hours, enum what what)
{
	static struct certificate leaf = { .readable = true,
	    .spki_sha256 = { 1, 2, 3 }, .issuer = "CN=ca" };

	make_up(m, 1);
	m->record.protocol = RECORD_SMTP;
	m->record.flow.first.time = NOON + (int64_t)(hours * (double)HOUR);
	m->record.starttls = RECORD_STARTTLS_NOT_SENT;
	m->record.tls_state = RECORD_TLS_NONE;
	m->smtp.facts.ehlo_reply = "mx.example hi\nSIZE 1000\nSTARTTLS";
	m->smtp.facts.capabilities = "SIZE STARTTLS";
	m->record.offer = OFFER_OFFERED;
	m->chain[0] = &leaf;
	switch (what) {
	case OFFERS:
		break;
	case LACKS:
		m->record.offer = OFFER_ABSENT;
		m->smtp.facts.ehlo_reply = "mx.example hi\nSIZE 1000";
		m->smtp.facts.capabilities = "SIZE";
		break;
	case MASKS:
		m->record.offer = OFFER_MASKED;
		m->smtp.facts.ehlo_reply = "mx.example hi\nSIZE 1000\nXXXXXXXA";
		m->smtp.facts.capabilities = "SIZE XXXXXXXA";
		break;
	case FAILS:
		m->record.tls_state = RECORD_TLS_FAILED;
		m->record.tls_failure = TLS_FAIL_RESET;
		break;
	case USES:
		m->record.tls_state = RECORD_TLS_ESTABLISHED;
		m->record.certificate = RECORD_CERTIFICATE_VISIBLE;
		m->tls.facts.client_hello = true;
		m->tls.facts.client_version_max = 0x0304;
		m->tls.facts.version = 0x0303;
		m->tls.facts.chain_len = 1;
		break;
	}
}

static struct past
recall(struct place *p, const struct made_up *m)
{
	struct past past;

	for (unsigned depth = 0; depth < BASELINE_DEPTHS; depth++)
		baseline_foresee(p->baseline, &m->record, depth);
	assert_int_equal(baseline_recall(p->baseline, &m->record, &past), 0);
	return past;
}

static void
learn(struct place *p, const struct made_up *m)
{
	recall(p, m);
	assert_int_equal(baseline_learn(p->baseline, &(struct lesson){
	    .taken = m->record.offer == OFFER_ABSENT ||
	    m->record.offer == OFFER_MASKED }), 0);
}

static void
begin(struct place *p)
{
	run(p->db, "BEGIN IMMEDIATE");
	assert_int_equal(baseline_begin(p->baseline), 0);
}

static void
commit(struct place *p)
{
	assert_int_equal(baseline_flush(p->baseline, NOON), 0);
	run(p->db, "COMMIT");
}

static void
from_net(struct made_up *m, uint8_t net)
{
	m->record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 10, 0, net, 1 });
}

static void
to_server(struct made_up *m, unsigned n)
{
	m->record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10,
	    (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n });
}

/* ------------------------------------------------------------------ */
/* learning                                                           */

static void
a_session_is_judged_by_what_was_before_it(void **state)
{
	struct place *p = *state;
	struct made_up m;
	struct past past;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, USES);
	assert_int_equal(recall(p, &m).offered, 0);
	learn(p, &m);
	session(&m, 1, LACKS);
	past = recall(p, &m);
	assert_int_equal(past.offered, 1);
	assert_int_equal(past.established, 1);
	assert_int_equal(past.client_tls_here, 1);
	assert_int_equal(past.client_best_here, 0x0304);
	assert_int_equal(past.keys, 1);
	assert_int_equal(past.net_servers_offering, 1);
	assert_int_equal(past.name_offered, 1);
	learn(p, &m);
	assert_int_equal(recall(p, &m).absent, 0);	/* not before itself */
	session(&m, 2, LACKS);
	past = recall(p, &m);
	assert_int_equal(past.absent, 1);
	assert_int_equal(past.net_servers_missing, 1);
	commit(p);
}

static const struct {
	const char	*name, *before, *now;
	bool		 same;
} replies[] = {
	{ "STARTTLS gone from the end", "SIZE STARTTLS", "SIZE", true },
	{ "... from the middle", "SIZE STARTTLS DSN", "SIZE DSN", true },
	{ "... from the beginning", "STARTTLS DSN", "DSN", true },
	{ "nothing but STARTTLS, and it is gone", "STARTTLS", "", true },
	{ "overwritten at the end", "SIZE STARTTLS", "SIZE XXXXXXXA", true },
	{ "overwritten with stars", "STARTTLS DSN", "******** DSN", true },
	{ "another keyword gone, too", "SIZE STARTTLS DSN", "SIZE", false },
	{ "another order", "SIZE STARTTLS DSN", "DSN SIZE", false },
	{ "two words grown together", "SIZE DSN STARTTLS", "SIZEDSN", false },
};

static void
a_list_is_the_same_but_for_starttls(void **state)
{
	struct place *p = *state;
	struct made_up m;

	for (size_t i = 0; i < LENGTH(replies); i++) {
		open_book(p, &plenty);
		begin(p);
		session(&m, 0, OFFERS);
		m.smtp.facts.capabilities = replies[i].before;
		learn(p, &m);
		session(&m, 1, LACKS);
		m.smtp.facts.capabilities = replies[i].now;
		if (recall(p, &m).reply_same != replies[i].same)
			fail_msg("%s: got %d", replies[i].name,
			    !replies[i].same);
		run(p->db, "ROLLBACK");
	}
}

static void
what_a_forger_said_is_not_learnt(void **state)
{
	struct place *p = *state;
	struct made_up m;
	struct past past;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, USES);
	m.record.conflicts_seen = 1;
	for (int i = 0; i < 10; i++)
		learn(p, &m);
	session(&m, 1, LACKS);
	m.record.conflicts_seen = 1;
	learn(p, &m);
	session(&m, 2, LACKS);
	past = recall(p, &m);
	assert_int_equal(past.offered + past.absent + past.established, 0);
	assert_int_equal(past.keys + past.names + past.banners_plain, 0);
	commit(p);
	check(p->db, "SELECT count(*) FROM past WHERE what = 0", "0");
}

static void
a_note_tells_the_client_alone_that_tls_failed(void **state)
{
	struct place *p = *state;
	struct made_up m;
	struct past past;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, FAILS);
	m.record.stage = RECORD_NOTE;
	m.record.smtp = NULL;
	m.record.tls = NULL;
	assert_int_equal(baseline_note(p->baseline, &m.record), 0);
	session(&m, 0, LACKS);
	assert_int_equal(recall(p, &m).failed, PAST_FAILED_NOT);
	session(&m, 0.1, LACKS);
	past = recall(p, &m);
	assert_int_equal(past.failed, PAST_FAILED_BROKEN);
	assert_int_equal(past.failed_at, NOON);
	assert_int_equal(past.handshakes_failed, 0);
	commit(p);
}

static void
what_says_nothing_leaves_no_row(void **state)
{
	struct place *p = *state;
	struct made_up m;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, OFFERS);
	m.record.offer = OFFER_NOT_ASKED;
	learn(p, &m);
	session(&m, 0, OFFERS);
	m.record.protocol = RECORD_OTHER;
	learn(p, &m);
	commit(p);
	check(p->db, "SELECT count(*) FROM past", "0");
}

/* ------------------------------------------------------------------ */
/* poisoning                                                          */

/* Whoever strips from today on does not make the server one that offers
 * nothing: what it did before stays on record as long as memory lasts. */
static void
stripping_does_not_wipe_out_the_offers_before(void **state)
{
	struct place *p = *state;
	struct made_up m;
	struct past past;

	open_book(p, &plenty);
	for (int day = -10; day < 0; day++) {
		begin(p);
		session(&m, day * 24, OFFERS);
		learn(p, &m);
		commit(p);
	}
	for (int hour = 0; hour < 240; hour++) {
		begin(p);
		for (int i = 0; i < 20; i++) {
			session(&m, hour, LACKS);
			from_net(&m, (uint8_t)(hour * 20 + i));
			learn(p, &m);
		}
		commit(p);
	}
	begin(p);
	session(&m, 241, LACKS);
	past = recall(p, &m);
	assert_int_equal(past.offered, 10);
	assert_int_equal(past.offered_days, 10);
	assert_int_equal(past.last_offered, NOON - DAY);
	assert_int_equal(past.first_missing, NOON);
	assert_int_equal(past.absent, 240 * 20);
	commit(p);
}

static void
a_flood_of_forged_servers_and_clients_is_bounded(void **state)
{
	const struct baseline_limits few = { .servers = 50, .clients = 50,
	    .networks = 50, .rows = 100, .days = 60 };
	struct place *p = *state;
	struct made_up m;

	open_book(p, &few);
	for (unsigned n = 0; n < 20000; n++) {
		if (n % 1000 == 0)
			begin(p);
		session(&m, n / 10000.0, USES);
		to_server(&m, n);
		m.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 11,
		    (uint8_t)(n >> 8), (uint8_t)n, 1 });
		learn(p, &m);
		if (n % 1000 == 999)
			commit(p);
	}
	check(p->db, "SELECT group_concat(n) FROM (SELECT count(*) AS n "
	    "FROM past GROUP BY what)", "100,100,100");
	/* the most recent are those that stay */
	begin(p);
	assert_int_equal(recall(p, &m).offered, 0);
	m.record.flow.first.time += HOUR;
	assert_int_equal(recall(p, &m).offered, 1);
	commit(p);
}

/* ------------------------------------------------------------------ */
/* the database                                                       */

static void
who_leaves_the_cache_comes_back_from_the_database(void **state)
{
	const struct baseline_limits tiny = { .servers = 1, .clients = 1,
	    .networks = 1, .rows = 1000, .days = 60 };
	struct place *p = *state;
	struct made_up m;

	open_book(p, &tiny);
	begin(p);
	for (int round = 0; round < 3; round++)
		for (unsigned n = 0; n < 10; n++) {
			session(&m, round, USES);
			to_server(&m, n);
			from_net(&m, (uint8_t)n);
			assert_int_equal(recall(p, &m).offered, round);
			assert_int_equal(recall(p, &m).client_tls_here, round);
			learn(p, &m);
		}
	commit(p);
	check(p->db, "SELECT count(*) FROM past", "30");
}

static void
a_restart_goes_on_where_it_was(void **state)
{
	struct place *p = *state;
	struct made_up m;
	struct past before, after;

	open_book(p, &plenty);
	begin(p);
	for (int i = 0; i < 100; i++) {
		session(&m, i * 3, i % 7 == 0 ? LACKS : i % 5 == 0 ? FAILS :
		    USES);
		from_net(&m, (uint8_t)(i % 3));
		learn(p, &m);
	}
	session(&m, 300, LACKS);
	from_net(&m, 1);
	before = recall(p, &m);
	commit(p);
	open_book(p, &plenty);
	begin(p);
	after = recall(p, &m);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_not_equal(after.offered, 0);
	commit(p);
}

static void
another_program_that_wrote_in_between_is_heard(void **state)
{
	struct place *p = *state, other = { 0 };
	struct made_up m;

	snprintf(other.path, sizeof(other.path), "%s", p->path);
	other.db = database(other.path);
	open_book(p, &plenty);
	open_book(&other, &plenty);
	session(&m, 0, OFFERS);
	for (int i = 0; i < 5; i++) {
		m.record.flow.first.time += HOUR;
		begin(p);
		assert_int_equal(recall(p, &m).offered, 2 * i);
		learn(p, &m);
		commit(p);
		m.record.flow.first.time += HOUR;
		begin(&other);
		assert_int_equal(recall(&other, &m).offered, 2 * i + 1);
		learn(&other, &m);
		commit(&other);
	}
	baseline_free(other.baseline);
	sqlite3_close(other.db);
}

static void
a_damaged_row_is_forgotten_and_written_anew(void **state)
{
	struct place *p = *state;
	struct made_up m;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, USES);
	learn(p, &m);
	commit(p);
	run(p->db, "UPDATE past SET memory = substr(memory, 1, 5)");
	open_book(p, &plenty);
	begin(p);
	session(&m, 1, USES);
	assert_int_equal(recall(p, &m).offered, 0);
	learn(p, &m);
	commit(p);
	open_book(p, &plenty);
	begin(p);
	session(&m, 2, LACKS);
	assert_int_equal(recall(p, &m).offered, 1);
	commit(p);
	run(p->db, "UPDATE past SET memory = x''");
	open_book(p, &plenty);
	begin(p);
	assert_int_equal(recall(p, &m).offered, 0);
	commit(p);
}

static void
a_row_goes_that_nobody_added_to_for_long(void **state)
{
	struct place *p = *state;
	struct made_up m;

	open_book(p, &plenty);
	begin(p);
	session(&m, -401 * 24, USES);
	to_server(&m, 1);
	learn(p, &m);
	session(&m, -399 * 24, USES);
	to_server(&m, 2);
	learn(p, &m);
	commit(p);
	check(p->db, "SELECT count(*) FROM past WHERE what = 0", "2");
	open_book(p, &plenty);
	begin(p);
	session(&m, 0, USES);
	to_server(&m, 3);
	learn(p, &m);
	commit(p);
	check(p->db, "SELECT count(*) FROM past WHERE what = 0", "2");
	begin(p);
	session(&m, 1, LACKS);
	to_server(&m, 1);
	assert_int_equal(recall(p, &m).offered, 0);
	to_server(&m, 2);
	assert_int_equal(recall(p, &m).offered, 1);
	commit(p);
}

static void
a_capture_with_its_clock_ahead_makes_nothing_old(void **state)
{
	struct place *p = *state;
	struct made_up m;

	open_book(p, &plenty);
	begin(p);
	session(&m, -24, USES);
	learn(p, &m);
	session(&m, 80 * 365 * 24, USES);	/* 2106 */
	to_server(&m, 2);
	learn(p, &m);
	session(&m, -1, USES);
	learn(p, &m);
	commit(p);
	open_book(p, &plenty);
	begin(p);
	session(&m, 0, LACKS);
	assert_int_equal(recall(p, &m).offered, 2);
	commit(p);
}

static void
an_old_capture_read_today_takes_nothing_away(void **state)
{
	struct place *p = *state;
	struct made_up m;

	open_book(p, &plenty);
	begin(p);
	session(&m, 0, USES);
	learn(p, &m);
	commit(p);
	open_book(p, &plenty);
	begin(p);
	session(&m, -700 * 24, USES);
	assert_int_equal(recall(p, &m).offered, 0);
	learn(p, &m);
	session(&m, -699 * 24, LACKS);
	assert_int_equal(recall(p, &m).offered, 1);
	commit(p);
	begin(p);
	session(&m, 1, LACKS);
	assert_in_range(recall(p, &m).offered, 1, 2);
	commit(p);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_session_is_judged_by_what_was_before_it),
		test(a_list_is_the_same_but_for_starttls),
		test(what_a_forger_said_is_not_learnt),
		test(a_note_tells_the_client_alone_that_tls_failed),
		test(what_says_nothing_leaves_no_row),
		test(stripping_does_not_wipe_out_the_offers_before),
		test(a_flood_of_forged_servers_and_clients_is_bounded),
		test(who_leaves_the_cache_comes_back_from_the_database),
		test(a_restart_goes_on_where_it_was),
		test(another_program_that_wrote_in_between_is_heard),
		test(a_damaged_row_is_forgotten_and_written_anew),
		test(a_row_goes_that_nobody_added_to_for_long),
		test(a_capture_with_its_clock_ahead_makes_nothing_old),
		test(an_old_capture_read_today_takes_nothing_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
