/* SPDX-License-Identifier: ISC */
/*
 * policy_match_fuzz.c -- any octets as a chain and as records about it.
 *
 * The input: a flag octet, how many certificates, each with its length in
 * two octets; records likewise, to the end.  An answer from memory is that
 * of a fresh matcher, holds for its own moment, and agrees with the verdicts
 * on single records.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "policy/certificates.h"
#include "policy/lint.h"

#define CHAIN_MAX	12
#define NOW		INT64_C(1772366400000000)

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void
check(const struct match_question *q, const struct match_result *r)
{
	const struct match_verdict *v;

	assert(r->outcome < MATCH_OUTCOMES && r->count == q->records->count);
	assert(r->from <= q->at && q->at < r->until);
	assert(r->outcome != MATCH_MATCHED || (r->record >= 0 &&
	    r->verdicts[r->record].counts && r->depth >= 0));
	for (unsigned i = 0; i < r->count; i++) {
		v = &r->verdicts[i];
		assert(v->depth < (int)MATCH_CHAIN_MAX + 1);
		if (q->records->list[i].fault != TLSA_USABLE)
			assert(v->outcome == MATCH_UNUSABLE && !v->counts);
		/* what counts and matches by itself is enough */
		if (v->counts && v->outcome == MATCH_MATCHED)
			assert(r->outcome == MATCH_MATCHED);
	}
}

static void
ask(const struct match_question *q)
{
	static struct match *match, *other;
	struct match_result r, again, fresh;
	const struct match_result *shown[] = { &r };
	struct certificate_facts facts;
	struct lint_list lint;

	if (match == NULL) {
		match = match_new(16);
		other = match_new(1);	/* which forgets at once */
	}
	if (match == NULL || other == NULL)
		abort();
	match_ask(match, q, &r);
	check(q, &r);
	match_ask(match, q, &again);
	match_ask(other, q, &fresh);
	assert(memcmp(&r, &again, sizeof(r)) == 0);
	assert(memcmp(&r, &fresh, sizeof(r)) == 0);
	lint_server(&(struct lint_question){ .records = q->records,
	    .shown = shown, .shown_count = 1, .now = q->at }, &lint);
	assert(lint.count <= LINT_REMARKS_MAX);
	for (unsigned i = 0; i < q->chain_count; i++)
		(void)certificates_describe(q->chain[i], &facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static const char *const names[] = { "mx.example", "example" };
	struct cursor c = cursor_over(span_of(at, len));
	struct span chain[CHAIN_MAX];
	struct tlsa_set s = { 0 };
	struct match_question q = { .chain = chain, .records = &s,
	    .names = names, .at = NOW };
	uint8_t flags = cursor_u8(&c);
	unsigned count = cursor_u8(&c) % (CHAIN_MAX + 1);
	int taken = 0;

	q.seen = (enum match_seen)(flags & 3);
	q.names_count = flags >> 2 & 1 ? 0 : 2;
	q.chain_sent = flags >> 3 & 1 ? CHAIN_MAX : 0;
	while (q.chain_count < count && cursor_ok(&c))
		chain[q.chain_count++] = cursor_vector16(&c);
	while (c.rest.len > 0 && cursor_ok(&c) && taken++ < 8)
		(void)tlsa_add_rdata(&s, cursor_vector16(&c));
	ask(&q);
	tlsa_clear(&s);
	return 0;
}
