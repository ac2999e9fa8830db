/* SPDX-License-Identifier: ISC */
/*
 * Each case drops privileges in a child of its own.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/privileges.h"

static int
in_child(int (*what)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child != -1);
	if (child == 0)
		_exit(what());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
become_nobody(void)
{
	gid_t groups[8] = { 1, 2, 3 };
	uid_t r, e, s;

	if (setgroups(3, groups) == -1 || privileges_drop("nobody") == -1)
		return 1;
	if (getresuid(&r, &e, &s) == -1 || r == 0 || r != e || r != s ||
	    getgid() == 0 || getegid() == 0)
		return 2;
	if (setuid(0) != -1 || seteuid(0) != -1 || setgid(0) != -1)
		return 3;
	if (socket(AF_PACKET, SOCK_RAW, 0) != -1)
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
		return 6;
	for (int i = 0, n = getgroups(8, groups); i < n; i++)
		if (groups[i] <= 3)
			return 7;
	return 0;
}

static int
stay(void)
{
	uid_t before = getuid();

	if (privileges_drop(NULL) == -1)
		return 1;
	if (getuid() != before || geteuid() != before)
		return 2;
	if (socket(AF_PACKET, SOCK_RAW, 0) != -1)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	return 0;
}

/* An ordinary user has nothing to lose, and may name himself only. */
static int
ordinary_user(void)
{
	if (setgid(65534) == -1 || setuid(65534) == -1)
		return 1;
	if (privileges_drop("daemon") != -1)
		return 2;
	if (privileges_drop("nobody") == -1)
		return 3;
	return privileges_drop(NULL) == -1 ? 4 : 0;
}

static int
nobody_there(void)
{
	return privileges_drop("no-such-user") == -1 ? 0 : 1;
}

static int
root_again(void)
{
	return privileges_drop("root") == -1 ? 0 : 1;
}

static void
test_become(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(become_nobody), 0);
	assert_int_equal(in_child(ordinary_user), 0);
}

static void
test_stay(void **state)
{
	(void)state;
	assert_int_equal(in_child(stay), 0);
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(in_child(nobody_there), 0);
	assert_int_equal(in_child(root_again), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_become),
		cmocka_unit_test(test_stay),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
