/* SPDX-License-Identifier: ISC */
/*
 * The two procedures for changing a certificate, step by step, and what goes
 * wrong on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_cast.h"
#include "policy/certificates.h"
#include "policy/rollover.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MICROSECONDS	INT64_C(1000000)
#define NOW		(MADE_AT * MICROSECONDS)
#define HOUR		3600
#define OLD		"leaf inter"
#define SAME_CA		"rsa inter"
#define OTHER_CA	"second second-ca"

static struct cast cast;
static struct match *match;

struct rollover_case {
	const char	*name, *records, *new;
	enum rollover_shown shown;
	int		 age;	/* of the records, seconds; -1: unknown */
	const char	*want;	/* "safety: name/state[-removed][+added] ..." */
};

#define SHOWS(x)	ROLLOVER_SHOWS_ ## x

static const struct rollover_case cases[] = {
	/* the same CA */
	{ "the pair matches both: deploy", "3 1 1 leaf,2 1 1 inter", SAME_CA,
	  SHOWS(OLD), 9 * HOUR,
	  "safe: publish/done wait/done deploy/now replace/later" },
	{ "... on the servers that are left", "3 1 1 leaf,2 1 1 inter",
	  SAME_CA, SHOWS(BOTH), 9 * HOUR,
	  "safe: publish/done deploy/now replace/later" },
	{ "deployed: replace 3 1 1", "3 1 1 leaf,2 1 1 inter", SAME_CA,
	  SHOWS(NEW), 9 * HOUR, "safe: publish/done deploy/done "
	  "replace/now-3 1 1 leaf+3 1 1 rsa" },
	{ "replaced: done", "3 1 1 rsa,2 1 1 inter", SAME_CA, SHOWS(NEW),
	  1, "finished: publish/done deploy/done" },
	{ "but not within two TTLs of publishing",
	  "3 1 1 leaf,2 1 1 inter", SAME_CA, SHOWS(OLD), 2 * HOUR - 1,
	  "not-yet: publish/done wait/now deploy/later replace/later" },
	{ "just two TTLs", "3 1 1 leaf,2 1 1 inter", SAME_CA, SHOWS(OLD),
	  2 * HOUR, "safe: publish/done wait/done deploy/now replace/later" },
	{ "nor without knowing when that was", "3 1 1 leaf,2 1 1 inter",
	  SAME_CA, SHOWS(OLD), -1,
	  "unknown: publish/done wait/now deploy/later replace/later" },
	/* another CA */
	{ "publish the other CA's record first", "3 1 1 leaf,2 1 1 inter",
	  OTHER_CA, SHOWS(OLD), 9 * HOUR, "safe: "
	  "publish/now-2 1 1 inter+2 1 1 second-ca wait/later deploy/later "
	  "replace/later" },
	{ "wait", "3 1 1 leaf,2 1 1 second-ca", OTHER_CA, SHOWS(OLD), HOUR,
	  "not-yet: publish/done wait/now deploy/later replace/later" },
	{ "deploy", "3 1 1 leaf,2 1 1 second-ca", OTHER_CA, SHOWS(OLD),
	  3 * HOUR, "safe: publish/done wait/done deploy/now replace/later" },
	{ "replace", "3 1 1 leaf,2 1 1 second-ca", OTHER_CA, SHOWS(NEW),
	  3 * HOUR, "safe: publish/done deploy/done "
	  "replace/now-3 1 1 leaf+3 1 1 second" },
	{ "done", "3 1 1 second,2 1 1 second-ca", OTHER_CA, SHOWS(NEW),
	  9 * HOUR, "finished: publish/done deploy/done" },
	/* no pair to lean on */
	{ "one record: the next beside it", "3 1 1 leaf", SAME_CA,
	  SHOWS(OLD), 9 * HOUR, "safe: publish/now+3 1 1 rsa wait/later "
	  "deploy/later replace/later" },
	{ "two 3 1 1", "3 1 1 leaf,3 1 1 rsa", SAME_CA, SHOWS(OLD), 9 * HOUR,
	  "safe: publish/done wait/done deploy/now replace/later" },
	{ "... deployed", "3 1 1 leaf,3 1 1 rsa", SAME_CA, SHOWS(NEW),
	  9 * HOUR, "safe: publish/done deploy/done replace/now-3 1 1 leaf" },
	{ "a trust anchor alone, of another CA: its leaf beside it",
	  "2 1 1 inter", OTHER_CA, SHOWS(OLD), 9 * HOUR,
	  "safe: publish/now+3 1 1 second wait/later deploy/later "
	  "replace/later" },
	{ "the pair's leaf record is stale: its anchor must stay",
	  "3 1 1 self,2 1 1 inter", OTHER_CA, SHOWS(OLD), 9 * HOUR,
	  "safe: publish/now+3 1 1 second wait/later deploy/later "
	  "replace/later" },
	{ "the next chain is one certificate", "3 1 1 leaf,2 1 1 inter",
	  "self", SHOWS(OLD), 9 * HOUR, "safe: publish/now+3 1 1 self "
	  "wait/later deploy/later replace/later" },
	/* several digests: each sender weighs the strongest it knows */
	{ "SHA2-512 beside SHA2-256: both for the next key",
	  "3 1 2 leaf,3 1 1 leaf", SAME_CA, SHOWS(OLD), 9 * HOUR,
	  "safe: publish/now+3 1 1 rsa publish/now+3 1 2 rsa wait/later "
	  "deploy/later replace/later" },
	{ "SHA2-512 alone", "3 1 2 leaf,2 1 2 inter", OTHER_CA, SHOWS(OLD),
	  9 * HOUR, "safe: publish/now-2 1 2 inter+2 1 2 second-ca "
	  "wait/later deploy/later replace/later" },
	{ "... of a single record", "3 1 2 leaf", SAME_CA, SHOWS(OLD),
	  9 * HOUR, "safe: publish/now+3 1 2 rsa wait/later deploy/later "
	  "replace/later" },
	{ "the pair's trust anchor was stale before",
	  "3 1 1 leaf,2 1 1 self-ca", SAME_CA, SHOWS(OLD), 9 * HOUR,
	  "safe: publish/now-2 1 1 self-ca+2 1 1 inter wait/later "
	  "deploy/later replace/later" },
	{ "... deployed", "3 1 2 leaf,2 1 2 second-ca", OTHER_CA,
	  SHOWS(NEW), 9 * HOUR, "safe: publish/done deploy/done "
	  "replace/now-3 1 2 leaf+3 1 2 second" },
	/* what goes wrong */
	{ "deployed too early", "3 1 1 leaf,2 1 1 inter", OTHER_CA,
	  SHOWS(NEW), 9 * HOUR, "broken: mend/now+3 1 1 second" },
	{ "... on some servers", "3 1 1 leaf,2 1 1 inter", OTHER_CA,
	  SHOWS(BOTH), 9 * HOUR, "broken: mend/now+3 1 1 second deploy/later "
	  "replace/later" },
	{ "replaced too early", "3 1 1 second,2 1 1 second-ca", OTHER_CA,
	  SHOWS(OLD), 9 * HOUR, "broken: deploy/now" },
	{ "... on some servers", "3 1 1 second,2 1 1 second-ca", OTHER_CA,
	  SHOWS(BOTH), 9 * HOUR, "broken: mend/now+3 1 1 leaf deploy/later "
	  "replace/later" },
	{ "nothing matches", "3 1 1 self", OTHER_CA, SHOWS(OLD), 9 * HOUR,
	  "broken: mend/now+3 1 1 leaf publish/later+3 1 1 second "
	  "wait/later deploy/later replace/later" },
	{ "servers changed within two TTLs", "3 1 1 leaf,2 1 1 second-ca",
	  OTHER_CA, SHOWS(BOTH), HOUR,
	  "not-yet: publish/done deploy/now replace/later" },
	{ "who is that?", "3 1 1 leaf,2 1 1 inter", SAME_CA, SHOWS(OTHER),
	  9 * HOUR, "unknown:" },
	{ "the next certificate is not for this host, so the anchor's "
	  "record does not cover it", "3 1 1 leaf,2 1 1 inter",
	  "other-name inter", SHOWS(OLD), 9 * HOUR,
	  "safe: publish/now+3 1 1 other-name wait/later deploy/later "
	  "replace/later" },
	{ "unusable records go last", "3 1 1 rsa,2 1 1 inter,1 1 1 leaf",
	  SAME_CA, SHOWS(NEW), 9 * HOUR,
	  "safe: publish/done deploy/done replace/now-1 1 1 leaf" },
};

/* "3 1 1 leaf": whom a record speaks of. */
static size_t
name_record(const struct tlsa_record *r, char *out, size_t size)
{
	const struct made *m;

	for (unsigned i = 0; i < cast.count; i++) {
		m = &cast.list[i].made;
		if (tlsa_describes(r, m->der, m->spki))
			return (size_t)snprintf(out, size, "%u %u %u %s",
			    r->usage, r->selector, r->matching,
			    cast.list[i].name);
	}
	return (size_t)snprintf(out, size, "nobody");
}

static void
describe(const struct rollover_plan *p, const struct tlsa_set *records,
    char *out, size_t size)
{
	const struct rollover_step *s;
	size_t n;

	n = (size_t)snprintf(out, size, "%s:",
	    rollover_safety_word(p->safety));
	for (unsigned i = 0; i < p->count; i++) {
		s = &p->steps[i];
		n += (size_t)snprintf(out + n, size - n, " %s/%s",
		    rollover_name_word(s->name),
		    rollover_state_word(s->state));
		if (s->remove != -1) {
			n += (size_t)snprintf(out + n, size - n, "-");
			n += name_record(&records->list[s->remove], out + n,
			    size - n);
		}
		if (s->add != -1) {
			n += (size_t)snprintf(out + n, size - n, "+");
			n += name_record(&p->made.list[s->add], out + n,
			    size - n);
		}
	}
}

static void
check_case(const struct rollover_case *c)
{
	static const char *const host[] = { HOST };
	struct span old[3], new[3];
	struct match_result on_old, on_new;
	struct tlsa_set s = { 0 };
	struct match_question m = { .chain = old, .records = &s,
	    .names = host, .names_count = 1, .at = NOW };
	struct rollover_question q = { .records = &s, .old = &on_old,
	    .new = &on_new, .old_chain = old, .new_chain = new, .shown =
	    c->shown, .ttl = HOUR, .now = NOW, .published = c->age == -1 ? 0 :
	    NOW - c->age * MICROSECONDS };
	struct rollover_plan plan = { .count = 0 };
	char got[512];

	cast_records(&cast, c->records, &s);
	q.old_count = cast_chain(&cast, OLD, old, 3);
	q.new_count = cast_chain(&cast, c->new, new, 3);
	m.chain_count = q.old_count;
	match_ask(match, &m, &on_old);
	m.chain = new;
	m.chain_count = q.new_count;
	match_ask(match, &m, &on_new);
	assert_true(rollover_plan(&q, &plan));
	describe(&plan, &s, got, sizeof(got));
	if (strcmp(got, c->want) != 0)
		fail_msg("%s\ngot:  %s\nwant: %s", c->name, got, c->want);
	assert_int_equal(plan.safety == ROLLOVER_NOT_YET, plan.until != 0);
	assert_true(plan.text[0] != '\0');
	rollover_forget(&plan);
	tlsa_clear(&s);
}

static void
each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		check_case(&cases[i]);
}

static void
made_set(const struct rollover_plan *p, const struct tlsa_set *before,
    struct tlsa_set *after)
{
	bool removed;

	for (unsigned i = 0; i < before->count; i++) {
		removed = false;
		for (unsigned n = 0; n < p->count; n++)
			removed |= p->steps[n].state == ROLLOVER_NOW &&
			    p->steps[n].remove == (int)i;
		if (!removed)
			assert_int_equal(tlsa_add(after, &before->list[i]),
			    0);
	}
	for (unsigned n = 0; n < p->count; n++)
		if (p->steps[n].state == ROLLOVER_NOW &&
		    p->steps[n].add != -1)
			assert_int_equal(tlsa_add(after,
			    &p->made.list[p->steps[n].add]), 0);
}

/*
 * Walk each procedure by doing what it says: at no moment does the
 * certificate shown go without a match, neither in DNS nor in a cache that
 * holds the records of two TTLs before.
 */
static void
walked_to_the_end(void **state)
{
	static const char *const host[] = { HOST };
	static const char *const starts[] = { "3 1 1 leaf,2 1 1 inter",
	    "3 1 1 leaf", "2 1 1 inter", "3 1 1 leaf,3 1 1 self",
	    "3 1 2 leaf,3 1 1 leaf" };
	static const char *const news[] = { SAME_CA, OTHER_CA, "self" };
	struct span old[3], new[3];
	struct match_result on_old, on_new, cached;
	struct tlsa_set now, before, after;
	struct rollover_plan plan;
	struct match_question m = { .names = host, .names_count = 1,
	    .at = NOW };
	struct rollover_question q = { .old = &on_old, .new = &on_new,
	    .old_chain = old, .new_chain = new, .ttl = HOUR };

	(void)state;
	q.old_count = cast_chain(&cast, OLD, old, 3);
	for (size_t i = 0; i < LENGTH(starts) * LENGTH(news); i++) {
		now = before = (struct tlsa_set){ 0 };
		cast_records(&cast, starts[i % LENGTH(starts)], &now);
		cast_records(&cast, starts[i % LENGTH(starts)], &before);
		q.new_count = cast_chain(&cast, news[i / LENGTH(starts)],
		    new, 3);
		q.shown = ROLLOVER_SHOWS_OLD;
		q.now = NOW;
		q.published = NOW - 9 * HOUR * MICROSECONDS;
		for (int turn = 0; ; turn++) {
			plan = (struct rollover_plan){ .count = 0 };
			assert_true(turn < 10);
			q.records = m.records = &now;
			m.chain = old;
			m.chain_count = q.old_count;
			match_ask(match, &m, &on_old);
			m.chain = new;
			m.chain_count = q.new_count;
			match_ask(match, &m, &on_new);
			/* the invariant, for DNS and for old caches */
			assert_int_equal(MATCH_MATCHED, q.shown ==
			    ROLLOVER_SHOWS_OLD ? on_old.outcome :
			    on_new.outcome);
			m.records = &before;
			if (q.shown == ROLLOVER_SHOWS_OLD) {
				m.chain = old;
				m.chain_count = q.old_count;
			}
			match_ask(match, &m, &cached);
			assert_int_equal(cached.outcome, MATCH_MATCHED);
			assert_true(rollover_plan(&q, &plan));
			if (plan.safety == ROLLOVER_FINISHED)
				break;
			if (plan.safety == ROLLOVER_NOT_YET) {
				assert_true(plan.until > q.now);
				q.now = plan.until;
				tlsa_clear(&before);
				for (unsigned n = 0; n < now.count; n++)
					tlsa_add(&before, &now.list[n]);
				rollover_forget(&plan);
				continue;
			}
			assert_int_equal(plan.safety, ROLLOVER_SAFE);
			after = (struct tlsa_set){ 0 };
			made_set(&plan, &now, &after);
			for (unsigned n = 0; n < plan.count; n++) {
				if (plan.steps[n].state != ROLLOVER_NOW)
					continue;
				if (plan.steps[n].name == ROLLOVER_DEPLOY)
					q.shown = ROLLOVER_SHOWS_NEW;
				else
					q.published = q.now;
			}
			tlsa_clear(&now);
			now = after;
			rollover_forget(&plan);
		}
		rollover_forget(&plan);
		tlsa_clear(&now);
		tlsa_clear(&before);
	}
}

static void
a_leaf_that_is_none(void **state)
{
	struct span good = actor(&cast, "leaf")->der;
	struct span bad = span_text("not a certificate");
	struct match_result r = { .outcome = MATCH_NO_RECORDS };
	struct tlsa_set s = { 0 };
	struct rollover_question q = { .records = &s, .old = &r, .new = &r,
	    .old_chain = &good, .old_count = 1, .new_chain = &bad,
	    .new_count = 1 };
	struct rollover_plan plan = { .count = 0 };

	(void)state;
	assert_false(rollover_plan(&q, &plan));
	rollover_forget(&plan);
	q.new_chain = &good;
	q.new_count = 0;
	assert_false(rollover_plan(&q, &plan));
	rollover_forget(&plan);
}

/* Certificates as people see them, and out of a PEM file. */
static void
told_in_words(void **state)
{
	static const struct {
		const char *name, *key, *names;
		bool	    self_signed;
	} facts[] = {
		{ "leaf", "P-256", HOST, false },
		{ "rsa", "RSA 2048", HOST, false },
		{ "ed25519", "ED25519", HOST, false },
		{ "root", "P-256", "", true },
		{ "cn-only", "P-256", "", false },
	};
	struct certificate_facts f;

	(void)state;
	for (size_t i = 0; i < LENGTH(facts); i++) {
		assert_true(certificates_describe(actor(&cast,
		    facts[i].name)->der, &f));
		assert_string_equal(f.key, facts[i].key);
		assert_string_equal(f.names, facts[i].names);
		assert_int_equal(f.self_signed, facts[i].self_signed);
		assert_int_equal(strlen(f.sha256), 64);
		assert_string_not_equal(f.sha256, f.spki_sha256);
	}
	assert_true(certificates_describe(actor(&cast, "leaf")->der, &f));
	assert_string_equal(f.subject, "CN=" HOST);
	assert_string_equal(f.issuer, "CN=Issuing");
	assert_int_equal(f.not_after, NOW + 335 * DAY * MICROSECONDS);
	assert_false(certificates_describe(span_text("no"), &f));
}

static void
out_of_a_file(void **state)
{
	BIO *b = BIO_new(BIO_s_mem());
	struct span out[2];
	char *text;
	long len;

	(void)state;
	BIO_puts(b, "a note\n");
	PEM_write_bio_PrivateKey(b, actor(&cast, "leaf")->key, NULL, NULL, 0,
	    NULL, NULL);
	PEM_write_bio_X509(b, actor(&cast, "leaf")->x);
	PEM_write_bio_X509(b, actor(&cast, "inter")->x);
	PEM_write_bio_X509(b, actor(&cast, "root")->x);
	len = BIO_get_mem_data(b, &text);
	assert_int_equal(certificates_read(span_of(text, (size_t)len), out,
	    2), 3);
	assert_true(span_equal(out[0], actor(&cast, "leaf")->der));
	assert_true(span_equal(out[1], actor(&cast, "inter")->der));
	free((uint8_t *)out[0].at);
	free((uint8_t *)out[1].at);
	assert_int_equal(certificates_read(actor(&cast, "rsa")->der, out, 2),
	    1);
	assert_true(span_equal(out[0], actor(&cast, "rsa")->der));
	free((uint8_t *)out[0].at);
	assert_int_equal(certificates_read(span_text("Dear Sir,\n"), out, 2),
	    0);
	assert_int_equal(certificates_read(span_text(""), out, 2), 0);
	BIO_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(walked_to_the_end),
		cmocka_unit_test(a_leaf_that_is_none),
		cmocka_unit_test(told_in_words),
		cmocka_unit_test(out_of_a_file),
	};
	const struct made *ca;
	int failed;

	cast_chain_of_two(&cast);
	cast_faults(&cast);
	ca = enter_actor(&cast, "second-ca", &(struct card){ .cn = "Second",
	    .ca = true });
	enter_actor(&cast, "second", &(struct card){ .cn = HOST,
	    .san = "DNS:" HOST, .issuer = ca });
	if ((match = match_new(256)) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	match_free(match);
	cast_free(&cast);
	return failed;
}
