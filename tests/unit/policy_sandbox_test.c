/* SPDX-License-Identifier: ISC */
/*
 * Each case enters the sandbox in a child of its own.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/sandbox.h"

static int
in_sandbox(int (*what)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child != -1);
	if (child == 0)
		_exit(sandbox_enter() == -1 ? 99 : what());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
start_a_program(void)
{
	if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EPERM)
		return 1;
	return fork() == -1 && errno == EPERM ? 0 : 2;
}

static int
write_a_file(void)
{
	if (open("/tmp/striptls-sandbox", O_WRONLY | O_CREAT, 0600) != -1)
		return 1;
	if (open("/dev/null", O_RDWR) != -1)
		return 2;
	if (unlink("/tmp/striptls-no-such") != -1 || errno != EPERM)
		return 3;
	return open("/etc/passwd", O_RDONLY) == -1 ? 4 : 0;
}

static int
use_sockets(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd;

	if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 ||
	    socket(AF_PACKET, SOCK_RAW, 0) != -1 ||
	    socket(AF_NETLINK, SOCK_RAW, 0) != -1)
		return 1;
	if (socket(AF_INET6, SOCK_STREAM, 0) == -1 &&
	    errno != EAFNOSUPPORT)
		return 2;
	if ((fd = socket(AF_INET, SOCK_DGRAM, 0)) == -1)
		return 3;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != -1)
		return 4;
	at.sin_port = htons(9);
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == -1 ? 5 : 0;
}

static int
be_bounded(void)
{
	struct rlimit r;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	return getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0 ? 0 : 2;
}

static void
no_program_and_no_process_is_started(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(start_a_program), 0);
}

static void
files_are_read_and_not_written(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(write_a_file), 0);
}

static void
sockets_are_for_asking_over_ip(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(use_sockets), 0);
}

static void
nothing_is_gained_or_left_behind(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(be_bounded), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_and_no_process_is_started),
		cmocka_unit_test(files_are_read_and_not_written),
		cmocka_unit_test(sockets_are_for_asking_over_ip),
		cmocka_unit_test(nothing_is_gained_or_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
