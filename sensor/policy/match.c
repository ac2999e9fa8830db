/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include <openssl/evp.h>

#include "policy/match_internal.h"

struct match {
	struct match_verifier	*verifier;
	struct match_cache	*cache;
	EVP_MD_CTX		*digest;
	EVP_MD			*sha256;
	struct match_counters	 counters;
};

struct match *
match_new(unsigned entries)
{
	struct match *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	m->verifier = match_verifier_new();
	m->cache = match_cache_new(entries);
	m->digest = EVP_MD_CTX_new();
	m->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (m->verifier != NULL && m->cache != NULL && m->digest != NULL &&
	    m->sha256 != NULL)
		return m;
	match_free(m);
	return NULL;
}

void
match_free(struct match *m)
{
	if (m == NULL)
		return;
	EVP_MD_free(m->sha256);
	EVP_MD_CTX_free(m->digest);
	match_cache_free(m->cache);
	match_verifier_free(m->verifier);
	free(m);
}

const struct match_counters *
match_counters(const struct match *m)
{
	return &m->counters;
}

/* The certificate that a record describes: the leaf's for an EE record if
 * it can be, an issuer's for a trust anchor. */
static int
depth_of(const struct tlsa_record *r, const struct match_chain *c)
{
	unsigned first = r->usage == TLSA_DANE_TA ? 1 : 0;
	unsigned i;

	for (unsigned n = 0; n < c->count; n++) {
		i = (n + first) % c->count;
		if (tlsa_describes(r, c->x[i] != NULL ? c->der[i] :
		    span_of(NULL, 0), c->spki[i]))
			return (int)i;
	}
	return -1;
}

static void
note_leaf(struct match_result *r, const struct match_chain *c,
    const struct match_names *names)
{
	const X509 *leaf = c->x[0], *top = c->x[c->count - 1];

	r->not_before = match_moment(X509_get0_notBefore(leaf));
	r->not_after = match_moment(X509_get0_notAfter(leaf));
	r->name_fits = match_bears_name(leaf, names);
	r->issuer_missing = !c->cut && top != NULL &&
	    X509_NAME_cmp(X509_get_subject_name(top),
	    X509_get_issuer_name(top)) != 0;
}

/* Without looking at paths: EE records are settled by it, as neither names
 * nor dates matter to them (RFC 7671 section 5.1). */
static uint64_t
compare_records(struct match_result *r, const struct match_question *q,
    const struct match_chain *c)
{
	const struct tlsa_record *t;
	struct match_verdict *v;
	uint64_t anchors = 0;

	for (unsigned i = 0; i < q->records->count; i++) {
		t = &q->records->list[i];
		v = &r->verdicts[i];
		if (t->fault != TLSA_USABLE)
			continue;
		v->outcome = MATCH_MISMATCHED;
		v->depth = depth_of(t, c);
		if (t->usage == TLSA_DANE_EE && v->depth == 0)
			v->outcome = MATCH_MATCHED;
		/* in full, the anchor need not be in the chain */
		if (t->usage == TLSA_DANE_TA && (v->depth > 0 ||
		    t->matching == TLSA_FULL))
			anchors |= UINT64_C(1) << i;
	}
	return anchors;
}

static void
take_proof(struct match_result *r, const struct match_proof *p)
{
	r->outcome = p->outcome;
	r->record = p->record;
	r->depth = p->depth;
	r->error = p->error;
	r->error_depth = p->error_depth;
	memcpy(r->name, p->name, sizeof(r->name));
}

/* Each trust anchor record that may do, alone. */
static void
verify_each(struct match *m, struct match_result *r, struct match_task *t,
    uint64_t anchors)
{
	struct match_proof p;

	for (unsigned i = 0; i < r->count; i++) {
		if ((anchors >> i & 1) == 0)
			continue;
		t->which = UINT64_C(1) << i;
		if (t->names->count == 0) {
			r->verdicts[i].outcome = MATCH_NO_NAMES;
			continue;
		}
		match_verify(m->verifier, t, &p);
		r->verdicts[i].outcome = p.outcome;
		if (p.outcome == MATCH_MATCHED)
			r->verdicts[i].depth = p.depth;
	}
}

static uint64_t
counting(const struct match_result *r)
{
	uint64_t which = 0;

	for (unsigned i = 0; i < r->count; i++)
		if (r->verdicts[i].counts)
			which |= UINT64_C(1) << i;
	return which;
}

/* The first record that counts and matches, EE before TA as the leaf comes
 * before its issuers. */
static bool
settled_by_leaf(struct match_result *r, const struct match_question *q)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (!r->verdicts[i].counts ||
		    q->records->list[i].usage != TLSA_DANE_EE ||
		    r->verdicts[i].outcome != MATCH_MATCHED)
			continue;
		r->outcome = MATCH_MATCHED;
		r->record = (int)i;
		r->depth = 0;
		return true;
	}
	return false;
}

static bool
has_anchor(const struct match_result *r, const struct tlsa_set *records)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->verdicts[i].counts &&
		    records->list[i].usage == TLSA_DANE_TA)
			return true;
	return false;
}

/* What was lost, or cannot be read, may have held the trust anchor. */
static void
doubt(struct match_result *r, const struct match_question *q,
    const struct match_chain *c)
{
	struct match_verdict *v;
	enum match_outcome why = c->cut ? MATCH_CUT : MATCH_UNREADABLE;

	if (q->records->left_out > 0 && r->outcome == MATCH_MISMATCHED)
		r->outcome = MATCH_CUT;
	if (!c->cut && !c->damaged)
		return;
	for (unsigned i = 0; i < r->count; i++) {
		v = &r->verdicts[i];
		if (v->outcome == MATCH_MISMATCHED &&
		    q->records->list[i].usage == TLSA_DANE_TA)
			v->outcome = why;
	}
	if (has_anchor(r, q->records) && (r->outcome == MATCH_MISMATCHED ||
	    r->outcome == MATCH_PATH))
		r->outcome = why;
}

static void
judge_chain(struct match *m, struct match_result *r,
    const struct match_question *q, const struct match_chain *c,
    const struct match_names *names)
{
	struct match_task t = { .chain = c, .records = q->records,
	    .names = names, .at = q->at };
	struct match_proof p;
	uint64_t anchors;

	anchors = compare_records(r, q, c);
	verify_each(m, r, &t, anchors);
	r->outcome = MATCH_MISMATCHED;
	if (settled_by_leaf(r, q))
		return;
	t.which = counting(r);
	if ((t.which & anchors) != 0 && names->count == 0) {
		r->outcome = MATCH_NO_NAMES;
	} else if ((t.which & anchors) != 0) {
		match_verify(m->verifier, &t, &p);
		take_proof(r, &p);
	}
	doubt(r, q, c);
	/* one that matched and counted would have settled it */
	for (unsigned i = 0; i < r->count; i++)
		if (match_promise(r->outcome) == MATCH_BROKEN &&
		    r->verdicts[i].outcome == MATCH_MATCHED)
			r->weaker_only = true;
}

/* RFC 7671 section 5.1: a bare key can only fit 3 1 x. */
static void
judge_key(struct match_result *r, const struct match_question *q)
{
	const struct tlsa_record *t;
	struct match_verdict *v;

	for (unsigned i = 0; i < q->records->count; i++) {
		t = &q->records->list[i];
		v = &r->verdicts[i];
		if (t->fault != TLSA_USABLE)
			continue;
		v->outcome = MATCH_MISMATCHED;
		if (t->usage == TLSA_DANE_EE && q->chain_count > 0 &&
		    tlsa_describes(t, span_of(NULL, 0), q->chain[0])) {
			v->outcome = MATCH_MATCHED;
			v->depth = 0;
		}
	}
	r->outcome = MATCH_MISMATCHED;
	(void)settled_by_leaf(r, q);
}

/* Nothing to compare with: all usable records share the reason. */
static void
judge_nothing(struct match_result *r, const struct match_question *q,
    enum match_outcome why)
{
	for (unsigned i = 0; i < q->records->count; i++)
		if (q->records->list[i].fault == TLSA_USABLE)
			r->verdicts[i].outcome = why;
	r->outcome = why;
}

static enum match_outcome
nothing_usable(const struct tlsa_set *records)
{
	return records->count == 0 ? MATCH_NO_RECORDS : MATCH_UNUSABLE;
}

static void
judge_visible(struct match *m, struct match_result *r,
    const struct match_question *q, const struct match_names *names)
{
	struct match_chain c = { .count = 0 };

	match_read_chain(&c, q);
	match_bounds(r, q, &c);
	if (c.count > 0 && c.x[0] != NULL)
		note_leaf(r, &c, names);
	if (tlsa_usable(q->records) == 0)
		r->outcome = nothing_usable(q->records);
	else if (q->chain_count == 0 && q->chain_sent == 0)
		judge_nothing(r, q, MATCH_NO_CERTIFICATE);
	else if (c.count == 0)
		judge_nothing(r, q, MATCH_CUT);
	else if (c.x[0] == NULL)
		judge_nothing(r, q, MATCH_UNREADABLE);
	else
		judge_chain(m, r, q, &c, names);
	match_forget_chain(&c);
}

/* --- answers remembered --- */

static void
hash_number(struct match *m, uint64_t n)
{
	EVP_DigestUpdate(m->digest, &n, sizeof(n));
}

static void
hash_octets(struct match *m, struct span s)
{
	hash_number(m, s.len);
	EVP_DigestUpdate(m->digest, s.at, s.len);
}

/* All that the answer depends on but the time.  False if OpenSSL fails. */
static bool
key_of(struct match *m, const struct match_question *q,
    const struct match_names *names, uint8_t key[MATCH_KEY])
{
	unsigned kept = match_chain_kept(q);
	const struct tlsa_record *t;

	if (!EVP_DigestInit_ex2(m->digest, m->sha256, NULL))
		return false;
	hash_number(m, kept);
	hash_number(m, q->chain_count);
	hash_number(m, q->chain_sent);
	for (unsigned i = 0; i < kept; i++)
		hash_octets(m, q->chain[i]);
	hash_number(m, q->records->count);
	hash_number(m, q->records->left_out);
	for (unsigned i = 0; i < q->records->count; i++) {
		t = &q->records->list[i];
		hash_number(m, (uint64_t)t->usage << 16 |
		    (uint64_t)t->selector << 8 | t->matching);
		hash_octets(m, t->data);
	}
	for (unsigned i = 0; i < names->count; i++)
		hash_octets(m, span_text(names->list[i]));
	return EVP_DigestFinal_ex(m->digest, key, NULL) == 1;
}

static void
ask_visible(struct match *m, const struct match_question *q,
    struct match_result *r)
{
	struct match_names names = { .count = 0 };
	const struct match_result *known;
	uint8_t key[MATCH_KEY];
	bool keyed;

	match_read_names(&names, q);
	keyed = key_of(m, q, &names, key);
	if (keyed && (known = match_cache_find(m->cache, key, q->at)) !=
	    NULL) {
		m->counters.kept++;
		*r = *known;
		return;
	}
	judge_visible(m, r, q, &names);
	if (keyed && r->outcome != MATCH_FAILED)
		m->counters.forgotten += match_cache_keep(m->cache, key, r);
}

void
match_ask(struct match *m, const struct match_question *q,
    struct match_result *r)
{
	*r = (struct match_result){ .count = q->records->count, .record = -1,
	    .depth = -1, .error_depth = -1, .from = INT64_MIN,
	    .until = INT64_MAX };
	for (unsigned i = 0; i < r->count; i++)
		r->verdicts[i] = (struct match_verdict){ MATCH_UNUSABLE,
		    tlsa_counts(q->records, i), -1 };
	m->counters.asked++;
	switch (q->seen) {
	case MATCH_SEEN_CHAIN:
		ask_visible(m, q, r);
		return;
	case MATCH_SEEN_RAW_KEY:
		judge_key(r, q);
		break;
	case MATCH_SEEN_HIDDEN:
		judge_nothing(r, q, MATCH_HIDDEN);
		break;
	case MATCH_SEEN_NONE:
		judge_nothing(r, q, MATCH_NO_CERTIFICATE);
		break;
	}
	if (tlsa_usable(q->records) == 0)
		r->outcome = nothing_usable(q->records);
}
