/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/book.h"

#define SEED	7

static const char *
find(struct book *b, const char *text)
{
	return book_find(b, span_text(text));
}

static void
what_is_met_again_is_kept_once(void **state)
{
	struct bookshelf *shelf = bookshelf_new(SEED);
	struct book *b = bookshelf_take(shelf);
	const char *kept;

	(void)state;
	assert_null(find(b, "QUIT"));
	assert_non_null(kept = find(b, "QUIT"));
	assert_string_equal(kept, "QUIT");
	assert_ptr_equal(find(b, "QUIT"), kept);
	assert_null(find(b, "QUIT "));
	book_drop(b);
	bookshelf_free(shelf);
}

static void
odd_texts(void **state)
{
	static char longest[BOOK_TEXT_MAX + 1];
	struct bookshelf *shelf = bookshelf_new(SEED);
	struct book *b = bookshelf_take(shelf);
	const char *kept;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_null(find(NULL, "QUIT"));
	for (int i = 0; i < 3; i++) {
		kept = book_find(b, span_of(NULL, 0));
		if (i > 0)
			assert_string_equal(kept, "");
		assert_null(book_find(b, span_of(longest, sizeof(longest))));
		kept = book_find(b, span_of(longest, BOOK_TEXT_MAX));
		assert_true(i == 0 || kept[BOOK_TEXT_MAX] == '\0');
	}
	book_drop(b);
	bookshelf_free(shelf);
}

static void
a_text_of_the_book_is_known_by_its_place(void **state)
{
	struct bookshelf *shelf = bookshelf_new(SEED);
	struct book *b = bookshelf_take(shelf);
	struct book_text *t;
	const char *kept;

	(void)state;
	(void)find(b, "220 mx");
	kept = find(b, "220 mx");
	assert_non_null(t = book_text_at(b, kept));
	assert_int_equal(t->len, 6);
	assert_int_equal(t->note[NOTE_LINE], 0);
	assert_int_equal(t->note[NOTE_TEXT], 0);
	assert_null(book_text_at(b, "220 mx"));
	assert_null(book_text_at(b, NULL));
	assert_null(book_text_at(NULL, kept));
	book_drop(b);
	bookshelf_free(shelf);
}

static void
texts_that_come_together_are_a_list(void **state)
{
	struct bookshelf *shelf = bookshelf_new(SEED);
	struct book *b = bookshelf_take(shelf);
	struct book_list list, again;
	struct span texts[2];

	(void)state;
	(void)find(b, "250-SIZE");
	(void)find(b, "250 DSN");
	texts[0] = span_text(find(b, "250-SIZE"));
	texts[1] = span_text(find(b, "250 DSN"));
	list = book_keep_list(b, texts, 2);
	assert_int_equal(list.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_ptr_equal(book_start(b) + list.place[i].at,
		    texts[i].at);
		assert_int_equal(list.place[i].len, texts[i].len);
	}
	/* kept once */
	again = book_keep_list(b, texts, 2);
	assert_ptr_equal(again.place, list.place);
	book_drop(b);
	bookshelf_free(shelf);
}

/* Ever new texts, each met twice, until no more is kept. */
static unsigned
fill(struct book *b)
{
	char text[32];
	unsigned n = 0;

	do {
		snprintf(text, sizeof(text), "line %u", n++);
		(void)find(b, text);
	} while (find(b, text) != NULL && n < 1000000);
	return n;
}

static void
a_full_book_gives_way_once_the_one_before_is_let_go(void **state)
{
	struct bookshelf *shelf = bookshelf_new(SEED);
	struct book *first = bookshelf_take(shelf), *second, *third;

	(void)state;
	assert_in_range(fill(first), 1000, 999999);
	assert_null(book_keep_list(first, &(struct span){ .at =
	    (const uint8_t *)find(first, "line 0"), .len = 6 }, 1).place);
	assert_non_null(find(first, "line 0"));	/* it is still asked */
	second = bookshelf_take(shelf);
	assert_ptr_not_equal(second, first);
	(void)fill(second);
	/* the first is held: no third book */
	third = bookshelf_take(shelf);
	assert_ptr_equal(third, second);
	book_drop(third);
	book_drop(first);
	third = bookshelf_take(shelf);
	assert_ptr_not_equal(third, second);
	bookshelf_free(shelf);
	/* who holds one may read on */
	assert_string_equal(find(second, "line 1"), "line 1");
	book_drop(second);
	book_drop(third);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_met_again_is_kept_once),
		cmocka_unit_test(odd_texts),
		cmocka_unit_test(texts_that_come_together_are_a_list),
		cmocka_unit_test(a_text_of_the_book_is_known_by_its_place),
		cmocka_unit_test(
		    a_full_book_gives_way_once_the_one_before_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
