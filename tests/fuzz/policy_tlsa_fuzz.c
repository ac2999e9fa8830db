/* SPDX-License-Identifier: ISC */
/*
 * policy_tlsa_fuzz.c -- any octets as RDATA, as a record's text and as a
 * zone file.  What is read can be written, in both forms, and read again as
 * the same record.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/tlsa_zone.h"

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void
write_and_read(const struct tlsa_record *r)
{
	char why[TLSA_TEXT_WHY_MAX], fault[TLSA_FAULT_TEXT_MAX], *text;
	size_t (*const forms[])(const struct tlsa_record *, char *,
	    size_t) = { tlsa_text, tlsa_text_generic };
	struct tlsa_set again = { 0 };
	size_t size;
	bool ok;

	for (int i = 0; i < 2; i++) {
		size = forms[i](r, NULL, 0) + 1;
		if ((text = malloc(size)) == NULL)
			abort();
		assert(forms[i](r, text, size) == size - 1);
		assert(strlen(text) == size - 1);
		ok = tlsa_text_add(&again, span_text(text), why);
		assert(ok && again.count == (unsigned)i + 1);
		assert(tlsa_compare(&again.list[i], r) == 0);
		assert(again.list[i].fault == r->fault);
		free(text);
	}
	tlsa_clear(&again);
	tlsa_fault_text(r, fault);
	assert(fault[0] != '\0');
}

static void
check(struct tlsa_set *s)
{
	unsigned usable = 0, counting = 0;

	assert(s->count <= TLSA_RECORDS_MAX);
	for (unsigned i = 0; i < s->count; i++) {
		write_and_read(&s->list[i]);
		usable += s->list[i].fault == TLSA_USABLE;
		counting += tlsa_counts(s, i);
	}
	assert(usable == tlsa_usable(s));
	assert(counting <= usable && (counting > 0 || usable == 0));
	tlsa_clear(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct tlsa_set s = { 0 };
	char why[TLSA_TEXT_WHY_MAX] = "";
	enum tlsa_zone_step step;
	struct tlsa_zone z;
	bool ok;

	ok = tlsa_add_rdata(&s, span_of(at, len));
	assert(ok == (len >= 3));
	check(&s);

	ok = tlsa_text_add(&s, span_of(at, len), why);
	assert(ok != (why[0] != '\0'));
	assert(s.count == (unsigned)ok);
	check(&s);

	tlsa_zone_begin(&z, span_of(at, len));
	while ((step = tlsa_zone_next(&z, &s)) != TLSA_ZONE_END)
		assert(step == TLSA_ZONE_RECORD || z.why[0] != '\0');
	check(&s);
	return 0;
}
