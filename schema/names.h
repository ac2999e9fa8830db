/* SPDX-License-Identifier: ISC */
/*
 * schema/names.h -- kinds, severities and their kin, by number and by word.
 */
#ifndef SCHEMA_NAMES_H
#define SCHEMA_NAMES_H

enum kind {
#define KIND(name, word, text)	KIND_##name,
#include "schema/names.def"
#undef KIND
	KINDS
};

enum severity {
#define SEVERITY(name, word)	SEVERITY_##name,
#include "schema/names.def"
#undef SEVERITY
	SEVERITIES
};

enum confidence {
#define CONFIDENCE(name, word)	CONFIDENCE_##name,
#include "schema/names.def"
#undef CONFIDENCE
	CONFIDENCES
};

enum verdict {
#define VERDICT(name, word)	VERDICT_##name,
#include "schema/names.def"
#undef VERDICT
	VERDICTS
};

enum expectation {
#define EXPECTATION(name, word)	EXPECT_##name,
#include "schema/names.def"
#undef EXPECTATION
	EXPECTATIONS
};

enum gap {
#define GAP(name, word, text)	GAP_##name,
#include "schema/names.def"
#undef GAP
	GAPS
};

enum family {
#define FAMILY(name, word)	FAMILY_##name,
#include "schema/names.def"
#undef FAMILY
	FAMILIES
};

enum state {
#define STATE(name, word)	STATE_##name,
#include "schema/names.def"
#undef STATE
	STATES
};

enum location {
#define LOCATION(name, word)	LOCATION_##name,
#include "schema/names.def"
#undef LOCATION
	LOCATIONS
};

enum policy_state {
#define POLICY(name, word, text)	POLICY_##name,
#include "schema/names.def"
#undef POLICY
	POLICY_STATES
};

enum sts_mode {
#define STS(name, word)	STS_##name,
#include "schema/names.def"
#undef STS
	STS_MODES
};

/* The word; "?" for a number out of range (a database of the future). */
const char	*kind_word(enum kind);
const char	*kind_text(enum kind);
const char	*severity_word(enum severity);
const char	*confidence_word(enum confidence);
const char	*verdict_word(enum verdict);
const char	*expectation_word(enum expectation);
const char	*gap_word(enum gap);
const char	*gap_text(enum gap);
const char	*family_word(enum family);
const char	*state_word(enum state);
const char	*location_word(enum location);
const char	*policy_word(enum policy_state);
const char	*policy_text(enum policy_state);	/* what senders make of it */
const char	*sts_word(enum sts_mode);

/* The number of a word, or -1. */
int	kind_of(const char *word);
int	severity_of(const char *word);
int	verdict_of(const char *word);
int	state_of(const char *word);
int	policy_of(const char *word);

#endif
