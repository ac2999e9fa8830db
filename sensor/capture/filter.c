/* SPDX-License-Identifier: ISC */
/*
 * The expression is a tree of tests, written by functions that call each
 * other as headers follow each other.
 *
 * Offsets are constants wherever they can be: IPv4 headers are taken to
 * have no options, GRE one of its three usual forms, and what differs is
 * passed.  The words `vlan`, `mpls`, `pppoes` and `geneve` of pcap-filter(7)
 * are not used, because each moves the offsets of everything to its right,
 * the operator's own expression included.  And a load beyond the end of a
 * packet refuses it, whatever else is asked with `or`; so nothing is loaded
 * before the tests to its left make sure that it is there.
 *
 * Live, Linux takes the outermost VLAN tag out of the packet before the
 * filter sees it; the same packet in a file has it inside.  Both fit: the
 * first looks untagged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "capture/filter.h"
#include "capture/linktype.h"
#include "capture/sieve.h"

#define SNAPLEN		262144

#define LENGTH_MAX	0x05dc		/* not a type: 802.2 follows */
#define TYPE_IPV4	0x0800
#define TYPE_IPV6	0x86dd
#define TYPE_TAG	0x8100
#define TYPE_TAG_OUTER	0x88a8
#define TYPE_TAG_OLD	0x9100		/* QinQ before 802.1ad */
#define TYPE_MPLS	0x8847
#define TYPE_MPLS_MANY	0x8848
#define TYPE_PPPOE	0x8864
#define TYPE_BRIDGED	0x6558		/* Ethernet in GRE or Geneve */
#define TYPE_ERSPAN	0x88be		/* I and II */
#define TYPE_ERSPAN_3	0x22eb

#define PORT_DNS	53
#define PORT_VXLAN	4789
#define PORT_VXLAN_GPE	4790
#define PORT_VXLAN_OLD	8472		/* Linux, before the number was given */
#define PORT_GENEVE	6081

static void
pass_ports(struct sieve *s, const struct ports *ports, struct load port)
{
	for (const struct range *r = ports->ranges;
	    r < ports->ranges + ports->n; r++) {
		if (r->first == r->last) {
			sieve_pass(s, port, "=", r->first);
			continue;
		}
		sieve_when(s, port, ">=", r->first);
		fprintf(s->to, "%s <= %u", port.text, r->last);
		sieve_end(s);
	}
}

static void
put_tcp(struct sieve *s, struct place p)
{
	const struct ports *ports = p.plain ? &s->plain : &s->inner;

	sieve_any(s);
	pass_ports(s, ports, sieve_load(p, 0, 2));
	pass_ports(s, ports, sieve_load(p, 2, 2));
	sieve_done(s);
}

static void	put_ipv4(struct sieve *s, struct place p);
static void	put_ipv6(struct sieve *s, struct place p);

static void
when_ip(struct sieve *s, struct load type, struct place p)
{
	sieve_when(s, type, "=", TYPE_IPV4);
	put_ipv4(s, p);
	sieve_end(s);
	sieve_when(s, type, "=", TYPE_IPV6);
	put_ipv6(s, p);
	sieve_end(s);
}

/* What may still lead to IP, behind an EtherType: tags, labels, PPPoE. */
static void
pass_indirect(struct sieve *s, struct load type)
{
	sieve_pass(s, type, "=", TYPE_TAG);
	sieve_pass(s, type, "=", TYPE_TAG_OUTER);
	sieve_pass(s, type, "=", TYPE_TAG_OLD);
	sieve_pass(s, type, "=", TYPE_MPLS);
	sieve_pass(s, type, "=", TYPE_MPLS_MANY);
	sieve_pass(s, type, "=", TYPE_PPPOE);
}

/* A length instead of a type, and behind it SNAP (RFC 1042) or IP's own
 * number among the service access points: not looked into. */
static void
pass_llc(struct sieve *s, struct load type, struct place p)
{
	struct load points = sieve_load(p, 0, 2);

	sieve_when(s, type, "<=", LENGTH_MAX);
	sieve_any(s);
	sieve_pass(s, points, "=", 0xaaaa);
	sieve_pass(s, points, "=", 0x0606);
	sieve_done(s);
	sieve_end(s);
}

/* An Ethernet header in a tunnel, untagged or with one tag. */
static void
put_ethernet(struct sieve *s, struct place p)
{
	struct load type = sieve_load(p, 12, 2);
	struct load inner = sieve_load(p, 16, 2);

	sieve_any(s);
	when_ip(s, type, sieve_within(p, 14));
	sieve_when(s, type, "=", TYPE_TAG);
	sieve_any(s);
	when_ip(s, inner, sieve_within(p, 18));
	pass_indirect(s, inner);
	pass_llc(s, inner, sieve_behind(p, 18));
	sieve_done(s);
	sieve_end(s);
	sieve_when(s, type, "!=", TYPE_TAG);
	sieve_any(s);
	pass_indirect(s, type);
	pass_llc(s, type, sieve_behind(p, 14));
	sieve_done(s);
	sieve_end(s);
	sieve_done(s);
}

/*
 * Geneve has options of any length (RFC 8926 3.4).  An index that varies is
 * safe in the views "ip" and "ip6" only: in "link" it becomes a load at
 * X + 0, which libpcap mistakes for the packet type field when it moves the
 * program into the kernel for a cooked socket.
 */
static void
put_geneve(struct sieve *s, struct place p)
{
	struct load type = sieve_load(p, 2, 2);
	struct place inner = sieve_within(p, 8);
	char skip[128];

	sieve_any(s);
	if (strcmp(p.view, "link") == 0)
		sieve_pass(s, sieve_load(p, 0, 1), "& 0x3f !=", 0);
	else {
		snprintf(skip, sizeof(skip), "((%s & 0x3f) << 2) + ",
		    sieve_load(p, 0, 1).text);
		inner.skip = skip;
	}
	when_ip(s, type, inner);
	sieve_when(s, type, "=", TYPE_BRIDGED);
	put_ethernet(s, inner);
	sieve_end(s);
	pass_indirect(s, type);
	sieve_done(s);
}

static void
put_udp(struct sieve *s, struct place p)
{
	sieve_any(s);
	if (s->dns) {
		sieve_pass(s, sieve_load(p, 0, 2), "=", PORT_DNS);
		sieve_pass(s, sieve_load(p, 2, 2), "=", PORT_DNS);
	}
	sieve_pass(s, sieve_load(p, 2, 2), "=", PORT_VXLAN_GPE);
	if (!p.into) {
		sieve_pass(s, sieve_load(p, 2, 2), "=", PORT_VXLAN);
		sieve_pass(s, sieve_load(p, 2, 2), "=", PORT_VXLAN_OLD);
		sieve_pass(s, sieve_load(p, 2, 2), "=", PORT_GENEVE);
	} else {
		sieve_next(s);
		fprintf(s->to, "((%s = %u or %s = %u) and ",
		    sieve_load(p, 2, 2).text, PORT_VXLAN,
		    sieve_load(p, 2, 2).text, PORT_VXLAN_OLD);
		put_ethernet(s, sieve_within(p, 16));
		sieve_end(s);
		sieve_when(s, sieve_load(p, 2, 2), "=", PORT_GENEVE);
		put_geneve(s, sieve_behind(p, 8));
		sieve_end(s);
	}
	sieve_done(s);
}

/* Behind GRE without fields, or with ERSPAN I, whose header is none. */
static void
put_gre_bare(struct sieve *s, struct place p)
{
	struct load type = sieve_load(p, 2, 2);

	sieve_any(s);
	when_ip(s, type, sieve_within(p, 4));
	sieve_next(s);
	fprintf(s->to, "((%s = %u or %s = %u) and ", type.text, TYPE_BRIDGED,
	    type.text, TYPE_ERSPAN);
	put_ethernet(s, sieve_within(p, 4));
	sieve_end(s);
	pass_indirect(s, type);
	sieve_done(s);
}

/* Behind GRE with a key: NVGRE above all (RFC 7637). */
static void
put_gre_key(struct sieve *s, struct place p)
{
	struct load type = sieve_load(p, 2, 2);

	sieve_any(s);
	when_ip(s, type, sieve_within(p, 8));
	sieve_when(s, type, "=", TYPE_BRIDGED);
	put_ethernet(s, sieve_within(p, 8));
	sieve_end(s);
	pass_indirect(s, type);
	sieve_done(s);
}

/* Behind GRE with a sequence number: ERSPAN II, and III without and with
 * its platform field (the last bit of its twelve octets tells). */
static void
put_gre_sequence(struct sieve *s, struct place p)
{
	struct load type = sieve_load(p, 2, 2);

	sieve_any(s);
	sieve_when(s, type, "=", TYPE_ERSPAN);
	put_ethernet(s, sieve_within(p, 16));
	sieve_end(s);
	sieve_when(s, type, "=", TYPE_ERSPAN_3);
	sieve_any(s);
	sieve_pass(s, sieve_load(p, 19, 1), "& 1 =", 1);
	sieve_next(s);
	put_ethernet(s, sieve_within(p, 20));
	sieve_done(s);
	sieve_end(s);
	when_ip(s, type, sieve_within(p, 8));
	sieve_pass(s, type, "=", TYPE_BRIDGED);
	pass_indirect(s, type);
	sieve_done(s);
}

/* RFC 2784, RFC 2890.  More than one field at a time passes; routes and
 * version 1 (PPTP, mostly encrypted) nobody reads. */
static void
put_gre(struct sieve *s, struct place p)
{
	struct load flags = sieve_load(p, 0, 2);

	sieve_any(s);
	sieve_when(s, flags, "=", 0);
	put_gre_bare(s, p);
	sieve_end(s);
	sieve_when(s, flags, "=", 0x2000);
	put_gre_key(s, p);
	sieve_end(s);
	sieve_when(s, flags, "=", 0x1000);
	put_gre_sequence(s, p);
	sieve_end(s);
	sieve_next(s);
	fprintf(s->to, "(%s != 0 and %s != 0x2000 and %s != 0x1000 and "
	    "%s & 0x4007 = 0)", flags.text, flags.text, flags.text,
	    flags.text);
	sieve_done(s);
}

static void
when_protocol(struct sieve *s, struct place p, unsigned protocol)
{
	sieve_when(s, sieve_load(p, 9, 1), "=", protocol);
	sieve_any(s);
	sieve_pass(s, sieve_load(p, 0, 1), "& 0x0f !=", 5);
	if (p.into && protocol != 6)
		sieve_pass(s, sieve_load(p, 6, 1), "& 0x20 !=", 0);
	sieve_next(s);
}

static void
end_protocol(struct sieve *s)
{
	sieve_done(s);
	sieve_end(s);
}

/* Tunnels in IPv4, by protocol; those that are rare pass. */
static void
pass_tunnels(struct sieve *s, struct place p)
{
	struct load protocol = sieve_load(p, 9, 1);

	when_protocol(s, p, 4);
	put_ipv4(s, sieve_within(p, 20));
	end_protocol(s);
	when_protocol(s, p, 41);
	put_ipv6(s, sieve_within(p, 20));
	end_protocol(s);
	when_protocol(s, p, 47);
	put_gre(s, sieve_behind(p, 20));
	end_protocol(s);
	sieve_pass(s, protocol, "=", 51);	/* AH, RFC 4302 */
	sieve_pass(s, protocol, "=", 97);	/* EtherIP, RFC 3378 */
	sieve_pass(s, protocol, "=", 137);	/* MPLS, RFC 4023 */
	sieve_pass(s, protocol, "=", 143);	/* Ethernet, RFC 8986 */
}

/* Where no tunnel is looked into, all passes but what cannot be one: what
 * was looked at, ICMP, ESP and, in IPv6, nothing at all. */
static void
pass_unknown(struct sieve *s, struct load protocol, bool ipv6)
{
	sieve_next(s);
	fprintf(s->to, "(%s != 6 and %s != 17 and %s != 50", protocol.text,
	    protocol.text, protocol.text);
	if (ipv6)
		fprintf(s->to, " and %s != 44 and %s != 58 and %s != 59)",
		    protocol.text, protocol.text, protocol.text);
	else
		fprintf(s->to, " and %s != 1)", protocol.text);
}

/*
 * Later fragments have no ports and pass.  With options nothing is looked
 * at, nor are tunnels in a first fragment, which may end early.
 */
static void
put_ipv4(struct sieve *s, struct place p)
{
	sieve_any(s);
	sieve_pass(s, sieve_load(p, 6, 2), "& 0x1fff !=", 0);
	when_protocol(s, p, 6);
	put_tcp(s, sieve_behind(p, 20));
	end_protocol(s);
	when_protocol(s, p, 17);
	put_udp(s, sieve_behind(p, 20));
	end_protocol(s);
	if (p.into)
		pass_tunnels(s, p);
	else
		pass_unknown(s, sieve_load(p, 9, 1), false);
	sieve_done(s);
}

/* Extension headers pass, but a first fragment shows TCP's ports. */
static void
put_ipv6(struct sieve *s, struct place p)
{
	struct load header = sieve_load(p, 6, 1);

	sieve_any(s);
	sieve_when(s, header, "=", 6);
	put_tcp(s, sieve_behind(p, 40));
	sieve_end(s);
	sieve_when(s, header, "=", 17);
	put_udp(s, sieve_behind(p, 40));
	sieve_end(s);
	sieve_when(s, header, "=", 44);
	sieve_any(s);
	sieve_pass(s, sieve_load(p, 42, 2), "& 0xfff8 !=", 0);
	sieve_pass(s, sieve_load(p, 40, 1), "!=", 6);
	sieve_next(s);
	put_tcp(s, sieve_behind(p, 48));
	sieve_done(s);
	sieve_end(s);
	pass_unknown(s, header, true);
	sieve_done(s);
}

/*
 * Up to three labels, the last marked by a bit (RFC 3032).  What stands
 * behind them is not said; but for an IP header it passes, as Ethernet over
 * MPLS would.
 */
static void
put_mpls(struct sieve *s, struct place p, unsigned labels)
{
	struct place inner = sieve_within(p, 4);
	struct load first = sieve_load(inner, 0, 1);

	sieve_any(s);
	sieve_when(s, sieve_load(p, 2, 1), "& 1 =", 1);
	sieve_any(s);
	sieve_when(s, first, "=", 0x45);
	put_ipv4(s, inner);
	sieve_end(s);
	sieve_when(s, first, "& 0xf0 =", 0x60);
	put_ipv6(s, inner);
	sieve_end(s);
	sieve_next(s);
	fprintf(s->to, "(%s != 0x45 and %s & 0xf0 != 0x60)", first.text,
	    first.text);
	sieve_done(s);
	sieve_end(s);
	sieve_when(s, sieve_load(p, 2, 1), "& 1 =", 0);
	if (labels > 1)
		put_mpls(s, sieve_behind(p, 4), labels - 1);
	else
		fputs("1 = 1", s->to);
	sieve_end(s);
	sieve_done(s);
}

/* RFC 2516; the protocol field may be compressed to one octet (RFC 1661). */
static void
put_pppoe(struct sieve *s, struct place p)
{
	struct load protocol = sieve_load(p, 6, 2);

	sieve_any(s);
	sieve_when(s, protocol, "=", 0x0021);
	put_ipv4(s, sieve_within(p, 8));
	sieve_end(s);
	sieve_when(s, protocol, "=", 0x0057);
	put_ipv6(s, sieve_within(p, 8));
	sieve_end(s);
	sieve_pass(s, protocol, "=", 0x0281);
	sieve_pass(s, sieve_load(p, 6, 1), "=", 0x21);
	sieve_pass(s, sieve_load(p, 6, 1), "=", 0x57);
	sieve_done(s);
}

/* What is neither IP nor a tag, behind an EtherType. */
static void
pass_others(struct sieve *s, struct load type, struct place p)
{
	sieve_next(s);
	fprintf(s->to, "((%s = %u or %s = %u) and ", type.text, TYPE_MPLS,
	    type.text, TYPE_MPLS_MANY);
	put_mpls(s, p, 3);
	sieve_end(s);
	sieve_when(s, type, "=", TYPE_PPPOE);
	put_pppoe(s, p);
	sieve_end(s);
	pass_llc(s, type, p);
}

static void
when_tag(struct sieve *s, struct load type)
{
	sieve_next(s);
	fprintf(s->to, "((%s = %u or %s = %u or %s = %u) and ", type.text,
	    TYPE_TAG, type.text, TYPE_TAG_OUTER, type.text, TYPE_TAG_OLD);
}

/* Two tags; what is behind two but is no IP passes. */
static void
pass_tagged(struct sieve *s, struct load type, struct place p)
{
	struct load second = sieve_load(p, 2, 2);
	struct load third = sieve_load(p, 6, 2);

	when_tag(s, type);
	sieve_any(s);
	when_ip(s, second, sieve_within(p, 4));
	pass_others(s, second, sieve_within(p, 4));
	when_tag(s, second);
	sieve_any(s);
	when_ip(s, third, sieve_within(p, 8));
	pass_indirect(s, third);
	pass_llc(s, third, sieve_behind(p, 8));
	sieve_done(s);
	sieve_end(s);
	sieve_done(s);
	sieve_end(s);
}

/* Types of link that carry an EtherType: where it is, and where the rest
 * begins.  The others are IP or of no interest. */
static void
pass_typed(struct sieve *s)
{
	static const struct {
		int		link_type;
		unsigned	type, rest;
	} typed[] = {
		{ LINKTYPE_ETHERNET, 12, 14 },
		{ LINKTYPE_LINUX_SLL, 14, 16 },
		{ LINKTYPE_LINUX_SLL2, 0, 20 },
	};
	struct place p = { .view = "link", .skip = "" };
	struct load type;

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		if (typed[i].link_type != s->link_type)
			continue;
		type = sieve_load(p, typed[i].type, 2);
		pass_tagged(s, type, sieve_behind(p, typed[i].rest));
		pass_others(s, type, sieve_behind(p, typed[i].rest));
	}
}

static void
put_all(struct sieve *s)
{
	struct place p4 = { .view = "ip", .skip = "", .plain = true,
	    .into = true };
	struct place p6 = { .view = "ip6", .skip = "", .plain = true };

	sieve_any(s);
	sieve_next(s);
	fputs("(ip and ", s->to);
	put_ipv4(s, p4);
	sieve_end(s);
	sieve_next(s);
	fputs("(ip6 and ", s->to);
	put_ipv6(s, p6);
	sieve_end(s);
	pass_typed(s);
	sieve_done(s);
}

/* Close the narrowest gap. */
static void
join_nearest(struct ports *p)
{
	struct range *r = p->ranges;
	size_t best = 1;

	for (size_t i = 2; i < p->n; i++)
		if (r[i].first - r[i - 1].last <
		    r[best].first - r[best - 1].last)
			best = i;
	r[best - 1].last = r[best].last;
	p->n--;
	memmove(&r[best], &r[best + 1], (p->n - best) * sizeof(*r));
}

/* The ports as at most `max` ranges: the widest gaps stay. */
static void
join_ports(struct ports *p, size_t max, const uint16_t *ports, size_t n)
{
	bool wanted[65536] = { false };

	for (size_t i = 0; i < n; i++)
		wanted[ports[i]] = true;
	for (unsigned port = 0; port < 65536; port++) {
		if (!wanted[port])
			continue;
		if (port > 0 && wanted[port - 1]) {
			p->ranges[p->n - 1].last = port;
			continue;
		}
		p->ranges[p->n++] = (struct range){ port, port };
		if (p->n > max)
			join_nearest(p);
	}
}

char *
capture_filter_text(const struct capture_filter *how)
{
	struct sieve s = { .dns = how->dns, .link_type = how->link_type };
	char *text = NULL;
	size_t len;

	join_ports(&s.plain, RANGES_MAX, how->ports, how->nports);
	join_ports(&s.inner, RANGES_MAX_INNER, how->ports, how->nports);
	s.to = open_memstream(&text, &len);
	if (s.to == NULL)
		return NULL;
	put_all(&s);
	if (how->extra != NULL && *how->extra != '\0')
		fprintf(s.to, " and (%s)", how->extra);
	if (ferror(s.to) != 0 || fclose(s.to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int
capture_filter_check(const char *expr, char *why, size_t whylen)
{
	struct bpf_program code;
	pcap_t *dead;
	int r;

	dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (dead == NULL) {
		snprintf(why, whylen, "out of memory");
		return -1;
	}
	r = pcap_compile(dead, &code, expr, 1, PCAP_NETMASK_UNKNOWN);
	if (r == -1)
		snprintf(why, whylen, "%s", pcap_geterr(dead));
	else
		pcap_freecode(&code);
	pcap_close(dead);
	return r;
}
