/* SPDX-License-Identifier: ISC */
#include "handshake.h"
#include "random.h"

/* RFC 8446 B.1, B.3 */
enum {
	RECORD_CHANGE_CIPHER = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
};
enum {
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_TICKET = 4,
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SERVER_KEY = 12,
	MESSAGE_SERVER_DONE = 14,
	MESSAGE_CLIENT_KEY = 16,
};

#define TLS10		0x0301
#define TLS12		0x0303
#define SHARE_OCTETS	32		/* x25519 */
#define SIGNATURE_OCTETS	256	/* rsa_pss_rsae_sha256, 2048 bits */

/* Both begin something whose length is known at its end; they answer where
 * its body begins, which is what the other half wants. */
static uint8_t *
open_record(struct writer *w, uint32_t type, uint32_t version)
{
	write8(w, type);
	write16(w, version);
	w->at += 2;
	return w->at;
}

static void
close_record(struct writer *w, uint8_t *body)
{
	store16(body - 2, (uint32_t)(w->at - body));
}

static uint8_t *
open_message(struct writer *w, uint32_t type)
{
	write8(w, type);
	w->at += 3;
	return w->at;
}

static void
close_message(struct writer *w, uint8_t *body)
{
	store24(body - 3, (uint32_t)(w->at - body));
}

static void
write_random(struct writer *w, uint64_t *random, size_t n)
{
	random_fill(random, w->at, n);
	w->at += n;
}

static void
write_sealed(struct writer *w, const struct session *s, const struct bulk *b,
    uint32_t type, uint32_t length)
{
	uint8_t *body = open_record(w, type, TLS12);
	uint64_t from = random_scramble(s->random ^ (uint64_t)s->at * 77) %
	    (BULK_NOISE - 32768);

	write_octets(w, b->noise + from, length);
	close_record(w, body);
}

static void
write_change_cipher(struct writer *w)
{
	uint8_t *body = open_record(w, RECORD_CHANGE_CIPHER, TLS12);

	write8(w, 1);
	close_record(w, body);
}

/* server_name, RFC 6066 3 */
static void
write_sni(struct writer *w, const char *name)
{
	uint32_t n = (uint32_t)strlen(name);

	write16(w, 0);
	write16(w, n + 5);
	write16(w, n + 3);
	write8(w, 0);
	write16(w, n);
	write_octets(w, name, n);
}

/* The key share of either side: `list` if it is the client's. */
static void
write_share(struct writer *w, uint64_t *random, bool list)
{
	write16(w, 51);
	write16(w, 4 + SHARE_OCTETS + (list ? 2 : 0));
	if (list)
		write16(w, 4 + SHARE_OCTETS);
	write16(w, 29);
	write16(w, SHARE_OCTETS);
	write_random(w, random, SHARE_OCTETS);
}

void
handshake_client_hello(struct writer *w, const struct session *s, bool tls13,
    const char *sni)
{
	/* OpenSSL 3's lists: the first three suites are of TLS 1.3. */
	static const uint16_t suites[] = { 0x1302, 0x1303, 0x1301,
		0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b,
		0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027,
		0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033,
		0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff };
	/* ec_point_formats, supported_groups, session_ticket,
	 * encrypt_then_mac, extended_master_secret, signature_algorithms */
	static const uint8_t common[] = {
		0, 11, 0, 4, 3, 0, 1, 2,
		0, 10, 0, 12, 0, 10, 0, 29, 0, 23, 0, 30, 0, 25, 0, 24,
		0, 35, 0, 0,
		0, 22, 0, 0,
		0, 23, 0, 0,
		0, 13, 0, 42, 0, 40, 4, 3, 5, 3, 6, 3, 8, 7, 8, 8, 8, 9,
		8, 10, 8, 11, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 3, 3,
		3, 1, 3, 2, 4, 2, 5, 2, 6, 2,
	};
	/* supported_versions, psk_key_exchange_modes */
	static const uint8_t only13[] = {
		0, 43, 0, 5, 4, 3, 4, 3, 3,
		0, 45, 0, 2, 1, 1,
	};
	size_t first = tls13 ? 0 : 3, n = sizeof(suites) / 2 - first;
	uint64_t random = s->random;
	uint8_t *record = open_record(w, RECORD_HANDSHAKE, TLS10);
	uint8_t *message = open_message(w, MESSAGE_CLIENT_HELLO);
	uint8_t *extensions;
	size_t i;

	write16(w, TLS12);
	write_random(w, &random, 32);
	write8(w, 32);
	write_random(w, &random, 32);
	write16(w, (uint32_t)n * 2);
	for (i = first; i < first + n; i++)
		write16(w, suites[i]);
	write16(w, 0x0100);		/* no compression */
	extensions = w->at;
	w->at += 2;
	if (sni != NULL)
		write_sni(w, sni);
	write_octets(w, common, sizeof(common));
	if (tls13) {
		write_octets(w, only13, sizeof(only13));
		write_share(w, &random, true);
	}
	store16(extensions, (uint32_t)(w->at - extensions - 2));
	close_message(w, message);
	close_record(w, record);
}

static void
write_server_hello(struct writer *w, const struct session *s, bool tls13)
{
	static const uint8_t version13[] = { 0, 43, 0, 2, 3, 4 };
	/* renegotiation_info, ec_point_formats, session_ticket,
	 * extended_master_secret */
	static const uint8_t common12[] = {
		0xff, 1, 0, 1, 0,
		0, 11, 0, 4, 3, 0, 1, 2,
		0, 35, 0, 0,
		0, 23, 0, 0,
	};
	uint64_t random = random_scramble(s->random ^ 0x5e44);
	uint8_t *record = open_record(w, RECORD_HANDSHAKE, TLS12);
	uint8_t *message = open_message(w, MESSAGE_SERVER_HELLO);
	uint8_t *extensions;

	write16(w, TLS12);
	write_random(w, &random, 32);
	write8(w, 32);
	write_random(w, &random, 32);
	write16(w, tls13 ? 0x1302 : 0xc030);
	write8(w, 0);
	extensions = w->at;
	w->at += 2;
	if (tls13) {
		write_octets(w, version13, sizeof(version13));
		write_share(w, &random, false);
	} else {
		write_octets(w, common12, sizeof(common12));
	}
	store16(extensions, (uint32_t)(w->at - extensions - 2));
	close_message(w, message);
	close_record(w, record);
}

/* ECDHE on x25519 (RFC 8422 5.4), signed by nobody. */
static void
write_server_key(struct writer *w, const struct session *s)
{
	uint64_t random = random_scramble(s->random ^ 0x5ce);
	uint8_t *record = open_record(w, RECORD_HANDSHAKE, TLS12);
	uint8_t *message = open_message(w, MESSAGE_SERVER_KEY);

	write8(w, 3);
	write16(w, 29);
	write8(w, SHARE_OCTETS);
	write_random(w, &random, SHARE_OCTETS);
	write16(w, 0x0804);
	write16(w, SIGNATURE_OCTETS);
	write_random(w, &random, SIGNATURE_OCTETS);
	close_message(w, message);
	close_record(w, record);
}

void
handshake_server12(struct writer *w, const struct session *s,
    const struct chain *c)
{
	uint8_t *record, *message;

	write_server_hello(w, s, false);
	record = open_record(w, RECORD_HANDSHAKE, TLS12);
	message = open_message(w, MESSAGE_CERTIFICATE);
	write_octets(w, c->body, c->length);
	close_message(w, message);
	close_record(w, record);
	write_server_key(w, s);
	record = open_record(w, RECORD_HANDSHAKE, TLS12);
	message = open_message(w, MESSAGE_SERVER_DONE);
	close_message(w, message);
	close_record(w, record);
}

void
handshake_client_key12(struct writer *w, const struct session *s,
    const struct bulk *b)
{
	uint64_t random = random_scramble(s->random ^ 0xc3e);
	uint8_t *record = open_record(w, RECORD_HANDSHAKE, TLS12);
	uint8_t *message = open_message(w, MESSAGE_CLIENT_KEY);

	write8(w, SHARE_OCTETS);
	write_random(w, &random, SHARE_OCTETS);
	close_message(w, message);
	close_record(w, record);
	write_change_cipher(w);
	write_sealed(w, s, b, RECORD_HANDSHAKE, 40);
}

void
handshake_finished12(struct writer *w, const struct session *s,
    const struct bulk *b)
{
	enum { LIFETIME = 7200, TICKET = 192 };
	uint64_t random = random_scramble(s->random ^ 0x715);
	uint8_t *record = open_record(w, RECORD_HANDSHAKE, TLS12);
	uint8_t *message = open_message(w, MESSAGE_TICKET);

	write16(w, 0);
	write16(w, LIFETIME);
	write16(w, TICKET);
	write_random(w, &random, TICKET);
	close_message(w, message);
	close_record(w, record);
	write_change_cipher(w);
	write_sealed(w, s, b, RECORD_HANDSHAKE, 40);
}

void
handshake_server13(struct writer *w, const struct session *s,
    const struct bulk *b, uint32_t chain_length)
{
	write_server_hello(w, s, true);
	write_change_cipher(w);
	write_sealed(w, s, b, RECORD_DATA, 23);	/* EncryptedExtensions */
	write_sealed(w, s, b, RECORD_DATA, chain_length + 21 + 17);
	write_sealed(w, s, b, RECORD_DATA, 281);	/* CertificateVerify */
	write_sealed(w, s, b, RECORD_DATA, 69);		/* Finished */
}

void
handshake_client_finished13(struct writer *w, const struct session *s,
    const struct bulk *b, const char *name)
{
	write_change_cipher(w);
	write_sealed(w, s, b, RECORD_DATA, 69);
	write_sealed(w, s, b, RECORD_DATA, 17 + 8 + (uint32_t)strlen(name));
}

void
handshake_web13(struct writer *w, const struct session *s,
    const struct bulk *b)
{
	write_server_hello(w, s, true);
	write_sealed(w, s, b, RECORD_DATA, 2900);
}

void
handshake_alert(struct writer *w)
{
	uint8_t *body = open_record(w, RECORD_ALERT, TLS12);

	write8(w, 2);			/* fatal */
	write8(w, 40);			/* handshake_failure */
	close_record(w, body);
}

void
handshake_sealed(struct writer *w, const struct session *s,
    const struct bulk *b, uint32_t length)
{
	write_sealed(w, s, b, RECORD_DATA, length);
}
