/* SPDX-License-Identifier: ISC */
/*
 * policy_tlsrpt_fuzz.c -- any octets as a TLS-RPT report: what is read is
 * within its limits, and reads the same when it is written.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/tlsrpt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char why[TLSRPT_WHY_MAX];
	json_t *report = tlsrpt_read(span_of(at, len), why), *again;
	char *text;

	if (report == NULL) {
		assert(why[0] != '\0' && strlen(why) < TLSRPT_WHY_MAX);
		for (const char *c = why; *c != '\0'; c++)
			assert(*c >= ' ' && *c <= '~');
		return 0;
	}
	assert(json_array_size(json_object_get(report, "policies")) <=
	    TLSRPT_POLICIES_MAX);
	/* its octets may be more than came in: \u escapes are written out */
	text = json_dumps(report, JSON_COMPACT);
	assert(text != NULL);
	if (strlen(text) <= TLSRPT_OCTETS_MAX) {
		again = tlsrpt_read(span_text(text), why);
		assert(json_equal(again, report));
		json_decref(again);
	}
	free(text);
	json_decref(report);
	return 0;
}
