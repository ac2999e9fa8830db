/* SPDX-License-Identifier: ISC */
/* What happens where a limit is reached: counted, and never guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "smtp/smtp.h"

#define PIECE	1000		/* octets given at once */

static struct smtp *
begin(void)
{
	struct smtp *s = smtp_new(NULL, NULL, false);

	assert_non_null(s);
	return s;
}

static void
hear(struct smtp *s, enum side who, const char *octets, size_t len)
{
	enum smtp_next next;

	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		assert_int_equal(smtp_hear(s, who, span_of(octets, n),
		    (struct mark){ .packet = 1 }, &next), n);
		octets += n;
		len -= n;
	}
}

static void
say(struct smtp *s, enum side who, const char *text)
{
	hear(s, who, text, strlen(text));
}

static void
say_often(struct smtp *s, enum side who, const char *text, unsigned times)
{
	while (times-- > 0)
		say(s, who, text);
}

/* A line of one character over and over, then `end`. */
static void
say_long(struct smtp *s, enum side who, const char *start, size_t len,
    const char *end)
{
	char *line = malloc(len);

	assert_non_null(line);
	memset(line, 'a', len);
	say(s, who, start);
	hear(s, who, line, len);
	say(s, who, end);
	free(line);
}

static void
test_more_than_256_extensions(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	say(s, SIDE_SERVER, "250-mx\r\n");
	say_often(s, SIDE_SERVER, "250-X\r\n", SMTP_EXTENSIONS_MAX);
	say(s, SIDE_SERVER, "250 STARTTLS\r\n");
	assert_true(f->reply_too_long);
	assert_int_equal(f->offer, OFFER_UNSEEN);
	assert_int_equal(f->hellos[0].offer, OFFER_UNSEEN);
	assert_int_equal(f->hellos[0].code, 250);
	assert_int_equal(smtp_rare(f)->limits_reached, 1);
	smtp_free(s);
}

static void
test_as_many_extensions_as_may_be(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	say_often(s, SIDE_SERVER, "250-X\r\n", SMTP_EXTENSIONS_MAX - 1);
	say(s, SIDE_SERVER, "250 STARTTLS\r\n");
	assert_false(f->reply_too_long);
	assert_int_equal(f->offer, OFFER_OFFERED);
	smtp_free(s);
}

static void
test_reply_beyond_8192_octets(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	for (int i = 0; i < 9; i++)
		say_long(s, SIDE_SERVER, "250-", 1000, "\r\n");
	say(s, SIDE_SERVER, "250 STARTTLS\r\n");
	assert_true(f->reply_too_long);
	assert_int_equal(f->offer, OFFER_UNSEEN);
	assert_true(strlen(f->ehlo_reply) <= SMTP_REPLY_MAX);
	smtp_free(s);
}

static void
test_a_line_longer_than_we_keep(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	say(s, SIDE_SERVER, "250-mx\r\n");
	say_long(s, SIDE_SERVER, "250-X", 100000, "\r\n");
	say(s, SIDE_SERVER, "250 STARTTLS\r\n");
	assert_int_equal(f->offer, OFFER_UNSEEN);
	/* The end of the line is found all the same. */
	say(s, SIDE_CLIENT, "STARTTLS\r\n");
	say(s, SIDE_SERVER, "454 no\r\n");
	assert_int_equal(f->starttls_reply, 454);
	smtp_free(s);
}

static void
test_an_endless_reply(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	say_often(s, SIDE_SERVER, "250-STARTTLS\r\n", 100000);
	assert_int_equal(f->offer, OFFER_UNSEEN);
	assert_null(f->ehlo_reply);
	assert_int_equal(f->hellos[0].code, 0);
	smtp_free(s);
}

static void
test_a_banner_longer_than_we_keep(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say_long(s, SIDE_SERVER, "220 ", 5000, "\r\n");
	assert_int_equal(f->greeting_code, 220);
	assert_int_equal(strlen(f->banner), SMTP_BANNER_MAX);
	smtp_free(s);
}

static void
test_more_commands_than_we_count_replies_for(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say_often(s, SIDE_CLIENT, "NOOP\r\n", 3000);
	assert_int_equal(smtp_rare(f)->limits_reached, 1);
	say_often(s, SIDE_SERVER, "250 ok\r\n", 3000);
	/* In step again: everything was answered when EHLO was said. */
	say(s, SIDE_CLIENT, "EHLO a\r\n");
	say(s, SIDE_SERVER, "250-mx\r\n250 STARTTLS\r\n");
	assert_int_equal(f->offer, OFFER_OFFERED);
	assert_int_equal(smtp_rare(f)->unpaired_replies, 0);
	smtp_free(s);
}

static void
test_a_thousand_pipelined_commands(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say_often(s, SIDE_CLIENT, "RCPT TO:<a@b.example>\r\n", 1000);
	say(s, SIDE_CLIENT, "STARTTLS\r\n");
	say_often(s, SIDE_SERVER, "250-a\r\n250 ok\r\n", 1000);
	say(s, SIDE_SERVER, "454 no\r\n");
	assert_int_equal(smtp_mail(f)->rcpt_commands, 1000);
	assert_int_equal(f->starttls_reply, 454);
	assert_int_equal(smtp_rare(f)->limits_reached, 0);
	assert_int_equal(smtp_rare(f)->unpaired_replies, 0);
	smtp_free(s);
}

static void
test_more_domains_than_we_keep(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);
	char line[400];

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	for (int i = 0; i < SMTP_DOMAINS_MAX + 6; i++) {
		snprintf(line, sizeof(line), "RCPT TO:<x@d%d.example>\r\n",
		    i);
		say(s, SIDE_CLIENT, line);
	}
	say(s, SIDE_CLIENT, "RCPT TO:<y@D0.Example>\r\n");
	snprintf(line, sizeof(line), "RCPT TO:<x@%0300d>\r\n", 1);
	say(s, SIDE_CLIENT, line);
	assert_int_equal(smtp_mail(f)->rcpt_domains_kept, SMTP_DOMAINS_MAX);
	assert_int_equal(smtp_mail(f)->rcpt_domains_dropped, 7);
	assert_string_equal(smtp_mail(f)->rcpt_domains[63], "d63.example");
	smtp_free(s);
}

static void
test_a_body_sent_without_waiting_is_not_held_for_ever(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "DATA\r\n");
	say_often(s, SIDE_CLIENT, "QUIT is no command here\r\n", 1000);
	assert_true(smtp_in_body(s, SIDE_CLIENT));
	say(s, SIDE_CLIENT, ".\r\n");
	assert_false(smtp_in_body(s, SIDE_CLIENT));
	assert_int_equal(f->mails_unanswered, 1);
	say(s, SIDE_SERVER, "354 go\r\n250 ok\r\n");
	assert_int_equal(f->mails_accepted, 1);
	assert_int_equal(f->mails_unanswered, 0);
	assert_false(f->quit);
	smtp_free(s);
}

static void
test_the_same_and_DATA_is_refused(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "DATA\r\n");
	say_often(s, SIDE_CLIENT, "MAIL FROM:<a@b>\r\n", 1000);
	say(s, SIDE_SERVER, "503 no\r\n");
	assert_false(smtp_in_body(s, SIDE_CLIENT));
	say_often(s, SIDE_SERVER, "503 no\r\n", 1000);
	say(s, SIDE_CLIENT, "QUIT\r\n");
	say(s, SIDE_SERVER, "221 bye\r\n");
	assert_true(f->quit);
	assert_int_equal(f->mail_commands, 0);
	assert_int_equal(f->mails_unanswered, 0);
	smtp_free(s);
}

static void
test_a_long_body_whose_354_was_not_captured(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	say(s, SIDE_CLIENT, "DATA\r\n");
	smtp_gap(s, SIDE_SERVER, 8, (struct mark){ .packet = 1 });
	say_often(s, SIDE_CLIENT, "MAIL FROM:<in@body.example>\r\n", 1000);
	say(s, SIDE_CLIENT, ".\r\n");
	say(s, SIDE_SERVER, "250 ok\r\n");
	say(s, SIDE_CLIENT, "QUIT\r\n");
	say(s, SIDE_SERVER, "221 bye\r\n");
	assert_int_equal(f->mail_commands, 0);
	assert_int_equal(f->mails_accepted, 1);
	assert_true(f->gap_in_mail);
	assert_true(f->quit);
	smtp_free(s);
}

static void
test_octets_of_a_chunk_need_not_be_shown(void **state)
{
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);
	struct mark at = { .packet = 1 };

	(void)state;
	say(s, SIDE_SERVER, "220 mx\r\n");
	assert_int_equal(smtp_skippable(s, SIDE_CLIENT), 0);
	say(s, SIDE_CLIENT, "BDAT 5000000000 LAST\r\nabc");
	/* its header is read, whatever comes of it */
	assert_int_equal(smtp_skippable(s, SIDE_CLIENT), 0);
	say(s, SIDE_CLIENT, ":\r\n\r\n");
	assert_int_equal(smtp_skippable(s, SIDE_CLIENT), 4999999992);
	assert_int_equal(smtp_skippable(s, SIDE_SERVER), 0);
	assert_true(smtp_in_body(s, SIDE_CLIENT));
	smtp_skipped(s, SIDE_CLIENT, 4999999985, at);
	assert_int_equal(smtp_skippable(s, SIDE_CLIENT), 7);
	say(s, SIDE_CLIENT, "QUIT\r\nxQUIT\r\n");
	assert_int_equal(smtp_skippable(s, SIDE_CLIENT), 0);
	assert_true(f->quit);
	assert_int_equal(f->mails_unanswered, 1);
	say(s, SIDE_SERVER, "250 ok\r\n");
	assert_int_equal(f->mails_accepted, 1);
	smtp_free(s);
}

static void
test_the_marks_lead_to_the_packets(void **state)
{
	static const char *const steps[] = { "S220 mx", "CEHLO a", "S250-mx",
	    "S250 STARTTLS", "CSTARTTLS", "S454 4.7.0 no",
	    "CAUTH PLAIN AGEAYg==", "S235 ok", "CMAIL FROM:<a@b> REQUIRETLS",
	    "S530 Must issue STARTTLS", "CDATA", "S354 go", "C.", "S250 ok" };
	struct smtp *s = begin();
	const struct smtp_facts *f = smtp_facts(s);
	enum smtp_next next;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct mark at = { .packet = i + 1 };
		enum side who = steps[i][0] == 'C' ? SIDE_CLIENT :
		    SIDE_SERVER;

		smtp_hear(s, who, span_text(steps[i] + 1), at, &next);
		smtp_hear(s, who, span_text("\r\n"), at, &next);
	}
	assert_int_equal(f->greeting.packet, 1);
	assert_int_equal(f->hellos[0].command.packet, 2);
	assert_int_equal(f->hellos[0].reply_first.packet, 3);
	assert_int_equal(f->hellos[0].reply_last.packet, 4);
	assert_int_equal(smtp_upgrade(f)->starttls_command_at.packet, 5);
	assert_int_equal(smtp_upgrade(f)->starttls_reply_at.packet, 6);
	assert_int_equal(smtp_rare(f)->auth_at.packet, 7);
	assert_int_equal(smtp_mail(f)->first_mail.packet, 9);
	assert_int_equal(smtp_rare(f)->requiretls_at.packet, 9);
	assert_int_equal(smtp_rare(f)->starttls_demanded_at.packet, 10);
	assert_int_equal(smtp_mail(f)->first_data.packet, 11);
	assert_int_equal(smtp_mail(f)->first_accepted.packet, 14);
	smtp_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_than_256_extensions),
		cmocka_unit_test(test_as_many_extensions_as_may_be),
		cmocka_unit_test(test_reply_beyond_8192_octets),
		cmocka_unit_test(test_a_line_longer_than_we_keep),
		cmocka_unit_test(test_an_endless_reply),
		cmocka_unit_test(test_a_banner_longer_than_we_keep),
		cmocka_unit_test(test_more_commands_than_we_count_replies_for),
		cmocka_unit_test(test_a_thousand_pipelined_commands),
		cmocka_unit_test(test_more_domains_than_we_keep),
		cmocka_unit_test(
		    test_a_body_sent_without_waiting_is_not_held_for_ever),
		cmocka_unit_test(test_the_same_and_DATA_is_refused),
		cmocka_unit_test(test_a_long_body_whose_354_was_not_captured),
		cmocka_unit_test(test_octets_of_a_chunk_need_not_be_shown),
		cmocka_unit_test(test_the_marks_lead_to_the_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
