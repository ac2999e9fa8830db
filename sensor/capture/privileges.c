/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/log.h"
#include "capture/privileges.h"

/* What went wrong, by the step that capng_change_id() numbers. */
static const char *
change_step(int r)
{
	switch (r) {
	case -4:
		return "cannot change group";
	case -5:
	case -7:
		return "cannot change supplementary groups";
	case -6:
		return "cannot change user";
	default:
		return "cannot change capabilities";
	}
}

static int
become(const char *user)
{
	const struct passwd *pw;
	int r;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL) {
		if (errno != 0)
			log_warn("privileges user=%s", user);
		else
			log_warnx("privileges user=%s: no such user", user);
		return -1;
	}
	if (pw->pw_uid == 0) {
		log_warnx("privileges user=%s: that would be root again",
		    user);
		return -1;
	}
	if (pw->pw_uid == getuid() && pw->pw_uid == geteuid())
		return 0;
	errno = 0;
	r = capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
	    CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT);
	if (r != 0) {
		log_warn("privileges user=%s: %s", user, change_step(r));
		return -1;
	}
	return 0;
}

/*
 * Without CAP_SETPCAP the bounding set cannot be cleared; with no
 * capability left and none to come by execve(2), it bounds nothing.
 */
static int
lose_capabilities(void)
{
	capng_select_t what = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;

	if (capng_get_caps_process() == -1)
		return -1;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what = CAPNG_SELECT_ALL;
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(what) == 0 ? 0 : -1;
}

/* Nobody's word is taken for it. */
static bool
is_given_up(bool root_stays)
{
	if (capng_get_caps_process() == -1 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return false;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return false;
	return root_stays || (setuid(0) == -1 && seteuid(0) == -1 &&
	    setgid(0) == -1);
}

int
privileges_drop(const char *user)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (user != NULL && become(user) == -1)
		return -1;
	if (lose_capabilities() == -1) {
		log_warn("privileges: cannot lose capabilities");
		return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_warn("privileges: cannot forbid new ones");
		return -1;
	}
	if (!is_given_up(user == NULL && geteuid() == 0)) {
		log_warnx("privileges: some are left");
		return -1;
	}
	return 0;
}
