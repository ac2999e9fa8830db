/* SPDX-License-Identifier: ISC */
#include "base/counters.h"

const char *
counter_name(enum counter which)
{
	static const char *const names[] = {
#define COUNTER(name, text)	#name,
#include "base/counters.def"
#undef COUNTER
	};

	return names[which];
}

const char *
counter_text(enum counter which)
{
	static const char *const texts[] = {
#define COUNTER(name, text)	text,
#include "base/counters.def"
#undef COUNTER
	};

	return texts[which];
}
