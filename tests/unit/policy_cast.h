/* SPDX-License-Identifier: ISC */
/*
 * policy_cast.h -- the certificates that tests of TLSA matching speak of by
 * name, and records written about them: "3 1 1 leaf", "2 0 0 root",
 * "3 1 1 leaf-1" (the last octet gone), "3 1 1 leaf+1" (one more).
 */
#ifndef TESTS_POLICY_CAST_H
#define TESTS_POLICY_CAST_H

#include <stdlib.h>

#include "policy_certificates.h"
#include "policy/match.h"

#define HOST		"mx.mail.example"
#define CAST_MAX	40

struct actor {
	const char	*name;
	struct made	 made;
};

struct cast {
	struct actor	 list[CAST_MAX];
	unsigned	 count;
};

static inline const struct made *
actor(const struct cast *c, const char *name)
{
	for (unsigned i = 0; i < c->count; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return &c->list[i].made;
	fprintf(stderr, "no certificate is called %s\n", name);
	abort();
}

static inline const struct made *
enter_actor(struct cast *c, const char *name, const struct card *card)
{
	struct actor *a = &c->list[c->count++];

	assert(c->count <= CAST_MAX);
	a->name = name;
	make_certificate(&a->made, card);
	return &a->made;
}

static inline void
cast_chain_of_two(struct cast *c)
{
	const struct made *root, *inter;

	root = enter_actor(c, "root", &(struct card){ .cn = "Root", .ca = true,
	    .key = MADE_EC, .from = -3000, .to = 3000 });
	inter = enter_actor(c, "inter", &(struct card){ .cn = "Issuing",
	    .ca = true, .issuer = root, .from = -1000, .to = 1000 });
	enter_actor(c, "leaf", &(struct card){ .cn = HOST,
	    .san = "DNS:" HOST, .issuer = inter });
	enter_actor(c, "rsa", &(struct card){ .cn = HOST, .key = MADE_RSA,
	    .san = "DNS:" HOST, .issuer = inter });
	enter_actor(c, "ed25519", &(struct card){ .cn = HOST,
	    .key = MADE_ED25519, .san = "DNS:" HOST, .issuer = inter });
	enter_actor(c, "self", &(struct card){ .cn = HOST,
	    .san = "DNS:" HOST });
	enter_actor(c, "self-ca", &(struct card){ .cn = HOST, .ca = true,
	    .san = "DNS:" HOST });
}

static inline void
cast_faults(struct cast *c)
{
	const struct made *root = actor(c, "root"), *old, *narrow;
	const struct made *inter = actor(c, "inter");

	enter_actor(c, "expired", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = inter, .from = -100, .to = -10 });
	enter_actor(c, "early", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = inter, .from = 10, .to = 100 });
	enter_actor(c, "other-name", &(struct card){ .cn = HOST, .san =
	    "DNS:www.mail.example", .issuer = inter });
	enter_actor(c, "client", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = inter, .usage = "clientAuth" });
	enter_actor(c, "wildcard", &(struct card){ .cn = "x", .san =
	    "DNS:*.mail.example", .issuer = inter });
	enter_actor(c, "partial", &(struct card){ .cn = "x", .san =
	    "DNS:m*.mail.example", .issuer = inter });
	enter_actor(c, "deep-wildcard", &(struct card){ .cn = "x", .san =
	    "DNS:*.example", .issuer = inter });
	enter_actor(c, "cn-only", &(struct card){ .cn = HOST,
	    .issuer = inter });
	enter_actor(c, "cn-beside-san", &(struct card){ .cn = HOST, .san =
	    "DNS:www.mail.example", .issuer = inter });
	enter_actor(c, "domain", &(struct card){ .cn = "x", .san =
	    "DNS:example.org", .issuer = inter });
	enter_actor(c, "idn", &(struct card){ .cn = "x", .san =
	    "DNS:xn--mx-eka.example", .issuer = inter });
	enter_actor(c, "weak-key", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = inter, .key = MADE_RSA_1024 });
	enter_actor(c, "sha1", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = inter, .sha1 = true });
	old = enter_actor(c, "old-inter", &(struct card){ .cn = "Old",
	    .ca = true, .issuer = root, .from = -1000, .to = -1 });
	enter_actor(c, "under-old", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = old });
	old = enter_actor(c, "old-root", &(struct card){ .cn = "Old root",
	    .ca = true, .from = -1000, .to = -1 });
	enter_actor(c, "under-old-root", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = old });
	narrow = enter_actor(c, "narrow", &(struct card){ .cn = "Narrow",
	    .ca = true, .issuer = root,
	    .constraints = "permitted;DNS:elsewhere.example" });
	enter_actor(c, "outside", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = narrow });
	enter_actor(c, "no-ca", &(struct card){ .cn = "No CA",
	    .issuer = root, .path = "critical,CA:FALSE" });
	enter_actor(c, "under-no-ca", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = actor(c, "no-ca") });
	enter_actor(c, "forged-inter", &(struct card){ .cn = "Issuing",
	    .ca = true });
	enter_actor(c, "forged", &(struct card){ .cn = HOST, .san =
	    "DNS:" HOST, .issuer = actor(c, "forged-inter") });
}

static inline void
cast_free(struct cast *c)
{
	for (unsigned i = 0; i < c->count; i++)
		made_free(&c->list[i].made);
	*c = (struct cast){ .count = 0 };
}

/* "leaf inter root" -> their octets; how many. */
static inline unsigned
cast_chain(const struct cast *c, const char *names, struct span *chain,
    unsigned most)
{
	char copy[256], *word, *rest;
	unsigned n = 0;

	snprintf(copy, sizeof(copy), "%s", names);
	for (word = strtok_r(copy, " ", &rest); word != NULL && n < most;
	    word = strtok_r(NULL, " ", &rest))
		chain[n++] = actor(c, word)->der;
	return n;
}

/* One record as above.  Unknown selectors and matching types get the octets
 * of 1 and 1. */
static inline void
cast_record(const struct cast *c, const char *text, struct tlsa_set *s)
{
	struct tlsa_record kind = { 0 }, r;
	struct tlsa_set made = { 0 };
	unsigned usage, selector, matching;
	uint8_t octets[8192];
	char name[64];
	int change = 0, got;
	bool ok;

	got = sscanf(text, "%u %u %u %63[a-z0-9-]+%d", &usage, &selector,
	    &matching, name, &change);
	assert(got >= 4);
	if (strlen(name) > 2 && strcmp(name + strlen(name) - 2, "-1") == 0) {
		name[strlen(name) - 2] = '\0';
		change = -1;
	}
	kind.usage = TLSA_DANE_EE;
	kind.selector = selector <= 1 ? (uint8_t)selector : 1;
	kind.matching = matching <= 2 ? (uint8_t)matching : 1;
	ok = tlsa_add_made(&made, &kind, actor(c, name)->der, false);
	assert(ok);
	r = made.list[0];
	memset(octets, 0, sizeof(octets));
	memcpy(octets, r.data.at, r.data.len);
	r.data = span_of(octets, (size_t)((int)r.data.len + change));
	r.usage = (uint8_t)usage;
	r.selector = (uint8_t)selector;
	r.matching = (uint8_t)matching;
	got = tlsa_add(s, &r);
	assert(got == 0);
	tlsa_clear(&made);
}

/* Several, with commas between. */
static inline void
cast_records(const struct cast *c, const char *texts, struct tlsa_set *s)
{
	char copy[512], *word, *rest;

	snprintf(copy, sizeof(copy), "%s", texts);
	for (word = strtok_r(copy, ",", &rest); word != NULL;
	    word = strtok_r(NULL, ",", &rest))
		cast_record(c, word, s);
}

#endif
