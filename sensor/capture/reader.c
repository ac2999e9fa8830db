/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/pcapng.h"
#include "capture/reader.h"
#include "capture/savefile.h"

struct capture_reader {
	struct capture_stream	*stream;
	struct capture_programs	*programs;
	struct capture_savefile	*savefile;	/* one of the two */
	struct capture_pcapng	*pcapng;
	char			 name[CAPTURE_NAME_SHOWN];
	bool			 over;
	char			 why[512];
};

void
capture_reader_show(const char *name, char to[static CAPTURE_NAME_SHOWN])
{
	size_t i;

	for (i = 0; name[i] != '\0' && i < CAPTURE_NAME_SHOWN - 1; i++)
		to[i] = (uint8_t)name[i] < ' ' || name[i] == 0x7f ? '?' :
		    name[i];
	to[i] = '\0';
}

static enum capture_opened
open_form(struct capture_reader *r, size_t buffer, char *why, size_t whylen)
{
	struct span head = capture_stream_head(r->stream);

	if (capture_savefile_begins(head)) {
		r->savefile = capture_savefile_open(r->stream, r->programs,
		    buffer, why, whylen);
		return r->savefile != NULL ? CAPTURE_OPENED : CAPTURE_BROKEN;
	}
	if (capture_pcapng_begins(head)) {
		r->pcapng = capture_pcapng_open(r->stream, r->programs,
		    buffer, why, whylen);
		return r->pcapng != NULL ? CAPTURE_OPENED : CAPTURE_BROKEN;
	}
	if (capture_stream_why(r->stream) != NULL) {
		snprintf(why, whylen, "%s", capture_stream_why(r->stream));
		return CAPTURE_BROKEN;
	}
	if (head.len == 0) {
		snprintf(why, whylen, "%s",
		    capture_stream_compressed(r->stream) ?
		    "empty, once uncompressed" : "empty file");
		return CAPTURE_EMPTY;
	}
	snprintf(why, whylen, "not a pcap or pcapng capture");
	return CAPTURE_FOREIGN;
}

enum capture_opened
capture_reader_open(int fd, const struct capture_reader_how *how,
    struct capture_reader **out, char *why, size_t whylen)
{
	struct capture_stream_how from = { .wake = how->wake,
	    .done = how->done, .chunk = how->buffer };
	enum capture_opened opened;
	struct capture_reader *r;
	char reason[256];

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (r != NULL) {
		capture_reader_show(how->name, r->name);
		r->stream = capture_stream_open(fd, &from);
		r->programs = capture_programs_new(how->filter);
	}
	if (r == NULL || r->stream == NULL || r->programs == NULL) {
		if (r == NULL || r->stream == NULL)
			close(fd);
		capture_reader_close(r);
		snprintf(why, whylen, "%s: out of memory", how->name);
		return CAPTURE_BROKEN;
	}
	opened = open_form(r, how->buffer, reason, sizeof(reason));
	if (opened == CAPTURE_OPENED) {
		*out = r;
		return opened;
	}
	snprintf(why, whylen, "%s: %s", r->name, reason);
	capture_reader_close(r);
	return opened;
}

void
capture_reader_close(struct capture_reader *r)
{
	if (r == NULL)
		return;
	capture_savefile_close(r->savefile);
	capture_pcapng_close(r->pcapng);
	capture_programs_free(r->programs);
	capture_stream_close(r->stream);
	free(r);
}

static void
complain(struct capture_reader *r)
{
	struct capture_damage d;

	d = r->savefile != NULL ? capture_savefile_damage(r->savefile) :
	    capture_pcapng_damage(r->pcapng);
	snprintf(r->why, sizeof(r->why), "%s: damaged after packet %" PRIu64
	    ", at octet %" PRIu64 "%s: %s", r->name, d.number, d.at,
	    capture_stream_compressed(r->stream) ? " once uncompressed" : "",
	    d.why);
}

enum capture_status
capture_reader_next(struct capture_reader *r, struct frame *f)
{
	enum capture_status st;

	if (r->over)
		return CAPTURE_END;
	st = r->savefile != NULL ? capture_savefile_next(r->savefile, f) :
	    capture_pcapng_next(r->pcapng, f);
	if (st == CAPTURE_FRAME)
		return st;
	r->over = true;
	if (st == CAPTURE_DAMAGED)
		complain(r);
	return st;
}

size_t
capture_reader_more(struct capture_reader *r, struct frame *f, size_t n)
{
	return r->savefile != NULL ?
	    capture_savefile_more(r->savefile, f, n) :
	    capture_pcapng_more(r->pcapng, f, n);
}

const char *
capture_reader_why(const struct capture_reader *r)
{
	return r->why;
}
