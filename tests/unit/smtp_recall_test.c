/* SPDX-License-Identifier: ISC */
/* Which replies to EHLO are recalled; that they come to the same is checked
 * of all cases, see smtp_talk.h. */
#include "smtp_talk.h"

#define EHLO	"S:220 mx.example ESMTP", "C:EHLO out.example"
#define LIST	"S:250-PIPELINING", "S:250-SIZE 100", "S:250 STARTTLS"

static unsigned
known(const struct talk_case *c)
{
	char *whole = talk_facts(c, 0, false);
	unsigned n;

	assert_int_equal(talk_again(c, whole, &n), 0);
	free(whole);
	return n;
}

static const struct talk_case recalled[] = {
	{ "a list", { EHLO, "S:250-mx.example", LIST }, { NULL } },
	{ "each client greeted by its name",
	  { EHLO, "S:250-mx.example Hello [192.0.2.7]", LIST }, { NULL } },
	{ "masked",
	  { EHLO, "S:250-mx.example", "S:250-SIZE", "S:250 XXXXXXXA" },
	  { NULL } },
	{ "without STARTTLS",
	  { EHLO, "S:250-mx.example", "S:250-SIZE", "S:250 HELP" },
	  { NULL } },
};

/* Read as ever: something in them is more than a list. */
static const struct talk_case read_as_ever[] = {
	{ "the first line alone", { EHLO, "S:250 mx.example" }, { NULL } },
	{ "another reply behind it",
	  { EHLO, "S:250-mx.example", LIST, "S:421 bye" }, { NULL } },
	{ "another code amid it",
	  { EHLO, "S:250-mx.example", "S:220-SIZE", "S:250 STARTTLS" },
	  { NULL } },
	{ "a line that may have been an offer",
	  { EHLO, "S:250-mx.example", "S:250_STARTTLS", "S:250 SIZE" },
	  { NULL } },
	{ "not ended",
	  { EHLO, "S:250-mx.example", "S:250-STARTTLS" }, { NULL } },
	{ "refused",
	  { EHLO, "S:502-no", "S:502 STARTTLS" }, { NULL } },
	{ "behind HELO",
	  { "S:220 mx.example", "C:HELO a", "S:250-mx.example", LIST },
	  { NULL } },
};

static void
test_recalled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(recalled) / sizeof(recalled[0]); i++)
		if (known(&recalled[i]) == 0)
			fail_msg("%s: not recalled", recalled[i].name);
}

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(read_as_ever) /
	    sizeof(read_as_ever[0]); i++)
		if (known(&read_as_ever[i]) != 0)
			fail_msg("%s: recalled", read_as_ever[i].name);
}

/* In pieces it is read, though it is known. */
static void
test_pieces(void **state)
{
	struct talk_shared shared = { .shelf = bookshelf_new(7),
		.recalls = smtp_recalls_new(7) };
	unsigned before;

	(void)state;
	shared.book = bookshelf_take(shared.shelf);
	for (int i = 0; i < 5; i++)
		free(talk_facts_of(&recalled[0], 0, true, &shared));
	before = shared.known;
	assert_true(before > 0);
	free(talk_facts_of(&recalled[0], SIZE_MAX, true, &shared));
	assert_int_equal(shared.known, before);
	book_drop(shared.book);
	bookshelf_free(shared.shelf);
	smtp_recalls_free(shared.recalls);
}

static void
test_cases(void **state)
{
	(void)state;
	talk_check_all(recalled, sizeof(recalled) / sizeof(recalled[0]));
	talk_check_all(read_as_ever, sizeof(read_as_ever) /
	    sizeof(read_as_ever[0]));
}

static void
say(struct smtp *s, enum side who, const char *text)
{
	enum smtp_next next;

	(void)smtp_hear(s, who, span_text(text), (struct mark){ .packet = 1 },
	    &next);
}

/* One room for all lists that come whole; those in pieces leave it. */
static void
test_interleaved(void **state)
{
	static const char *const first[] = { "250-a.example\r\n250-SIZE 1\r\n",
	    "250-b.example\r\n250-SIZE 22\r\n" };
	static const char *const want[] = { "a.example\nSIZE 1\nSTARTTLS",
	    "b.example\nSIZE 22\nSTARTTLS", "c.example" };
	struct smtp_recalls *recalls = smtp_recalls_new(1);
	struct smtp *s[3];

	(void)state;
	assert_non_null(recalls);
	for (int i = 0; i < 3; i++) {
		s[i] = smtp_new(NULL, NULL, false);
		assert_non_null(s[i]);
		smtp_share(s[i], NULL, recalls);
		say(s[i], SIDE_SERVER, "220 mx.example ESMTP\r\n");
		say(s[i], SIDE_CLIENT, "EHLO out.example\r\n");
	}
	say(s[0], SIDE_SERVER, first[0]);
	say(s[1], SIDE_SERVER, first[1]);
	say(s[2], SIDE_SERVER, "250 c.example\r\n");
	say(s[0], SIDE_SERVER, "250 STARTTLS\r\n");
	say(s[1], SIDE_SERVER, "250 STARTTLS\r\n");
	for (int i = 0; i < 3; i++)
		assert_string_equal(smtp_facts(s[i])->ehlo_reply, want[i]);
	assert_string_equal(smtp_facts(s[1])->capabilities, "SIZE STARTTLS");
	assert_null(smtp_facts(s[2])->capabilities);
	for (int i = 0; i < 3; i++)
		smtp_free(s[i]);
	smtp_recalls_free(recalls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recalled),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_interleaved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
