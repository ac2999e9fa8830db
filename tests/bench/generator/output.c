/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

#define BUFFER_OCTETS	(8U << 20)
#define RECORD_HEADER	16U
#define SNAP_LENGTH	262144
#define LINKTYPE_ETHERNET	1

/* The file is in the byte order of the machine that writes it, as libpcap's
 * own are; "the same octets" is promised on little-endian machines. */
struct file_header {
	uint32_t	magic;
	uint16_t	major, minor;
	uint32_t	zone, accuracy, snap_length, linktype;
};

static void
flush(struct output *o)
{
	size_t done = 0;
	ssize_t n;

	while (done < o->filled && !o->failed) {
		n = write(o->fd, o->buffer + done, o->filled - done);
		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			warn("%s", o->path);
			o->failed = true;
		}
	}
	o->filled = 0;
}

int
output_open(struct output *o, const char *path, bool nanoseconds)
{
	const struct file_header header = {
		.magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4,
		.major = 2,
		.minor = 4,
		.snap_length = SNAP_LENGTH,
		.linktype = LINKTYPE_ETHERNET,
	};

	*o = (struct output){ .path = path, .nanoseconds = nanoseconds };
	if ((o->buffer = malloc(BUFFER_OCTETS)) == NULL) {
		warn("output buffer");
		return -1;
	}
	o->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO :
	    open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (o->fd == -1) {
		warn("%s", path);
		free(o->buffer);
		return -1;
	}
	memcpy(o->buffer, &header, sizeof(header));
	o->filled = sizeof(header);
	o->octets = sizeof(header);
	return 0;
}

uint8_t *
output_frame(struct output *o, uint64_t time, uint32_t length)
{
	uint32_t second = (uint32_t)(time / 1000000000U);
	uint32_t rest = (uint32_t)(time % 1000000000U);
	uint32_t header[] = { second, o->nanoseconds ? rest : rest / 1000,
		length, length };
	uint8_t *p;

	if (o->filled + RECORD_HEADER + length > BUFFER_OCTETS)
		flush(o);
	p = o->buffer + o->filled;
	memcpy(p, header, sizeof(header));
	o->filled += RECORD_HEADER + length;
	o->octets += RECORD_HEADER + length;
	return p + RECORD_HEADER;
}

int
output_close(struct output *o)
{
	flush(o);
	if (o->fd != STDOUT_FILENO && close(o->fd) == -1 && !o->failed) {
		warn("%s", o->path);
		o->failed = true;
	}
	free(o->buffer);
	o->buffer = NULL;
	return o->failed ? -1 : 0;
}
