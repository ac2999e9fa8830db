/* SPDX-License-Identifier: ISC */
/*
 * policy_sts_fuzz.c -- any text as an MTA-STS record, policy, or kept line.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/sts_store.h"

static void
read_record(struct span text)
{
	static const struct lookup_question q = { "_mta-sts.example",
	    LOOKUP_TXT };
	struct lookup_answer *a = lookup_answer_new(&q);
	char id[STS_ID_MAX];

	if (a == NULL)
		abort();
	a->status = LOOKUP_SECURE;
	a->found = LOOKUP_DATA;
	if (lookup_answer_add(a, 0, text) == -1)
		abort();
	if (sts_record_id(a, id))
		assert(id[0] != '\0' && strlen(id) < STS_ID_MAX);
	lookup_answer_give(a);
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static const struct sts_options o = STS_OPTIONS_DEFAULT;
	static struct sts_store *store;
	static struct sts_policy p;
	struct sts_line read;
	char *line;
	bool whole;

	if (store == NULL && (store = sts_store_new(&o)) == NULL)
		abort();
	read_record(span_of(at, len));
	if (sts_policy_read(&p, span_of(at, len))) {
		assert(p.nmx <= STS_MX_MAX && p.max_age <= STS_AGE_MAX);
		assert(p.mode != STS_UNKNOWN);
		for (unsigned i = 0; i < p.nmx; i++)
			sts_policy_matches(&p, p.mx[i]);
	}
	if ((line = malloc(len + 1)) == NULL)
		abort();
	memcpy(line, at, len);
	line[len] = '\0';
	whole = sts_line_read(line, &read);
	if (whole)
		assert(lookup_name_ok(read.domain) && read.expires > 0);
	if (sts_store_load(store, line, INT64_C(1000000000000000)))
		assert(whole && read.expires > INT64_C(1000000000000000));
	free(line);
	return 0;
}
