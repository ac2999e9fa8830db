/* SPDX-License-Identifier: ISC */
/*
 * tools/tls_talk.h -- a TLS conversation played to the reader, in pieces.
 *
 * A talk is a list of steps, each an octet (side, and twice the kind), a
 * length of two octets, and for TALK_SAY that many octets.  However the
 * octets are split, the facts must be the same: so a talk is played in
 * several ways and the facts are compared as text.
 */
#ifndef TOOLS_TLS_TALK_H
#define TOOLS_TLS_TALK_H

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "tls/tls.h"

enum talk_kind { TALK_SAY, TALK_GAP, TALK_FIN, TALK_RST };

struct talk_way {
	size_t	 piece;		/* octets shown at once; 0: all of a step */
	size_t	 split_at;	/* position in all octets; SIZE_MAX: none */
	bool	 skip;		/* pass over what may be passed over */
};

struct talk_world {
	struct digest			*digest;
	struct certificate_cache	*cache;
};

#define TALK_FACTS_MAX		16384
#define TALK_PLAIN_MAX		4096

/* What came of playing a talk. */
struct talk_outcome {
	struct tls	*tls;
	size_t		 plain_len;
	uint8_t		 plain[TALK_PLAIN_MAX];	/* handed back as text */
	bool		 enough[SIDES];
};

static inline void
talk_plain(struct talk_outcome *o, struct span s)
{
	s = span_first(s, TALK_PLAIN_MAX - o->plain_len);
	if (s.len > 0)
		memcpy(o->plain + o->plain_len, s.at, s.len);
	o->plain_len += s.len;
}

static inline size_t
talk_piece(const struct talk_way *way, size_t position, size_t len)
{
	if (way->piece > 0 && len > way->piece)
		len = way->piece;
	if (position < way->split_at && way->split_at - position < len)
		len = way->split_at - position;
	return len;
}

/* All of one step; `position` counts the octets said before it. */
static inline void
talk_say(struct talk_outcome *o, const struct talk_way *way, enum side who,
    struct span octets, size_t position, struct mark at)
{
	struct span piece;
	uint64_t skip;
	size_t used;

	while (octets.len > 0 && !o->enough[who]) {
		skip = way->skip ? tls_skippable(o->tls, who) : 0;
		if (skip > 0) {
			piece = span_first(octets, (size_t)skip);
			tls_skipped(o->tls, who, piece.len);
		} else {
			piece = span_first(octets, talk_piece(way, position,
			    octets.len));
			switch (tls_hear(o->tls, who, piece, at, &used)) {
			case TLS_MORE:
				break;
			case TLS_ENOUGH:
				o->enough[who] = true;
				break;
			case TLS_NOT_TLS:
				/* the rest of the step is taken as text */
				talk_plain(o, tls_plaintext(o->tls, who));
				talk_plain(o, span_skip(octets, used));
				return;
			}
		}
		octets = span_skip(octets, piece.len);
		position += piece.len;
	}
}

/* Play it.  false: memory is short. */
static inline bool
talk_play(const struct talk_world *world, struct span talk,
    const struct talk_way *way, struct talk_outcome *o)
{
	struct cursor c = cursor_over(talk);
	struct mark at = { .time = 0, .packet = 0 };
	size_t position = 0, len;
	struct span octets;
	enum side who;
	uint8_t what;

	memset(o, 0, sizeof(*o));
	if ((o->tls = tls_new(world->digest, world->cache)) == NULL)
		return false;
	while (c.rest.len > 0) {
		what = cursor_u8(&c);
		len = cursor_u16(&c);
		who = what & 1 ? SIDE_SERVER : SIDE_CLIENT;
		at.packet++;
		at.time += 1000;
		switch ((enum talk_kind)(what >> 1 & 3)) {
		case TALK_SAY:
			if (len > c.rest.len)
				len = c.rest.len;
			octets = cursor_take(&c, len);
			talk_say(o, way, who, octets, position, at);
			position += octets.len;
			break;
		case TALK_GAP:
			tls_gap(o->tls, who, len);
			break;
		case TALK_FIN:
		case TALK_RST:
			tls_end(o->tls, who, (what >> 1 & 3) == TALK_RST, at);
			break;
		}
	}
	return true;
}

static inline const char *
talk_or_none(const char *text)
{
	return text != NULL ? text : "(none)";
}

static inline const char *
talk_state(const struct tls_facts *f)
{
	static const char *const states[] = {
		[TLS_NOTHING] = "nothing", [TLS_HELLO] = "hello",
		[TLS_ANSWERED] = "answered",
		[TLS_ESTABLISHED] = "established", [TLS_FAILED] = "failed",
	};

	return states[f->state];
}

static inline const char *
talk_failure(const struct tls_facts *f)
{
	static const char *const failures[] = {
		[TLS_FAIL_NONE] = "none", [TLS_FAIL_NO_HELLO] = "no-hello",
		[TLS_FAIL_PLAINTEXT] = "plaintext", [TLS_FAIL_ALERT] = "alert",
		[TLS_FAIL_RESET] = "reset", [TLS_FAIL_CLOSED] = "closed",
		[TLS_FAIL_TIMEOUT] = "timeout", [TLS_FAIL_GARBAGE] = "garbage",
	};

	return failures[f->failure];
}

/* Every fact, a line for a few; tests look for parts of it. */
static inline void
talk_facts(const struct talk_outcome *o, char out[TALK_FACTS_MAX])
{
	const struct tls_facts *f = tls_facts(o->tls);
	char hex[2 * DIGEST_SHA256 + 1];
	size_t n;

	n = (size_t)snprintf(out, TALK_FACTS_MAX,
	    "state %s failure %s by %c at %ju text %s\n"
	    "client_hello %d ssl2 %d at %ju max %04x sni %s alpn %s\n"
	    "ja3 %s ja4 %s resumes %d early %d went_on %d\n"
	    "server_hello %d at %ju retry %d version %04x cipher %04x\n"
	    "ja3s %s sentinel %d resumed %d\n"
	    "certificate %d none %d hidden %d at %ju sent %u oversized %d\n"
	    "alert %d encrypted %d by %c %u/%u at %ju\n"
	    "exchange %d %d change %d %d encrypted %u %u established %ju\n"
	    "broken %d by %c at %ju gap %d plain %zu enough %d %d\n",
	    talk_state(f), talk_failure(f), "CS"[f->failed_by],
	    (uintmax_t)f->failed_at.packet, talk_or_none(f->failure_text),
	    f->client_hello, f->ssl2_hello,
	    (uintmax_t)f->client_hello_at.packet, f->client_version_max,
	    talk_or_none(f->sni), talk_or_none(f->alpn), f->ja3, f->ja4,
	    f->client_resumes, f->early_data, f->client_went_on,
	    f->server_hello, (uintmax_t)f->server_hello_at.packet,
	    f->hello_retry, f->version, f->cipher, f->ja3s,
	    f->downgrade_sentinel, f->resumed, f->certificate_seen,
	    f->certificate_none, f->certificate_hidden,
	    (uintmax_t)f->certificate_at.packet, f->chain_sent,
	    f->oversized, f->alert, f->alert_hidden, "CS"[f->alert_by],
	    f->alert_level, f->alert_code, (uintmax_t)f->alert_at.packet,
	    f->key_exchange[SIDE_CLIENT], f->key_exchange[SIDE_SERVER],
	    f->change_cipher[SIDE_CLIENT], f->change_cipher[SIDE_SERVER],
	    f->encrypted_records[SIDE_CLIENT],
	    f->encrypted_records[SIDE_SERVER],
	    (uintmax_t)f->established_at.packet, f->broken_after,
	    "CS"[f->broken_by], (uintmax_t)f->broken_at.packet, f->gap,
	    o->plain_len, o->enough[SIDE_CLIENT], o->enough[SIDE_SERVER]);
	for (unsigned i = 0; i < f->chain_len && n < TALK_FACTS_MAX; i++) {
		digest_hex(span_of(f->chain[i]->sha256, DIGEST_SHA256), hex);
		n += (size_t)snprintf(out + n, TALK_FACTS_MAX - n,
		    "certificate %s\n", hex);
	}
}

#endif
