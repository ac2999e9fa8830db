/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tls/handshake.h"
#include "tls/tls.h"

#define ROOM_FIRST	2048	/* octets: most hellos, in one step */

struct tls_room *
tls_room_new(size_t max)
{
	struct tls_room *all;

	if ((all = malloc(sizeof(*all))) == NULL)
		return NULL;
	atomic_init(&all->used, 0);
	atomic_init(&all->holders, 1);
	all->max = max;
	return all;
}

void
tls_room_drop(struct tls_room *all)
{
	if (atomic_fetch_sub_explicit(&all->holders, 1,
	    memory_order_acq_rel) == 1)
		free(all);
}

/* The message at hand is passed over from here. */
static void
give_up(struct tls_handshake *h, struct tls_room *all)
{
	h->wanted = false;
	if (h->buffer == NULL)
		return;
	free(h->buffer);
	h->buffer = NULL;
	atomic_fetch_sub_explicit(&all->used, h->room, memory_order_relaxed);
	h->room = 0;
	tls_room_drop(all);
}

void
tls_handshake_reset(struct tls_handshake *h, struct tls_room *all)
{
	give_up(h, all);
	memset(h, 0, sizeof(*h));
}

void
tls_handshake_begin(struct tls_handshake *h, uint8_t type, uint32_t length)
{
	h->header_len = sizeof(h->header);
	h->type = type;
	h->length = length;
	h->left = length;
	h->wanted = false;
}

void
tls_handshake_want(struct tls_handshake *h)
{
	h->wanted = h->length <= TLS_HANDSHAKE_MAX;
}

bool
tls_handshake_skip(struct tls_handshake *h, struct tls_room *all,
    uint64_t octets)
{
	if (h->header_len < sizeof(h->header) || octets > h->left)
		return false;
	give_up(h, all);
	h->left -= (uint32_t)octets;
	return true;
}

/* Room grows with what came, not with what was announced: a header alone
 * must not cost us 64 KiB. */
static bool
make_room(struct tls_handshake *h, struct tls_room *all, uint32_t need)
{
	uint32_t room = h->room == 0 ? ROOM_FIRST : h->room;
	uint8_t *grown;

	while (room < need)
		room *= 2;
	if (room > h->length)
		room = h->length;
	/* only the road thread adds, so this cannot be overtaken */
	if (atomic_load_explicit(&all->used, memory_order_relaxed) + room -
	    h->room > all->max ||
	    (grown = realloc(h->buffer, room)) == NULL)
		return false;
	if (h->buffer == NULL)
		atomic_fetch_add_explicit(&all->holders, 1,
		    memory_order_relaxed);
	atomic_fetch_add_explicit(&all->used, room - h->room,
	    memory_order_relaxed);
	h->buffer = grown;
	h->room = room;
	return true;
}

static bool
keep(struct tls_handshake *h, struct tls_room *all, struct span piece)
{
	uint32_t filled = h->length - h->left;

	if (filled + piece.len > h->room &&
	    !make_room(h, all, (uint32_t)(filled + piece.len)))
		return false;
	memcpy(h->buffer + filled, piece.at, piece.len);
	return true;
}

static enum tls_handshake_event
read_header(struct tls_handshake *h, struct span *rest)
{
	while (h->header_len < sizeof(h->header) && rest->len > 0) {
		h->header[h->header_len++] = rest->at[0];
		*rest = span_skip(*rest, 1);
	}
	if (h->header_len < sizeof(h->header))
		return TLS_HANDSHAKE_MORE;
	tls_handshake_begin(h, h->header[0], (uint32_t)h->header[1] << 16 |
	    (uint32_t)h->header[2] << 8 | h->header[3]);
	return TLS_HANDSHAKE_HEADER;
}

enum tls_handshake_event
tls_handshake_read(struct tls_handshake *h, struct tls_room *all,
    struct span *rest, struct span *body)
{
	struct span piece;

	if (h->header_len == sizeof(h->header) && h->left == 0 && !h->wanted)
		tls_handshake_reset(h, all);	/* the one before is done */
	if (h->header_len < sizeof(h->header))
		return read_header(h, rest);
	piece = span_first(*rest, h->left);
	*rest = span_skip(*rest, piece.len);
	if (h->wanted && h->buffer == NULL && piece.len == h->left) {
		*body = piece;		/* whole in one piece: borrowed */
		h->left = 0;
		h->wanted = false;
		return TLS_HANDSHAKE_MESSAGE;
	}
	if (h->wanted && piece.len > 0 && !keep(h, all, piece)) {
		give_up(h, all);
		h->refused = true;
	}
	h->left -= (uint32_t)piece.len;
	if (!h->wanted || h->left > 0)
		return TLS_HANDSHAKE_MORE;
	*body = span_of(h->buffer, h->length);
	h->wanted = false;
	return TLS_HANDSHAKE_MESSAGE;
}
