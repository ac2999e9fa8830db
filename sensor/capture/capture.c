/* SPDX-License-Identifier: ISC */
/*
 * The door of the place: one handle for an interface, a file or a folder.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/capture.h"
#include "capture/directory.h"
#include "capture/live.h"
#include "capture/reader.h"

/* Measured: larger gains nothing, and what is read should still be in the
 * processor's cache when libpcap copies it out. */
#define READ_BUFFER	(256 * 1024)

enum source {
	SOURCE_LIVE,
	SOURCE_FILE,
	SOURCE_DIRECTORY,
};

struct capture {
	enum source		 source;
	struct capture_wake	 wake;
	struct capture_tap	*live;
	struct capture_directory *directory;
	struct capture_reader	*reader;	/* the file being read */
	int			 pipe;		/* not yet looked into, or -1 */
	bool			 announced;	/* its name is known already */
	bool			 complaint;	/* it did not open: why */
	char			*name;
	char			*filter;
	char			 why[768];
	atomic_uint_fast64_t	 done, size;	/* octets on disk */
};

static struct capture *
capture_new(const char *name, const char *filter)
{
	struct capture *c;

	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		log_warn("capture %s", name);
		return NULL;
	}
	c->wake.fd = c->pipe = -1;
	c->name = strdup(name);
	if (filter != NULL && *filter != '\0')
		c->filter = strdup(filter);
	if (c->name == NULL || (filter != NULL && *filter != '\0' &&
	    c->filter == NULL) || capture_wake_open(&c->wake) == -1) {
		log_warn("capture %s", name);
		capture_close(c);
		return NULL;
	}
	return c;
}

struct capture *
capture_open_live(const char *name, const struct capture_live *how)
{
	struct capture *c;

	c = capture_new(name, NULL);
	if (c == NULL)
		return NULL;
	c->source = SOURCE_LIVE;
	c->live = capture_live_open(name, how);
	if (c->live == NULL) {
		capture_close(c);
		return NULL;
	}
	return c;
}

static enum capture_opened
open_reader(struct capture *c, int fd)
{
	struct capture_reader_how how = { .name = c->name,
	    .filter = c->filter, .wake = &c->wake, .done = &c->done,
	    .buffer = READ_BUFFER };

	return capture_reader_open(fd, &how, &c->reader, c->why,
	    sizeof(c->why));
}

/* A pipe is left for the first capture_next(). */
static struct capture *
open_file(struct capture *c, int fd, const struct stat *st)
{
	c->source = SOURCE_FILE;
	if (!S_ISREG(st->st_mode)) {
		c->pipe = fd;
		return c;
	}
	atomic_store(&c->size, (uint_fast64_t)st->st_size);
	if (open_reader(c, fd) != CAPTURE_OPENED) {
		log_warnx("capture %s", c->why);
		capture_close(c);
		return NULL;
	}
	return c;
}

/* -1 if memory is short. */
static int
rename_capture(struct capture *c, const char *name)
{
	char *copy;

	copy = strdup(name);
	if (copy == NULL)
		return -1;
	free(c->name);
	c->name = copy;
	return 0;
}

/* The first file's name is known from the start, unless there is none yet. */
static struct capture *
open_directory(struct capture *c, const char *path, bool follow)
{
	const char *first;

	c->source = SOURCE_DIRECTORY;
	c->directory = capture_directory_open(path, follow, &c->wake);
	if (c->directory == NULL)
		goto fail;
	if (!follow)
		atomic_store(&c->size, capture_directory_size(c->directory));
	first = capture_directory_peek(c->directory);
	c->announced = first != NULL;
	if (first != NULL && rename_capture(c, first) == -1) {
		log_warn("capture %s", path);
		goto fail;
	}
	return c;

fail:
	capture_close(c);
	return NULL;
}

/* "-" stays "-"; folders before the name are cut off. */
static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

struct capture *
capture_open_path(const char *name, const struct capture_path *how)
{
	bool standard = strcmp(name, "-") == 0;
	struct capture *c;
	struct stat st;
	int fd;

	c = capture_new(base_name(name), how->filter);
	if (c == NULL)
		return NULL;
	fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
	    open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1) {
		log_warn("capture %s", name);
		if (fd != -1)
			close(fd);
		capture_close(c);
		return NULL;
	}
	if (!standard && S_ISDIR(st.st_mode)) {
		close(fd);
		return open_directory(c, name, how->follow);
	}
	if (how->follow) {
		log_warnx("capture %s: only a folder can be followed", name);
		close(fd);
		capture_close(c);
		return NULL;
	}
	return open_file(c, fd, &st);
}

void
capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	capture_live_close(c->live);
	capture_reader_close(c->reader);
	capture_directory_close(c->directory);
	capture_wake_close(&c->wake);
	if (c->pipe != -1)
		close(c->pipe);
	free(c->filter);
	free(c->name);
	free(c);
}

/*
 * Open what the directory gave.  Its name holds even if it will not open,
 * so that the complaint that follows has a home.  False if memory is short.
 */
static bool
begin_file(struct capture *c, const struct capture_entry *e, int fd,
    bool *told)
{
	char shown[CAPTURE_NAME_SHOWN];
	int error = errno;

	*told = c->announced && strcmp(c->name, e->name) == 0;
	c->announced = false;
	if (!*told && rename_capture(c, e->name) == -1) {
		if (fd != -1)
			close(fd);
		return false;
	}
	capture_reader_show(e->name, shown);
	if (fd == -1)
		snprintf(c->why, sizeof(c->why), "%s: %s", shown,
		    strerror(error));
	c->complaint = fd == -1 || open_reader(c, fd) != CAPTURE_OPENED;
	return true;
}

static enum capture_status
read_file(struct capture *c, struct frame *f)
{
	enum capture_status st;

	st = capture_reader_next(c->reader, f);
	if (st == CAPTURE_DAMAGED)
		snprintf(c->why, sizeof(c->why), "%s",
		    capture_reader_why(c->reader));
	return st;
}

static enum capture_status
next_of_file(struct capture *c, struct frame *f)
{
	int fd = c->pipe;

	if (fd != -1) {
		c->pipe = -1;
		if (open_reader(c, fd) != CAPTURE_OPENED)
			return CAPTURE_FAILED;
	}
	return c->reader == NULL ? CAPTURE_END : read_file(c, f);
}

static enum capture_status
next_file(struct capture *c)
{
	const struct capture_entry *e;
	enum capture_status st;
	bool told;
	int fd;

	st = capture_directory_next(c->directory, &e, &fd);
	if (st == CAPTURE_FAILED)
		snprintf(c->why, sizeof(c->why), "folder of %s: %s", c->name,
		    strerror(errno));
	if (st != CAPTURE_FILE)
		return st;
	if (!begin_file(c, e, fd, &told)) {
		snprintf(c->why, sizeof(c->why), "out of memory");
		return CAPTURE_FAILED;
	}
	return told ? CAPTURE_FRAME : CAPTURE_FILE;
}

static enum capture_status
next_of_directory(struct capture *c, struct frame *f)
{
	enum capture_status st = CAPTURE_FRAME;

	while (st == CAPTURE_FRAME) {
		if (c->complaint) {
			c->complaint = false;
			return CAPTURE_DAMAGED;
		}
		if (c->reader != NULL) {
			st = read_file(c, f);
			if (st != CAPTURE_END)
				return st;
			capture_reader_close(c->reader);
			c->reader = NULL;
		}
		st = next_file(c);	/* CAPTURE_FRAME: and read on */
	}
	return st;
}

static enum capture_status
next_live(struct capture *c, struct frame *f)
{
	enum capture_status st;

	st = capture_live_next(c->live, &c->wake, f);
	if (st == CAPTURE_FAILED)
		snprintf(c->why, sizeof(c->why), "%s: %s", c->name,
		    capture_live_why(c->live));
	return st;
}

enum capture_status
capture_next(struct capture *c, struct frame *f)
{
	enum capture_status st = CAPTURE_END;

	if (capture_wake_stopped(&c->wake))
		return CAPTURE_END;
	switch (c->source) {
	case SOURCE_LIVE:
		st = next_live(c, f);
		break;
	case SOURCE_FILE:
		st = next_of_file(c, f);
		break;
	case SOURCE_DIRECTORY:
		st = next_of_directory(c, f);
		break;
	}
	/* Stopped while it waited: what then looks like damage is none. */
	if (st != CAPTURE_FRAME && capture_wake_stopped(&c->wake))
		return CAPTURE_END;
	return st;
}

size_t
capture_more(struct capture *c, struct frame *f, size_t n)
{
	return c->reader != NULL ? capture_reader_more(c->reader, f, n) : 0;
}

void
capture_stop(struct capture *c)
{
	capture_wake_stop(&c->wake);
}

const char *
capture_name(const struct capture *c)
{
	return c->name;
}

const char *
capture_why(const struct capture *c)
{
	return c->why;
}

void
capture_progress(const struct capture *c, uint64_t *done, uint64_t *size)
{
	*done = atomic_load_explicit(&c->done, memory_order_relaxed);
	*size = atomic_load_explicit(&c->size, memory_order_relaxed);
}

struct capture_drops
capture_drops(struct capture *c)
{
	if (c->live == NULL)
		return (struct capture_drops){ 0 };
	return capture_live_drops(c->live);
}
