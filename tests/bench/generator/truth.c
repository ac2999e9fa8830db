/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>

#include <err.h>
#include <inttypes.h>
#include <stdbool.h>

#include "truth.h"

#define BUFFER_OCTETS	(1U << 20)

static const char	columns[] =
    "id\tclass\ttls\tipver\tclient\tcport\tserver\tsport\tfirst\tlast\t"
    "offered\tstarttls\toutcome\tmail_bytes\tserver_name\tsni\tleaf_sha256\t"
    "midstream\tpackets\tdropped\tretransmitted\treordered\n";

FILE *
truth_open(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL) {
		warn("%s", path);
		return NULL;
	}
	setvbuf(f, NULL, _IOFBF, BUFFER_OCTETS);
	fputs(columns, f);
	return f;
}

static void
put_end(FILE *f, const struct ends *e, enum side side)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	wire_address(address, e->ipv6, side, e->host[side]);
	inet_ntop(e->ipv6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	fprintf(f, "%s\t%u\t", text, e->port[side]);
}

static void
put_time(FILE *f, uint64_t time)
{
	fprintf(f, "%" PRIu64 ".%06" PRIu64 "\t", time / 1000000000U,
	    time % 1000000000U / 1000);
}

void
truth_write(FILE *f, const struct session *s, const struct servers *servers)
{
	const struct class_facts *c = class_facts(s->class);
	const struct server *server = &servers->all[s->ends.host[SERVER]];
	bool hello = s->class == CLASS_TLS12 || s->class == CLASS_TLS13 ||
	    s->class == CLASS_TLSABORT;
	char name[CERTIFICATE_NAME_MAX];

	server_name(name, s->ends.host[SERVER]);
	fprintf(f, "%u\t%s\t%s\t%d\t", s->id, c->name, c->tls,
	    s->ends.ipv6 ? 6 : 4);
	put_end(f, &s->ends, CLIENT);
	put_end(f, &s->ends, SERVER);
	put_time(f, s->first);
	put_time(f, s->last);
	fprintf(f, "%s\t%s\t%s\t%" PRIu64 "\t%s\t%s\t%s\t", c->offered,
	    c->starttls, c->outcome, s->bulk, name,
	    hello && s->id % 16 != 0 ? name : "-",
	    s->class == CLASS_TLS12 ? server->chain.leaf_sha256 : "-");
	fprintf(f, "%d\t%u\t%u\t%u\t%u\n", s->midstream, s->packets,
	    s->dropped, s->repeated, s->swapped);
}

int
truth_close(FILE *f, const char *path)
{
	bool failed = ferror(f) != 0;

	if (fclose(f) == 0 && !failed)
		return 0;
	warn("%s", path);
	return -1;
}
