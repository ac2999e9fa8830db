/* SPDX-License-Identifier: ISC */
#include "smtp/preamble.h"

static const uint8_t proxy_binary[] = "\r\n\r\n\0\r\nQUIT\n";
#define PROXY_BINARY_LEN	12	/* of the signature; lengths follow */

#define STATUS_AT	9	/* in the first line of an HTTP answer */
#define SOCKS_CONNECT	1
#define SOCKS4_REPLY	8

static int
begins(struct span octets, const void *with, size_t len, int then)
{
	size_t n = octets.len < len ? octets.len : len;

	if (memcmp(octets.at, with, n) != 0)
		return PREAMBLE_NONE;
	return n < len ? PREAMBLE_MORE : then;
}

int
smtp_preamble_tell(struct span first)
{
	if (first.len == 0)
		return PREAMBLE_MORE;
	switch (first.at[0]) {
	case 'P':
		return begins(first, "PROXY ", 6, PREAMBLE_PROXY);
	case 'C':
		return begins(first, "CONNECT ", 8, PREAMBLE_HTTP);
	case '\r':
		return begins(first, proxy_binary, PROXY_BINARY_LEN,
		    PREAMBLE_PROXY_BINARY);
	case 4:
		return first.len < 2 ? PREAMBLE_MORE :
		    first.at[1] == SOCKS_CONNECT ? PREAMBLE_SOCKS4 :
		    PREAMBLE_NONE;
	case 5:
		return first.len < 2 ? PREAMBLE_MORE :
		    first.at[1] >= 1 && first.at[1] <= 10 ?
		    PREAMBLE_SOCKS5 : PREAMBLE_NONE;
	}
	return PREAMBLE_NONE;
}

static long
line_length(struct span o)
{
	const uint8_t *lf = memchr(o.at, '\n', o.len);

	return lf != NULL ? (long)(lf - o.at) + 1 : PREAMBLE_MORE;
}

/* Lines up to an empty one are one message. */
static long
head_length(struct span o)
{
	size_t begin = 0;

	for (size_t i = 0; i < o.len; i++) {
		if (o.at[i] != '\n')
			continue;
		if (i == begin || (i == begin + 1 && o.at[begin] == '\r'))
			return (long)i + 1;
		begin = i + 1;
	}
	return PREAMBLE_MORE;
}

static long
http_length(enum side who, struct span o)
{
	static const char answer[] = "HTTP/1.";
	size_t n = sizeof(answer) - 1;
	long length = head_length(o);

	if (who == SIDE_SERVER) {
		if (memcmp(o.at, answer, o.len < n ? o.len : n) != 0)
			return 0;
		/* HTTP/1.1 200 Connection established; an end ahead of the
		 * status is none, however many octets came at once */
		if ((length != PREAMBLE_MORE && length <= STATUS_AT) ||
		    (o.len > STATUS_AT && o.at[STATUS_AT] != '2'))
			return 0;
	}
	return length;
}

static long
socks4_length(enum side who, struct span o)
{
	const uint8_t *user, *name;
	struct span rest;

	if (who == SIDE_SERVER)
		return o.at[0] != 0 ? 0 : SOCKS4_REPLY;
	if (o.len < 9)
		return PREAMBLE_MORE;
	rest = span_skip(o, 8);
	if ((user = memchr(rest.at, 0, rest.len)) == NULL)
		return PREAMBLE_MORE;
	/* 4A: an address 0.0.0.x announces a name behind the user */
	if (o.at[4] != 0 || o.at[5] != 0 || o.at[6] != 0 || o.at[7] == 0)
		return user - o.at + 1;
	rest = span_skip(o, (size_t)(user - o.at) + 1);
	if (rest.len == 0 ||
	    (name = memchr(rest.at, 0, rest.len)) == NULL)
		return PREAMBLE_MORE;
	return name - o.at + 1;
}

/* A request or its answer: version, command, zero, address, port. */
static long
socks5_address(struct span o)
{
	if (o.len < 5)
		return PREAMBLE_MORE;
	switch (o.at[3]) {
	case 1:
		return 4 + 4 + 2;
	case 3:
		return 4 + 1 + o.at[4] + 2;
	case 4:
		return 4 + 16 + 2;
	}
	return 0;
}

/* RFC 1929: user and password, or whether they were right. */
static long
socks5_login(enum side who, struct span o)
{
	size_t user = o.at[1];

	if (who == SIDE_SERVER)
		return o.at[1] == 0 ? 2 : 0;
	return o.len < 3 + user ? PREAMBLE_MORE :
	    (long)(3 + user + o.at[2 + user]);
}

static long
socks5_length(enum side who, struct span o, bool greeted, bool *last)
{
	*last = false;
	if (o.len < 2)
		return PREAMBLE_MORE;
	if (o.at[0] == 1 && greeted)
		return socks5_login(who, o);
	if (o.at[0] != 5)
		return 0;
	if (!greeted) {		/* methods; the one chosen, or none */
		if (who == SIDE_CLIENT)
			return 2 + o.at[1];
		return o.at[1] == 0xff ? 0 : 2;
	}
	*last = true;
	if (o.at[1] != (who == SIDE_CLIENT ? SOCKS_CONNECT : 0))
		return 0;
	return socks5_address(o);
}

long
smtp_preamble_length(enum smtp_preamble what, enum side who,
    struct span octets, bool greeted, bool *last)
{
	*last = true;
	if (octets.len == 0)
		return PREAMBLE_MORE;
	switch (what) {
	case PREAMBLE_NONE:
		return 0;
	case PREAMBLE_PROXY:
		return line_length(octets);
	case PREAMBLE_PROXY_BINARY:
		return octets.len < PROXY_BINARY_LEN + 4 ? PREAMBLE_MORE :
		    PROXY_BINARY_LEN + 4 + (octets.at[14] << 8 |
		    octets.at[15]);
	case PREAMBLE_HTTP:
		return http_length(who, octets);
	case PREAMBLE_SOCKS4:
		return socks4_length(who, octets);
	case PREAMBLE_SOCKS5:
		return socks5_length(who, octets, greeted, last);
	}
	return 0;
}
