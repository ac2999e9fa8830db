/* SPDX-License-Identifier: ISC */
/*
 * The keeper: one worker at a time, started again when it ends.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/child.h"

/* What a terminal or service manager sends to all is for the sensor; and a
 * fault ends who made it, whatever the sensor does about its own. */
static void
set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	    SIGPIPE, SIGUSR1, SIGUSR2 };
	static const int usual[] = { SIGCHLD, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
	    SIGABRT };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * All that was open in the sensor, but the log and these two.  Whoever reads
 * the sensor's output must not wait for us.
 */
static void
close_others(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}

	if (low > 3)
		close_range(3, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
}

/* True: the worker shall end, and *over the keeper as well. */
static bool
hear_sensor(int control, bool *over)
{
	uint8_t octet;
	ssize_t n = recv(control, &octet, 1, MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		*over = true;
		return true;
	}
	return n == 1 && octet == CHILD_KILL;
}

/* Until the worker has ended; kills it when told to. */
static void
watch(pid_t worker, int pidfd, int control, bool *over)
{
	int status;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = control, .events = POLLIN },
		};

		if (poll(p, 2, -1) == -1)
			continue;
		if (p[0].revents != 0)
			break;
		if (p[1].revents != 0 && hear_sensor(control, over)) {
			kill(worker, SIGKILL);
			break;
		}
	}
	while (waitpid(worker, &status, 0) == -1 && errno == EINTR)
		;
	if (!*over && WIFSIGNALED(status))
		log_warnx("policy worker ended by signal %d",
		    WTERMSIG(status));
}

/* One worker's life. */
static void
run_worker(const struct ask_options *o, int data, int control, bool *over)
{
	pid_t keeper = getpid(), worker;
	int pidfd;

	if ((worker = fork()) == -1) {
		log_warn("policy worker");
		return;
	}
	if (worker == 0) {
		close(control);
		prctl(PR_SET_NAME, "policy-worker");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != keeper)
			_exit(1);
		_exit(child_work(o, data));
	}
	if ((pidfd = (int)syscall(SYS_pidfd_open, worker, 0)) == -1) {
		log_warn("policy worker");
		kill(worker, SIGKILL);
		waitpid(worker, NULL, 0);
		*over = true;
		return;
	}
	watch(worker, pidfd, control, over);
	close(pidfd);
}

/* Waits, unless the sensor ends. */
static void
pause_keeper(int control, int64_t ms, bool *over)
{
	int64_t until = clock_steady_ms() + ms, left;

	while (!*over && (left = until - clock_steady_ms()) > 0) {
		struct pollfd p = { .fd = control, .events = POLLIN };

		if (poll(&p, 1, (int)left) > 0)
			hear_sensor(control, over);
	}
}

void
child_keep(const struct ask_options *o, int data, int control)
{
	static const uint8_t died = CHILD_DIED;
	int64_t pause = o->pause_ms, begun;
	bool over = false;

	prctl(PR_SET_NAME, "policy-keeper");
	set_signals();
	close_others(data, control);
	if (o->drop != NULL && o->drop(o->drop_context) == -1)
		_exit(1);
	while (!over) {
		begun = clock_steady_ms();
		run_worker(o, data, control, &over);
		if (over || send(control, &died, 1, MSG_NOSIGNAL) == -1)
			break;
		if (clock_steady_ms() - begun > CHILD_GOOD_LIFE_MS)
			pause = o->pause_ms;
		pause_keeper(control, pause, &over);
		pause = pause * 2 > CHILD_PAUSE_MAX_MS ? CHILD_PAUSE_MAX_MS :
		    pause * 2;
	}
	_exit(0);
}
