/* SPDX-License-Identifier: ISC */
/*
 * baseline_memory_fuzz.c -- any octets as a memory of the database: refused,
 * or recalled, learnt into, and packed so that it comes back the same.
 *
 * The first octet says of what: a server, a client or a network.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/client_past.h"
#include "baseline/net_past.h"
#include "baseline/server_past.h"

#define NOON	INT64_C(1795176000000000)

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void
try_server(const uint8_t *at, size_t len)
{
	static uint8_t x[SERVER_OCTETS_MAX], y[SERVER_OCTETS_MAX];
	struct server_past *p = server_past_unpack(at, len), *q;
	struct server_sight s = { .at = NOON, .net = 1,
	    .offer = SERVER_OFFERED, .name = 2, .reply = 3, .key = 4,
	    .grade = 3, .suite = 0x0303009d };
	struct past past;
	size_t n;

	if (p == NULL)
		return;
	for (unsigned i = 0; i < 3; i++) {
		memset(&past, 0, sizeof(past));
		server_past_recall(p, &s, &past);
		n = server_past_pack(p, x);
		assert(n > 0);
		q = server_past_unpack(x, n);
		assert(q != NULL && server_past_pack(q, y) == n);
		assert(memcmp(x, y, n) == 0);
		server_past_free(p);
		p = q;
		s.at += (int64_t)i * INT64_C(90000000000);
		s.offer = i == 1 ? SERVER_ABSENT : SERVER_OFFERED;
		s.suite -= i;
		s.pressed = i == 1;
		server_past_learn(p, &s);
	}
	server_past_expire(p, NOON);
	assert(server_past_pack(p, x) > 0);
	server_past_free(p);
}

static void
try_client(const uint8_t *at, size_t len)
{
	static uint8_t x[CLIENT_OCTETS_MAX], y[CLIENT_OCTETS_MAX];
	struct client_past *p = client_past_unpack(at, len), *q;
	struct client_sight s = { .at = NOON, .server = 1, .domain = 2,
	    .failed = PAST_FAILED_BROKEN, .best = 0x0304,
	    .grade = 5, .offer = 6, .hello = 7 };
	struct past past;
	size_t n;

	if (p == NULL)
		return;
	for (unsigned i = 0; i < 3; i++) {
		memset(&past, 0, sizeof(past));
		client_past_recall(p, &s, &past);
		n = client_past_pack(p, x);
		assert(n > 0);
		q = client_past_unpack(x, n);
		assert(q != NULL && client_past_pack(q, y) == n);
		assert(memcmp(x, y, n) == 0);
		client_past_free(p);
		p = q;
		s.server = i;
		s.at -= (int64_t)i * INT64_C(90000000000);
		s.grade = (uint8_t)(5 - i);
		s.pressed = i == 1;
		client_past_learn(p, &s);
	}
	client_past_free(p);
}

static void
try_net(const uint8_t *at, size_t len)
{
	static uint8_t x[NET_OCTETS_MAX], y[NET_OCTETS_MAX];
	struct net_past *p = net_past_unpack(at, len), *q;
	struct past past = { 0 };
	size_t n;

	if (p == NULL)
		return;
	net_past_recall(p, NOON, &past);
	net_past_learn(p, NOON, 1, true);
	net_past_learn(p, NOON + 1, 2, false);
	n = net_past_pack(p, x);
	assert(n > 0);
	q = net_past_unpack(x, n);
	assert(q != NULL && net_past_pack(q, y) == n);
	assert(memcmp(x, y, n) == 0);
	net_past_free(q);
	net_past_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	if (len == 0)
		return 0;
	switch (at[0] % 3) {
	case 0:
		try_server(at + 1, len - 1);
		break;
	case 1:
		try_client(at + 1, len - 1);
		break;
	case 2:
		try_net(at + 1, len - 1);
		break;
	}
	return 0;
}
