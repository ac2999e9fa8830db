/* SPDX-License-Identifier: ISC */
/*
 * The sensor's side of the policy process, whose resolver is a port that
 * nobody listens on: what is said about it is known beforehand.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "policy/ask.h"

/* A UDP port of loopback that is bound and never read: silence. */
static int
silent_port(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void
set_options(struct ask_options *o, uint16_t port)
{
	*o = (struct ask_options)ASK_OPTIONS_DEFAULT;
	o->engine.live.resolver.port = port;
	o->engine.live.resolver.timeout_ms = 200;
	o->pause_ms = 50;
}

static void
question(struct policy_question *q)
{
	memset(q, 0, sizeof(*q));
	policy_question_add_domain(q, "example.test");
	assert_int_equal(addr_parse(&q->server, "192.0.2.1"), 0);
	q->port = 25;
}

/* The next answer; the test fails after ten seconds without one. */
static struct policy_answer *
await(struct ask *a, uint64_t *ticket)
{
	struct policy_answer *answer;

	for (int i = 0; i < 1000; i++) {
		struct pollfd p = { .fd = ask_fd(a), .events = POLLIN };
		int wait = ask_wait_ms(a);

		if (ask_take(a, ticket, &answer))
			return answer;
		poll(&p, 1, wait == -1 || wait > 10 ? 10 : wait);
		ask_run(a);
	}
	fail_msg("no answer");
	return NULL;
}

/* The only child of a process, or -1. */
static pid_t
child_of(pid_t parent)
{
	char path[64], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
	    parent);
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	return text[0] == '\0' ? -1 : (pid_t)atoi(text);
}

static pid_t
worker_of_ours(void)
{
	for (int i = 0; i < 500; i++) {
		pid_t keeper = child_of(getpid());
		pid_t worker = keeper == -1 ? -1 : child_of(keeper);

		if (worker != -1)
			return worker;
		poll(NULL, 0, 10);
	}
	fail_msg("no worker");
	return -1;
}

static void
a_process_of_its_own_answers(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	struct ask *a;
	uint64_t ticket, got;
	uint16_t port;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	ticket = ask_put(a, &q);
	assert_int_equal(ticket, 1);
	answer = await(a, &got);
	assert_int_equal(got, ticket);
	assert_int_equal(answer->state, POLICY_UNKNOWN);
	assert_int_equal(answer->why, DANE_WHY_NO_RESOLVER);
	assert_non_null(strstr(answer->evidence, "\"failure\":\"timeout\""));
	assert_int_equal(strlen(answer->evidence_id), POLICY_ID_MAX - 1);
	assert_int_equal(answer->npromises, 1);
	assert_string_equal(answer->promises[0].domain, "example.test");
	policy_answer_free(answer);
	ask_close(a);
	close(fd);
}

static void
a_worker_that_crashes_costs_its_answers_only(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	uint64_t ticket;
	uint16_t port;
	struct ask *a;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	o.engine.live.resolver.timeout_ms = 60000;
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask_put(a, &q), i + 1);
	ask_run(a);
	kill(worker_of_ours(), SIGSEGV);
	for (unsigned i = 1; i <= 5; i++) {
		answer = await(a, &ticket);
		assert_int_equal(ticket, i);
		assert_int_equal(answer->state, POLICY_UNKNOWN);
		assert_int_equal(answer->why, DANE_WHY_GONE);
		policy_answer_free(answer);
	}
	assert_int_equal(ask_counted(a)->gone, 5);
	/* while there is none, that is said at once */
	ask_put(a, &q);
	assert_true(ask_wait_ms(a) >= 0);
	ask_close(a);
	close(fd);
}

static void
another_worker_takes_its_place(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	uint64_t ticket;
	enum dane_why why;
	uint16_t port;
	struct ask *a;
	pid_t first;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	first = worker_of_ours();
	kill(first, SIGKILL);
	for (int i = 0; i < 200; i++) {
		ask_put(a, &q);
		answer = await(a, &ticket);
		why = answer->why;
		policy_answer_free(answer);
		if (why == DANE_WHY_NO_RESOLVER)
			break;
		assert_int_equal(why, DANE_WHY_GONE);
		poll(NULL, 0, 20);
		ask_run(a);
	}
	assert_int_equal(why, DANE_WHY_NO_RESOLVER);
	assert_int_equal(ask_counted(a)->restarts, 1);
	assert_int_not_equal(worker_of_ours(), first);
	ask_close(a);
	close(fd);
}

static void
a_worker_that_hangs_is_replaced(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	uint64_t ticket;
	uint16_t port;
	struct ask *a;
	pid_t first;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	o.patience_ms = 300;
	o.engine.live.resolver.timeout_ms = 50;
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	first = worker_of_ours();
	kill(first, SIGSTOP);
	ask_put(a, &q);
	answer = await(a, &ticket);
	assert_int_equal(answer->why, DANE_WHY_GONE);
	policy_answer_free(answer);
	for (int i = 0; i < 500 && ask_counted(a)->restarts == 0; i++) {
		poll(NULL, 0, 10);
		ask_run(a);
	}
	assert_int_equal(ask_counted(a)->restarts, 1);
	assert_int_not_equal(worker_of_ours(), first);
	ask_close(a);
	close(fd);
}

static int
become_nobody(void *context)
{
	(void)context;
	return setgid(65534) == -1 || setuid(65534) == -1 ? -1 : 0;
}

/* A line of /proc/PID/status, blanks made one. */
static void
status_line(pid_t pid, const char *key, char *out, size_t size)
{
	char path[64], line[256], *save;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	out[0] = '\0';
	if ((f = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		char *word = strtok_r(line, "\t\n ", &save);

		if (word == NULL || strcmp(word, key) != 0)
			continue;
		while ((word = strtok_r(NULL, "\t\n ", &save)) != NULL)
			snprintf(out + strlen(out), size - strlen(out),
			    "%s ", word);
		break;
	}
	fclose(f);
}

static void
a_worker_has_nothing_to_lose(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	char line[128];
	uint64_t ticket;
	uint16_t port;
	struct ask *a;
	pid_t worker;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	if (geteuid() == 0)
		o.drop = become_nobody;
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	ask_put(a, &q);
	answer = await(a, &ticket);	/* by now it is in its sandbox */
	assert_int_equal(answer->why, DANE_WHY_NO_RESOLVER);
	policy_answer_free(answer);
	worker = worker_of_ours();
	status_line(worker, "Seccomp:", line, sizeof(line));
	assert_string_equal(line, "2 ");
	status_line(worker, "NoNewPrivs:", line, sizeof(line));
	assert_string_equal(line, "1 ");
	if (geteuid() == 0) {
		status_line(worker, "Uid:", line, sizeof(line));
		assert_string_equal(line, "65534 65534 65534 65534 ");
		status_line(worker, "CapEff:", line, sizeof(line));
		assert_string_equal(line, "0000000000000000 ");
	}
	ask_close(a);
	close(fd);
}

static int
refuse_to_drop(void *context)
{
	(void)context;
	return -1;
}

static void
without_the_process_nothing_waits(void **state)
{
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	uint64_t ticket;
	struct ask *a;

	(void)state;
	set_options(&o, 1);
	o.drop = refuse_to_drop;
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	for (int i = 0; i < 3; i++) {
		ask_put(a, &q);
		answer = await(a, &ticket);
		assert_int_equal(answer->why, DANE_WHY_GONE);
		policy_answer_free(answer);
	}
	ask_close(a);
}

static void
more_than_may_be_open_is_refused(void **state)
{
	struct policy_question q;
	struct ask_options o;
	uint16_t port;
	struct ask *a;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	o.pending = 3;
	a = ask_open(&o);
	assert_non_null(a);
	question(&q);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(ask_put(a, &q), i);
	assert_int_equal(ask_put(a, &q), 0);
	ask_close(a);	/* with three open */
	close(fd);
}

/* A sensor that stops reading does not stop its worker from ending. */
static void
closing_ends_both_processes(void **state)
{
	struct ask_options o;
	uint16_t port;
	struct ask *a;
	pid_t worker;
	int fd = silent_port(&port);

	(void)state;
	set_options(&o, port);
	a = ask_open(&o);
	assert_non_null(a);
	worker = worker_of_ours();
	ask_close(a);
	assert_int_equal(child_of(getpid()), -1);
	for (int i = 0; i < 500 && kill(worker, 0) == 0; i++)
		poll(NULL, 0, 10);
	assert_int_equal(kill(worker, 0), -1);
	close(fd);
}

static void
a_snapshot_is_answered_in_process(void **state)
{
	char path[] = "/tmp/striptls-snapshot.XXXXXX";
	static const char zone[] = ";! zone example.test: secure\n"
	    "example.test. 60 IN MX 10 mx.example.test.\n"
	    "mx.example.test. 60 IN A 192.0.2.1\n"
	    "_25._tcp.mx.example.test. 60 IN TLSA 3 1 1 "
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\n";
	struct policy_question q;
	struct policy_answer *answer;
	struct ask_options o;
	uint64_t ticket;
	struct ask *a;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, zone, sizeof(zone) - 1), sizeof(zone) - 1);
	close(fd);
	set_options(&o, 1);
	o.engine.snapshot = path;
	a = ask_open(&o);
	unlink(path);
	assert_non_null(a);
	assert_int_equal(child_of(getpid()), -1);
	question(&q);
	assert_int_equal(ask_put(a, &q), 1);
	assert_true(ask_take(a, &ticket, &answer));
	assert_int_equal(answer->state, POLICY_DANE_AUTH);
	assert_int_equal(answer->tlsa.count, 1);
	assert_true(answer->valid_until == INT64_MAX);
	policy_answer_free(answer);
	assert_false(ask_take(a, &ticket, &answer));
	ask_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_of_its_own_answers),
		cmocka_unit_test(a_worker_that_crashes_costs_its_answers_only),
		cmocka_unit_test(another_worker_takes_its_place),
		cmocka_unit_test(a_worker_that_hangs_is_replaced),
		cmocka_unit_test(a_worker_has_nothing_to_lose),
		cmocka_unit_test(without_the_process_nothing_waits),
		cmocka_unit_test(more_than_may_be_open_is_refused),
		cmocka_unit_test(closing_ends_both_processes),
		cmocka_unit_test(a_snapshot_is_answered_in_process),
	};

	log_open("policy_ask_test", LOG_TEXT, LOG_QUIET);
	if (child_of(getpid()) == -1 && access("/proc/self/task", R_OK) == -1)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
