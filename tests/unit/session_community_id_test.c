/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "session/community_id.h"

/* Vectors of the specification's repository, TCP, seed 0. */
static void
ids_equal_those_of_the_specification(void **state)
{
	static const struct {
		const char	*ip[2];
		uint16_t	 port[2];
		const char	*want;
	} cases[] = {
		{ { "128.232.110.120", "66.35.250.204" }, { 34855, 80 },
		    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ { "66.35.250.204", "128.232.110.120" }, { 80, 34855 },
		    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	};
	struct digest *d = digest_new();
	char out[COMMUNITY_ID_TEXT];
	struct addr ip[2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int side = 0; side < 2; side++)
			assert_int_equal(addr_parse(&ip[side],
			    cases[i].ip[side]), 0);
		community_id(d, ip, cases[i].port, out);
		assert_string_equal(out, cases[i].want);
	}
	digest_free(d);
}

static void
both_ends_give_one_id_for_ipv6_too(void **state)
{
	struct digest *d = digest_new();
	char there[COMMUNITY_ID_TEXT], back[COMMUNITY_ID_TEXT];
	struct addr ip[2], swapped[2];

	(void)state;
	addr_parse(&ip[0], "2001:db8::1");
	addr_parse(&ip[1], "2001:db8::2");
	swapped[0] = ip[1];
	swapped[1] = ip[0];
	community_id(d, ip, (const uint16_t[]){ 40000, 25 }, there);
	community_id(d, swapped, (const uint16_t[]){ 25, 40000 }, back);
	assert_string_equal(there, back);
	assert_int_equal(strlen(there), 30);
	digest_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_equal_those_of_the_specification),
		cmocka_unit_test(both_ends_give_one_id_for_ipv6_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
