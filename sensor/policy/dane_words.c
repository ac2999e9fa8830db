/* SPDX-License-Identifier: ISC */
#include "policy/dane.h"

static const char *const whys[] = {
#define WHY(name, word)	word,
#include "policy/dane_words.def"
#undef WHY
};
static const char *const bys[] = {
#define BY(name, word)	word,
#include "policy/dane_words.def"
#undef BY
};
static const char *const tags[] = {
#define TAG(name, word)	word,
#include "policy/dane_words.def"
#undef TAG
};

const char *
dane_why_word(enum dane_why w)
{
	return (size_t)w < DANE_WHYS ? whys[w] : "?";
}

const char *
dane_by_word(enum dane_by b)
{
	return (size_t)b < DANE_BYS ? bys[b] : "?";
}

const char *
dane_tag_word(enum dane_tag t)
{
	return (size_t)t < DANE_TAGS ? tags[t] : "?";
}
