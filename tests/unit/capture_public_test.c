/* SPDX-License-Identifier: ISC */
/*
 * Some two thousand captures of other projects, if they lie beside the tree:
 * an independent reader has counted their packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/capture.h"

#define FOLDER		"../shared/pcaps/public"
#define REFUSED		-1

/* Where we count otherwise, and why we hold that to be right. */
static const struct {
	const char	*file;
	long		 want;
	const char	*reason;
} otherwise[] = {
	{ "crash-pcapng-epb-unbounded-length.pcapng", 0,
	  "the packet is longer than its block" },
	{ "be__test901.pcapng", 2,
	  "the section of version 2.0 is left out" },
	{ "le__test901.pcapng", 2,
	  "the section of version 2.0 is left out" },
	{ "pcap-invalid-version-1.pcap", REFUSED, "pcap of another version" },
	{ "pcap-invalid-version-2.pcap", REFUSED, "pcap of another version" },
	{ "pcapng-invalid-vers-1.pcapng", REFUSED, "pcapng 0.1" },
	{ "shb-option-too-long.pcapng", 0,
	  "the first block's length differs at its two ends" },
	{ "fuzz-2021-10-13.pcap", 1,
	  "version 2.0 has the two lengths in the other order" },
	{ "solaris.snoop", REFUSED, "snoop" },
};

static long
count(const char *path)
{
	struct capture_path how = { 0 };
	enum capture_status st;
	struct capture *c;
	struct frame f;
	long n = 0;

	c = capture_open_path(path, &how);
	if (c == NULL)
		return REFUSED;
	while ((st = capture_next(c, &f)) != CAPTURE_END)
		n += st == CAPTURE_FRAME;
	capture_close(c);
	return n;
}

static long
wanted(const char *file, long packets)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < sizeof(otherwise) / sizeof(otherwise[0]); i++) {
		size_t tail = strlen(otherwise[i].file);

		if (len >= tail &&
		    strcmp(file + len - tail, otherwise[i].file) == 0)
			return otherwise[i].want;
	}
	return packets;
}

/* The columns are file, six others, packets, and more. */
static void
test_counts(void **state)
{
	FILE *index = fopen(FOLDER "/INDEX.tsv", "r");
	char *line = NULL, path[512];
	size_t room = 0, files = 0;
	unsigned wrong = 0;

	(void)state;
	if (index == NULL)
		skip();
	while (getline(&line, &room, index) != -1) {
		char *at = line, *file = strsep(&at, "\t");
		long want, got;

		for (int i = 0; i < 6; i++)
			strsep(&at, "\t");
		if (at == NULL || files++ == 0)		/* the head */
			continue;
		want = wanted(file, strtol(at, NULL, 10));
		snprintf(path, sizeof(path), FOLDER "/%s", file);
		got = count(path);
		if (got != want) {
			print_error("%s: got %ld, want %ld\n", file, got,
			    want);
			wrong++;
		}
	}
	free(line);
	fclose(index);
	assert_true(files > 1);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
