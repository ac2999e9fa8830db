/* SPDX-License-Identifier: ISC */
/*
 * Handshakes written by hand.  Each is played whole, octet by octet, cut in
 * two at each place, and with all skipped that may be: the facts must be
 * the same, and contain what the case wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/tools/tls_talk.h"
#include "tests/unit/tls_hellos.h"

#define C(octets)	{ 0, octets, sizeof(octets) - 1 }
#define S(octets)	{ 1, octets, sizeof(octets) - 1 }
#define GAP_C(n)	{ TALK_GAP << 1, NULL, n }
#define GAP_S(n)	{ TALK_GAP << 1 | 1, NULL, n }
#define FIN_C		{ TALK_FIN << 1, NULL, 0 }
#define FIN_S		{ TALK_FIN << 1 | 1, NULL, 0 }
#define RST_C		{ TALK_RST << 1, NULL, 0 }
#define RST_S		{ TALK_RST << 1 | 1, NULL, 0 }
#define END		{ 0xff, NULL, 0 }

#define STEPS	10
#define WANTS	6

struct step {
	uint8_t		 what;
	const char	*octets;
	size_t		 len;
};

struct handshake_case {
	const char	*name;
	struct step	 steps[STEPS];
	const char	*want[WANTS];
};

#define SERVER_12	ANSWER_12 CERTIFICATE DONE
#define CLIENT_12	EXCHANGE CHANGE FINISHED

static const struct handshake_case established_cases[] = {
	{ "TLS 1.2, a full handshake",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), S(CHANGE FINISHED), END },
	  { "state established", "established 4", "version 0303 cipher 002f",
	    "certificate 1 none 0 hidden 0 at 2 sent 2", "resumed 0",
	    "failure none" } },
	{ "TLS 1.2: the server's Finished is awaited",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), S(CHANGE), END },
	  { "state answered", "change 1 1" } },
	{ "TLS 1.2: both finish, but no key was exchanged",
	  { C(HELLO_12), S(SERVER_12), C(CHANGE FINISHED),
	    S(CHANGE FINISHED), END },
	  { "state answered", "exchange 0 1" } },
	{ "TLS 1.2 resumed: the server finishes first",
	  { C(HELLO_12_AGAIN), S(ANSWER_12_AGAIN CHANGE FINISHED),
	    C(CHANGE FINISHED), END },
	  { "state established", "established 3", "resumed 1", "resumes 1",
	    "certificate 0 none 0 hidden 1" } },
	{ "TLS 1.2 resumed: the client does not finish",
	  { C(HELLO_12_AGAIN), S(ANSWER_12_AGAIN CHANGE FINISHED), FIN_C,
	    END },
	  { "state failed failure closed by C at 3", "resumed 1" } },
	{ "TLS 1.2: a session id echoed, then a full handshake all the same",
	  { C(HELLO_12_AGAIN), S(ANSWER_12_AGAIN CERTIFICATE DONE),
	    C(CLIENT_12), S(CHANGE FINISHED), END },
	  { "state established", "resumed 0",
	    "certificate 1 none 0 hidden 0" } },
	{ "TLS 1.2, the client's records are ahead of the ServerHello",
	  { C(HELLO_12_AGAIN), C(CHANGE FINISHED),
	    S(ANSWER_12_AGAIN CHANGE FINISHED), END },
	  { "state established", "went_on 0" } },
	{ "TLS 1.3: the client's Finished",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_30 DATA_100 DATA_53),
	    C(CHANGE DATA_53), END },
	  { "state established", "established 3", "version 0304 cipher 1301",
	    "certificate 0 none 0 hidden 1", "max 0304" } },
	{ "TLS 1.3: an empty Certificate and the Finished",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C(CHANGE DATA_30), C(DATA_53), END },
	  { "state established", "established 4" } },
	{ "TLS 1.3: the client's CCS is no Finished",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53), C(CHANGE),
	    FIN_C, END },
	  { "state failed failure closed by C at 4" } },
	{ "TLS 1.3 by way of a HelloRetryRequest",
	  { C(HELLO_13), S(ANSWER_RETRY CHANGE), C(CHANGE HELLO_13),
	    S(ANSWER_13 DATA_100 DATA_53), C(DATA_53), END },
	  { "state established", "retry 1", "client_hello 1 ssl2 0 at 1",
	    "server_hello 1 at 4" } },
	{ "a HelloRetryRequest alone is no ServerHello",
	  { C(HELLO_13), S(ANSWER_RETRY CHANGE), C(CHANGE DATA_53),
	    S(DATA_100), C(DATA_100), END },
	  { "state answered", "server_hello 0", "retry 1" } },
	{ "0-RTT: early data is no Finished",
	  { C(HELLO_13_EARLY CHANGE DATA_100), S(ANSWER_13 CHANGE DATA_100),
	    C(DATA_30), END },
	  { "state answered", "early 1" } },
	{ "0-RTT: the Finished behind early data",
	  { C(HELLO_13_EARLY CHANGE DATA_100), S(ANSWER_13 CHANGE DATA_100),
	    C(DATA_30 DATA_53), END },
	  { "state established" } },
	{ "SSL 2.0 hello, answered by TLS",
	  { C(HELLO_SSL2), S(SERVER_12), C(CLIENT_12), S(CHANGE FINISHED),
	    END },
	  { "state established", "client_hello 1 ssl2 1", "max 0301",
	    "ja3  ja4  " } },
	{ "the client closes its half, the server finishes",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), FIN_C,
	    S(CHANGE FINISHED), END },
	  { "state established failure none" } },
	{ "a ServerHello in two records, with all behind it in one",
	  { C(HELLO_12),
	    S("\x16\x03\x03\x00\x05" "\x02\x00\x00\x26\x03"
	      "\x16\x03\x03\x00\x29" "\x03" RANDOM "\x00" "\x00\x2f" "\x00"
	      "\x0e\x00\x00\x00"),
	    C(CLIENT_12), S(CHANGE FINISHED), END },
	  { "state established", "exchange 1 1", "version 0303" } },
	{ "a ServerHello behind the server's CCS is out of order",
	  { C(HELLO_12), S(CHANGE FINISHED ANSWER_12), C(CLIENT_12),
	    S(FINISHED), END },
	  { "state hello", "server_hello 0" } },
	{ "no ServerHello at all",
	  { C(HELLO_12), S(CERTIFICATE DONE CHANGE FINISHED), C(CLIENT_12),
	    FIN_S, END },
	  { "state failed failure closed by S", "server_hello 0" } },
	{ "an anonymous suite",
	  { C(HELLO_12), S(ANSWER_12_ANON DONE), C(CLIENT_12),
	    S(CHANGE FINISHED), END },
	  { "state established", "certificate 0 none 1 hidden 0" } },
	{ "an empty list of certificates",
	  { C(HELLO_12), S(ANSWER_12 CERTIFICATE_NO DONE), END },
	  { "certificate 1 none 1 hidden 0", "sent 0" } },
	{ "the downgrade sentinel below TLS 1.3",
	  { C(HELLO_13), S(ANSWER_12_DOWN), END },
	  { "state answered", "sentinel 1" } },
	{ "the downgrade sentinel means nothing in TLS 1.3",
	  { C(HELLO_13), S(ANSWER_13_WITH(RANDOM_DOWN)), END },
	  { "state answered", "sentinel 0" } },
};

static const struct handshake_case failed_cases[] = {
	{ "the server resets on the ClientHello",
	  { C(HELLO_12), RST_S, END },
	  { "state failed failure reset by S at 2" } },
	{ "nobody says anything, the client closes",
	  { FIN_C, END }, { "state failed failure no-hello by C" } },
	{ "nobody says anything, the server resets",
	  { RST_S, END }, { "state failed failure reset by S" } },
	{ "a fatal alert instead of a ServerHello",
	  { C(HELLO_12), S(ALERT_FATAL), FIN_S, END },
	  { "state failed failure alert by S at 2",
	    "alert 1 encrypted 0 by S 2/40 at 2" } },
	{ "a warning and the end",
	  { C(HELLO_12), S(ALERT_CLOSE), FIN_S, END },
	  { "state failed failure alert by S at 2" } },
	{ "a warning, and the handshake goes on, and is cut",
	  { C(HELLO_12), S(ALERT_NAME ANSWER_12), RST_S, END },
	  { "state failed failure reset by S", "by S 1/112" } },
	{ "a warning, and the handshake is done",
	  { C(HELLO_12), S(ALERT_NAME SERVER_12), C(CLIENT_12),
	    S(CHANGE FINISHED), END },
	  { "state established", "alert 1 encrypted 0 by S 1/112" } },
	{ "TLS 1.2: an encrypted alert instead of the Finished",
	  { C(HELLO_12), S(SERVER_12), C(EXCHANGE CHANGE ENCRYPTED_ALERT),
	    FIN_C, END },
	  { "state failed failure alert by C at 3", "encrypted 1 by" } },
	{ "TLS 1.2: the server refuses the client's Finished",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), S(CHANGE ENCRYPTED_ALERT),
	    END },
	  { "state failed failure alert by S at 4" } },
	{ "TLS 1.2: an encrypted alert after the handshake is its good end",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), S(CHANGE FINISHED),
	    C(ENCRYPTED_ALERT), FIN_C, END },
	  { "state established", "alert 0 encrypted 0" } },
	{ "TLS 1.3: an encrypted alert of the client, told by its length",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C(CHANGE DATA_19), FIN_C, END },
	  { "state failed failure alert by C at 3", "alert 0 encrypted 1" } },
	{ "TLS 1.3: the server gives up amid its messages",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_30 DATA_100 DATA_19), FIN_S,
	    FIN_C, END },
	  { "state failed failure alert by S at 2", "alert 0 encrypted 1" } },
	{ "TLS 1.3: any alert in clear is fatal, whatever its level",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C("\x15\x03\x03\x00\x02\x01\x2a"), END },
	  { "state failed failure alert by C at 3", "by C 1/42" } },
	{ "454 in clear instead of a ServerHello",
	  { C(HELLO_12), S("454 4.7.0 TLS not available\r\n"), END },
	  { "state failed failure plaintext by S at 2 "
	    "text 454 4.7.0 TLS not available\n", "plain 29", "enough 0 0" } },
	{ "a line of text that the end cuts off",
	  { C(HELLO_12), S("45"), FIN_S, END },
	  { "state failed failure plaintext by S at 3 text 45\n" } },
	{ "an HTTP server",
	  { C(HELLO_12), S("HTTP/1.1 400 Bad Request\r\nServer: x\r\n"), END },
	  { "plaintext by S at 2 text HTTP/1.1 400 Bad Request\n",
	    "plain 37" } },
	{ "text amid the handshake",
	  { C(HELLO_12), S(ANSWER_12 "421 out\r\n"), END },
	  { "state failed failure plaintext by S at 2 text 421 out\n",
	    "server_hello 1", "plain 9" } },
	{ "an alert, then text: the alert is the failure",
	  { C(HELLO_12), S(ALERT_FATAL "454 no\r\n"), END },
	  { "state failed failure alert by S at 2 text 454 no\n", "plain 8" } },
	{ "an address in the text keeps its domain only",
	  { C(HELLO_12), S("550 <joe.user@a.example> ann@b no\r\n"), END },
	  { "text 550 <...@a.example> ...@b no\n" } },
	{ "random octets that begin like text",
	  { C(HELLO_12), S("k\xa0P\x93'\x84\x1c\x8e\xa7""B"), END },
	  { "state failed failure garbage by S at 2 text (none)",
	    "enough 0 1" } },
	{ "a record type with an impossible version",
	  { C(HELLO_12), S("\x16\x41\x03\x00\x2a"), END },
	  { "state failed failure garbage by S" } },
	{ "the client goes on in clear",
	  { C("MAIL FROM:<joe@a.example>\r\n"), END },
	  { "state failed failure no-hello by C at 1 text MAIL\n",
	    "plain 27" } },
	{ "text of the server ahead of a good handshake",
	  { S("250-mx\r\n"), C(HELLO_12), S(SERVER_12), C(CLIENT_12),
	    S(CHANGE FINISHED), END },
	  { "state established failure none", "text (none)", "plain 8" } },
	{ "text of the server between the hellos, TLS all the same",
	  { C(HELLO_12), S("250-mx\r\n"), S(SERVER_12), C(CLIENT_12),
	    S(CHANGE FINISHED), END },
	  { "state established failure none", "text (none)", "plain 8" } },
	{ "text of the client ahead of its hello",
	  { C("RSET\r\n"), C(HELLO_12), S(SERVER_12), C(CLIENT_12),
	    S(CHANGE FINISHED), END },
	  { "state established failure none", "plain 6" } },
};

static const struct handshake_case after_cases[] = {
	{ "an application record replaced by 454",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), S(CHANGE FINISHED),
	    C(DATA_30), S("454 4.3.0 Try again later\r\n"), END },
	  { "state established failure none",
	    "text 454 4.3.0 Try again later\n", "broken 1 by S at 6",
	    "plain 0 enough 0 1" } },
	{ "garbage after the handshake",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C(CHANGE DATA_53), S("\x00\x01\x02"), END },
	  { "state established", "text (none)", "broken 1 by S at 4" } },
	{ "enough is enough",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C(CHANGE DATA_53),
	    S(DATA_30 DATA_30 DATA_30 DATA_30 DATA_30 DATA_30 DATA_30 DATA_30),
	    S(DATA_30 "454 late\r\n"), END },
	  { "state established", "broken 0", "enough 0 1" } },
};

static const struct handshake_case gap_cases[] = {
	{ "a gap in the ServerHello: nothing is established by guess",
	  { C(HELLO_12), S("\x16\x03\x03\x00\x2a"), GAP_S(42),
	    S(CERTIFICATE DONE), C(CLIENT_12), S(CHANGE FINISHED), C(DATA_30),
	    S(DATA_30), FIN_C, END },
	  { "state hello failure none", "server_hello 0", "gap 1" } },
	{ "a gap over the server's Finished, client and server go on",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), GAP_S(51),
	    C(DATA_30), S(DATA_30), C(DATA_30), END },
	  { "state established", "established 7", "gap 1" } },
	{ "a gap over the server's Finished, and that is all",
	  { C(HELLO_12), S(SERVER_12), C(CLIENT_12), GAP_S(51), C(DATA_30),
	    FIN_C, END },
	  { "state answered failure none", "gap 1" } },
	{ "a gap over all of the client's: the server finished after it",
	  { C(HELLO_12), S(SERVER_12), GAP_C(62), S(CHANGE FINISHED), END },
	  { "state established", "gap 1" } },
	{ "a gap inside an encrypted record keeps the beat",
	  { C(HELLO_13), S(ANSWER_13 CHANGE "\x17\x03\x03\x00\x1e" X10),
	    GAP_S(20), S(DATA_53), C(CHANGE DATA_53), END },
	  { "state established", "gap 1", "encrypted 1 2" } },
	{ "a gap inside a certificate: the rest is read on",
	  { C(HELLO_12),
	    S(ANSWER_12 "\x16\x03\x03\x00\x13" "\x0b\x00\x00\x0f" "\x00\x00"),
	    GAP_S(10), S("two" DONE), C(CLIENT_12), S(CHANGE FINISHED), END },
	  { "state established", "certificate 0", "exchange 1 1", "gap 1" } },
	{ "behind a gap no record begins",
	  { C(HELLO_12), S(SERVER_12), GAP_S(100), S(X50), END },
	  { "state answered failure none", "enough 0 1", "gap 1" } },
	{ "behind a gap in a certificate a name stands: that is no text",
	  { C(HELLO_12), S(ANSWER_12), GAP_S(1000),
	    S(" test intermediate0\x05\x06, and more that is readable\r\n"),
	    FIN_S, END },
	  { "state answered failure none", "enough 0 1", "gap 1" } },
	{ "behind a gap a name stands, and the octets end",
	  { C(HELLO_12), S(ANSWER_12), GAP_S(1000), S("mx4.domain3.examp"),
	    FIN_S, END },
	  { "state answered failure none", "gap 1" } },
	{ "behind a gap of the server a reply is text",
	  { C(HELLO_12), GAP_S(10), S("454 TLS not available\r\n"), END },
	  { "state failed failure plaintext", "gap 1" } },
	{ "a gap after the handshake costs nothing",
	  { C(HELLO_13), S(ANSWER_13 CHANGE DATA_100 DATA_53),
	    C(CHANGE DATA_53), GAP_S(500), S(DATA_30), S(X50), END },
	  { "state established", "gap 0", "broken 0" } },
	{ "only the server is seen: TLS 1.2",
	  { S(SERVER_12), S(CHANGE FINISHED), END },
	  { "state established", "client_hello 0" } },
	{ "only the server is seen: resumed, then it talks",
	  { S(ANSWER_12 CHANGE FINISHED), S(DATA_30), END },
	  { "state established", "established 2" } },
	{ "only the server is seen: resumed, and the client may have gone",
	  { S(ANSWER_12 CHANGE FINISHED), END },
	  { "state answered" } },
	{ "only the server is seen: TLS 1.3 and more behind its Finished",
	  { S(ANSWER_13 CHANGE DATA_30 DATA_100 DATA_53), S(DATA_100), END },
	  { "state established", "established 2" } },
	{ "only the server is seen: TLS 1.3 and it gives up",
	  { S(ANSWER_13 CHANGE DATA_30 DATA_100 DATA_19), FIN_S, END },
	  { "state failed failure alert by S", "alert 0 encrypted 1" } },
	{ "only the client is seen: it went on, the server must have",
	  { C(HELLO_12), C(CLIENT_12), C(DATA_30), FIN_C, END },
	  { "state hello failure none", "went_on 1", "server_hello 0" } },
	{ "only the client is seen: TLS 1.3",
	  { C(HELLO_13), C(CHANGE DATA_53), C(DATA_30), FIN_C, END },
	  { "state hello failure none", "went_on 1" } },
	{ "only the client is seen: it gave up",
	  { C(HELLO_13), C(CHANGE DATA_19), FIN_C, END },
	  { "state hello failure none", "went_on 0" } },
};

static struct talk_world world;

static size_t
build(const struct handshake_case *c, uint8_t *out)
{
	const struct step *s = c->steps;
	size_t n = 0;

	for (; s->what != 0xff; s++) {
		out[n++] = s->what;
		out[n++] = (uint8_t)(s->len >> 8);
		out[n++] = (uint8_t)s->len;
		if (s->octets != NULL) {
			memcpy(out + n, s->octets, s->len);
			n += s->len;
		}
	}
	return n;
}

static void
play(const struct handshake_case *c, struct span talk,
    const struct talk_way *way, char facts[TALK_FACTS_MAX])
{
	static struct talk_outcome outcome;

	if (!talk_play(&world, talk, way, &outcome))
		fail_msg("%s: memory is short", c->name);
	talk_facts(&outcome, facts);
	tls_free(outcome.tls);
}

static void
expect_same(const struct handshake_case *c, struct span talk,
    const struct talk_way *way, const char *want)
{
	static char got[TALK_FACTS_MAX];

	play(c, talk, way, got);
	if (strcmp(got, want) != 0)
		fail_msg("%s: piece %zu, split at %zu, skip %d\ngot:\n%s\n"
		    "want, as played whole:\n%s", c->name, way->piece,
		    way->split_at, way->skip, got, want);
}

static void
check(const struct handshake_case *c)
{
	static char facts[TALK_FACTS_MAX];
	static uint8_t talk[16384];
	struct talk_way way = { .split_at = SIZE_MAX };
	struct span s;

	s = span_of(talk, build(c, talk));
	play(c, s, &way, facts);
	for (unsigned i = 0; i < WANTS && c->want[i] != NULL; i++)
		if (strstr(facts, c->want[i]) == NULL)
			fail_msg("%s\nwant: %s\ngot:\n%s", c->name,
			    c->want[i], facts);
	way.skip = true;
	expect_same(c, s, &way, facts);
	way.piece = 3;
	expect_same(c, s, &way, facts);
	way.skip = false;
	way.piece = 1;
	expect_same(c, s, &way, facts);
	way.piece = 0;
	for (way.split_at = 1; way.split_at < s.len; way.split_at++)
		expect_same(c, s, &way, facts);
}

#define CHECK_ALL(cases) \
	for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++) \
		check(&(cases)[i])

static void
how_it_is_established(void **state)
{
	(void)state;
	CHECK_ALL(established_cases);
}

static void
how_it_fails(void **state)
{
	(void)state;
	CHECK_ALL(failed_cases);
}

static void
what_comes_after(void **state)
{
	(void)state;
	CHECK_ALL(after_cases);
}

static void
what_was_not_seen(void **state)
{
	(void)state;
	CHECK_ALL(gap_cases);
}

/* A Certificate of 80,000 octets: passed over, counted, no memory. */
static void
too_large_a_message(void **state)
{
	static const uint8_t head[] = "\x0b\x01\x38\x80";	/* 80,000 */
	struct tls *t = tls_new(world.digest, world.cache);
	static uint8_t record[5 + 16000] = "\x16\x03\x03\x3e\x80";
	struct mark at = { .packet = 1 };
	size_t used;

	(void)state;
	tls_hear(t, SIDE_CLIENT, span_of(HELLO_12, sizeof(HELLO_12) - 1), at,
	    &used);
	tls_hear(t, SIDE_SERVER, span_of(ANSWER_12, sizeof(ANSWER_12) - 1),
	    at, &used);
	tls_hear(t, SIDE_SERVER, span_of("\x16\x03\x03\x00\x04", 5), at,
	    &used);
	tls_hear(t, SIDE_SERVER, span_of(head, 4), at, &used);
	for (int i = 0; i < 5; i++)
		tls_hear(t, SIDE_SERVER, span_of(record, sizeof(record)), at,
		    &used);
	tls_hear(t, SIDE_SERVER, span_of(DONE, sizeof(DONE) - 1), at, &used);
	assert_true(tls_facts(t)->oversized);
	assert_false(tls_facts(t)->certificate_seen);
	assert_true(tls_facts(t)->key_exchange[SIDE_SERVER]);
	tls_free(t);
}

/*
 * Certificates begun and never ended: what they hold together is bounded,
 * one more is passed over, and room comes back when they are gone.
 */
static void
too_many_at_once(void **state)
{
	enum { MANY = TLS_ASSEMBLING_MAX / 65536 + 8 };
	static const uint8_t head[] = "\x0b\x01\x00\x00";	/* 65,536 */
	static uint8_t record[5 + 16000] = "\x16\x03\x03\x3e\x80";
	static struct tls *many[MANY];
	struct mark at = { .packet = 1 };
	unsigned refused = 0;
	size_t used;

	(void)state;
	memcpy(record + 5, head, 4);
	for (int i = 0; i < MANY; i++) {
		many[i] = tls_new(world.digest, world.cache);
		memcpy(record + 5, head, 4);
		for (int r = 0; r < 4; r++) {
			tls_hear(many[i], SIDE_SERVER, span_of(record,
			    sizeof(record)), at, &used);
			memset(record + 5, 0, 4);
		}
		refused += tls_facts(many[i])->oversized;
	}
	assert_in_range(refused, 8, 9);
	for (int i = 0; i < MANY; i++)
		tls_free(many[i]);
	many[0] = tls_new(world.digest, world.cache);
	memcpy(record + 5, head, 4);
	tls_hear(many[0], SIDE_SERVER, span_of(record, sizeof(record)), at,
	    &used);
	assert_false(tls_facts(many[0])->oversized);
	tls_free(many[0]);
}

/* As the clerk does it: facts are read and freed when the road is gone. */
static void
freed_after_the_cache(void **state)
{
	struct certificate_cache *cache =
	    certificate_cache_new(4, world.digest);
	struct tls *t = tls_new(world.digest, cache);
	struct mark at = { .packet = 1 };
	size_t used;

	(void)state;
	tls_hear(t, SIDE_SERVER, span_of(SERVER_12, sizeof(SERVER_12) - 1),
	    at, &used);
	tls_hear(t, SIDE_CLIENT, span_of(HELLO_12, 30), at, &used);
	certificate_cache_free(cache);
	assert_int_equal(tls_facts(t)->chain_len, 2);
	assert_false(tls_facts(t)->chain[1]->readable);
	tls_free(t);
}

static void
looks_like_a_hello(void **state)
{
	static const struct {
		const char	*name;
		const char	*first;
		size_t		 len;
		int		 want;
	} cases[] = {
		{ "nothing", "", 0, -1 },
		{ "one octet of a record", "\x16", 1, -1 },
		{ "a header", "\x16\x03\x01\x00\x2f", 5, -1 },
		{ "a ClientHello", "\x16\x03\x01\x00\x2f\x01", 6, 1 },
		{ "a ServerHello", "\x16\x03\x01\x00\x2f\x02", 6, 0 },
		{ "an alert", "\x15\x03\x01\x00\x02", 5, 0 },
		{ "SSL 2.0", "\x80\x2e\x01\x03\x01", 5, 1 },
		{ "SSL 2.0, short", "\x80\x2e\x01", 3, -1 },
		{ "EHLO", "E", 1, 0 },
		{ "UTF-8", "\xc3\xa4\xc3", 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int got = tls_looks_like_hello(span_of(cases[i].first,
		    cases[i].len));

		if (got != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].name, got,
			    cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_it_is_established),
		cmocka_unit_test(how_it_fails),
		cmocka_unit_test(what_comes_after),
		cmocka_unit_test(what_was_not_seen),
		cmocka_unit_test(too_large_a_message),
		cmocka_unit_test(too_many_at_once),
		cmocka_unit_test(freed_after_the_cache),
		cmocka_unit_test(looks_like_a_hello),
	};
	int failed;

	world.digest = digest_new();
	world.cache = certificate_cache_new(16, world.digest);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	certificate_cache_free(world.cache);
	digest_free(world.digest);
	return failed;
}
