/* SPDX-License-Identifier: ISC */
/*
 * policy_answer_fuzz.c -- any reply to a DNS question.
 *
 * The first octet chooses the question's type; the rest is the reply, once
 * as it is and once with the header and question that make it ours.
 */
#include <assert.h>
#include <stdlib.h>

#include "policy/grounds.h"
#include "policy/message.h"
#include "policy/sts.h"
#include "policy/tlsa.h"

static const enum lookup_type types[] = { LOOKUP_A, LOOKUP_CNAME, LOOKUP_MX,
    LOOKUP_TXT, LOOKUP_AAAA, LOOKUP_TLSA };

/* What is done with every answer. */
static void
use(const struct lookup_answer *a, enum lookup_type type)
{
	static char text[2048];
	struct tlsa_set set = { .count = 0 };
	char id[STS_ID_MAX];

	assert(a->nrecords <= LOOKUP_RECORDS_MAX);
	assert(a->canonical[0] == '\0' || lookup_name_ok(a->canonical));
	if (a->failure != LOOKUP_NO_FAILURE)
		assert(a->status == LOOKUP_FAILED);
	for (unsigned i = 0; i < a->nrecords; i++) {
		const struct lookup_record *r = &a->records[i];

		assert(r->data.at[r->data.len] == '\0');
		lookup_record_text(type, r, text, sizeof(text));
		if (type == LOOKUP_MX || type == LOOKUP_CNAME)
			assert(r->data.len == 0 ||
			    lookup_name_ok((const char *)r->data.at));
		if (type == LOOKUP_TLSA)
			tlsa_add_rdata(&set, r->data);
	}
	tlsa_clear(&set);
	if (type == LOOKUP_TXT)
		sts_record_id(a, id);
}

static void
read_reply(const struct lookup_question *q, struct span reply)
{
	struct lookup_answer *a;

	for (int trusted = 0; trusted < 2; trusted++) {
		if ((a = lookup_answer_new(q)) == NULL)
			abort();
		if (message_read(a, q, reply, trusted) == 0)
			use(a, q->type);
		assert(trusted || a->status != LOOKUP_SECURE);
		lookup_answer_give(a);
	}
}

int	LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct lookup_question q = { .name = "mx.example" };
	static uint8_t reply[MESSAGE_MAX];
	struct message_query m;
	size_t head;

	if (len < 1)
		return 0;
	q.type = types[at[0] % (sizeof(types) / sizeof(types[0]))];
	at++;
	len--;
	if (!message_ask(&m, &q, 0x1234, false))
		abort();
	if (message_is_reply(&m, span_of(at, len)))
		read_reply(&q, span_of(at, len));

	/* flags and counts are the input's, the rest of the head is ours */
	head = m.len - 11U;	/* without our OPT */
	if (len < 10 || head + len - 10 > sizeof(reply))
		return 0;
	memcpy(reply, m.octets, head);
	memcpy(reply + 2, at, 10);
	reply[2] = (uint8_t)((reply[2] | 0x80) & 0x87);
	reply[4] = 0;
	reply[5] = 1;
	memcpy(reply + head, at + 10, len - 10);
	if (!message_is_reply(&m, span_of(reply, head + len - 10)))
		abort();
	read_reply(&q, span_of(reply, head + len - 10));
	return 0;
}
