/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "class.h"

static const struct class_facts	facts[CLASSES] = {
	[CLASS_TLS12] =
	    { "tls12", "TLSv1.2", "yes", "yes", "tls" },
	[CLASS_TLS13] =
	    { "tls13", "TLSv1.3", "yes", "yes", "tls" },
	[CLASS_PLAIN] =
	    { "plain", "-", "no", "no", "plain" },
	[CLASS_OPTOUT] =
	    { "optout", "-", "yes", "no", "plain" },
	[CLASS_STRIPPED] =
	    { "stripped", "-", "no", "no", "plain" },
	[CLASS_MANGLED] =
	    { "mangled", "-", "mangled", "no", "plain" },
	[CLASS_CMDMANGLED] =
	    { "cmdmangled", "-", "yes", "mangled", "rejected" },
	[CLASS_R454] =
	    { "r454", "-", "yes", "yes", "rejected" },
	[CLASS_R500] =
	    { "r500", "-", "yes", "yes", "rejected" },
	[CLASS_EHLOREJ] =
	    { "ehlorej", "-", "no-ehlo", "no", "plain" },
	[CLASS_TLSABORT] =
	    { "tlsabort", "-", "yes", "yes", "alert" },
	[CLASS_PROBE] =
	    { "probe", "-", "yes", "no", "quit" },
};

const struct class_facts *
class_facts(enum class c)
{
	return &facts[c];
}

int
class_by_name(const char *name)
{
	int c;

	for (c = 0; c < CLASSES; c++) {
		if (strcmp(facts[c].name, name) == 0)
			return c;
	}
	return -1;
}
