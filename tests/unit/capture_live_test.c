/* SPDX-License-Identifier: ISC */
/*
 * Live capture on the loopback interface, for which one has to be root (or
 * have CAP_NET_RAW); skipped otherwise.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/capture.h"

#define QUIET_MAX	100	/* about ten seconds */

static const uint16_t ports[] = { 2525 };

static const struct capture_live usual = { .ports = ports, .nports = 1,
    .snaplen = 262144, .buffer = 1 << 20, .promiscuous = true };

/* Knock at a port; whether anybody opens does not matter. */
static void
knock(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd != -1);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static bool
may_capture(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static enum capture_status
next_frame(struct capture *c, struct frame *f)
{
	enum capture_status st = CAPTURE_QUIET;

	for (int i = 0; i < QUIET_MAX && st == CAPTURE_QUIET; i++)
		st = capture_next(c, f);
	return st;
}

/* The destination port of TCP over IPv4 without options. */
static unsigned
port_of(const struct frame *f, size_t header)
{
	assert_true(f->octets.len >= header + 24);
	return (unsigned)f->octets.at[header + 22] << 8 |
	    f->octets.at[header + 23];
}

/* The kernel sorts, on an interface and on all of them. */
static void
test_sorting(void **state)
{
	static const struct {
		const char	*name;
		int		 link_type;
		size_t		 header;
	} cases[] = {
		{ "lo", 1, 14 },
		{ "any", 113, 16 },
	};
	struct capture *c;
	struct frame f;

	(void)state;
	if (!may_capture())
		skip();
	for (size_t i = 0; i < 2; i++) {
		c = capture_open_live(cases[i].name, &usual);
		assert_non_null(c);
		assert_string_equal(capture_name(c), cases[i].name);
		knock(9);
		knock(2525);
		assert_int_equal(next_frame(c, &f), CAPTURE_FRAME);
		assert_int_equal(f.number, 1);
		assert_int_equal(f.link_type, cases[i].link_type);
		assert_int_equal(port_of(&f, cases[i].header), 2525);
		assert_true(f.time > INT64_C(1600000000) * 1000000);
		assert_int_equal(capture_drops(c).kernel, 0);
		capture_close(c);
	}
}

static void
test_snap_length(void **state)
{
	struct capture_live how = usual;
	struct capture *c;
	struct frame f;

	(void)state;
	if (!may_capture())
		skip();
	how.snaplen = 40;
	how.filter = "tcp dst port 2525";
	c = capture_open_live("lo", &how);
	assert_non_null(c);
	knock(2525);
	assert_int_equal(next_frame(c, &f), CAPTURE_FRAME);
	assert_int_equal(f.octets.len, 40);
	assert_true(f.wire_len >= 54);
	capture_close(c);
}

static void *
read_until_end(void *argument)
{
	struct frame f;
	enum capture_status st;

	do
		st = capture_next(argument, &f);
	while (st == CAPTURE_FRAME || st == CAPTURE_QUIET);
	return (void *)(uintptr_t)st;
}

static void
test_stop(void **state)
{
	struct capture *c;
	pthread_t reader;
	void *st;

	(void)state;
	if (!may_capture())
		skip();
	c = capture_open_live("lo", &usual);
	assert_non_null(c);
	assert_int_equal(pthread_create(&reader, NULL, read_until_end, c), 0);
	capture_stop(c);
	pthread_join(reader, &st);
	assert_int_equal((enum capture_status)(uintptr_t)st, CAPTURE_END);
	capture_close(c);
}

static void
test_refused(void **state)
{
	struct capture_live how = usual;

	(void)state;
	assert_null(capture_open_live("no-such-interface", &how));
	if (!may_capture())
		skip();
	how.filter = "prot 25";
	assert_null(capture_open_live("lo", &how));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorting),
		cmocka_unit_test(test_snap_length),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
