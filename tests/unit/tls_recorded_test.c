/* SPDX-License-Identifier: ISC */
/*
 * Handshakes of OpenSSL, recorded on a loopback interface: the seeds of
 * fuzz/tls_handshake_fuzz.c, which describes their form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/tools/tls_talk.h"

#define SEEDS	"tests/fuzz/seeds/tls_handshake/"
#define WANTS	6
#define LEAF	"certificate 5805f8fa5d1032a7b6372d5f1b667f1a" \
		"9183856192d8fa2df4197ab79d52e136\n"
#define VISIBLE	"certificate 1 none 0 hidden 0"
#define HIDDEN	"certificate 0 none 0 hidden 1"

static const struct {
	const char	*file;
	const char	*want[WANTS];
} recordings[] = {
	{ "tls10-full",
	  { "state established", "version 0301", VISIBLE, LEAF } },
	{ "tls12-full",
	  { "state established", "version 0303", VISIBLE, LEAF,
	    "sni mx.example alpn smtp,x\n", "resumed 0" } },
	{ "tls12-full-small-records",
	  { "state established", VISIBLE, LEAF, "sent 3" } },
	{ "tls12-anonymous",
	  { "state established", "certificate 0 none 1 hidden 0" } },
	{ "tls12-resumed-ticket",
	  { "state established", HIDDEN, "resumed 1", "resumes 1" } },
	{ "tls12-resumed-session-id",
	  { "state established", HIDDEN, "resumed 1" } },
	{ "tls12-client-refuses-certificate",
	  { "state failed failure alert by C", VISIBLE, LEAF,
	    "alert 1 encrypted 0 by C 2/48" } },
	{ "tls13-full",
	  { "state established", "version 0304 cipher 1302", HIDDEN,
	    "max 0304", "resumed 0" } },
	{ "tls13-hello-retry",
	  { "state established", "retry 1", HIDDEN } },
	{ "tls13-resumed",
	  { "state established", "resumed 1", HIDDEN } },
	{ "tls13-client-certificate",
	  { "state established", "retry 0", HIDDEN } },
	{ "tls13-client-refuses-certificate",
	  { "state failed failure alert by C", "by C 2/48" } },
	{ "tls12-newer-server",
	  { "state established", "version 0303", "sentinel 1", VISIBLE,
	    LEAF, "max 0303" } },
	{ "no-common-version",
	  { "state failed failure alert by S", "by S 2/70",
	    "server_hello 0" } },
};

static struct talk_world world;

static void
play(struct span talk, const struct talk_way *way,
    char facts[TALK_FACTS_MAX])
{
	static struct talk_outcome outcome;

	assert_true(talk_play(&world, talk, way, &outcome));
	talk_facts(&outcome, facts);
	tls_free(outcome.tls);
}

static void
expect_same(const char *file, struct span talk, const struct talk_way *way,
    const char *want)
{
	static char got[TALK_FACTS_MAX];

	play(talk, way, got);
	if (strcmp(got, want) != 0)
		fail_msg("%s: piece %zu, split at %zu, skip %d\ngot:\n%s\n"
		    "want, as played whole:\n%s", file, way->piece,
		    way->split_at, way->skip, got, want);
}

static struct span
load(const char *file)
{
	static uint8_t octets[65536];
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), SEEDS "%s", file);
	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("%s cannot be opened", path);
	n = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	return span_of(octets, n);
}

static void
recorded(void **state)
{
	static char facts[TALK_FACTS_MAX];
	struct talk_way way;
	struct span talk;

	(void)state;
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]);
	    i++) {
		talk = load(recordings[i].file);
		way = (struct talk_way){ .split_at = SIZE_MAX };
		play(talk, &way, facts);
		for (unsigned w = 0; w < WANTS &&
		    recordings[i].want[w] != NULL; w++)
			if (strstr(facts, recordings[i].want[w]) == NULL)
				fail_msg("%s\nwant: %s\ngot:\n%s",
				    recordings[i].file,
				    recordings[i].want[w], facts);
		way.skip = true;
		expect_same(recordings[i].file, talk, &way, facts);
		way.piece = 1;
		expect_same(recordings[i].file, talk, &way, facts);
		way.skip = false;
		expect_same(recordings[i].file, talk, &way, facts);
		way.piece = 0;
		for (way.split_at = 1; way.split_at < talk.len;
		    way.split_at++)
			expect_same(recordings[i].file, talk, &way, facts);
	}
}

/*
 * Cut off anywhere, a conversation may only say less: it is never
 * established before the whole is, and never failed.
 */
static void
cut_off(void **state)
{
	static struct talk_outcome outcome;
	struct talk_way way = { .split_at = SIZE_MAX };
	const struct tls_facts *f;
	enum tls_state last;
	struct span talk;

	(void)state;
	talk = load("tls12-full");
	last = TLS_NOTHING;
	for (size_t n = 0; n <= talk.len; n++) {
		assert_true(talk_play(&world, span_first(talk, n), &way,
		    &outcome));
		f = tls_facts(outcome.tls);
		if (f->state < last || f->state == TLS_FAILED)
			fail_msg("after %zu octets: %s", n, talk_state(f));
		last = f->state;
		tls_free(outcome.tls);
	}
	assert_int_equal(last, TLS_ESTABLISHED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded),
		cmocka_unit_test(cut_off),
	};
	int failed;

	world.digest = digest_new();
	world.cache = certificate_cache_new(16, world.digest);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	certificate_cache_free(world.cache);
	digest_free(world.digest);
	return failed;
}
