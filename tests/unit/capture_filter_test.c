/* SPDX-License-Identifier: ISC */
/*
 * What the capture filter passes: frames are written as their headers, one
 * word each, and given to the compiled program.
 *
 *	eth sll sll2 null raw		the link
 *	vlan qinq old mpls more-mpls pppoe	what may stand before IP
 *	ip ip+options ip+first ip+later ip6 hop first later	IP and fragments
 *	tcp:A-B udp:A-B icmp ah esp etherip	ports: from A to B
 *	arp lcp snap stp		no IP
 *	vxlan geneve geneve+options gre gre+key gre+seq gre+both gre+pptp
 *	erspan1 erspan2 erspan3 erspan3+platform	tunnels
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "capture/filter.h"

#define WORDS_MAX	16
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct built {
	uint8_t	at[512];
	size_t	len;
};

static const struct {
	const char	*word;
	unsigned	 type;		/* as EtherType, 0: none */
	unsigned	 protocol;	/* as IP protocol, 256: none */
} numbers[] = {
	{ "eth", 0x6558, 256 }, { "vlan", 0x8100, 256 },
	{ "qinq", 0x88a8, 256 }, { "old", 0x9100, 256 },
	{ "mpls", 0x8847, 256 }, { "more-mpls", 0x8847, 256 },
	{ "pppoe", 0x8864, 256 }, { "arp", 0x0806, 256 },
	{ "ip", 0x0800, 4 }, { "ip+options", 0x0800, 4 },
	{ "ip+first", 0x0800, 4 }, { "ip+later", 0x0800, 4 },
	{ "ip6", 0x86dd, 41 }, { "hop", 0, 0 }, { "first", 0, 44 },
	{ "later", 0, 44 }, { "tcp", 0, 6 }, { "udp", 0, 17 },
	{ "icmp", 0, 1 }, { "gre", 0, 47 }, { "gre+key", 0, 47 },
	{ "gre+seq", 0, 47 }, { "gre+both", 0, 47 }, { "gre+pptp", 0, 47 },
	{ "ah", 0, 51 }, { "esp", 0, 50 }, { "etherip", 0, 97 },
	{ "snap", 40, 256 }, { "stp", 38, 256 },
	{ "erspan1", 0x88be, 256 }, { "erspan2", 0x88be, 256 },
	{ "erspan3", 0x22eb, 256 }, { "erspan3+platform", 0x22eb, 256 },
	{ "lcp", 0xc021, 256 },
};

/* The entry of a word, without its ports. */
static size_t
find(const char *word)
{
	size_t n = strcspn(word, ":"), i;

	for (i = 0; i < COUNT(numbers); i++)
		if (strlen(numbers[i].word) == n &&
		    strncmp(numbers[i].word, word, n) == 0)
			return i;
	fail_msg("no word %s", word);
	return 0;
}

static void
add(struct built *b, size_t n, const uint8_t *octets)
{
	assert_true(b->len + n <= sizeof(b->at));
	if (octets != NULL)
		memcpy(b->at + b->len, octets, n);
	else
		memset(b->at + b->len, 0, n);
	b->len += n;
}

static void
add16(struct built *b, unsigned v)
{
	add(b, 2, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v });
}

static void
add_ipv4(struct built *b, const char *word, unsigned protocol)
{
	bool options = strcmp(word, "ip+options") == 0;
	uint8_t h[24] = { options ? 0x46 : 0x45, [8] = 64,
	    [9] = (uint8_t)protocol, [20] = 1, 1, 1, 0 };

	if (strcmp(word, "ip+first") == 0)
		h[6] = 0x20;
	if (strcmp(word, "ip+later") == 0)
		h[7] = 0x17;
	add(b, options ? 24 : 20, h);
}

static void
add_transport(struct built *b, const char *word)
{
	unsigned from = 0, to = 0;

	assert_int_equal(sscanf(strchr(word, ':'), ":%u-%u", &from, &to), 2);
	add16(b, from);
	add16(b, to);
	add(b, word[0] == 't' ? 16 : 4, NULL);
}

/* GRE's flags, and as many octets as fields they announce. */
static void
add_gre(struct built *b, const char *word, unsigned type)
{
	static const struct {
		const char	*word;
		unsigned	 flags, fields;
	} forms[] = {
		{ "gre", 0, 0 }, { "gre+key", 0x2000, 4 },
		{ "gre+seq", 0x1000, 4 }, { "gre+both", 0x3000, 8 },
		{ "gre+pptp", 0x3001, 8 },
	};

	for (size_t i = 0; i < COUNT(forms); i++)
		if (strcmp(word, forms[i].word) == 0) {
			add16(b, forms[i].flags);
			add16(b, type);
			add(b, forms[i].fields, NULL);
		}
}

static void
add_erspan(struct built *b, const char *word)
{
	if (strcmp(word, "erspan2") == 0)
		add(b, 8, NULL);
	if (strncmp(word, "erspan3", 7) == 0)
		add(b, 12, (uint8_t[12]){ [11] = word[7] == '+' });
	if (strcmp(word, "erspan3+platform") == 0)
		add(b, 8, NULL);
}

/* One header; what follows it names itself in it. */
static void
add_word(struct built *b, const char *word, const char *next)
{
	unsigned type = next == NULL ? 0 : numbers[find(next)].type;
	unsigned protocol = next == NULL ? 59 : numbers[find(next)].protocol;
	unsigned ppp = type == 0x0800 ? 0x21 : type == 0x86dd ? 0x57 : type;

	if (strcmp(word, "eth") == 0) {
		add(b, 12, NULL);
		add16(b, type);
	} else if (strcmp(word, "sll") == 0) {
		add(b, 14, NULL);
		add16(b, type);
	} else if (strcmp(word, "sll2") == 0) {
		add16(b, type);
		add(b, 18, NULL);
	} else if (strcmp(word, "null") == 0)
		add(b, 4, (uint8_t[]){ type == 0x86dd ? 10 : 2, 0, 0, 0 });
	else if (strcmp(word, "vlan") == 0 || strcmp(word, "qinq") == 0 ||
	    strcmp(word, "old") == 0) {
		add16(b, 7);
		add16(b, type);
	} else if (strcmp(word, "mpls") == 0)
		add(b, 4, (uint8_t[]){ 0, 1, 1, 64 });
	else if (strcmp(word, "more-mpls") == 0)
		add(b, 4, (uint8_t[]){ 0, 1, 0, 64 });
	else if (strcmp(word, "pppoe") == 0) {
		add(b, 6, (uint8_t[]){ 0x11, 0, 0, 1, 0, 0 });
		add16(b, ppp);
	} else if (strcmp(word, "ip6") == 0)
		add(b, 40, (uint8_t[40]){ 0x60, [6] = (uint8_t)protocol });
	else if (strcmp(word, "hop") == 0)
		add(b, 8, (uint8_t[8]){ (uint8_t)protocol });
	else if (strcmp(word, "first") == 0)
		add(b, 8, (uint8_t[8]){ (uint8_t)protocol, [3] = 1 });
	else if (strcmp(word, "later") == 0)
		add(b, 8, (uint8_t[8]){ (uint8_t)protocol, [2] = 5 });
	else if (strncmp(word, "ip", 2) == 0)
		add_ipv4(b, word, protocol);
	else if (strncmp(word, "gre", 3) == 0)
		add_gre(b, word, type);
	else if (strncmp(word, "erspan", 6) == 0)
		add_erspan(b, word);
	else if (strncmp(word, "tcp", 3) == 0 || strncmp(word, "udp", 3) == 0)
		add_transport(b, word);
	else if (strcmp(word, "snap") == 0)
		add(b, 48, (uint8_t[48]){ 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 });
	else if (strcmp(word, "stp") == 0)
		add(b, 48, (uint8_t[48]){ 0x42, 0x42, 3 });
}

/* Words that the table of numbers lacks, because nothing names them. */
static bool
add_unnamed(struct built *b, const char *word, const char *next)
{
	if (strcmp(word, "vxlan") == 0)
		add(b, 8, (uint8_t[8]){ 8, [6] = 5 });
	else if (strncmp(word, "geneve", 6) == 0) {
		bool options = word[6] == '+';

		add16(b, options ? 0x0800 : 0);
		add16(b, numbers[find(next)].type);
		add(b, options ? 4 + 32 : 4, NULL);
	} else
		return strcmp(word, "raw") == 0;
	return true;
}

static bool
is_unnamed(const char *word)
{
	return word == NULL || strcmp(word, "vxlan") == 0 ||
	    strncmp(word, "geneve", 6) == 0;
}

static void
build(struct built *b, const char *words)
{
	char copy[256], *list[WORDS_MAX + 1] = { NULL }, *save = NULL;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w != NULL &&
	    n < WORDS_MAX; w = strtok_r(NULL, " ", &save))
		list[n++] = w;
	b->len = 0;
	for (size_t i = 0; i < n; i++)
		if (!add_unnamed(b, list[i], list[i + 1]))
			add_word(b, list[i], is_unnamed(list[i + 1]) ? NULL :
			    list[i + 1]);
}

/* A link type's programs: without and with DNS. */
struct link {
	const char		*word;
	int			 dlt, link_type;
	struct bpf_program	 code[2];
};

static const uint16_t usual_ports[] = { 25, 465, 587, 2525 };

static void
compile(struct bpf_program *code, int dlt, const char *expr)
{
	pcap_t *dead = pcap_open_dead(dlt, 262144);

	assert_non_null(dead);
	if (pcap_compile(dead, code, expr, 1, PCAP_NETMASK_UNKNOWN) == -1)
		fail_msg("%s", pcap_geterr(dead));
	pcap_close(dead);
}

static void
compile_for(struct bpf_program *code, int dlt, const struct capture_filter *f)
{
	char *expr = capture_filter_text(f);

	assert_non_null(expr);
	compile(code, dlt, expr);
	free(expr);
}

static bool
passes(const struct bpf_program *code, const char *words)
{
	struct pcap_pkthdr h = { 0 };
	struct built b;

	build(&b, words);
	h.caplen = h.len = (bpf_u_int32)b.len;
	return pcap_offline_filter(code, &h, b.at) != 0;
}

enum want {
	NO,		/* never */
	YES,
	DNS,		/* if DNS is wanted */
};

static const struct {
	const char	*what;
	enum want	 want;
	const char	*words;
} cases[] = {
	{ "SMTP to a server", YES, "eth ip tcp:4000-25" },
	{ "SMTP from a server", YES, "eth ip tcp:25-4000" },
	{ "submission", YES, "eth ip tcp:4000-587" },
	{ "HTTP", NO, "eth ip tcp:4000-80" },
	{ "UDP on port 25", NO, "eth ip udp:4000-25" },
	{ "ARP", NO, "eth arp" },
	{ "ping", NO, "eth ip icmp" },
	{ "SMTP over IPv6", YES, "eth ip6 tcp:4000-25" },
	{ "HTTP over IPv6", NO, "eth ip6 tcp:80-4000" },
	{ "a DNS answer", DNS, "eth ip udp:53-4000" },
	{ "a DNS question", DNS, "eth ip udp:4000-53" },
	{ "a DNS answer over IPv6", DNS, "eth ip6 udp:53-4000" },
	{ "SMTP with IP options", YES, "eth ip+options tcp:4000-25" },
	{ "UDP with IP options: not looked into", YES,
	  "eth ip+options udp:1-2" },
	{ "ping with IP options", NO, "eth ip+options icmp" },
	{ "a first fragment of SMTP", YES, "eth ip+first tcp:4000-25" },
	{ "a first fragment of HTTP", NO, "eth ip+first tcp:4000-80" },
	{ "a later fragment of anything", YES, "eth ip+later icmp" },
	{ "a first fragment of SMTP over IPv6", YES,
	  "eth ip6 first tcp:25-4000" },
	{ "a first fragment of HTTP over IPv6", NO,
	  "eth ip6 first tcp:80-4000" },
	{ "a later fragment over IPv6", YES, "eth ip6 later tcp:80-4000" },
	{ "IPv6 extension headers: not looked into", YES,
	  "eth ip6 hop tcp:80-4000" },

	{ "SMTP behind a tag", YES, "eth vlan ip tcp:4000-25" },
	{ "HTTP behind a tag", NO, "eth vlan ip tcp:4000-80" },
	{ "a DNS answer behind a tag", DNS, "eth vlan ip udp:53-4000" },
	{ "a later fragment behind a tag", YES, "eth vlan ip+later icmp" },
	{ "a tag alone in the packet, as QinQ looks live", YES,
	  "eth qinq ip tcp:4000-25" },
	{ "SMTP in QinQ", YES, "eth qinq vlan ip tcp:4000-25" },
	{ "SMTP in QinQ of old", YES, "eth old vlan ip tcp:4000-25" },
	{ "HTTP in QinQ", NO, "eth qinq vlan ip tcp:4000-80" },
	{ "three tags: not looked into", YES,
	  "eth qinq vlan vlan ip tcp:4000-80" },

	{ "SMTP behind a label", YES, "eth mpls ip tcp:4000-25" },
	{ "HTTP behind a label", NO, "eth mpls ip tcp:4000-80" },
	{ "SMTP behind two labels", YES,
	  "eth more-mpls mpls ip6 tcp:4000-25" },
	{ "HTTP behind two labels", NO,
	  "eth more-mpls mpls ip6 tcp:4000-80" },
	{ "SMTP behind three labels", YES,
	  "eth more-mpls more-mpls mpls ip tcp:4000-25" },
	{ "HTTP behind three labels", NO,
	  "eth more-mpls more-mpls mpls ip tcp:4000-80" },
	{ "four labels: not looked into", YES,
	  "eth more-mpls more-mpls more-mpls mpls ip tcp:4000-80" },
	{ "Ethernet behind a label: not looked into", YES,
	  "eth mpls eth ip tcp:4000-80" },
	{ "SMTP behind a tag and a label", YES,
	  "eth vlan mpls ip tcp:25-4000" },
	{ "HTTP behind a tag and a label", NO,
	  "eth vlan mpls ip tcp:80-4000" },
	{ "SMTP in PPPoE", YES, "eth pppoe ip tcp:4000-25" },
	{ "HTTP in PPPoE", NO, "eth pppoe ip tcp:4000-80" },
	{ "SMTP over IPv6 in PPPoE behind a tag", YES,
	  "eth vlan pppoe ip6 tcp:4000-25" },
	{ "PPP talking about itself", NO, "eth pppoe lcp" },

	{ "SMTP in VXLAN", YES,
	  "eth ip udp:4000-4789 vxlan eth ip tcp:4000-25" },
	{ "HTTP in VXLAN", NO,
	  "eth ip udp:4000-4789 vxlan eth ip tcp:4000-80" },
	{ "ARP in VXLAN", NO, "eth ip udp:4000-4789 vxlan eth arp" },
	{ "SMTP over IPv6 behind a tag in VXLAN", YES,
	  "eth ip udp:4000-4789 vxlan eth vlan ip6 tcp:4000-25" },
	{ "HTTP over IPv6 behind a tag in VXLAN", NO,
	  "eth ip udp:4000-4789 vxlan eth vlan ip6 tcp:4000-80" },
	{ "a DNS answer in VXLAN on the old port", DNS,
	  "eth ip udp:4000-8472 vxlan eth ip udp:53-4000" },
	{ "a later fragment in VXLAN", YES,
	  "eth ip udp:4000-4789 vxlan eth ip+later icmp" },
	{ "two tags in VXLAN: not looked into", YES,
	  "eth ip udp:4000-4789 vxlan eth qinq vlan ip tcp:1-80" },
	{ "a tunnel in VXLAN: not looked into", YES,
	  "eth ip udp:4000-4789 vxlan eth ip gre ip tcp:1-80" },
	{ "VXLAN behind a tag: not looked into", YES,
	  "eth vlan ip udp:4000-4789 vxlan eth ip tcp:1-80" },
	{ "VXLAN over IPv6: not looked into", YES,
	  "eth ip6 udp:4000-4789 vxlan eth ip tcp:1-80" },
	{ "VXLAN in a first fragment: not looked into", YES,
	  "eth ip+first udp:4000-4789 vxlan eth ip tcp:1-80" },
	{ "SMTP in Geneve", YES,
	  "eth ip udp:4000-6081 geneve eth ip tcp:4000-25" },
	{ "HTTP in Geneve", NO,
	  "eth ip udp:4000-6081 geneve eth ip tcp:4000-80" },
	{ "SMTP in Geneve with options", YES,
	  "eth ip udp:4000-6081 geneve+options eth ip tcp:4000-25" },
	{ "HTTP in Geneve with options", NO,
	  "eth ip udp:4000-6081 geneve+options eth ip tcp:4000-80" },
	{ "SMTP in Geneve without Ethernet", YES,
	  "eth ip udp:4000-6081 geneve+options ip6 tcp:25-4000" },
	{ "HTTP in Geneve without Ethernet", NO,
	  "eth ip udp:4000-6081 geneve+options ip6 tcp:80-4000" },
	{ "SMTP in GRE", YES, "eth ip gre ip tcp:4000-25" },
	{ "HTTP in GRE", NO, "eth ip gre ip tcp:4000-80" },
	{ "SMTP in GRE with a key", YES, "eth ip gre+key ip6 tcp:1-25" },
	{ "HTTP in GRE with a key", NO, "eth ip gre+key ip6 tcp:1-80" },
	{ "SMTP in NVGRE", YES, "eth ip gre+key eth ip tcp:1-25" },
	{ "HTTP in NVGRE", NO, "eth ip gre+key eth ip tcp:1-80" },
	{ "GRE with two fields: not looked into", YES,
	  "eth ip gre+both ip tcp:1-80" },
	{ "PPTP", NO, "eth ip gre+pptp ip tcp:1-25" },
	{ "a tag in GRE: not looked into", YES, "eth ip gre vlan arp" },
	{ "AH: not looked into", YES, "eth ip ah" },
	{ "AH over IPv6: not looked into", YES, "eth ip6 ah" },
	{ "EtherIP in VXLAN: not looked into", YES,
	  "eth ip udp:1-4789 vxlan eth ip etherip" },
	{ "ESP", NO, "eth ip esp" },
	{ "ESP over IPv6", NO, "eth ip6 esp" },
	{ "VXLAN-GPE: not looked into", YES, "eth ip udp:1-4790" },
	{ "IP behind SNAP: not looked into", YES, "eth snap" },
	{ "SNAP behind a tag: not looked into", YES, "eth vlan snap" },
	{ "SNAP in VXLAN: not looked into", YES,
	  "eth ip udp:1-4789 vxlan eth snap" },
	{ "spanning tree", NO, "eth stp" },
	{ "spanning tree in QinQ", NO, "eth qinq vlan stp" },
	{ "spanning tree in VXLAN", NO, "eth ip udp:1-4789 vxlan eth stp" },
	{ "SMTP in ERSPAN I", YES, "eth ip gre erspan1 eth ip tcp:1-25" },
	{ "HTTP in ERSPAN I", NO, "eth ip gre erspan1 eth ip tcp:1-80" },
	{ "SMTP in ERSPAN II behind a tag", YES,
	  "eth ip gre+seq erspan2 eth vlan ip tcp:1-25" },
	{ "HTTP in ERSPAN II behind a tag", NO,
	  "eth ip gre+seq erspan2 eth vlan ip tcp:1-80" },
	{ "SMTP in ERSPAN III", YES,
	  "eth ip gre+seq erspan3 eth ip tcp:1-25" },
	{ "HTTP in ERSPAN III", NO,
	  "eth ip gre+seq erspan3 eth ip tcp:1-80" },
	{ "ERSPAN III with more fields: not looked into", YES,
	  "eth ip gre+seq erspan3+platform eth ip tcp:1-80" },
	{ "SMTP in IP in IP", YES, "eth ip ip tcp:1-25" },
	{ "HTTP in IP in IP", NO, "eth ip ip tcp:1-80" },
	{ "SMTP in 6in4", YES, "eth ip ip6 tcp:1-25" },
	{ "HTTP in 6in4", NO, "eth ip ip6 tcp:1-80" },
	{ "IPv4 in IPv6: not looked into", YES, "eth ip6 ip tcp:1-80" },

	{ "SMTP, cooked", YES, "sll ip tcp:1-25" },
	{ "HTTP, cooked", NO, "sll ip tcp:1-80" },
	{ "SMTP in QinQ, cooked", YES, "sll qinq vlan ip tcp:1-25" },
	{ "HTTP behind a tag, cooked", NO, "sll vlan ip tcp:1-80" },
	{ "SMTP in VXLAN, cooked", YES,
	  "sll ip udp:1-4789 vxlan eth ip tcp:1-25" },
	{ "HTTP in Geneve, cooked", NO,
	  "sll ip udp:1-6081 geneve+options eth ip tcp:1-80" },
	{ "SMTP, cooked 2", YES, "sll2 ip6 tcp:1-25" },
	{ "SMTP behind a tag, cooked 2", YES, "sll2 vlan ip tcp:1-25" },
	{ "HTTP in QinQ, cooked 2", NO, "sll2 qinq vlan ip tcp:1-80" },
	{ "a DNS answer, cooked 2", DNS, "sll2 ip udp:53-1" },
	{ "SMTP without a link header", YES, "raw ip tcp:1-25" },
	{ "HTTP without a link header", NO, "raw ip6 tcp:1-80" },
	{ "SMTP on a loopback of BSD", YES, "null ip tcp:1-25" },
	{ "HTTP on a loopback of BSD", NO, "null ip tcp:1-80" },
	{ "a DNS answer on a loopback of BSD", DNS, "null ip udp:53-1" },
};

/* Of a word such as "sll2" the length counts: "sll" is another. */
static const struct link *
link_of(const struct link *links, size_t n, const char *words)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(links[i].word) == strcspn(words, " ") &&
		    strncmp(links[i].word, words, strlen(links[i].word)) == 0)
			return &links[i];
	fail_msg("no link in %s", words);
	return NULL;
}

static void
test_cases(void **state)
{
	struct link links[] = {
		{ .word = "eth", .dlt = DLT_EN10MB, .link_type = 1 },
		{ .word = "sll", .dlt = DLT_LINUX_SLL, .link_type = 113 },
		{ .word = "sll2", .dlt = DLT_LINUX_SLL2, .link_type = 276 },
		{ .word = "raw", .dlt = DLT_RAW, .link_type = 101 },
		{ .word = "null", .dlt = DLT_NULL, .link_type = 0 },
	};
	const size_t n = COUNT(links);
	struct capture_filter f = { .ports = usual_ports, .nports = 4 };
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (int dns = 0; dns < 2; dns++) {
			f.dns = dns == 1;
			f.link_type = links[i].link_type;
			compile_for(&links[i].code[dns], links[i].dlt, &f);
		}
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int dns = 0; dns < 2; dns++) {
			bool want = cases[i].want == YES ||
			    (cases[i].want == DNS && dns == 1);
			bool got = passes(&link_of(links, n,
			    cases[i].words)->code[dns], cases[i].words);

			if (got == want)
				continue;
			print_error("%s (%s)%s: got %d, want %d\n",
			    cases[i].what, cases[i].words,
			    dns == 1 ? " with DNS" : "", got, want);
			wrong++;
		}
	for (size_t i = 0; i < n; i++) {
		pcap_freecode(&links[i].code[0]);
		pcap_freecode(&links[i].code[1]);
	}
	assert_int_equal(wrong, 0);
}

/* Linux takes 4096 instructions; the operator's own need some of them. */
static void
test_many_ports(void **state)
{
	uint16_t ports[300];
	struct capture_filter f = { .ports = ports, .nports = 300,
	    .dns = true, .link_type = 1 };
	struct bpf_program code;
	char words[64];

	(void)state;
	for (size_t i = 0; i < 300; i++)
		ports[i] = (uint16_t)(i * i / 2 + 25);
	compile_for(&code, DLT_EN10MB, &f);
	if (code.bf_len > 3500)
		fail_msg("got %u instructions, want at most 3500",
		    code.bf_len);
	for (size_t i = 0; i < 300; i++) {
		snprintf(words, sizeof(words), "eth ip tcp:%u-1", ports[i]);
		assert_true(passes(&code, words));
		snprintf(words, sizeof(words), "eth ip gre ip6 tcp:1-%u",
		    ports[i]);
		assert_true(passes(&code, words));
	}
	assert_false(passes(&code, "eth ip tcp:24-24"));
	assert_false(passes(&code, "eth ip tcp:60000-60000"));
	pcap_freecode(&code);
}

static void
test_neighbouring_ports_are_one_range(void **state)
{
	static const uint16_t ports[] = { 26, 25, 27, 587 };
	struct capture_filter f = { .ports = ports, .nports = 4,
	    .link_type = 1 };
	struct bpf_program code;

	(void)state;
	compile_for(&code, DLT_EN10MB, &f);
	assert_true(passes(&code, "eth ip tcp:1-25"));
	assert_true(passes(&code, "eth ip tcp:1-26"));
	assert_true(passes(&code, "eth ip tcp:1-27"));
	assert_true(passes(&code, "eth ip tcp:1-587"));
	assert_false(passes(&code, "eth ip tcp:1-24"));
	assert_false(passes(&code, "eth ip tcp:1-28"));
	assert_false(passes(&code, "eth ip tcp:1-586"));
	pcap_freecode(&code);
}

/* The words of pcap-filter that move offsets must not meet ours. */
static void
test_operators_own(void **state)
{
	static const uint16_t port = 25;
	struct capture_filter f = { .ports = &port, .nports = 1,
	    .link_type = 1, .extra = "dst port 25 or host 0.0.0.1" };
	struct bpf_program code;

	(void)state;
	compile_for(&code, DLT_EN10MB, &f);
	assert_true(passes(&code, "eth ip tcp:1-25"));
	assert_false(passes(&code, "eth ip tcp:25-1"));
	pcap_freecode(&code);
	f.extra = "vlan 7";
	compile_for(&code, DLT_EN10MB, &f);
	assert_true(passes(&code, "eth vlan ip tcp:1-25"));
	assert_false(passes(&code, "eth ip tcp:1-25"));
	assert_false(passes(&code, "eth vlan ip tcp:1-80"));
	pcap_freecode(&code);
}

static void
test_check(void **state)
{
	char why[256] = "";

	(void)state;
	assert_int_equal(capture_filter_check("host 192.0.2.1", why,
	    sizeof(why)), 0);
	assert_string_equal(why, "");
	assert_int_equal(capture_filter_check("prot 25", why,
	    sizeof(why)), -1);
	assert_non_null(strstr(why, "syntax error"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many_ports),
		cmocka_unit_test(test_neighbouring_ports_are_one_range),
		cmocka_unit_test(test_operators_own),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
