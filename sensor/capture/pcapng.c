/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/linktype.h"
#include "capture/pcapng.h"
#include "capture/stamp.h"
#include "capture/window.h"

#define BLOCK_SECTION	0x0a0d0d0a	/* the same in both orders */
#define BLOCK_INTERFACE	1
#define BLOCK_PACKET	2		/* obsolete, still met */
#define BLOCK_SIMPLE	3
#define BLOCK_ENHANCED	6

#define ORDER_MARK	0x1a2b3c4d

/* Fixed parts, the eight octets of type and length included; every block
 * ends with its length again. */
#define SECTION_FIXED	24
#define INTERFACE_FIXED	16
#define SIMPLE_FIXED	12
#define PACKET_FIXED	28
#define TRAILER		4

#define OPTION_END	0
#define OPTION_TSRESOL	9
#define OPTION_TSOFFSET	14

/* More than this in a block that we must understand is damage. */
#define BLOCK_MAX	(16 * 1024 * 1024)
#define INTERFACE_MAX	(512 * 1024)	/* shown in one piece */
#define INTERFACES_MAX	65536		/* a section; each costs memory */

struct interface {
	struct capture_clock	 clock;
	int			 link_type;
	uint32_t		 snaplen;	/* 0: no limit */
	const struct bpf_program *program;
	bool			 left_out;	/* has no such filter */
};

struct capture_pcapng {
	struct capture_window	 w;
	struct capture_programs	*programs;
	bool			 swapped;	/* this section's order */
	bool			 known;		/* this section's version */
	struct interface	*interfaces;
	size_t			 ninterfaces, room;

	uint64_t		 block_at;	/* where the block began */
	uint32_t		 block_len;
	uint64_t		 block_left;	/* to pass, with trailer */

	uint64_t		 number;
	int64_t			 time;		/* of the last frame */
	struct capture_damage	 broken;	/* here the reading ended */
	struct capture_damage	 left_out;	/* the first thing so */
	char			 text[PCAP_ERRBUF_SIZE];
};

static uint16_t
get16(const struct capture_pcapng *p, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t
get32(const struct capture_pcapng *p, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t
get64(const struct capture_pcapng *p, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? __builtin_bswap64(v) : v;
}

bool
capture_pcapng_begins(struct span head)
{
	static const uint8_t big[] = { 0x1a, 0x2b, 0x3c, 0x4d };
	static const uint8_t little[] = { 0x4d, 0x3c, 0x2b, 0x1a };
	static const uint8_t section[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	if (head.len < 4 || memcmp(head.at, section, 4) != 0)
		return false;
	return head.len < 12 || memcmp(head.at + 8, big, 4) == 0 ||
	    memcmp(head.at + 8, little, 4) == 0;
}

static struct capture_damage
damage_here(const struct capture_pcapng *p, const char *why)
{
	return (struct capture_damage){ .number = p->number,
	    .at = p->block_at, .why = why };
}

/* The file makes no sense from this block on. */
static enum capture_status
break_off(struct capture_pcapng *p, const char *why)
{
	p->broken = damage_here(p, why);
	return CAPTURE_DAMAGED;
}

/* The octets ended within a block: by a cut, or by what the stream says. */
static enum capture_status
break_short(struct capture_pcapng *p, const char *why)
{
	if (capture_stream_why(p->w.stream) != NULL)
		why = capture_stream_why(p->w.stream);
	return break_off(p, why);
}

/* The block is of no use, but the next one may be. */
static void
leave_out(struct capture_pcapng *p, const char *why)
{
	if (p->left_out.why == NULL)
		p->left_out = damage_here(p, why);
}

/* Behind what was read of a block: pass the rest, look at the trailer. */
static bool
finish_block(struct capture_pcapng *p)
{
	uint64_t left = p->block_left;
	struct span s;

	p->block_left = 0;
	if (left == 0)
		return true;
	if (!capture_window_skip(&p->w, left - TRAILER)) {
		break_short(p, "block cut short");
		return false;
	}
	s = capture_window_show(&p->w, TRAILER);
	if (s.len < TRAILER) {
		break_short(p, "block cut short");
		return false;
	}
	if (get32(p, s.at) != p->block_len) {
		break_off(p, "block length differs at its two ends");
		return false;
	}
	return capture_window_skip(&p->w, TRAILER);
}

/* The first `n` octets of the block were read. */
static void
pass(struct capture_pcapng *p, size_t n)
{
	(void)capture_window_skip(&p->w, n);	/* shown, so it is there */
	p->block_left = p->block_len - n;
}

static enum capture_status
begin_section(struct capture_pcapng *p)
{
	uint32_t mark;
	struct span s;

	s = capture_window_show(&p->w, SECTION_FIXED);
	if (s.len < SECTION_FIXED)
		return break_short(p, "section header cut short");
	memcpy(&mark, s.at + 8, sizeof(mark));
	p->swapped = mark != ORDER_MARK;
	if (get32(p, s.at + 8) != ORDER_MARK)
		return break_off(p, "section without byte-order magic");
	p->block_len = get32(p, s.at + 4);
	if (p->block_len < SECTION_FIXED + TRAILER || p->block_len % 4 != 0 ||
	    p->block_len > BLOCK_MAX)
		return break_off(p, "section header of impossible length");

	/* A change of the minor version leaves old readers able to read. */
	p->known = get16(p, s.at + 12) == 1;
	p->ninterfaces = 0;
	if (!p->known) {
		snprintf(p->text, sizeof(p->text), "pcapng version %u.%u "
		    "is not known", get16(p, s.at + 12),
		    get16(p, s.at + 14));
		leave_out(p, p->text);
	}
	pass(p, SECTION_FIXED);
	return CAPTURE_QUIET;
}

/* The clock's options; anything that does not fit ends the list. */
static void
read_options(const struct capture_pcapng *p, struct span s,
    struct interface *i)
{
	uint16_t code, len;

	while (s.len >= 4) {
		code = get16(p, s.at);
		len = get16(p, s.at + 2);
		s = span_skip(s, 4);
		if (code == OPTION_END || len > s.len)
			break;
		if (code == OPTION_TSRESOL && len == 1)
			i->clock.resolution = s.at[0];
		if (code == OPTION_TSOFFSET && len == 8)
			i->clock.offset = (int64_t)get64(p, s.at);
		s = span_skip(s, (size_t)(len + 3) & ~(size_t)3);
	}
}

static int
add_interface(struct capture_pcapng *p, const struct interface *i)
{
	struct interface *grown;
	size_t room;

	if (p->ninterfaces == p->room) {
		room = p->room == 0 ? 4 : p->room * 2;
		grown = realloc(p->interfaces, room * sizeof(*grown));
		if (grown == NULL)
			return -1;
		p->interfaces = grown;
		p->room = room;
	}
	p->interfaces[p->ninterfaces++] = *i;
	return 0;
}

static enum capture_status
read_interface(struct capture_pcapng *p)
{
	struct interface i = { .clock = CAPTURE_CLOCK_DEFAULT };
	struct span s;

	if (p->block_len < INTERFACE_FIXED + TRAILER ||
	    p->block_len > INTERFACE_MAX)
		return break_off(p, "interface of impossible length");
	s = capture_window_show(&p->w, p->block_len - TRAILER);
	if (s.len < p->block_len - TRAILER)
		return break_short(p, "interface cut short");
	if (p->ninterfaces == INTERFACES_MAX)
		return break_off(p, "more interfaces than we keep");
	i.link_type = capture_linktype_from_dlt(get16(p, s.at + 8));
	i.snaplen = get32(p, s.at + 12);
	read_options(p, span_skip(s, INTERFACE_FIXED), &i);
	i.left_out = capture_programs_get(p->programs, i.link_type,
	    &i.program) == -1;
	if (add_interface(p, &i) == -1)
		return break_off(p, "out of memory");
	pass(p, INTERFACE_FIXED);
	return CAPTURE_QUIET;
}

/*
 * The octets follow `fixed` others.  CAPTURE_QUIET if the frame is not for
 * the user; it is counted all the same.
 */
static enum capture_status
give_frame(struct capture_pcapng *p, uint32_t which, uint32_t fixed,
    struct frame *f)
{
	const struct interface *i;
	struct pcap_pkthdr h;
	size_t len = f->octets.len;
	struct span s;

	s = capture_window_show(&p->w, fixed + len);
	if (s.len < fixed + len)
		return break_short(p, "packet cut short");
	if (which >= p->ninterfaces) {
		p->number++;
		leave_out(p, "packet of an interface never described, "
		    "left out");
		pass(p, fixed);
		return CAPTURE_QUIET;
	}
	i = &p->interfaces[which];
	f->octets = span_skip(s, fixed);
	if (f->wire_len < len)
		f->wire_len = (uint32_t)len;
	f->number = ++p->number;
	f->link_type = i->link_type;
	p->time = f->time;
	pass(p, fixed + len);
	if (i->left_out)
		leave_out(p, capture_programs_why(p->programs));
	if (i->program != NULL) {
		h = (struct pcap_pkthdr){ .caplen = (bpf_u_int32)len,
		    .len = f->wire_len };
		if (pcap_offline_filter(i->program, &h, f->octets.at) == 0)
			return CAPTURE_QUIET;
	}
	return i->left_out ? CAPTURE_QUIET : CAPTURE_FRAME;
}

/* Enhanced and obsolete packet blocks differ in one field. */
static enum capture_status
read_packet(struct capture_pcapng *p, bool obsolete, struct frame *f)
{
	struct capture_clock usual = CAPTURE_CLOCK_DEFAULT;
	uint32_t which, len;
	struct span s;

	if (p->block_len < PACKET_FIXED + TRAILER || p->block_len > BLOCK_MAX)
		return break_off(p, "packet block of impossible length");
	s = capture_window_show(&p->w, PACKET_FIXED);
	if (s.len < PACKET_FIXED)
		return break_short(p, "packet header cut short");
	which = obsolete ? get16(p, s.at + 8) : get32(p, s.at + 8);
	len = get32(p, s.at + 20);
	if (len > p->block_len - PACKET_FIXED - TRAILER)
		return break_off(p, "packet longer than its block");
	if (len > CAPTURE_FRAME_MAX)
		return break_off(p, "packet longer than any can be");
	f->octets.len = len;
	f->wire_len = get32(p, s.at + 24);
	f->time = capture_stamp_time(which < p->ninterfaces ?
	    &p->interfaces[which].clock : &usual,
	    (uint64_t)get32(p, s.at + 12) << 32 | get32(p, s.at + 16));
	return give_frame(p, which, PACKET_FIXED, f);
}

/*
 * A simple packet has no time of its own; the one before it is nearest.
 * Its captured length is what remains of the wire's, the interface's snap
 * length and the block's room.
 */
static enum capture_status
read_simple(struct capture_pcapng *p, struct frame *f)
{
	uint32_t len, room, snaplen = 0;
	struct span s;

	if (p->block_len < SIMPLE_FIXED + TRAILER || p->block_len > BLOCK_MAX)
		return break_off(p, "packet block of impossible length");
	s = capture_window_show(&p->w, SIMPLE_FIXED);
	if (s.len < SIMPLE_FIXED)
		return break_short(p, "packet header cut short");
	len = f->wire_len = get32(p, s.at + 8);
	room = p->block_len - SIMPLE_FIXED - TRAILER;
	if (p->ninterfaces > 0)
		snaplen = p->interfaces[0].snaplen;
	if (snaplen != 0 && len > snaplen)
		len = snaplen;
	if (len > room)
		len = room;
	if (len > CAPTURE_FRAME_MAX)
		return break_off(p, "packet longer than any can be");
	f->octets.len = len;
	f->time = p->time;
	return give_frame(p, 0, SIMPLE_FIXED, f);
}

/* CAPTURE_QUIET: a block without a frame for the user. */
static enum capture_status
read_block(struct capture_pcapng *p, struct frame *f)
{
	uint32_t type;
	struct span s;

	if (!finish_block(p))
		return CAPTURE_DAMAGED;
	p->block_at = capture_window_at(&p->w);
	s = capture_window_show(&p->w, 8);
	if (s.len == 0 && capture_stream_why(p->w.stream) == NULL)
		return CAPTURE_END;
	if (s.len < 8)
		return break_short(p, "block header cut short");
	type = get32(p, s.at);
	if (type == BLOCK_SECTION)
		return begin_section(p);
	p->block_len = get32(p, s.at + 4);
	if (p->block_len < 12 || p->block_len % 4 != 0)
		return break_off(p, "block of impossible length");
	if (p->known && type == BLOCK_INTERFACE)
		return read_interface(p);
	if (p->known && type == BLOCK_SIMPLE)
		return read_simple(p, f);
	if (p->known && (type == BLOCK_ENHANCED || type == BLOCK_PACKET))
		return read_packet(p, type == BLOCK_PACKET, f);
	pass(p, 8);
	return CAPTURE_QUIET;
}

struct capture_pcapng *
capture_pcapng_open(struct capture_stream *s,
    struct capture_programs *programs, size_t chunk, char *why, size_t whylen)
{
	struct capture_pcapng *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL || capture_window_open(&p->w, s, chunk) == -1) {
		snprintf(why, whylen, "out of memory");
		free(p);
		return NULL;
	}
	p->programs = programs;
	if (begin_section(p) == CAPTURE_DAMAGED || !p->known) {
		snprintf(why, whylen, "%s", p->broken.why != NULL ?
		    p->broken.why : p->left_out.why);
		capture_pcapng_close(p);
		return NULL;
	}
	return p;
}

void
capture_pcapng_close(struct capture_pcapng *p)
{
	if (p == NULL)
		return;
	capture_window_close(&p->w);
	free(p->interfaces);
	free(p);
}

enum capture_status
capture_pcapng_next(struct capture_pcapng *p, struct frame *f)
{
	enum capture_status st = CAPTURE_QUIET;

	if (p->broken.why != NULL)
		return CAPTURE_DAMAGED;
	while (st == CAPTURE_QUIET)
		st = read_block(p, f);
	if (st == CAPTURE_END && p->left_out.why != NULL)
		st = CAPTURE_DAMAGED;
	return st;
}

/* Is the next block a packet that was read already, as a whole? */
static bool
at_hand(const struct capture_pcapng *p)
{
	struct span s = capture_window_at_hand(&p->w);

	if (s.len < p->block_left + 8)
		return false;
	s = span_skip(s, (size_t)p->block_left);
	return get32(p, s.at) == BLOCK_ENHANCED && get32(p, s.at + 4) <= s.len;
}

size_t
capture_pcapng_more(struct capture_pcapng *p, struct frame *f, size_t n)
{
	enum capture_status st = CAPTURE_FRAME;
	size_t given = 0;

	while (given < n && st != CAPTURE_DAMAGED && at_hand(p)) {
		st = read_block(p, &f[given]);
		given += st == CAPTURE_FRAME;
	}
	return given;
}

struct capture_damage
capture_pcapng_damage(const struct capture_pcapng *p)
{
	return p->broken.why != NULL ? p->broken : p->left_out;
}
