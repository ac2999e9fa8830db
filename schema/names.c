/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "schema/names.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const kind_words[] = {
#define KIND(name, word, text)	word,
#include "schema/names.def"
#undef KIND
};
static const char *const kind_texts[] = {
#define KIND(name, word, text)	text,
#include "schema/names.def"
#undef KIND
};
static const char *const severity_words[] = {
#define SEVERITY(name, word)	word,
#include "schema/names.def"
#undef SEVERITY
};
static const char *const confidence_words[] = {
#define CONFIDENCE(name, word)	word,
#include "schema/names.def"
#undef CONFIDENCE
};
static const char *const verdict_words[] = {
#define VERDICT(name, word)	word,
#include "schema/names.def"
#undef VERDICT
};
static const char *const expectation_words[] = {
#define EXPECTATION(name, word)	word,
#include "schema/names.def"
#undef EXPECTATION
};
static const char *const gap_words[] = {
#define GAP(name, word, text)	word,
#include "schema/names.def"
#undef GAP
};
static const char *const gap_texts[] = {
#define GAP(name, word, text)	text,
#include "schema/names.def"
#undef GAP
};
static const char *const policy_words[] = {
#define POLICY(name, word, text)	word,
#include "schema/names.def"
#undef POLICY
};
static const char *const policy_texts[] = {
#define POLICY(name, word, text)	text,
#include "schema/names.def"
#undef POLICY
};
static const char *const sts_words[] = {
#define STS(name, word)	word,
#include "schema/names.def"
#undef STS
};

static const char *const family_words[] = {
#define FAMILY(name, word)	word,
#include "schema/names.def"
#undef FAMILY
};
static const char *const state_words[] = {
#define STATE(name, word)	word,
#include "schema/names.def"
#undef STATE
};
static const char *const location_words[] = {
#define LOCATION(name, word)	word,
#include "schema/names.def"
#undef LOCATION
};

static const char *
pick(const char *const *words, size_t n, size_t which)
{
	return which < n ? words[which] : "?";
}

static int
find(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

const char *
kind_word(enum kind k)
{
	return pick(kind_words, LENGTH(kind_words), k);
}

const char *
kind_text(enum kind k)
{
	return pick(kind_texts, LENGTH(kind_texts), k);
}

const char *
severity_word(enum severity s)
{
	return pick(severity_words, LENGTH(severity_words), s);
}

const char *
confidence_word(enum confidence c)
{
	return pick(confidence_words, LENGTH(confidence_words), c);
}

const char *
verdict_word(enum verdict v)
{
	return pick(verdict_words, LENGTH(verdict_words), v);
}

const char *
expectation_word(enum expectation e)
{
	return pick(expectation_words, LENGTH(expectation_words), e);
}

const char *
gap_word(enum gap g)
{
	return pick(gap_words, LENGTH(gap_words), g);
}

const char *
gap_text(enum gap g)
{
	return pick(gap_texts, LENGTH(gap_texts), g);
}

const char *
family_word(enum family f)
{
	return pick(family_words, LENGTH(family_words), f);
}

const char *
state_word(enum state s)
{
	return pick(state_words, LENGTH(state_words), s);
}

const char *
location_word(enum location l)
{
	return pick(location_words, LENGTH(location_words), l);
}

const char *
policy_word(enum policy_state p)
{
	return pick(policy_words, LENGTH(policy_words), p);
}

const char *
policy_text(enum policy_state p)
{
	return pick(policy_texts, LENGTH(policy_texts), p);
}

const char *
sts_word(enum sts_mode m)
{
	return pick(sts_words, LENGTH(sts_words), m);
}

int
policy_of(const char *word)
{
	return find(policy_words, LENGTH(policy_words), word);
}

int
kind_of(const char *word)
{
	return find(kind_words, LENGTH(kind_words), word);
}

int
severity_of(const char *word)
{
	return find(severity_words, LENGTH(severity_words), word);
}

int
verdict_of(const char *word)
{
	return find(verdict_words, LENGTH(verdict_words), word);
}

int
state_of(const char *word)
{
	return find(state_words, LENGTH(state_words), word);
}
