/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/footprint.h"
#include "smtp/expect.h"

static unsigned
capacity(const struct smtp_expect *q)
{
	return q->cap > 0 ? q->cap : SMTP_EXPECT_NEAR;
}

/* Capacities are powers of two. */
static unsigned
place(const struct smtp_expect *q, unsigned n)
{
	return (q->first + n) & (capacity(q) - 1);
}

static const uint8_t *
ring(const struct smtp_expect *q)
{
	return q->cap > 0 ? q->far : q->near;
}

enum smtp_due
smtp_expect_at(const struct smtp_expect *q, unsigned n)
{
	return ring(q)[place(q, n)];
}

enum smtp_due
smtp_expect_first(const struct smtp_expect *q)
{
	return q->count > 0 ? smtp_expect_at(q, 0) : DUE_NOTHING;
}

static bool
grow(struct smtp_expect *q)
{
	unsigned cap = capacity(q) * 4;
	uint8_t *far;

	if (cap > SMTP_EXPECT_MAX)
		cap = SMTP_EXPECT_MAX;
	if (q->count >= cap || (far = malloc(cap)) == NULL)
		return false;
	for (unsigned i = 0; i < q->count; i++)
		far[i] = (uint8_t)smtp_expect_at(q, i);
	if (q->cap > 0)
		free(q->far);
	q->far = far;
	q->cap = (uint16_t)cap;
	q->first = 0;
	return true;
}

bool
smtp_expect_push(struct smtp_expect *q, enum smtp_due due)
{
	unsigned at;

	if (q->count == capacity(q) && !grow(q))
		return false;
	at = place(q, q->count);
	if (q->cap > 0)
		q->far[at] = (uint8_t)due;
	else
		q->near[at] = (uint8_t)due;
	q->count++;
	return true;
}

void
smtp_expect_pop(struct smtp_expect *q)
{
	if (q->count == 0)
		return;
	q->first = (uint16_t)place(q, 1);
	q->count--;
	if (q->count == 0)
		smtp_expect_clear(q);
}

bool
smtp_expect_has(const struct smtp_expect *q, enum smtp_due due)
{
	for (unsigned i = 0; i < q->count; i++)
		if (smtp_expect_at(q, i) == due)
			return true;
	return false;
}

size_t
smtp_expect_size(const struct smtp_expect *q)
{
	return q->cap > 0 ? footprint(q->cap) : 0;
}

void
smtp_expect_clear(struct smtp_expect *q)
{
	if (q->cap > 0)
		free(q->far);
	q->cap = q->first = q->count = 0;
}
