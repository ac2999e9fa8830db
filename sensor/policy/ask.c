/* SPDX-License-Identifier: ISC */
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/child.h"
#include "policy/wire.h"

#define TURN_MAX	64	/* messages read in one ask_run() */
#define HELD_MAX	8192	/* messages that the worker did not take yet */

struct open_ticket {
	TAILQ_ENTRY(open_ticket) link;
	struct ask		*ask;
	uint64_t		 number;
	int64_t			 deadline;	/* milliseconds */
	struct policy_answer	*answer;	/* when ready */
};

TAILQ_HEAD(tickets, open_ticket);

struct held {
	STAILQ_ENTRY(held)	 link;
	size_t			 len;
	uint8_t			 octets[];
};

enum worker_state {
	WORKER_STARTING,	/* questions wait until it says hello */
	WORKER_UP,
	WORKER_DOWN,		/* ended; the keeper pauses */
	WORKER_KILLED,		/* by us, for hanging; not ended yet */
	WORKER_LOST,		/* no keeper: there will be none any more */
};

struct ask {
	struct ask_options	 options;
	struct ask_counts	 counts;
	struct engine		*engine;	/* in process */
	enum worker_state	 state;
	pid_t			 keeper;
	int			 data, control, epoll;
	bool			 writing;	/* waiting to be able to */
	uint64_t		 last;		/* ticket given out */
	unsigned		 npending;
	struct tickets		 pending;	/* the oldest first */
	struct tickets		 ready;
	unsigned		 nheld;
	STAILQ_HEAD(helds, held) held;
	struct wire		 out;
	uint8_t			*in;		/* WIRE_MAX */
};

static int
watch(struct ask *a, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* -1: errno says why. */
static int
start_keeper(struct ask *a)
{
	int data[2] = { -1, -1 }, control[2] = { -1, -1 };
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC;

	if (socketpair(AF_UNIX, type, 0, data) == -1)
		return -1;
	a->data = data[0];
	if (socketpair(AF_UNIX, type, 0, control) == -1) {
		close(data[1]);
		return -1;
	}
	a->control = control[0];
	if ((a->keeper = fork()) == 0) {
		close(data[0]);
		close(control[0]);
		child_keep(&a->options, data[1], control[1]);
	}
	close(data[1]);
	close(control[1]);
	if (a->keeper == -1 || watch(a, a->data) == -1 ||
	    watch(a, a->control) == -1)
		return -1;
	return 0;
}

struct ask *
ask_open(const struct ask_options *o)
{
	struct ask *a;

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		log_warn("policy");
		return NULL;
	}
	a->options = *o;
	a->data = a->control = a->epoll = -1;
	a->keeper = -1;
	TAILQ_INIT(&a->pending);
	TAILQ_INIT(&a->ready);
	STAILQ_INIT(&a->held);
	if ((a->out.at = malloc(WIRE_MAX)) == NULL ||
	    (a->in = malloc(WIRE_MAX)) == NULL ||
	    (a->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		goto fail;
	if (o->in_process || o->engine.snapshot != NULL) {
		a->options.engine.sts.keep = o->sts_keep;
		a->options.engine.sts.context = o->sts_context;
		if ((a->engine = engine_new(&a->options.engine)) == NULL)
			goto fail_quiet;
		if (watch(a, engine_fd(a->engine)) == -1)
			goto fail;
		if (o->sts_load != NULL)
			o->sts_load(o->sts_context, a);
	} else if (start_keeper(a) == -1)
		goto fail;
	return a;

fail:
	log_warn("policy");
fail_quiet:
	ask_close(a);
	return NULL;
}

static void
free_tickets(struct tickets *list)
{
	struct open_ticket *t;

	while ((t = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, t, link);
		policy_answer_free(t->answer);
		free(t);
	}
}

static void
free_held(struct ask *a)
{
	struct held *h;

	while ((h = STAILQ_FIRST(&a->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&a->held, link);
		free(h);
	}
	a->nheld = 0;
}

void
ask_close(struct ask *a)
{
	if (a == NULL)
		return;
	engine_free(a->engine);
	if (a->data != -1)
		close(a->data);
	if (a->control != -1)
		close(a->control);	/* which ends keeper and worker */
	if (a->keeper > 0)
		while (waitpid(a->keeper, NULL, 0) == -1 && errno == EINTR)
			;
	if (a->epoll != -1)
		close(a->epoll);
	free_tickets(&a->pending);
	free_tickets(&a->ready);
	free_held(a);
	free(a->out.at);
	free(a->in);
	free(a);
}

static void
make_ready(struct ask *a, struct open_ticket *t, struct policy_answer *answer)
{
	TAILQ_REMOVE(&a->pending, t, link);
	a->npending--;
	t->answer = answer;
	TAILQ_INSERT_TAIL(&a->ready, t, link);
	a->counts.answered++;
}

/* All that is open: it will not be answered by this worker any more. */
static void
answer_gone(struct ask *a)
{
	struct open_ticket *t, *next;
	struct policy_answer *answer;

	free_held(a);
	for (t = TAILQ_FIRST(&a->pending); t != NULL; t = next) {
		next = TAILQ_NEXT(t, link);
		if ((answer = policy_answer_new(DANE_WHY_GONE)) == NULL)
			return;		/* the next run tries again */
		a->counts.gone++;
		make_ready(a, t, answer);
	}
}

/* Is there somebody who will answer? */
static bool
is_expected(const struct ask *a)
{
	return a->engine != NULL || a->state == WORKER_STARTING ||
	    a->state == WORKER_UP;
}

/* The only place where the worker's state changes. */
static void
enter(struct ask *a, enum worker_state next)
{
	static const uint8_t kill_it = CHILD_KILL;

	if (a->state == WORKER_LOST)
		return;
	switch (next) {
	case WORKER_STARTING:
	case WORKER_UP:
		break;
	case WORKER_DOWN:
		a->counts.restarts++;
		break;
	case WORKER_KILLED:
		log_warnx("policy worker does not answer: restarted");
		send(a->control, &kill_it, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case WORKER_LOST:
		log_warnx("policy process is gone: no more lookups");
		break;
	}
	a->state = next;
	if (!is_expected(a))
		answer_gone(a);
}

static void
want_to_write(struct ask *a, bool want)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = a->data };

	if (want)
		e.events |= EPOLLOUT;
	if (want != a->writing &&
	    epoll_ctl(a->epoll, EPOLL_CTL_MOD, a->data, &e) == 0)
		a->writing = want;
}

/* False: not now. */
static bool
try_send(struct ask *a, const uint8_t *at, size_t len)
{
	if (send(a->data, at, len, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
		return true;
	return errno != EAGAIN && errno != EINTR && errno != ENOBUFS;
}

static void
send_held(struct ask *a)
{
	struct held *h;

	while ((h = STAILQ_FIRST(&a->held)) != NULL &&
	    try_send(a, h->octets, h->len)) {
		STAILQ_REMOVE_HEAD(&a->held, link);
		a->nheld--;
		free(h);
	}
	want_to_write(a, !STAILQ_EMPTY(&a->held));
}

static bool
send_out(struct ask *a)
{
	struct held *h;

	if (a->out.full)
		return false;
	if (a->state == WORKER_UP && STAILQ_EMPTY(&a->held) &&
	    try_send(a, a->out.at, a->out.len))
		return true;
	if (a->nheld >= HELD_MAX ||
	    (h = malloc(sizeof(*h) + a->out.len)) == NULL)
		return false;
	h->len = a->out.len;
	memcpy(h->octets, a->out.at, a->out.len);
	STAILQ_INSERT_TAIL(&a->held, h, link);
	a->nheld++;
	want_to_write(a, a->state == WORKER_UP);
	return true;
}

static void
answered(void *context, struct policy_answer *answer)
{
	struct open_ticket *t = context;

	if (answer == NULL)
		answer = policy_answer_new(DANE_WHY_NOT_ASKED);
	if (answer != NULL)
		make_ready(t->ask, t, answer);
}

uint64_t
ask_put(struct ask *a, const struct policy_question *q)
{
	struct open_ticket *t;

	if (a->npending >= a->options.pending || (a->engine != NULL &&
	    policy_open_cases(engine_policy(a->engine)) >=
	    a->options.engine.cases) ||
	    (t = calloc(1, sizeof(*t))) == NULL)
		return 0;
	t->ask = a;
	t->number = a->last + 1;
	t->deadline = clock_steady_ms() + a->options.patience_ms;
	if (a->engine == NULL && is_expected(a)) {
		wire_write_question(&a->out, t->number, q);
		if (!send_out(a)) {
			free(t);
			return 0;
		}
	}
	TAILQ_INSERT_TAIL(&a->pending, t, link);
	a->npending++;
	a->counts.asked++;
	a->last = t->number;
	if (a->engine != NULL)
		policy_ask(engine_policy(a->engine), q, answered, t);
	else if (!is_expected(a))
		answer_gone(a);
	return a->last;
}

bool
ask_take(struct ask *a, uint64_t *ticket, struct policy_answer **answer)
{
	struct open_ticket *t = TAILQ_FIRST(&a->ready);

	if (t == NULL)
		return false;
	TAILQ_REMOVE(&a->ready, t, link);
	*ticket = t->number;
	*answer = t->answer;
	free(t);
	return true;
}

void
ask_give_sts(struct ask *a, const char *line)
{
	if (a->engine != NULL && engine_sts(a->engine) != NULL)
		sts_store_load(engine_sts(a->engine), line, clock_wall_us());
	else if (a->engine == NULL) {
		wire_write_line(&a->out, WIRE_STS_HAVE, line);
		send_out(a);
	}
}

static void
take_answer(struct ask *a, struct span message)
{
	struct policy_answer *answer;
	struct open_ticket *t;
	uint64_t number;

	if ((answer = wire_read_answer(message, &number)) == NULL) {
		a->counts.malformed++;
		return;
	}
	TAILQ_FOREACH(t, &a->pending, link)
		if (t->number == number) {
			make_ready(a, t, answer);
			return;
		}
	policy_answer_free(answer);	/* given up before */
}

/* A worker begins: what was kept comes before what it is asked. */
static void
greet(struct ask *a)
{
	struct helds questions = STAILQ_HEAD_INITIALIZER(questions);

	STAILQ_CONCAT(&questions, &a->held);
	enter(a, WORKER_UP);
	if (a->options.sts_load != NULL)
		a->options.sts_load(a->options.sts_context, a);
	STAILQ_CONCAT(&a->held, &questions);
	send_held(a);
}

static void
take_message(struct ask *a, struct span message)
{
	static char line[STS_LINE_MAX];

	switch (wire_kind_of(message)) {
	case WIRE_HELLO:
		greet(a);
		break;
	case WIRE_ANSWER:
		take_answer(a, message);
		break;
	case WIRE_STS_KEEP:
		if (!wire_read_line(message, line, sizeof(line)))
			a->counts.malformed++;
		else if (a->options.sts_keep != NULL)
			a->options.sts_keep(a->options.sts_context, line);
		break;
	default:
		a->counts.malformed++;
		break;
	}
}

static void
hear_worker(struct ask *a)
{
	for (unsigned i = 0; i < TURN_MAX; i++) {
		ssize_t n = recv(a->data, a->in, WIRE_MAX,
		    MSG_DONTWAIT | MSG_TRUNC);

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			epoll_ctl(a->epoll, EPOLL_CTL_DEL, a->data, NULL);
			enter(a, WORKER_LOST);
			return;
		}
		if (n > WIRE_MAX)
			a->counts.malformed++;
		else
			take_message(a, span_of(a->in, (size_t)n));
	}
}

static void
hear_keeper(struct ask *a)
{
	uint8_t octet;
	ssize_t n = recv(a->control, &octet, 1, MSG_DONTWAIT);

	if (n == 1 && octet == CHILD_DIED) {
		/* what it said before it died is still to be read */
		hear_worker(a);
		enter(a, WORKER_DOWN);
	} else if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		epoll_ctl(a->epoll, EPOLL_CTL_DEL, a->control, NULL);
		enter(a, WORKER_LOST);
	}
}

int
ask_fd(const struct ask *a)
{
	return a->epoll;
}

int
ask_wait_ms(const struct ask *a)
{
	const struct open_ticket *t = TAILQ_FIRST(&a->pending);
	int64_t left;

	if (!TAILQ_EMPTY(&a->ready))
		return 0;
	if (a->engine != NULL)
		return engine_wait_ms(a->engine);
	if (t == NULL)
		return -1;
	left = t->deadline - clock_steady_ms();
	return left > 0 ? (int)left : 0;
}

void
ask_run(struct ask *a)
{
	const struct open_ticket *t;

	if (a->engine != NULL) {
		engine_run(a->engine);
		return;
	}
	if (a->state == WORKER_LOST) {
		answer_gone(a);
		return;
	}
	if (a->state == WORKER_UP)
		send_held(a);
	hear_worker(a);
	hear_keeper(a);
	t = TAILQ_FIRST(&a->pending);
	if (is_expected(a) && t != NULL && t->deadline <= clock_steady_ms())
		enter(a, WORKER_KILLED);
}

const struct ask_counts *
ask_counted(const struct ask *a)
{
	return &a->counts;
}
