/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/dialogue.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUNDS		20000
#define START		INT64_C(1763621515066175)

/* Numbers of every size, the same in each run. */
static uint64_t
number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> (*state % 64);
}

static void
lines_come_back_as_they_were_said(void **state)
{
	static const struct dialogue_line said[] = {
		{ SAID_BY_SERVER, START, 4, "220 mx", 6, false },
		{ SAID_BY_CLIENT, START + 7, 6, "EHLO a", 6, false },
		{ SAID_BY_SERVER, START + 5, 5, "250 mx", 6, false },
		{ SAID_BY_SERVER, START + 5, 5, "250 the same", 12, false },
		{ SAID_BY_SERVER, START + 5, 6, "packet alone", 12, false },
		{ SAID_BY_SERVER, START + 6, 6, "time alone", 10, false },
		{ SAID_BY_US, START + 6, 6, "", 0, false },
		{ SAID_BY_US, START + 900000000, 1000000, "gap", 3, false },
		{ SAID_BY_CLIENT, START, 0, "", 0, false },
		{ SAID_BY_CLIENT, INT64_MIN, UINT64_MAX, "x", 1, false },
		{ SAID_BY_SERVER, INT64_MAX, 1, "y", 1, false },
	};
	struct dialogue *d = dialogue_new();
	struct dialogue_line got;
	size_t at = 0;

	(void)state;
	assert_non_null(d);
	assert_false(dialogue_next(d, &at, &got));
	for (size_t i = 0; i < LENGTH(said); i++)
		dialogue_add(&d, said[i].who, said[i].time, said[i].packet,
		    said[i].text, said[i].len);
	for (size_t i = 0; i < LENGTH(said); i++) {
		assert_true(dialogue_next(d, &at, &got));
		assert_int_equal(got.who, said[i].who);
		assert_int_equal(got.time, said[i].time);
		assert_int_equal(got.packet, said[i].packet);
		assert_int_equal(got.len, said[i].len);
		assert_memory_equal(got.text, said[i].text, said[i].len);
	}
	assert_false(dialogue_next(d, &at, &got));
	assert_int_equal(dialogue_dropped(d), 0);
	dialogue_free(d);
}

static void
a_long_line_is_cut(void **state)
{
	char text[DIALOGUE_LINE_MAX + 1];
	struct dialogue *d = dialogue_new();
	struct dialogue_line got;
	size_t at = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	dialogue_add(&d, SAID_BY_SERVER, START, 1, text, sizeof(text));
	assert_true(dialogue_next(d, &at, &got));
	assert_int_equal(got.len, DIALOGUE_LINE_MAX);
	assert_int_equal(dialogue_dropped(d), 0);
	dialogue_free(d);
}

static void
past_the_limit_all_is_dropped_and_counted(void **state)
{
	struct dialogue *d = dialogue_new();
	struct dialogue_line got;
	char text[100];
	size_t at = 0, kept = 0, octets = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 1000; i++)
		dialogue_add(&d, SAID_BY_CLIENT, START + i, (uint64_t)i, text,
		    sizeof(text));
	/* short enough to fit, but behind what is missing */
	dialogue_add(&d, SAID_BY_CLIENT, START, 1000, "x", 1);
	while (dialogue_next(d, &at, &got)) {
		assert_int_equal(got.packet, kept);
		kept++;
		octets += got.len;
	}
	assert_true(octets > DIALOGUE_OCTETS_MAX - 2 * 110 - kept * 10);
	assert_true(octets <= DIALOGUE_OCTETS_MAX);
	assert_int_equal(kept + dialogue_dropped(d), 1001);
	dialogue_free(d);
}

static void
lines_kept_elsewhere_come_back_and_count_as_if_here(void **state)
{
	static const char book[] = "....QUIT....221 bye";
	struct dialogue *here = dialogue_new(), *there = dialogue_new();
	struct dialogue_line line = { .who = SAID_BY_CLIENT, .time = START,
	    .packet = 3, .text = book + 4, .len = 4 }, got;
	size_t at = 0;

	(void)state;
	dialogue_refer(&there, &line, book);
	dialogue_add(&there, SAID_BY_SERVER, START + 1, 4, "250 own", 7);
	line.text = book + 12;
	line.len = 7;
	dialogue_refer(&there, &line, book);
	assert_true(dialogue_next(there, &at, &got));
	assert_true(got.referred);
	assert_ptr_equal(got.text, book + 4);
	assert_int_equal(got.len, 4);
	assert_int_equal(got.packet, 3);
	assert_true(dialogue_next(there, &at, &got));
	assert_false(got.referred);
	assert_memory_equal(got.text, "250 own", 7);
	assert_true(dialogue_next(there, &at, &got));
	assert_ptr_equal(got.text, book + 12);
	assert_int_equal(got.who, SAID_BY_CLIENT);
	assert_false(dialogue_next(there, &at, &got));
	dialogue_free(there);

	/* the limit is met at the same line */
	there = dialogue_new();
	for (int i = 0; i < 5000; i++) {
		line.packet = (uint64_t)i;
		line.time = START + i * 1000;
		dialogue_refer(&there, &line, book);
		dialogue_add(&here, line.who, line.time, line.packet,
		    line.text, line.len);
	}
	assert_true(dialogue_dropped(here) > 0);
	assert_int_equal(dialogue_dropped(there), dialogue_dropped(here));
	dialogue_free(here);
	dialogue_free(there);
}

/* A book with its lists: as places in it. */
struct shelf {
	char			 text[64];
	struct dialogue_place	 place[3];
};

static void
lines_of_a_list_come_back_one_by_one(void **state)
{
	static const struct shelf shelf = {
		.text = "....250-SIZE 1....250-DSN....250 STARTTLS",
		.place = { { 4, 10 }, { 18, 7 }, { 29, 12 } },
	};
	static const char *const want[] = { "220 mx", "250-SIZE 1", "250-DSN",
	    "250 STARTTLS", "250-SIZE 1", "250-DSN", "250 STARTTLS", "QUIT" };
	struct dialogue *d = dialogue_new();
	struct dialogue_line list = { .who = SAID_BY_SERVER, .time = START + 9,
	    .packet = 8, .text = (const char *)shelf.place, .len = 3 }, got;
	size_t at = 0;

	(void)state;
	dialogue_add(&d, SAID_BY_SERVER, START, 1, "220 mx", 6);
	dialogue_refer_list(&d, &list, shelf.text);
	dialogue_refer_list(&d, &list, shelf.text);
	dialogue_add(&d, SAID_BY_CLIENT, START + 20, 9, "QUIT", 4);
	for (size_t i = 0; i < LENGTH(want); i++) {
		assert_true(dialogue_next(d, &at, &got));
		assert_int_equal(got.len, strlen(want[i]));
		assert_memory_equal(got.text, want[i], got.len);
		assert_int_equal(got.packet, i == 0 ? 1 : i == 7 ? 9 : 8);
		assert_int_equal(got.time, START + (i == 0 ? 0 : i == 7 ? 20 :
		    9));
		assert_int_equal(got.who, i == 7 ? SAID_BY_CLIENT :
		    SAID_BY_SERVER);
		assert_int_equal(got.referred, i != 0 && i != 7);
	}
	assert_false(dialogue_next(d, &at, &got));
	dialogue_free(d);
}

static void
a_list_is_cut_where_its_lines_would_be(void **state)
{
	static const struct shelf shelf = {
		.text = "250-SIZE 1 and some words more, as 250-DSN",
		.place = { { 0, 31 }, { 0, 32 }, { 35, 7 } },
	};
	struct dialogue *one = dialogue_new(), *all = dialogue_new();
	struct dialogue_line list = { .who = SAID_BY_SERVER, .time = START,
	    .text = (const char *)shelf.place, .len = 3 };
	struct dialogue_line line = list, got;
	size_t at[2] = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		line.packet = list.packet = i / 2;
		dialogue_refer_list(&all, &list, shelf.text);
		for (int k = 0; k < 3; k++) {
			line.text = shelf.text + shelf.place[k].at;
			line.len = shelf.place[k].len;
			dialogue_refer(&one, &line, shelf.text);
		}
	}
	assert_true(dialogue_dropped(one) > 0);
	assert_int_equal(dialogue_dropped(all), dialogue_dropped(one));
	while (dialogue_next(one, &at[0], &line)) {
		assert_true(dialogue_next(all, &at[1], &got));
		assert_ptr_equal(got.text, line.text);
		assert_int_equal(got.len, line.len);
		assert_int_equal(got.packet, line.packet);
	}
	assert_false(dialogue_next(all, &at[1], &got));
	dialogue_free(one);
	dialogue_free(all);
}

static void
empty_lines_are_no_more_than_the_header_says(void **state)
{
	struct dialogue *d = dialogue_new();
	struct dialogue_line got;
	size_t at = 0, kept = 0;

	(void)state;
	for (int i = 0; i < DIALOGUE_OCTETS_MAX; i++)
		dialogue_add(&d, SAID_BY_CLIENT, 0, 0, NULL, 0);
	while (dialogue_next(d, &at, &got))
		kept++;
	assert_int_equal(kept, DIALOGUE_LINES_MAX);
	dialogue_free(d);
}

static void
a_packed_line_unpacks_to_itself(void **state)
{
	uint64_t random = UINT64_C(88172645463325252);
	struct dialogue_steps there = { .time = START }, back = there;
	struct dialogue_line line = { .who = SAID_BY_CLIENT }, got;
	uint8_t row[DIALOGUE_ROW_MAX];
	int64_t id, got_id;
	size_t n;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		line.who = (enum dialogue_who)(number(&random) % 3);
		line.packet = number(&random);
		line.time = (int64_t)number(&random);
		if (number(&random) % 2)
			line.time = (int64_t)-(uint64_t)line.time;
		id = (int64_t)(number(&random) >> 2);

		n = dialogue_pack(row, &there, id, &line);
		assert_true(n <= DIALOGUE_ROW_MAX);
		assert_int_equal(dialogue_unpack(row, n, &back, &got_id, &got),
		    n);
		assert_int_equal(got_id, id);
		assert_int_equal(got.who, line.who);
		assert_int_equal(got.packet, line.packet);
		assert_int_equal(got.time, line.time);
		/* cut short, it is nothing */
		for (size_t cut = 0; cut < n; cut++) {
			struct dialogue_steps start = { .time = START };

			assert_int_equal(dialogue_unpack(row, cut, &start,
			    &got_id, &got), 0);
		}
	}
}

static void
a_usual_line_takes_few_octets(void **state)
{
	struct dialogue_steps steps = { .packet = 6, .time = START };
	struct dialogue_line line = {
		.who = SAID_BY_SERVER, .packet = 7, .time = START + 20000,
	};
	uint8_t row[DIALOGUE_ROW_MAX];

	(void)state;
	assert_int_equal(dialogue_pack(row, &steps, 1000, &line), 2 + 1 + 3);
	/* the next line of the same packet */
	assert_int_equal(dialogue_pack(row, &steps, 1001, &line), 2 + 1 + 1);
}

static const struct garbage {
	const char	*name;
	uint8_t		 octets[16];
	size_t		 len;
} garbage[] = {
	{ "nothing", { 0 }, 0 },
	{ "a speaker nobody is", { 0x03, 0, 0 }, 3 },
	{ "a number that does not end", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 16 },
	{ "a number of more than 64 bits", { 0x80, 0x80, 0x80, 0x80, 0x80,
	  0x80, 0x80, 0x80, 0x80, 0x02, 0, 0 }, 12 },
	{ "the time is missing", { 0x04, 0x02 }, 2 },
	{ "the time is cut off", { 0x04, 0x02, 0x80 }, 3 },
};

static void
garbage_is_no_line(void **state)
{
	struct dialogue_steps steps = { .time = START };
	struct dialogue_line got;
	int64_t id;
	size_t n;

	(void)state;
	for (size_t i = 0; i < LENGTH(garbage); i++) {
		n = dialogue_unpack(garbage[i].octets, garbage[i].len, &steps,
		    &id, &got);
		if (n != 0)
			fail_msg("%s: got %zu octets, want 0",
			    garbage[i].name, n);
	}
}

static void
any_octets_are_read_to_an_end(void **state)
{
	uint64_t random = UINT64_C(362436069);
	uint8_t octets[256];
	struct dialogue_line got;
	int64_t id;
	size_t at, n;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dialogue_steps steps = { .time = START };

		for (size_t k = 0; k < sizeof(octets); k++)
			octets[k] = (uint8_t)number(&random);
		for (at = 0; at < sizeof(octets); at += n) {
			n = dialogue_unpack(octets + at, sizeof(octets) - at,
			    &steps, &id, &got);
			assert_true(n <= sizeof(octets) - at);
			if (n == 0)
				break;
			assert_true(got.who <= SAID_BY_US);
			assert_true(id >= 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back_as_they_were_said),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(
		    lines_kept_elsewhere_come_back_and_count_as_if_here),
		cmocka_unit_test(lines_of_a_list_come_back_one_by_one),
		cmocka_unit_test(a_list_is_cut_where_its_lines_would_be),
		cmocka_unit_test(past_the_limit_all_is_dropped_and_counted),
		cmocka_unit_test(empty_lines_are_no_more_than_the_header_says),
		cmocka_unit_test(a_packed_line_unpacks_to_itself),
		cmocka_unit_test(a_usual_line_takes_few_octets),
		cmocka_unit_test(garbage_is_no_line),
		cmocka_unit_test(any_octets_are_read_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
