/* SPDX-License-Identifier: ISC */
/*
 * policy_snapshot_fuzz.c -- any text as a snapshot, and questions to it.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/dane.h"
#include "policy/snapshot.h"

static void
ask_all(const struct snapshot *s)
{
	static const char *const domains[] = { "a.test", "b.test", "test",
	    "x.y.a.test" };
	static struct inquiry i;
	struct inquiry_line *l;
	struct dane_verdict v;

	for (size_t n = 0; n < sizeof(domains) / sizeof(domains[0]); n++) {
		struct dane_question q = { .domain = domains[n], .port = 25,
		    .sni = "mx.a.test", .curious = true };
		unsigned asked = 1;

		addr_parse(&q.server, "192.0.2.1");
		while (!dane_judge(&v, &q, &i) && asked > 0)
			for (asked = 0; (l = inquiry_next(&i)) != NULL;
			    asked++) {
				struct lookup_answer *a = snapshot_answer(s,
				    &l->question);

				if (a == NULL)
					abort();
				inquiry_tell(l, a);
				lookup_answer_give(a);
			}
		/* only a full inquiry may leave the rules wanting */
		assert(asked > 0 || i.full);
		inquiry_clear(&i);
	}
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char why[SNAPSHOT_WHY_MAX] = "";
	struct snapshot *s = snapshot_read(span_of(at, len), "fuzz", why);

	assert((s == NULL) == (why[0] != '\0'));
	if (s != NULL)
		ask_all(s);
	snapshot_free(s);
	return 0;
}
