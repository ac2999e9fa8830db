/* SPDX-License-Identifier: ISC */
/* Part of decode_frames.h: the headers between wire and IP, by name. */

static inline void
put_octets(struct built *b, const void *octets, size_t len)
{
	memcpy(prepend(b, len), octets, len);
}

/* Headers that end with the ethertype of the next. */
static inline bool
put_link(struct built *b, const char *name, uint32_t arg, uint16_t type)
{
	uint8_t *at;

	if (strcmp(name, "eth") == 0) {
		at = prepend(b, 14);
		memcpy(at, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
		put16(at + 12, type);
	} else if (strcmp(name, "vlan") == 0 || strcmp(name, "qinq") == 0 ||
	    strcmp(name, "q9100") == 0) {
		at = prepend(b, 4);
		put16(at, 0x6000 | arg);	/* with a priority */
		put16(at + 2, type);
	} else if (strcmp(name, "cooked") == 0) {
		at = prepend(b, 16);
		put16(at + 2, arg != 0 ? arg : 1);
		put16(at + 14, type);
	} else if (strcmp(name, "cooked2") == 0) {
		at = prepend(b, 20);
		put16(at, type);
		put16(at + 8, 1);
	} else if (strcmp(name, "hdlc") == 0) {
		at = prepend(b, 4);
		put16(at, 0x0f00);
		put16(at + 2, type);
	} else if (strcmp(name, "snap") == 0) {
		at = prepend(b, 8);
		memcpy(at, "\xaa\xaa\3\0\0\0", 6);
		if (arg != 0)
			at[5] = (uint8_t)arg;
		put16(at + 6, type);
	} else
		return false;
	return true;
}

static inline bool
put_ppp(struct built *b, const char *name, uint32_t arg, uint16_t type)
{
	uint8_t *at;
	uint16_t protocol = type == 0x86dd ? 0x57 : type == 0x8847 ? 0x281 :
	    0x21;

	if (strcmp(name, "ppp") == 0) {
		if (arg == 1)		/* compressed: one octet */
			prepend(b, 1)[0] = (uint8_t)protocol;
		else
			put16(prepend(b, 2), protocol);
		if (arg == 3)		/* address and control */
			put16(prepend(b, 2), 0xff03);
	} else if (strcmp(name, "pppoe") == 0) {
		at = prepend(b, 6);
		at[0] = 0x11;
		put16(at + 2, 0x0815);
		put16(at + 4, (uint32_t)(FRAME_MAX - b->begin - 6));
	} else if (strcmp(name, "family") == 0)
		put32(prepend(b, 4), arg);
	else if (strcmp(name, "swapped") == 0)
		put32(prepend(b, 4), __builtin_bswap32(arg));
	else if (strcmp(name, "llc") == 0)
		put_octets(b, "\6\6\3", 3);
	else
		return false;
	return true;
}

/* gre=FLAGS with the four bits of RFC 2890 in hexadecimal, as in "gre=b". */
static inline void
put_gre(struct built *b, uint32_t flags, uint16_t type)
{
	uint8_t *at = prepend(b, 4 + 4 *
	    (size_t)__builtin_popcount(flags & 0xf));

	at[0] = (uint8_t)(flags << 4);
	at[1] = (uint8_t)(flags >> 4);		/* the version */
	put16(at + 2, type);
}

static inline bool
put_tunnel(struct built *b, const char *name, uint32_t arg, uint16_t type)
{
	uint8_t *at;

	if (strcmp(name, "gre") == 0)
		put_gre(b, arg, type);
	else if (strcmp(name, "erspan1") == 0)
		;				/* nothing but GRE */
	else if (strcmp(name, "erspan2") == 0)
		put_octets(b, arg ? "\x10\5\4\1\0\0\0\1" :
		    "\x10\5\0\1\0\0\0\1", 8);
	else if (strcmp(name, "erspan3") == 0) {
		/* erspan3=1: a subheader; =800: IP instead of Ethernet */
		at = prepend(b, arg & 1 ? 20 : 12);
		at[0] = 0x20;
		put16(at + 10, arg);
	} else if (strcmp(name, "vxlan") == 0) {
		prepend(b, 8)[0] = 0x08;
		put_udp(b, 50000, (uint16_t)(arg != 0 ? arg : 4789));
	} else if (strcmp(name, "gpe") == 0) {
		at = prepend(b, 8);
		at[0] = 0x0c;
		at[3] = type == 0x0800 ? 1 : type == 0x86dd ? 2 : 3;
		put_udp(b, 50000, 4790);
	} else if (strcmp(name, "geneve") == 0) {
		at = prepend(b, 8 + arg * 4);
		at[0] = (uint8_t)arg;
		put16(at + 2, type);
		put_udp(b, 50000, 6081);
	} else if (strcmp(name, "etherip") == 0)
		put16(prepend(b, 2), 0x3000);
	else if (strcmp(name, "control") == 0)
		prepend(b, 4);
	else
		return false;
	return true;
}

/* Extension headers; `next` is the protocol behind them. */
static inline bool
put_extension(struct built *b, const char *name, uint32_t arg, uint8_t next)
{
	uint8_t *at;

	if (strcmp(name, "hopopts") == 0 || strcmp(name, "dstopts") == 0 ||
	    strcmp(name, "mobility") == 0) {
		at = prepend(b, 8 + arg * 8);
		at[0] = next;
		at[1] = (uint8_t)arg;
		put16(at + 2, 0x0104 + arg * 8);	/* PadN */
	} else if (strcmp(name, "route") == 0) {	/* route=TYPE */
		at = prepend(b, 24);
		at[0] = next;
		at[1] = 2;
		at[2] = (uint8_t)arg;
		at[3] = 1;
		memcpy(at + 8, SERVER6, 16);
	} else if (strcmp(name, "fragment") == 0) {	/* atomic */
		at = prepend(b, 8);
		at[0] = next;
		put32(at + 4, 0x1234);
	} else if (strcmp(name, "ah") == 0) {
		at = prepend(b, 24);
		at[0] = next;
		at[1] = 4;
	} else
		return false;
	return true;
}

static inline void
put_word(struct built *b, char *const *word, bool v6)
{
	const struct number *next = word[1] != NULL ? number_of(word[1]) :
	    number_of("");
	const char *equals = strchr(word[0], '=');
	uint32_t arg = equals != NULL ? (uint32_t)strtoul(equals + 1, NULL,
	    16) : 0;
	bool outer = ips_in(word) > 1, last = word[1] == NULL ||
	    (strcmp(word[1], "mpls") != 0 && strcmp(word[1], "mplsup") != 0);
	uint16_t type = next->ethertype;
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word[0], "="),
	    word[0]);
	/* an 802.3 length, and what Linux cooked has instead */
	if (word[1] != NULL && (strncmp(word[1], "snap", 4) == 0 ||
	    strcmp(word[1], "llc") == 0))
		type = strncmp(name, "cooked", 6) == 0 ? 4 :
		    (uint16_t)(FRAME_MAX - b->begin);
	/* Ethernet is what tunnels without a protocol field hold */
	if (next->word != NULL && strcmp(next->word, "eth") == 0)
		type = 0x6558;

	if (strcmp(name, "tcp") == 0)
		put_tcp(b, v6);
	else if (strcmp(name, "dns") == 0) {
		put_octets(b, b->payload, b->payload_len);
		put_udp(b, 53, CLIENT_PORT);
	} else if (strncmp(name, "data", 4) == 0)
		put_octets(b, b->payload, b->payload_len);
	else if (strcmp(name, "ip4") == 0)
		put_ip4(b, next->word != NULL ? next->protocol : 17, outer,
		    arg);
	else if (strcmp(name, "ip6") == 0)
		put_ip6(b, next->word != NULL ? next->protocol : 17, outer);
	else if (strcmp(name, "mpls") == 0 || strcmp(name, "mplsup") == 0)
		put32(prepend(b, 4), 0x00010000U | (last ? 0x1ff : 0xff));
	else if (strcmp(name, "icmp") == 0 || strcmp(name, "icmp6") == 0)
		prepend(b, 8)[0] = (uint8_t)(name[4] == '6' ? 1 : 3);
	else if (strcmp(name, "udp") == 0)
		put_udp(b, 50000, (uint16_t)arg);
	else if (!put_link(b, name, arg, type) &&
	    !put_ppp(b, name, arg, type) &&
	    !put_tunnel(b, name, arg, type) &&
	    !put_extension(b, name, arg, next->protocol))
		assert(!"a header that has a name");
}
