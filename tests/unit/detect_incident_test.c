/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "detect/grade.h"
#include "detect/incident.h"
#include "store_made_up.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR		INT64_C(3600000000)

/* What a session brings, its findings the gravest first. */
struct share {
	struct made_up		m;
	struct past		past;
	struct incident_share	s;
};

static void
find(struct share *sh, enum kind kind, enum severity severity)
{
	struct findings *f = &sh->m.findings;

	f->list[f->count++] = (struct finding){ .kind = kind,
	    .severity = severity, .confidence = CONFIDENCE_STRONG,
	    .because = 1U << EXPECT_HISTORY };
}

/* From 10.0.NET.1 with 10.1.0.SERVER, hours after noon. */
static void
bring(struct share *sh, double hours, uint8_t net, uint8_t server)
{
	memset(sh, 0, sizeof(*sh));
	make_up(&sh->m, 1);
	sh->m.record.flow.ip[SIDE_CLIENT] = addr_v4((uint8_t[]){ 10, 0, net,
	    1 });
	sh->m.record.flow.ip[SIDE_SERVER] = addr_v4((uint8_t[]){ 10, 1, 0,
	    server });
	sh->m.record.flow.first.time = NOON + (int64_t)(hours *
	    (double)HOUR);
	sh->s = (struct incident_share){ .r = &sh->m.record,
	    .f = &sh->m.findings, .past = &sh->past, .sensor = "tap",
	    .session = (int64_t)(hours * 1000) + net * 10 + server };
}

static struct incident *
opened(struct share *sh)
{
	struct incident *i = incident_new(&sh->s);

	assert_non_null(i);
	incident_add(i, &sh->s);
	return i;
}

static struct incident *
one(void)
{
	struct share sh;

	bring(&sh, 0, 1, 1);
	find(&sh, KIND_STARTTLS_ABSENT, SEVERITY_HIGH);
	return opened(&sh);
}

/* ------------------------------------------------------------------ */
/* what it is about                                                   */

static const struct {
	const char	*name;
	struct { enum kind kind; enum severity severity; } found[3];
	unsigned	 count;
	int		 leader;	/* its place; -1: none */
} leaders[] = {
	{ "nothing", { { 0, 0 } }, 0, -1 },
	{ "a note", { { KIND_STARTTLS_ABSENT, SEVERITY_INFO } }, 1, -1 },
	{ "one", { { KIND_STARTTLS_ABSENT, SEVERITY_LOW } }, 1, 0 },
	{ "what follows, and its cause behind it",
	  { { KIND_MAIL_IN_CLEAR, SEVERITY_HIGH },
	    { KIND_STARTTLS_ABSENT, SEVERITY_HIGH } }, 2, 1 },
	{ "what follows, and its cause as a note",
	  { { KIND_MAIL_IN_CLEAR, SEVERITY_HIGH },
	    { KIND_STARTTLS_ABSENT, SEVERITY_INFO } }, 2, 0 },
	{ "two that follow",
	  { { KIND_CLEARTEXT_RETRY, SEVERITY_HIGH },
	    { KIND_MAIL_IN_CLEAR, SEVERITY_MEDIUM } }, 2, 0 },
	{ "an offer passed by, as TLS had failed",
	  { { KIND_CLEARTEXT_RETRY, SEVERITY_HIGH },
	    { KIND_MAIL_IN_CLEAR, SEVERITY_HIGH },
	    { KIND_STARTTLS_UNUSED, SEVERITY_MEDIUM } }, 3, 0 },
	{ "an offer passed by, and TLS never worked",
	  { { KIND_STARTTLS_UNUSED, SEVERITY_MEDIUM },
	    { KIND_CLEARTEXT_RETRY, SEVERITY_INFO } }, 2, 0 },
	{ "two causes: the graver",
	  { { KIND_CREDENTIALS_IN_CLEAR, SEVERITY_CRITICAL },
	    { KIND_MAIL_IN_CLEAR, SEVERITY_HIGH },
	    { KIND_STARTTLS_MASKED, SEVERITY_MEDIUM } }, 3, 0 },
};

static void
the_cause_leads(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(leaders); i++) {
		struct share sh;
		const struct finding *got;

		bring(&sh, 0, 1, 1);
		for (unsigned n = 0; n < leaders[i].count; n++)
			find(&sh, leaders[i].found[n].kind,
			    leaders[i].found[n].severity);
		got = incident_leader(&sh.m.findings);
		if (got != (leaders[i].leader == -1 ? NULL :
		    &sh.m.findings.list[leaders[i].leader]))
			fail_msg("%s: got %s", leaders[i].name, got == NULL ?
			    "nothing" : kind_word(got->kind));
	}
}

static void
it_goes_on_for_a_day(void **state)
{
	struct incident *i = one();

	(void)state;
	assert_true(incident_covers(i, NOON + INCIDENT_IDLE));
	assert_false(incident_covers(i, NOON + INCIDENT_IDLE + 1));
	assert_true(incident_covers(i, NOON - INCIDENT_IDLE));
	assert_false(incident_covers(i, NOON - INCIDENT_IDLE - 1));
	/* one within the other touches, whichever is asked */
	assert_true(incident_touches(i, NOON - 5 * INCIDENT_IDLE,
	    NOON + 5 * INCIDENT_IDLE));
	assert_false(incident_touches(i, NOON + 2 * INCIDENT_IDLE,
	    NOON + 5 * INCIDENT_IDLE));
	incident_free(i);
	incident_free(NULL);
}

static void
networks_and_servers_are_written(void **state)
{
	char net[ADDR_TEXT_MAX + 4], server[INCIDENT_PARTY_MAX];
	struct addr v4 = addr_v4((uint8_t[]){ 255, 254, 253, 252 });
	struct addr v6 = addr_v6((uint8_t[]){ 0x20, 1, 0xd, 0xb8, 0xff, 0xee,
	    0xdd, 0xcc, 1, 2, 3, 4, 5, 6, 7, 8 });

	(void)state;
	assert_string_equal(incident_net(&v4, net), "255.254.253.0/24");
	assert_string_equal(incident_net(&v6, net), "2001:db8:ffee::/48");
	assert_string_equal(incident_server(&v4, 65535, server),
	    "255.254.253.252:65535");
	assert_string_equal(incident_server(&v6, 25, server),
	    "[2001:db8:ffee:ddcc:102:304:506:708]:25");
}

/* ------------------------------------------------------------------ */
/* adding up                                                          */

static const struct incident_part *
part(const struct incident *i, enum part what, const char *word)
{
	for (unsigned n = 0; n < i->parts[what].count; n++)
		if (strcmp(i->parts[what].list[n].word, word) == 0)
			return &i->parts[what].list[n];
	return NULL;
}

static void
sessions_add_up(void **state)
{
	struct incident *i = one();
	struct share sh;

	(void)state;
	bring(&sh, 2, 2, 1);
	find(&sh, KIND_STARTTLS_MASKED, SEVERITY_CRITICAL);
	find(&sh, KIND_MAIL_IN_CLEAR, SEVERITY_HIGH);
	find(&sh, KIND_STARTTLS_UNUSED, SEVERITY_INFO);
	sh.m.findings.list[0].because = 1U << EXPECT_PEERS;
	sh.m.findings.list[2].because = 1U << EXPECT_STS;
	sh.m.findings.cause = "a box";
	sh.m.smtp.facts.mails_accepted = 3;
	sh.m.domains[0] = "example";
	sh.m.mail.rcpt_domains_kept = 1;
	sh.past.peers = 7;
	incident_add(i, &sh.s);
	assert_int_equal(i->kind, KIND_STARTTLS_MASKED);
	assert_int_equal(i->severity, SEVERITY_CRITICAL);
	assert_int_equal(i->because, 1U << EXPECT_HISTORY |
	    1U << EXPECT_PEERS);
	assert_int_equal(i->sessions, 2);
	assert_int_equal(i->mails, 3);
	assert_int_equal(i->session, sh.s.session);
	assert_int_equal(i->first_seen, NOON);
	assert_int_equal(i->last_seen, NOON + 2 * HOUR);
	assert_int_equal(i->peers, 7);
	assert_int_equal(i->parts[PART_CLIENT_NET].count, 2);
	assert_int_equal(part(i, PART_SERVER, "10.1.0.1:25")->sessions, 2);
	assert_non_null(part(i, PART_CAUSE, "a box"));
	assert_non_null(part(i, PART_DOMAIN, "example"));
	assert_non_null(part(i, PART_KIND, "mail-in-clear"));
	assert_null(part(i, PART_KIND, "starttls-unused"));
	/* an older one that is less grave changes neither lead nor counts */
	bring(&sh, -2, 1, 1);
	find(&sh, KIND_STARTTLS_ABSENT, SEVERITY_LOW);
	incident_add(i, &sh.s);
	assert_int_equal(i->kind, KIND_STARTTLS_MASKED);
	assert_int_equal(i->peers, 7);
	assert_int_equal(i->first_seen, NOON - 2 * HOUR);
	incident_free(i);
}

static void
the_same_session_again_is_not_counted(void **state)
{
	struct incident *i = one();
	struct share sh;

	(void)state;
	bring(&sh, 0, 1, 1);
	find(&sh, KIND_STARTTLS_ABSENT, SEVERITY_CRITICAL);
	sh.m.smtp.facts.mails_accepted = 5;
	sh.s.again = true;
	sh.s.mails_before = 2;
	incident_add(i, &sh.s);
	assert_int_equal(i->sessions, 1);
	assert_int_equal(i->mails, 3);
	assert_int_equal(i->severity, SEVERITY_CRITICAL);
	assert_int_equal(part(i, PART_SENSOR, "tap")->sessions, 1);
	incident_free(i);
}

/* Two that are the same in all but their numbers. */
static void
same(const struct incident *a, const struct incident *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->confidence, b->confidence);
	assert_int_equal(a->because, b->because);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->sessions, b->sessions);
	assert_int_equal(a->mails, b->mails);
	assert_int_equal(a->first_seen, b->first_seen);
	assert_int_equal(a->last_seen, b->last_seen);
	assert_int_equal(a->peers, b->peers);
	for (int p = 0; p < PARTS; p++) {
		assert_int_equal(a->parts[p].count, b->parts[p].count);
		for (unsigned n = 0; n < a->parts[p].count; n++) {
			const struct incident_part *x = &a->parts[p].list[n];
			const struct incident_part *y = part(b, (enum part)p,
			    x->word);

			assert_non_null(y);
			assert_int_equal(x->sessions, y->sessions);
		}
	}
}

static struct incident *
of(unsigned from, unsigned to)
{
	struct incident *i = NULL;
	struct share sh;

	for (unsigned n = from; n < to; n++) {
		bring(&sh, n, (uint8_t)(n % 3), (uint8_t)(n % 2));
		find(&sh, n % 4 == 0 ? KIND_STARTTLS_MASKED :
		    KIND_STARTTLS_ABSENT, n % 5 == 0 ? SEVERITY_HIGH :
		    SEVERITY_MEDIUM);
		sh.m.smtp.facts.mails_accepted = n;
		sh.past.peers = n;
		if (i == NULL)
			i = opened(&sh);
		else
			incident_add(i, &sh.s);
	}
	return i;
}

static void
merging_is_the_same_either_way(void **state)
{
	(void)state;
	for (unsigned cut = 1; cut < 20; cut++) {
		struct incident *all = of(0, 20);
		struct incident *a = of(0, cut), *b = of(cut, 20);
		struct incident *c = of(0, cut), *d = of(cut, 20);

		incident_absorb(a, b);
		incident_absorb(d, c);
		same(a, all);
		same(d, all);
		assert_true(a->dirty && d->dirty);
		incident_free(all);
		incident_free(a);
		incident_free(b);
		incident_free(c);
		incident_free(d);
	}
}

static void
parts_are_bounded(void **state)
{
	struct incident *i = one();
	char word[16];

	(void)state;
	for (unsigned n = 0; n < 10000; n++) {
		snprintf(word, sizeof(word), "d%u", n);
		incident_put_part(i, PART_DOMAIN, word, 1, true);
	}
	assert_int_equal(i->parts[PART_DOMAIN].count, INCIDENT_PARTS_MAX);
	/* those that are there go on counting */
	incident_put_part(i, PART_DOMAIN, "d0", 5, true);
	assert_int_equal(part(i, PART_DOMAIN, "d0")->sessions, 6);
	incident_free(i);
}

/* ------------------------------------------------------------------ */
/* where                                                              */

static const struct {
	const char	*name;
	enum kind	 kind;
	unsigned	 nets, servers;
	bool		 at_net;
	unsigned	 missing, offering, peers;
	uint32_t	 because;
	enum location	 located;
	enum severity	 severity;	/* of a high one */
} places[] = {
#define K	KIND_STARTTLS_ABSENT
#define U	LOCATION_UNKNOWN
	{ "one network, one server", K, 1, 1, false, 1, 0, 0, 0, U,
	  SEVERITY_HIGH },
	{ "three servers at a network", K, 1, 3, true, 0, 0, 0, 0,
	  LOCATION_NEAR_CLIENT, SEVERITY_HIGH },
	{ "two", K, 1, 2, true, 0, 0, 0, 0, U, SEVERITY_HIGH },
	{ "one server, and the network lost three, kept two", K, 1, 1, false,
	  3, 2, 0, 0, LOCATION_NEAR_CLIENT, SEVERITY_HIGH },
	{ "... kept three", K, 1, 1, false, 3, 3, 0, 0, U, SEVERITY_HIGH },
	{ "... lost two", K, 1, 1, false, 2, 0, 0, 0, U, SEVERITY_HIGH },
	{ "three networks, and nobody has it", K, 3, 1, false, 0, 0, 0, 0,
	  LOCATION_NEAR_SERVER, SEVERITY_MEDIUM },
	{ "... but the destination promises it", K, 3, 1, false, 0, 0, 0,
	  1U << EXPECT_DANE, LOCATION_NEAR_SERVER, SEVERITY_HIGH },
	{ "... and it is refused EHLO", KIND_EHLO_REFUSED, 3, 1, false, 0, 0,
	  0, 0, LOCATION_NEAR_SERVER, SEVERITY_MEDIUM },
	{ "... and it is overwritten: no switch does that",
	  KIND_STARTTLS_MASKED, 3, 1, false, 0, 0, 0, 0,
	  LOCATION_NEAR_SERVER, SEVERITY_HIGH },
	{ "... but one has it", K, 3, 1, false, 0, 0, 1, 0, U,
	  SEVERITY_HIGH },
	{ "two networks", K, 2, 1, false, 0, 0, 0, 0, U, SEVERITY_HIGH },
	{ "passwords of three networks: nothing to tell",
	  KIND_CREDENTIALS_IN_CLEAR, 3, 1, false, 3, 0, 0, 0, U,
	  SEVERITY_HIGH },
#undef K
#undef U
};

static struct incident *
at_place(size_t n)
{
	struct incident *i;
	struct share sh;
	char word[32];

	bring(&sh, 0, 1, 1);
	find(&sh, places[n].kind, SEVERITY_HIGH);
	sh.m.findings.list[0].because = places[n].because;
	sh.past.net_servers_missing = places[n].missing;
	sh.past.net_servers_offering = places[n].offering;
	sh.past.peers = places[n].peers;
	i = opened(&sh);
	for (unsigned k = 1; k < places[n].nets; k++) {
		snprintf(word, sizeof(word), "10.9.%u.0/24", k);
		incident_put_part(i, PART_CLIENT_NET, word, 1, true);
	}
	for (unsigned k = 1; k < places[n].servers; k++) {
		snprintf(word, sizeof(word), "10.1.9.%u:25", k);
		incident_put_part(i, PART_SERVER, word, 1, true);
	}
	if (places[n].at_net)
		incident_move_to_net(i);
	return i;
}

static void
the_counts_tell_where_it_is(void **state)
{
	(void)state;
	for (size_t n = 0; n < LENGTH(places); n++) {
		struct incident *i = at_place(n);

		if (incident_location(i) != places[n].located)
			fail_msg("%s: got %s, want %s", places[n].name,
			    location_word(incident_location(i)),
			    location_word(places[n].located));
		if (incident_severity(i) != places[n].severity)
			fail_msg("%s: got %s, want %s", places[n].name,
			    severity_word(incident_severity(i)),
			    severity_word(places[n].severity));
		incident_free(i);
	}
}

/* ------------------------------------------------------------------ */
/* words                                                              */

static const char *const	never[] = {
	"  ", " ,", ",,", "..", " .", ";.", "(null)", "%s", "because.", "in .",
	"with .", " 1 mails", " 1 sessions", " 1 networks", "1 servers ",
	"s demands", "s does ", "s shows",
};

static void
check_text(const char *name, const char *what, const char *text)
{
	assert_non_null(text);
	for (size_t n = 0; n < LENGTH(never); n++)
		if (strstr(text, never[n]) != NULL)
			fail_msg("%s: %s has \"%s\": %s", name, what,
			    never[n], text);
	for (const char *p = text; *p != '\0'; p++)
		assert_true((*p >= ' ' && *p <= '~') || *p == '\n');
	assert_in_range(strlen(text), 10, 20000);
}

static void
check_words(const char *name, const struct incident *i)
{
	char *title = incident_title(i), *why = incident_explanation(i);
	char *steps = incident_next_steps(i);
	json_t *j, *step;
	size_t n;

	check_text(name, "title", title);
	assert_null(strchr(title, '\n'));
	check_text(name, "explanation", why);
	assert_non_null(strstr(why, "Seen: "));
	if (i->family == FAMILY_POSTURE) {
		assert_non_null(strstr(why, "\nMeaning: "));
		assert_non_null(strstr(why, "\nMend it: "));
	} else {
		assert_non_null(strstr(why, "\nExpected: "));
		assert_non_null(strstr(why, "\nWhere: "));
	}
	assert_non_null(strstr(why, "\nHow sure: "));
	j = json_loads(steps, 0, NULL);
	assert_true(json_is_array(j));
	assert_in_range(json_array_size(j), 3, 6);
	json_array_foreach(j, n, step) {
		assert_true(json_is_string(step));
		check_text(name, "step", json_string_value(step));
	}
	json_decref(j);
	free(title);
	free(why);
	free(steps);
}

static void
words_have_no_empty_clause(void **state)
{
	(void)state;
	for (size_t n = 0; n < LENGTH(places); n++)
		for (int k = 0; k < KINDS; k++)
			for (int mails = 0; mails < 3; mails++) {
				struct incident *i = at_place(n);

				i->kind = (enum kind)k;
				i->family = grade_family(i->kind);
				i->mails = (uint64_t)mails;
				if (mails == 2) {
					i->sessions = 2;
					i->last_seen++;
				}
				i->because = (uint32_t)(n * 7 + (size_t)k) %
				    (1U << EXPECTATIONS);
				i->confidence = (enum confidence)(k %
				    CONFIDENCES);
				check_words(places[n].name, i);
				incident_free(i);
			}
}

static void
reasons_of_a_later_program_are_passed_over(void **state)
{
	struct incident *i = one();
	char *why;

	(void)state;
	i->because = 1U << 20;
	why = incident_explanation(i);
	assert_non_null(strstr(why, "Expected: nothing from elsewhere"));
	free(why);
	incident_free(i);
}

static void
many_are_told_by_the_busiest(void **state)
{
	struct incident *i = one();
	char word[32], *why;

	(void)state;
	for (unsigned n = 0; n < 300; n++) {
		snprintf(word, sizeof(word), "10.8.%u.0/24", n);
		incident_put_part(i, PART_CLIENT_NET, word, n + 2, true);
	}
	why = incident_explanation(i);
	assert_non_null(strstr(why, "of clients in 10.8.298.0/24, "
	    "10.8.297.0/24, 10.8.296.0/24, 10.8.295.0/24, 10.8.294.0/24 and "
	    "295 more"));
	assert_in_range(strlen(why), 100, 2000);
	free(why);
	incident_free(i);
}

static void
a_hostile_name_stays_within_its_bounds(void **state)
{
	static char name[1000];
	struct incident *i = one();
	char *title, *steps;
	json_t *j;

	(void)state;
	memset(name, '"', sizeof(name) - 1);
	memcpy(name, "%n%s\\x1b", 8);
	incident_put_part(i, PART_SERVER_NAME, name, 9, true);
	incident_put_part(i, PART_CAUSE, "%s%n", 1, true);
	title = incident_title(i);
	assert_in_range(strlen(title), 50, 500);
	assert_non_null(strstr(title, "%n%s\\x1b\"\""));
	steps = incident_next_steps(i);
	j = json_loads(steps, 0, NULL);
	assert_true(json_is_array(j));
	json_decref(j);
	free(steps);
	free(title);
	steps = incident_explanation(i);
	assert_non_null(strstr(steps, "handwriting of %s%n"));
	free(steps);
	incident_free(i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_leads),
		cmocka_unit_test(it_goes_on_for_a_day),
		cmocka_unit_test(networks_and_servers_are_written),
		cmocka_unit_test(sessions_add_up),
		cmocka_unit_test(the_same_session_again_is_not_counted),
		cmocka_unit_test(merging_is_the_same_either_way),
		cmocka_unit_test(parts_are_bounded),
		cmocka_unit_test(the_counts_tell_where_it_is),
		cmocka_unit_test(words_have_no_empty_clause),
		cmocka_unit_test(reasons_of_a_later_program_are_passed_over),
		cmocka_unit_test(many_are_told_by_the_busiest),
		cmocka_unit_test(a_hostile_name_stays_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
