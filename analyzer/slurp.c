/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/slurp.h"

static char *
read_all(FILE *f, const char *path, size_t most, size_t *len)
{
	char *octets = malloc(most + 1);

	if (octets == NULL) {
		warnx("memory is short");
		return NULL;
	}
	*len = fread(octets, 1, most, f);
	if (ferror(f)) {
		warn("%s", path);
		free(octets);
		return NULL;
	}
	octets[*len] = '\0';
	return octets;
}

char *
slurp(const char *path, size_t most, size_t *len)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *f = standard ? stdin : fopen(path, "rb");
	char *octets;

	if (f == NULL) {
		warn("%s", path);
		return NULL;
	}
	octets = read_all(f, path, most, len);
	if (!standard)
		fclose(f);
	return octets;
}
