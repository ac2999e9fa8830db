/* SPDX-License-Identifier: ISC */
/*
 * Against a server of our own on loopback that answers as the first label
 * of the name says.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/live.h"
#include "tests/unit/policy_message_build.h"

static const uint8_t right[] = { 192, 0, 2, 1 }, wrong[] = { 6, 6, 6, 6 };

struct server {
	int		 udp, tcp, stranger;
	uint16_t	 port;
	pthread_t	 thread;
	unsigned	 asked, over_tcp, unchecked;
	bool		 over;
};

static struct server server;

static bool
called(const uint8_t *query, const char *label)
{
	size_t n = strlen(label);

	return query[12] == n && memcmp(query + 13, label, n) == 0;
}

/* The answer a well-meant server gives. */
static void
build_answer(struct build *b, const struct message_query *q, unsigned flags,
    const uint8_t *address)
{
	build_reply(b, q, BUILD_REPLY | BUILD_AD | flags);
	build_record(b, 0, NULL, LOOKUP_A, 300, address, 4);
}

static void
say(int fd, const struct sockaddr_in *to, const struct build *b)
{
	sendto(fd, b->octets, b->len, 0, (const struct sockaddr *)to,
	    sizeof(*to));
}

/* What a liar says before the truth, if it says that at all. */
static bool
lie(const struct message_query *q, const struct sockaddr_in *to)
{
	static struct build b;
	const uint8_t *o = q->octets;

	build_answer(&b, q, 0, wrong);
	if (called(o, "otherport")) {
		say(server.stranger, to, &b);
	} else if (called(o, "wrongid")) {
		b.octets[0] ^= 1;
		say(server.udp, to, &b);
	} else if (called(o, "otherquestion")) {
		b.octets[14] ^= 1;
		say(server.udp, to, &b);
	} else if (called(o, "empty")) {
		b.len = 0;
		say(server.udp, to, &b);
	} else if (called(o, "flood")) {
		b.octets[0] ^= 1;
		for (int i = 0; i < 100; i++)
			say(server.udp, to, &b);
		return true;
	} else if (called(o, "truncated")) {
		build_answer(&b, q, BUILD_TC, wrong);
		say(server.udp, to, &b);
		return true;
	} else if (called(o, "silent"))
		return true;
	return false;
}

static void
answer_datagram(void)
{
	static struct build b;
	struct message_query q = { .len = 0 };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(server.udp, q.octets, sizeof(q.octets), 0,
	    (struct sockaddr *)&from, &len);
	bool unchecked = n > 12 && (q.octets[3] & 0x10) != 0;

	if (n <= 12)
		return;
	q.len = (uint16_t)n;
	server.asked++;
	server.unchecked += unchecked;
	if (called(q.octets, "once") && server.asked == 1)
		return;			/* the first is lost */
	if (lie(&q, &from))
		return;
	if (called(q.octets, "dead") || (called(q.octets, "bogus") &&
	    !unchecked)) {
		build_reply(&b, &q, BUILD_REPLY | 2);
		build_opt(&b, 6);
	} else
		build_answer(&b, &q, 0, right);
	say(server.udp, &from, &b);
}

static void
answer_stream(void)
{
	static struct build b;
	struct message_query q = { .len = 0 };
	int fd = accept(server.tcp, NULL, NULL);
	uint8_t head[2];

	if (fd == -1)
		return;
	server.over_tcp++;
	if (recv(fd, head, 2, MSG_WAITALL) == 2) {
		ssize_t n = recv(fd, q.octets, (size_t)(head[0] << 8 |
		    head[1]), MSG_WAITALL);

		q.len = n > 0 ? (uint16_t)n : 0;
	}
	if (q.len > 12) {
		build_answer(&b, &q, 0, right);
		/* long, and in two pieces */
		while (b.len + 16 <= sizeof(b.octets))
			build_record(&b, 2, NULL, LOOKUP_A, 1, wrong, 4);
		head[0] = (uint8_t)(b.len >> 8);
		head[1] = (uint8_t)b.len;
		send(fd, head, 1, MSG_NOSIGNAL);
		send(fd, head + 1, 1, MSG_NOSIGNAL);
		for (size_t at = 0; at < b.len; ) {
			ssize_t n = send(fd, b.octets + at, b.len - at,
			    MSG_NOSIGNAL);

			if (n <= 0)
				break;
			at += (size_t)n;
		}
	}
	close(fd);
}

static void *
serve(void *context)
{
	(void)context;
	while (!__atomic_load_n(&server.over, __ATOMIC_ACQUIRE)) {
		struct pollfd p[2] = {
			{ .fd = server.udp, .events = POLLIN },
			{ .fd = server.tcp, .events = POLLIN },
		};

		if (poll(p, 2, 50) <= 0)
			continue;
		if (p[0].revents != 0)
			answer_datagram();
		if (p[1].revents != 0)
			answer_stream();
	}
	return NULL;
}

static int
begin(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	(void)state;
	memset(&server, 0, sizeof(server));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.udp = socket(AF_INET, SOCK_DGRAM, 0);
	server.tcp = socket(AF_INET, SOCK_STREAM, 0);
	server.stranger = socket(AF_INET, SOCK_DGRAM, 0);
	/* one port for both */
	if (bind(server.tcp, (struct sockaddr *)&at, len) == -1 ||
	    getsockname(server.tcp, (struct sockaddr *)&at, &len) == -1 ||
	    listen(server.tcp, 8) == -1 ||
	    bind(server.udp, (struct sockaddr *)&at, len) == -1)
		return -1;
	server.port = ntohs(at.sin_port);
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int
end(void **state)
{
	(void)state;
	__atomic_store_n(&server.over, true, __ATOMIC_RELEASE);
	pthread_join(server.thread, NULL);
	close(server.udp);
	close(server.tcp);
	close(server.stranger);
	return 0;
}

static struct resolver *
open_resolver(uint16_t port)
{
	struct resolver_options o = RESOLVER_OPTIONS_DEFAULT;
	struct resolver *r;

	o.port = port;
	o.timeout_ms = 300;
	r = resolver_new(&o);
	assert_non_null(r);
	return r;
}

static void
keep_answer(void *context, struct lookup_answer *a)
{
	struct lookup_answer **to = context;

	assert_null(*to);
	*to = a;
}

static struct lookup_answer *
lookup(struct resolver *r, const char *name)
{
	struct lookup_question q = { .type = LOOKUP_A };
	struct lookup_answer *a = NULL;

	snprintf(q.name, sizeof(q.name), "%s.example", name);
	assert_true(resolver_ask(r, &q, keep_answer, &a));
	while (a == NULL) {
		struct pollfd p = { .fd = resolver_fd(r), .events = POLLIN };

		poll(&p, 1, resolver_wait_ms(r));
		resolver_run(r);
	}
	return a;
}

struct told {
	const char		*name;
	enum lookup_status		 status;
	enum lookup_failure	 failure;
	unsigned		 asked, over_tcp, unchecked, dropped;
};

static void
each_server_is_believed_as_far_as_it_deserves(void **state)
{
	static const struct told cases[] = {
		{ "honest", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 0, 0, 0 },
		/* the kernel drops what comes from elsewhere */
		{ "otherport", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 0, 0, 0 },
		{ "wrongid", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 0, 0, 1 },
		{ "otherquestion", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 0, 0,
		    1 },
		{ "empty", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 0, 0, 1 },
		{ "flood", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 1, 0, 16 },
		{ "truncated", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 1, 1, 0, 0 },
		{ "once", LOOKUP_SECURE, LOOKUP_NO_FAILURE, 2, 0, 0, 0 },
		{ "bogus", LOOKUP_BOGUS, LOOKUP_RCODE, 2, 0, 1, 0 },
		{ "dead", LOOKUP_FAILED, LOOKUP_RCODE, 2, 0, 1, 0 },
		/* it never answered anybody: nothing is known */
		{ "silent", LOOKUP_UNKNOWN, LOOKUP_TIMEOUT, 2, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct told *c = &cases[i];
		struct resolver *r;
		struct lookup_answer *a;

		assert_int_equal(begin(state), 0);
		r = open_resolver(server.port);
		a = lookup(r, c->name);
		end(state);
		if (a->status != c->status || a->failure != c->failure ||
		    server.asked != c->asked ||
		    server.over_tcp != c->over_tcp ||
		    server.unchecked != c->unchecked ||
		    resolver_counted(r)->dropped != c->dropped)
			fail_msg("%s: got %s, failure %d, asked %u, tcp %u, "
			    "unchecked %u, dropped %u", c->name,
			    lookup_status_word(a->status), a->failure,
			    server.asked, server.over_tcp, server.unchecked,
			    (unsigned)resolver_counted(r)->dropped);
		if (c->status == LOOKUP_SECURE) {
			assert_int_equal(a->nrecords, 1);
			assert_memory_equal(a->records[0].data.at, right, 4);
		}
		if (c->status == LOOKUP_BOGUS)
			assert_int_equal(a->ede, 6);
		lookup_answer_give(a);
		resolver_free(r);
	}
}

static void
a_resolver_that_answers_others_makes_silence_a_failure(void **state)
{
	struct resolver *r = open_resolver(server.port);
	struct lookup_answer *a;

	(void)state;
	lookup_answer_give(lookup(r, "honest"));
	a = lookup(r, "silent");
	assert_int_equal(a->status, LOOKUP_FAILED);
	assert_int_equal(a->failure, LOOKUP_TIMEOUT);
	lookup_answer_give(a);
	resolver_free(r);
}

static void
a_resolver_that_is_not_there_is_noticed_at_once(void **state)
{
	struct resolver *r;
	struct lookup_answer *a;
	uint16_t port;

	/* a port that was ours a moment ago */
	assert_int_equal(begin(state), 0);
	port = server.port;
	end(state);
	r = open_resolver(port);
	a = lookup(r, "honest");
	assert_int_equal(a->status, LOOKUP_UNKNOWN);
	assert_int_equal(a->failure, LOOKUP_UNREACHABLE);
	assert_int_equal(resolver_counted(r)->timed_out, 0);
	lookup_answer_give(a);
	resolver_free(r);
}

static void
count_answer(void *context, struct lookup_answer *a)
{
	unsigned *n = context;

	assert_non_null(a);
	assert_int_equal(a->status, LOOKUP_SECURE);
	(*n)++;
}

static void
run_live(struct live *l)
{
	struct pollfd p = { .fd = live_fd(l), .events = POLLIN };

	poll(&p, 1, live_wait_ms(l));
	live_run(l);
}

/* One lookup for all who wait, and none for who comes later. */
static void
those_who_wait_for_one_answer_share_a_question(void **state)
{
	struct live_options o = LIVE_OPTIONS_DEFAULT;
	const struct lookup_question q = { "honest.example", LOOKUP_A };
	struct lookup_source s;
	struct live *l;
	unsigned n = 0;

	(void)state;
	o.resolver.port = server.port;
	l = live_new(&o);
	assert_non_null(l);
	s = live_source(l);
	for (int i = 0; i < 50; i++)
		s.ask(s.self, &q, count_answer, &n);
	while (n < 50)
		run_live(l);
	s.ask(s.self, &q, count_answer, &n);
	assert_int_equal(n, 51);
	assert_int_equal(live_counted(l)->shared, 49);
	assert_int_equal(live_cache_counted(l)->hits, 1);
	assert_int_equal(live_resolver_counted(l)->asked, 1);
	live_free(l);
}

static void
count_unknown(void *context, struct lookup_answer *a)
{
	unsigned *n = context;

	if (a->status == LOOKUP_UNKNOWN && a->failure == LOOKUP_BUDGET)
		(*n)++;
}

static void
beyond_the_budget_nobody_is_asked(void **state)
{
	struct live_options o = LIVE_OPTIONS_DEFAULT;
	struct lookup_question q = { .type = LOOKUP_A };
	struct lookup_source s;
	struct live *l;
	unsigned refused = 0;

	(void)state;
	o.resolver.port = server.port;
	o.per_second = 0;
	o.burst = 3;
	l = live_new(&o);
	assert_non_null(l);
	s = live_source(l);
	for (int i = 0; i < 10; i++) {
		snprintf(q.name, sizeof(q.name), "n%d.example", i);
		s.ask(s.self, &q, count_unknown, &refused);
	}
	assert_int_equal(refused, 7);
	assert_int_equal(live_counted(l)->refused, 7);
	assert_int_equal(live_resolver_counted(l)->asked, 3);
	live_free(l);	/* with three questions open */
}

static void
a_server_is_an_address_and_maybe_a_port(void **state)
{
	static const struct {
		const char	*text, *address;
		uint16_t	 port;
		bool		 loopback;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1", 53, true },
		{ "127.9.9.9@5353", "127.9.9.9", 5353, true },
		{ "::1@54", "::1", 54, true },
		{ "192.0.2.53", "192.0.2.53", 53, false },
		{ "2001:db8::53@65535", "2001:db8::53", 65535, false },
		{ "::2", "::2", 53, false },
	};
	static const char *const none[] = { "", "localhost", "127.0.0.1@",
	    "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@5x", "127.0.0.1@ 5",
	    "127.0.0.1:53", "@53" };
	struct resolver_options o;
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(resolver_set_server(&o, cases[i].text));
		assert_string_equal(addr_format(&o.server, text),
		    cases[i].address);
		assert_int_equal(o.port, cases[i].port);
		assert_int_equal(resolver_is_loopback(&o.server),
		    cases[i].loopback);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (resolver_set_server(&o, none[i]))
			fail_msg("%s", none[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_an_address_and_maybe_a_port),
		cmocka_unit_test(each_server_is_believed_as_far_as_it_deserves),
		cmocka_unit_test_setup_teardown(
		    a_resolver_that_answers_others_makes_silence_a_failure,
		    begin, end),
		cmocka_unit_test(
		    a_resolver_that_is_not_there_is_noticed_at_once),
		cmocka_unit_test_setup_teardown(
		    those_who_wait_for_one_answer_share_a_question, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    beyond_the_budget_nobody_is_asked, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
