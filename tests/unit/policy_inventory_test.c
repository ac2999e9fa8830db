/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/inventory.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

static void
networks_have_their_addresses(void **state)
{
	static const struct {
		const char	*network, *address;
		bool		 has;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.9/29", "192.0.2.15", true },
		{ "192.0.2.9/29", "192.0.2.16", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "203.0.113.7", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/33", "2001:db8:ffff::1", false },
		{ "::/0", "2001:db8::1", true },
	};
	struct inventory_network n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = address(cases[i].address);

		assert_true(inventory_network_parse(&n, cases[i].network));
		if (inventory_network_has(&n, &a) != cases[i].has)
			fail_msg("%s and %s", cases[i].network,
			    cases[i].address);
	}
	assert_false(inventory_network_parse(&n, "192.0.2.0/33"));
	assert_false(inventory_network_parse(&n, "192.0.2.0/"));
	assert_false(inventory_network_parse(&n, "192.0.2.0/2x"));
	assert_false(inventory_network_parse(&n, "2001:db8::/129"));
	assert_false(inventory_network_parse(&n, "mx.example"));
	assert_false(inventory_network_parse(&n, ""));
}

static void
fill(struct inventory *i)
{
	char why[INVENTORY_WHY_MAX];

	memset(i, 0, sizeof(*i));
	assert_int_equal(inventory_add_domain(i, "Example.NL.", why), 0);
	assert_int_equal(inventory_add_network(i, "192.0.2.0/24", why), 0);
	assert_int_equal(inventory_add_server(i, "mx1.example.nl", true, why),
	    0);
	assert_int_equal(inventory_add_address(i, "198.51.100.1", why), 0);
	assert_int_equal(inventory_add_address(i, "2001:db8::1", why), 0);
	assert_int_equal(inventory_add_server(i, "old.example.nl", false,
	    why), 0);
	assert_int_equal(inventory_add_address(i, "198.51.100.2", why), 0);
	assert_int_equal(inventory_add_must_offer(i, "partner.example", why),
	    0);
	assert_int_equal(inventory_add_must_offer(i, "203.0.113.0/28", why),
	    0);
	assert_int_equal(inventory_add_exception(i, "198.51.100.7",
	    "mail-in-clear", "fax gateway", "2027-03-31", why), 0);
	assert_int_equal(inventory_add_exception(i, "lab.example.nl", NULL,
	    "test bed", "2026-12-31", why), 0);
}

static void
ones_own_is_known(void **state)
{
	struct addr mx = address("2001:db8::1"), old = address("198.51.100.2");
	struct addr client = address("192.0.2.9"), other = address("8.8.8.8");
	struct addr partner = address("203.0.113.15");
	struct inventory i;

	(void)state;
	fill(&i);
	assert_true(inventory_owns_domain(&i, "example.nl"));
	assert_true(inventory_owns_domain(&i, "Sub.example.nl"));
	assert_false(inventory_owns_domain(&i, "anexample.nl"));
	assert_false(inventory_owns_domain(&i, "nl"));
	assert_false(inventory_owns_domain(&i, "[192.0.2.1]"));
	assert_true(inventory_owns_address(&i, &client));
	assert_true(inventory_owns_address(&i, &mx));
	assert_false(inventory_owns_address(&i, &other));
	assert_string_equal(inventory_server_at(&i, &mx)->name,
	    "mx1.example.nl");
	assert_null(inventory_server_at(&i, &client));
	assert_true(inventory_must_offer(&i, &mx, NULL));
	assert_false(inventory_must_offer(&i, &old, "mx.partner.example"));
	assert_true(inventory_must_offer(&i, &other, "mx.Partner.example"));
	assert_false(inventory_must_offer(&i, &other, "notpartner.example"));
	assert_false(inventory_must_offer(&i, &other, NULL));
	assert_true(inventory_must_offer(&i, &partner, NULL));
	inventory_free(&i);
}

/* 2027-03-31 24:00 UTC, in microseconds */
#define END	(INT64_C(1806537600) * 1000000)

static void
an_exception_holds_there_for_that_and_until_then(void **state)
{
	struct addr fax = address("198.51.100.7"), other = address("8.8.8.8");
	struct inventory i;

	(void)state;
	fill(&i);
	assert_string_equal(inventory_excuse(&i, KIND_MAIL_IN_CLEAR, &fax,
	    NULL, END - 1)->reason, "fax gateway");
	assert_null(inventory_excuse(&i, KIND_MAIL_IN_CLEAR, &fax, NULL,
	    END));
	assert_null(inventory_excuse(&i, KIND_STARTTLS_MASKED, &fax, NULL,
	    END - 1));
	assert_null(inventory_excuse(&i, KIND_MAIL_IN_CLEAR, &other, NULL,
	    END - 1));
	assert_string_equal(inventory_excuse(&i, KIND_STARTTLS_MASKED, &other,
	    "mx.lab.example.nl", 0)->reason, "test bed");
	inventory_free(&i);
}

static void
what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char	*name, *place, *kind, *reason, *until;
	} cases[] = {
		{ "no place", "a b", NULL, "x", "2027-01-01" },
		{ "no kind", "mx.example", "mail", "x", "2027-01-01" },
		{ "no reason", "mx.example", NULL, "\t ", "2027-01-01" },
		{ "no day", "mx.example", NULL, "x", "never" },
		{ "a day that is not", "mx.example", NULL, "x",
		    "2027-02-29" },
		{ "a day and more", "mx.example", NULL, "x", "2027-02-01x" },
		{ "a short year", "mx.example", NULL, "x", "27-02-01" },
	};
	struct inventory i = { .ndomains = 0 };
	char why[INVENTORY_WHY_MAX];

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		if (inventory_add_exception(&i, cases[n].place, cases[n].kind,
		    cases[n].reason, cases[n].until, why) != -1)
			fail_msg("%s", cases[n].name);
	assert_int_equal(i.nexceptions, 0);
	assert_int_equal(inventory_add_domain(&i, "a..b", why), -1);
	assert_int_equal(inventory_add_network(&i, "example", why), -1);
	assert_int_equal(inventory_add_server(&i, "", true, why), -1);
	inventory_free(&i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_have_their_addresses),
		cmocka_unit_test(ones_own_is_known),
		cmocka_unit_test(
		    an_exception_holds_there_for_that_and_until_then),
		cmocka_unit_test(what_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
