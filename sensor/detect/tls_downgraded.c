/* SPDX-License-Identifier: ISC */
/*
 * TLS pressed down.
 *
 * A server that knows TLS 1.3 marks the random of a lower ServerHello (RFC
 * 8446 section 4.1.3).  Below 1.3, towards a ClientHello that offered 1.3,
 * the mark says that the server saw another hello than we did.  Without
 * 1.3 in the hello it is an old client and a new server, and harmless.
 *
 * A client whose greatest version sinks between two connections to one
 * server within the hour falls back after a failure somebody may have made.
 */
#include "detect/rules.h"

#define TLS13		0x0304
#define NEIGHBOURS	INT64_C(3600000000)

static void
add(const struct brief *b, struct findings *f, enum weight weight,
    uint32_t because, const char *text)
{
	char server[PARTY_MAX];
	struct finding *one;

	one = finding_add(f, b, &(struct opinion){
		.kind = KIND_TLS_DOWNGRADED,
		.weight = weight,
		.because = because,
		.at = b->tls->server_hello_at,
		.expected = weight == WEIGHT_PROOF ?
		    "TLS 1.3, which both know" :
		    "the version that both used before",
		.seen = tls_version_name(b->tls->version) },
	    "TLS with %s came up as %s: %s", brief_server(b, server),
	    tls_version_name(b->tls->version), text);
	evidence_line(one, SIDE_CLIENT, b->tls->client_hello_at,
	    "[ClientHello]");
	evidence_line(one, SIDE_SERVER, b->tls->server_hello_at,
	    "[ServerHello]");
}

void
detect_tls_downgraded(const struct brief *b, struct findings *f)
{
	const struct tls_facts *t = b->tls;
	const struct past *p = b->past;

	if (t == NULL || !t->server_hello || !t->client_hello ||
	    t->version == 0 || t->version >= TLS13)
		return;
	if (t->downgrade_sentinel && t->client_version_max >= TLS13)
		add(b, f, WEIGHT_PROOF, 0, "the ServerHello says that the "
		    "server knows TLS 1.3, and the ClientHello offers it: "
		    "the hello was changed on the way");
	else if (p->client_best_here > t->client_version_max &&
	    p->chosen_best_here > t->version &&
	    p->failed == PAST_FAILED_BROKEN &&
	    b->r->flow.first.time - p->failed_at <= NEIGHBOURS)
		add(b, f, WEIGHT_HINT, BECAUSE(HISTORY), "the client offered "
		    "more before a handshake with this server failed");
}
