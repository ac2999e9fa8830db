/* SPDX-License-Identifier: ISC */
/*
 * libpcap reads through a FILE of ours: fopencookie(3) over the stream,
 * with a buffer so large that the calls below it do not count, and without
 * locks, since one thread reads a file.  It reads the file header always,
 * and the packets from the first one on that records.c leaves to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "capture/linktype.h"
#include "capture/records.h"
#include "capture/savefile.h"

#define FILE_HEADER	24
#define SNAPLEN_AT	16	/* in the file header, four octets */
#define RECORD_HEADER	16
#define RECORD_HEADER_K	24	/* Kuznetzov's patch adds fields */

#define MAGIC_US	0xa1b2c3d4
#define MAGIC_NS	0xa1b23c4d
#define MAGIC_KUZNETZOV	0xa1b2cd34

struct capture_savefile {
	struct capture_stream	*stream;
	FILE			*file;		/* libpcap's, once open */
	char			*buffer;
	pcap_t			*pcap;
	struct capture_records	*records;	/* NULL: libpcap reads all */
	bool			 plain;		/* it reads none so far */
	int			 link_type;
	const struct bpf_program *program;
	uint32_t		 record_header;
	uint64_t		 number;
	uint64_t		 at;		/* of the next record */
	const char		*why;
	char			 text[PCAP_ERRBUF_SIZE];
};

static uint32_t
little32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

/* The magic in the order that makes sense, 0 if neither does. */
static uint32_t
magic_of(struct span head)
{
	uint32_t m;

	if (head.len < 4)
		return 0;
	m = little32(head.at);
	if (m != MAGIC_US && m != MAGIC_NS && m != MAGIC_KUZNETZOV)
		m = __builtin_bswap32(m);
	if (m != MAGIC_US && m != MAGIC_NS && m != MAGIC_KUZNETZOV)
		return 0;
	return m;
}

bool
capture_savefile_begins(struct span head)
{
	return magic_of(head) != 0;
}

/*
 * libpcap cuts every packet to the snap length that the file header states,
 * and some writers state one shorter than the packets they wrote.  On the
 * way to libpcap it becomes 0, for which libpcap takes the greatest it
 * allows; the packets' own lengths then decide.
 */
static ssize_t
cookie_read(void *cookie, char *to, size_t n)
{
	struct capture_savefile *sf = cookie;
	uint64_t at = capture_stream_at(sf->stream);
	ssize_t got = 0;

	if (at < FILE_HEADER && n > FILE_HEADER - at)
		n = FILE_HEADER - at;	/* the packets may not be libpcap's */
	if (sf->records != NULL && at >= FILE_HEADER)
		got = (ssize_t)capture_records_rest(sf->records, to, n);
	if (got == 0)
		got = capture_stream_read(sf->stream, to, n);
	if (got == -1)
		errno = EIO;		/* why: the stream knows better */
	for (ssize_t i = 0; i < got && at + (uint64_t)i < SNAPLEN_AT + 4; i++)
		if (at + (uint64_t)i >= SNAPLEN_AT)
			to[i] = 0;
	return got;
}

static int
open_file(struct capture_savefile *sf, size_t size)
{
	static const cookie_io_functions_t io = { .read = cookie_read };

	sf->buffer = malloc(size);
	if (sf->buffer == NULL)
		return -1;
	sf->file = fopencookie(sf, "r", io);
	if (sf->file == NULL)
		return -1;
	(void)__fsetlocking(sf->file, FSETLOCKING_BYCALLER);
	return setvbuf(sf->file, sf->buffer, _IOFBF, size) == 0 ? 0 : -1;
}

struct capture_savefile *
capture_savefile_open(struct capture_stream *s,
    struct capture_programs *programs, size_t buffer, char *why,
    size_t whylen)
{
	struct capture_savefile *sf;
	struct span head = capture_stream_head(s);
	char text[PCAP_ERRBUF_SIZE];

	if (head.len < FILE_HEADER) {
		snprintf(why, whylen, "%s", capture_stream_why(s) != NULL ?
		    capture_stream_why(s) : "file header cut short");
		return NULL;
	}
	sf = calloc(1, sizeof(*sf));
	if (sf == NULL)
		goto memory;
	sf->stream = s;
	sf->at = FILE_HEADER;
	sf->record_header = magic_of(head) == MAGIC_KUZNETZOV ?
	    RECORD_HEADER_K : RECORD_HEADER;
	if (open_file(sf, buffer) == -1)
		goto memory;
	sf->pcap = pcap_fopen_offline(sf->file, text);
	if (sf->pcap == NULL) {
		snprintf(why, whylen, "%s", text);
		goto fail;
	}
	sf->link_type = capture_linktype_from_dlt(pcap_datalink(sf->pcap));
	if (capture_records_plain(head)) {
		sf->plain = true;
		sf->records = capture_records_new(s, head, buffer);
		if (sf->records == NULL)
			goto memory;
	}
	if (capture_programs_get(programs, sf->link_type,
	    &sf->program) == -1) {
		snprintf(why, whylen, "%s", capture_programs_why(programs));
		goto fail;
	}
	return sf;

memory:
	snprintf(why, whylen, "out of memory");
fail:
	capture_savefile_close(sf);
	return NULL;
}

void
capture_savefile_close(struct capture_savefile *sf)
{
	if (sf == NULL)
		return;
	if (sf->pcap != NULL)
		pcap_close(sf->pcap);	/* and the FILE with it */
	else if (sf->file != NULL)
		fclose(sf->file);
	capture_records_free(sf->records);
	free(sf->buffer);
	free(sf);
}

/*
 * libpcap has stopped.  Where the octets ended says what was cut short;
 * other complaints are libpcap's own.
 */
static enum capture_status
stop_reading(struct capture_savefile *sf, int r)
{
	uint64_t left = capture_stream_at(sf->stream) - sf->at;

	if (r == PCAP_ERROR_BREAK)
		return CAPTURE_END;
	snprintf(sf->text, sizeof(sf->text), "%s", pcap_geterr(sf->pcap));
	sf->why = sf->text;
	if (capture_stream_why(sf->stream) != NULL)
		sf->why = capture_stream_why(sf->stream);
	else if (strncmp(sf->text, "truncated", 9) == 0)
		sf->why = left < sf->record_header ?
		    "packet header cut short" : "packet cut short";
	return CAPTURE_DAMAGED;
}

/* Those that pass the filter, moved up; how many they are. */
static size_t
sift(const struct capture_savefile *sf, struct frame *f, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct pcap_pkthdr h = { .caplen = (uint32_t)f[i].octets.len,
		    .len = f[i].wire_len };

		if (pcap_offline_filter(sf->program, &h, f[i].octets.at) != 0)
			f[kept++] = f[i];
	}
	return kept;
}

size_t
capture_savefile_more(struct capture_savefile *sf, struct frame *f, size_t n)
{
	uint64_t number = sf->number, at = sf->at;
	int link_type = sf->link_type;
	size_t given, kept;

	if (!sf->plain)
		return 0;
	do {
		given = capture_records_give(sf->records, f, n);
		for (size_t i = 0; i < given; i++) {
			f[i].number = ++number;
			f[i].link_type = link_type;
			at += RECORD_HEADER + f[i].octets.len;
		}
		kept = sf->program == NULL ? given : sift(sf, f, given);
	} while (kept == 0 && given > 0);
	sf->number = number;
	sf->at = at;
	return kept;
}

static enum capture_status
next_of_libpcap(struct capture_savefile *sf, struct frame *f)
{
	struct pcap_pkthdr *h;
	const u_char *octets;
	int r;

	do {
		r = pcap_next_ex(sf->pcap, &h, &octets);
		if (r != 1)
			return stop_reading(sf, r);
		if (h->caplen > CAPTURE_FRAME_MAX) {
			sf->why = "packet longer than any can be";
			return CAPTURE_DAMAGED;
		}
		sf->number++;
		sf->at += sf->record_header + h->caplen;
	} while (sf->program != NULL &&
	    pcap_offline_filter(sf->program, h, octets) == 0);

	/*
	 * The file's seconds are 32 bits without a sign; libpcap takes them
	 * for signed, which would end in 2038.
	 */
	f->octets = span_of(octets, h->caplen);
	f->wire_len = h->len > h->caplen ? h->len : h->caplen;
	f->time = (int64_t)(uint32_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;
	f->number = sf->number;
	f->link_type = sf->link_type;
	return CAPTURE_FRAME;
}

enum capture_status
capture_savefile_next(struct capture_savefile *sf, struct frame *f)
{
	if (sf->why != NULL)
		return CAPTURE_DAMAGED;
	while (sf->plain) {
		if (capture_savefile_more(sf, f, 1) == 1)
			return CAPTURE_FRAME;
		sf->plain = capture_records_read(sf->records);
	}
	return next_of_libpcap(sf, f);
}

struct capture_damage
capture_savefile_damage(const struct capture_savefile *sf)
{
	return (struct capture_damage){ .number = sf->number, .at = sf->at,
	    .why = sf->why };
}
