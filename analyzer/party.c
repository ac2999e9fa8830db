/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analyzer/party.h"

/*
 * Text to octets; an IPv4 address mapped into IPv6 (RFC 4291 2.5.5.2) is
 * that IPv4 address, as people paste both.
 */
static bool
address_read(struct party_address *a, const char *text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, text, a->octets) == 1) {
		a->len = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, a->octets) != 1)
		return false;
	a->len = 16;
	if (memcmp(a->octets, mapped, sizeof(mapped)) == 0) {
		memmove(a->octets, a->octets + 12, 4);
		a->len = 4;
	}
	return true;
}

static bool
address_within(const struct party_address *a, const uint8_t *net, size_t len,
    unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (a->len != len || bits > len * 8 ||
	    memcmp(a->octets, net, whole) != 0)
		return false;
	return rest == 0 || ((a->octets[whole] ^ net[whole]) & mask) == 0;
}

static bool
number_read(const char *text, unsigned max, unsigned *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return false;
	*number = (unsigned)strtoul(text, NULL, 10);
	return *number <= max;
}

static const char *
network_read(struct party *p, char *slash)
{
	*slash = '\0';
	if (!address_read(&p->address, p->text))
		return "not a network: no address before the slash";
	if (!number_read(slash + 1, (unsigned)p->address.len * 8, &p->bits))
		return p->address.len == 4 ?
		    "not a network: 0 to 32 bits belong behind the slash" :
		    "not a network: 0 to 128 bits belong behind the slash";
	p->form = PARTY_NETWORK;
	return NULL;
}

/* Cut the port off "192.0.2.1:25", "mx.example:25" and "[2001:db8::1]:25". */
static bool
port_cut(struct party *p)
{
	char *colon = strrchr(p->text, ':'), *close = strrchr(p->text, ']');
	size_t len = strlen(p->text);

	p->port = 0;
	if (p->text[0] == '[') {
		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return false;
		if (close[1] == ':' &&
		    !number_read(close + 2, 65535, &p->port))
			return false;
		*close = '\0';
		memmove(p->text, p->text + 1, len);
		return true;
	}
	if (colon == NULL || strchr(p->text, ':') != colon)
		return true;		/* none, or a bare IPv6 address */
	if (!number_read(colon + 1, 65535, &p->port))
		return false;
	*colon = '\0';
	return true;
}

const char *
party_read(struct party *p, const char *word)
{
	size_t len = strlen(word);
	char *slash;

	if (len == 0 || len >= sizeof(p->text))
		return "not an address, network or name";
	*p = (struct party){ .form = PARTY_NAME };
	memcpy(p->text, word, len + 1);
	if ((slash = strchr(p->text, '/')) != NULL)
		return network_read(p, slash);
	if (!port_cut(p))
		return "not an address with a port";
	if (address_read(&p->address, p->text)) {
		p->form = PARTY_ADDRESS;
		inet_ntop(p->address.len == 4 ? AF_INET : AF_INET6,
		    p->address.octets, p->text, sizeof(p->text));
		return NULL;
	}
	if (strchr(p->text, ':') != NULL)
		return "not an address, network or name";
	if (strncmp(p->text, "*.", 2) == 0)
		p->form = PARTY_SUFFIX;
	else if (strchr(p->text, '*') != NULL)
		return "a * may only stand before the first dot, as in "
		    "*.example.org";
	return NULL;
}

/* Without the root's dot, "mx.example." is "mx.example". */
static size_t
name_length(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

bool
party_name_fits(const char *name, const char *pattern)
{
	bool below = strncmp(pattern, "*.", 2) == 0;
	size_t have, want;

	if (below)
		pattern += 2;
	have = name_length(name);
	want = name_length(pattern);
	if (have < want || (have > want && !below))
		return false;
	if (have > want && name[have - want - 1] != '.')
		return false;
	return strncasecmp(name + have - want, pattern, want) == 0;
}

/* As many bits as both say. */
static bool
networks_meet(const struct party *a, const struct party *b)
{
	unsigned whole = (unsigned)a->address.len * 8;
	unsigned x = a->form == PARTY_NETWORK ? a->bits : whole;
	unsigned y = b->form == PARTY_NETWORK ? b->bits : whole;

	return address_within(&a->address, b->address.octets,
	    b->address.len, x < y ? x : y);
}

bool
party_meets(const struct party *p, const char *word)
{
	struct party q;

	if (p->form == PARTY_NAME || p->form == PARTY_SUFFIX)
		return party_name_fits(word, p->text);
	if (party_read(&q, word) != NULL || q.form == PARTY_NAME ||
	    q.form == PARTY_SUFFIX)
		return false;
	if (p->port != 0 && q.port != 0 && p->port != q.port)
		return false;
	return networks_meet(&q, p);
}

static void
sql_address_key(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	struct party_address a;
	uint8_t key[sizeof(a.octets) + 1];

	(void)n;
	if (text == NULL || !address_read(&a, text))
		return;			/* NULL */
	key[0] = (uint8_t)a.len;	/* IPv4 first */
	memcpy(key + 1, a.octets, a.len);
	sqlite3_result_blob(context, key, (int)a.len + 1, SQLITE_TRANSIENT);
}

static void
sql_in_network(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	const void *net = sqlite3_value_blob(values[1]);
	size_t len = (size_t)sqlite3_value_bytes(values[1]);
	struct party_address a;

	(void)n;
	sqlite3_result_int(context, text != NULL && net != NULL &&
	    address_read(&a, text) && address_within(&a, net, len,
	    (unsigned)sqlite3_value_int(values[2])));
}

static void
sql_name_fits(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *name = (const char *)sqlite3_value_text(values[0]);
	const char *pattern = (const char *)sqlite3_value_text(values[1]);

	(void)n;
	sqlite3_result_int(context, name != NULL && pattern != NULL &&
	    party_name_fits(name, pattern));
}

static void
sql_party_meets(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *word = (const char *)sqlite3_value_text(values[0]);
	const char *party = (const char *)sqlite3_value_text(values[1]);
	struct party p;

	(void)n;
	sqlite3_result_int(context, word != NULL && party != NULL &&
	    party_read(&p, party) == NULL && party_meets(&p, word));
}

static void
sql_network_of(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	char net[INET6_ADDRSTRLEN + 4];
	struct party_address a;

	(void)n;
	if (text == NULL || !address_read(&a, text))
		return;			/* NULL */
	if (a.len == 4)
		a.octets[3] = 0;
	else
		memset(a.octets + 6, 0, 10);
	inet_ntop(a.len == 4 ? AF_INET : AF_INET6, a.octets, net,
	    INET6_ADDRSTRLEN);
	strcat(net, a.len == 4 ? "/24" : "/48");
	sqlite3_result_text(context, net, -1, SQLITE_TRANSIENT);
}

int
party_functions(sqlite3 *db)
{
	/* DIRECTONLY: for our statements, not for a stranger's views */
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC |
	    SQLITE_DIRECTONLY;
	static const struct {
		const char	*name;
		int		 arguments;
		void		(*call)(sqlite3_context *, int,
				    sqlite3_value **);
	} functions[] = {
		{ "address_key", 1, sql_address_key },
		{ "in_network", 3, sql_in_network },
		{ "name_fits", 2, sql_name_fits },
		{ "party_meets", 2, sql_party_meets },
		{ "network_of", 1, sql_network_of },
	};
	int error = SQLITE_OK;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]) &&
	    error == SQLITE_OK; i++)
		error = sqlite3_create_function(db, functions[i].name,
		    functions[i].arguments, flags, NULL, functions[i].call,
		    NULL, NULL);
	return error;
}
