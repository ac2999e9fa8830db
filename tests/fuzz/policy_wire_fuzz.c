/* SPDX-License-Identifier: ISC */
/*
 * policy_wire_fuzz.c -- any message between sensor and policy process, each
 * side reading the other's.  What is read is the same when written again.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/sts_store.h"
#include "policy/wire.h"

static void
read_question(struct span message, struct wire *w)
{
	static struct policy_question q, again;
	uint64_t ticket, number;

	if (!wire_read_question(message, &ticket, &q))
		return;
	wire_write_question(w, ticket, &q);
	assert(!w->full);
	assert(span_equal(span_of(w->at, w->len), message));
	if (!wire_read_question(span_of(w->at, w->len), &number, &again))
		abort();
	assert(number == ticket);
}

static void
read_answer(struct span message, struct wire *w)
{
	struct policy_answer *a, *again;
	uint64_t ticket, number;

	if ((a = wire_read_answer(message, &ticket)) == NULL)
		return;
	wire_write_answer(w, ticket, a);
	assert(!w->full);
	again = wire_read_answer(span_of(w->at, w->len), &number);
	assert(again != NULL && number == ticket);
	assert(again->state == a->state && again->tags == a->tags &&
	    again->tlsa.count == a->tlsa.count &&
	    again->npromises == a->npromises);
	policy_answer_free(again);
	policy_answer_free(a);
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static char line[STS_LINE_MAX];
	static struct wire w;
	struct span message = span_of(at, len);

	if (w.at == NULL && (w.at = malloc(WIRE_MAX)) == NULL)
		abort();
	read_question(message, &w);
	read_answer(message, &w);
	if (wire_read_line(message, line, sizeof(line))) {
		wire_write_line(&w, (enum wire_kind)wire_kind_of(message),
		    line);
		assert(span_equal(span_of(w.at, w.len), message));
	}
	return 0;
}
