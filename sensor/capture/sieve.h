/* SPDX-License-Identifier: ISC */
/*
 * capture/sieve.h -- writing an expression for pcap-filter(7).
 *
 * An expression is a tree of alternatives: sieve_any() to sieve_done(),
 * between them sieve_pass() for a test that decides, and sieve_when() to
 * sieve_end() for one behind which another such list stands.
 */
#ifndef CAPTURE_SIEVE_H
#define CAPTURE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Scattered ports are joined into so many ranges, by passing those between
 * them as well: each costs up to four instructions in each place where ports
 * are looked at, of which there are three in plain packets, some seventy
 * behind tags and in tunnels, and 4096 instructions are all that Linux takes
 * (BPF_MAXINSNS).  For the same reason tunnels are looked into only where
 * they are met: in untagged IPv4 (live, that includes one tag).
 */
#define RANGES_MAX	8
#define RANGES_MAX_INNER 3

struct range {
	unsigned	first, last;
};

struct ports {
	struct range	 ranges[RANGES_MAX + 1];
	size_t		 n;
};

struct sieve {
	FILE		*to;
	bool		 more;		/* an alternative stands before */
	struct ports	 plain, inner;
	bool		 dns;
	int		 link_type;
};

/* Where a header begins: in which of pcap-filter's views, behind what. */
struct place {
	const char	*view;		/* "ip", "ip6" or "link" */
	const char	*skip;		/* an index that varies, or "" */
	unsigned	 at;
	bool		 plain;		/* no tag, label or tunnel before */
	bool		 into;		/* look into tunnels from here? */
};

struct load {
	char	text[96];
};

static inline struct load
sieve_load(struct place p, unsigned offset, unsigned size)
{
	struct load l;

	snprintf(l.text, sizeof(l.text), "%s[%s%u:%u]", p.view, p.skip,
	    p.at + offset, size);
	return l;
}

static inline struct place
sieve_behind(struct place p, unsigned octets)
{
	p.at += octets;
	return p;
}

/* In a tunnel: no further one is looked into. */
static inline struct place
sieve_within(struct place p, unsigned octets)
{
	p.plain = p.into = false;
	return sieve_behind(p, octets);
}

static inline void
sieve_any(struct sieve *s)
{
	fputs("(", s->to);
	s->more = false;
}

static inline void
sieve_done(struct sieve *s)
{
	fputs(s->more ? ")" : "1 = 0)", s->to);
	s->more = true;
}

static inline void
sieve_next(struct sieve *s)
{
	if (s->more)
		fputs(" or ", s->to);
	s->more = true;
}

static inline void
sieve_pass(struct sieve *s, struct load l, const char *test, unsigned value)
{
	sieve_next(s);
	fprintf(s->to, "%s %s %u", l.text, test, value);
}

/* One alternative that goes on with whatever is written before the end. */
static inline void
sieve_when(struct sieve *s, struct load l, const char *test, unsigned value)
{
	sieve_next(s);
	fprintf(s->to, "(%s %s %u and ", l.text, test, value);
}

static inline void
sieve_end(struct sieve *s)
{
	fputs(")", s->to);
}

#endif
