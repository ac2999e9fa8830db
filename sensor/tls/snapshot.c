/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "tls/progress.h"

static const char *
copy_text(const char *text, bool *failed)
{
	char *copy = text == NULL ? NULL : strdup(text);

	*failed |= text != NULL && copy == NULL;
	return copy;
}

static void
copy_chain(struct tls_facts *to, const struct tls_facts *from, bool *failed)
{
	to->chain = NULL;
	to->chain_len = 0;
	if (from->chain_len == 0)
		return;
	to->chain = calloc(from->chain_len, sizeof(to->chain[0]));
	if (to->chain == NULL) {
		*failed = true;
		return;
	}
	for (; to->chain_len < from->chain_len; to->chain_len++)
		to->chain[to->chain_len] =
		    certificate_take(from->chain[to->chain_len]);
}

struct tls *
tls_snapshot(const struct tls *t)
{
	bool failed = false;
	struct tls *copy;

	if ((copy = calloc(1, sizeof(*copy))) == NULL)
		return NULL;
	copy->facts = t->facts;
	copy->facts.sni = copy_text(t->facts.sni, &failed);
	copy->facts.alpn = copy_text(t->facts.alpn, &failed);
	copy->facts.failure_text = copy_text(t->facts.failure_text, &failed);
	copy_chain(&copy->facts, &t->facts, &failed);
	if (!failed)
		return copy;
	tls_free(copy);
	return NULL;
}
