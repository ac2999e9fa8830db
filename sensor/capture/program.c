/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/linktype.h"
#include "capture/program.h"

#define SNAPLEN		262144	/* what a matching program returns */

/* A file with more link types than this is not one that a person filters;
 * compiling is slow enough to be worth a bound. */
#define LINK_TYPES_MAX	32

struct capture_programs {
	char			*expr;
	size_t			 n;
	struct {
		int			 link_type;
		bool			 bad;
		struct bpf_program	 code;
	}			 made[LINK_TYPES_MAX];
	char			 why[PCAP_ERRBUF_SIZE];
};

struct capture_programs *
capture_programs_new(const char *expr)
{
	struct capture_programs *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL || expr == NULL)
		return p;
	p->expr = strdup(expr);
	if (p->expr == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
capture_programs_free(struct capture_programs *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (!p->made[i].bad)
			pcap_freecode(&p->made[i].code);
	free(p->expr);
	free(p);
}

static int
compile(struct capture_programs *p, int link_type, struct bpf_program *code)
{
	pcap_t *dead;
	int r;

	dead = pcap_open_dead(capture_linktype_to_dlt(link_type), SNAPLEN);
	if (dead == NULL) {
		snprintf(p->why, sizeof(p->why), "out of memory");
		return -1;
	}
	r = pcap_compile(dead, code, p->expr, 1, PCAP_NETMASK_UNKNOWN);
	if (r == -1)
		snprintf(p->why, sizeof(p->why), "filter: %s",
		    pcap_geterr(dead));
	pcap_close(dead);
	return r;
}

int
capture_programs_get(struct capture_programs *p, int link_type,
    const struct bpf_program **out)
{
	size_t i;

	*out = NULL;
	if (p->expr == NULL)
		return 0;
	for (i = 0; i < p->n; i++)
		if (p->made[i].link_type == link_type)
			break;
	if (i == LINK_TYPES_MAX) {
		snprintf(p->why, sizeof(p->why),
		    "filter: more than %d link types", LINK_TYPES_MAX);
		return -1;
	}
	if (i == p->n) {
		p->made[i].link_type = link_type;
		p->made[i].bad = compile(p, link_type,
		    &p->made[i].code) == -1;
		p->n++;
	}
	if (p->made[i].bad)
		return -1;
	*out = &p->made[i].code;
	return 0;
}

const char *
capture_programs_why(const struct capture_programs *p)
{
	return p->why;
}
