/* SPDX-License-Identifier: ISC */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/directory.h"
#include "capture/reader.h"

#define WAIT_MS		100
#define LOOK_BUFFER	(16 * 1024)	/* enough for a first packet */

/* Files remembered as taken; the eldest is forgotten, and would be read
 * again if somebody closed or moved it again after so many others. */
#define TAKEN_MAX	16384

struct taken {
	uint64_t	device, inode;
	int64_t		first;
};

struct capture_directory {
	char			*path;
	int			 fd;
	int			 inotify;	/* -1: not following */
	const struct capture_wake *wake;

	struct capture_entry	*waiting;	/* latest first */
	size_t			 n, room;
	struct capture_entry	 current;	/* given to the caller */
	uint64_t		 size;

	struct taken		*taken;		/* a ring, when following */
	size_t			 ntaken;
	char			*suspect;	/* perhaps still written */
	bool			 scanned;	/* once, so names may recur */
};

/* Latest first, so that the next to be taken is the last. */
static int
compare(const void *a, const void *b)
{
	const struct capture_entry *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? 1 : -1;
	return -strcmp(x->name, y->name);
}

static bool
named_like_capture(const char *name)
{
	static const char *const marks[] = { ".pcap", ".cap", ".dmp",
	    ".ntar" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcasestr(name, marks[i]) != NULL)
			return true;
	return false;
}

/*
 * Does somebody have the file open for writing?  1, 0, or -1 if we may not
 * know.  A read lease is granted only if nobody has, and is given back at
 * once; should a writer come in between, the kernel tells us by a signal,
 * which must then be one that is ignored by default and not SIGIO.
 */
static int
being_written(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) == -1)
		return -1;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == -1)
		return errno == EAGAIN ? 1 : -1;
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}

static bool
is_same(const struct capture_entry *e, uint64_t device, uint64_t inode,
    int64_t first)
{
	return e->inode == inode && e->device == device && e->first == first;
}

static bool
was_taken(const struct capture_directory *d, const struct capture_entry *e)
{
	size_t n = d->ntaken < TAKEN_MAX ? d->ntaken : TAKEN_MAX;

	for (size_t i = 0; i < n; i++)
		if (is_same(e, d->taken[i].device, d->taken[i].inode,
		    d->taken[i].first))
			return true;
	return false;
}

static void
remember(struct capture_directory *d, const struct capture_entry *e)
{
	if (d->taken == NULL)
		return;
	d->taken[d->ntaken++ % TAKEN_MAX] = (struct taken){
	    .device = e->device, .inode = e->inode, .first = e->first };
}

/*
 * The time of the first packet into e->first.  False if the file is none
 * of ours; a capture that will not open is kept, to be complained of when
 * its turn comes, behind all others.
 */
static bool
look_inside(struct capture_directory *d, struct capture_entry *e, int fd)
{
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = e->name, .wake = d->wake,
	    .done = &done, .buffer = LOOK_BUFFER };
	struct capture_reader *r;
	struct frame f;
	char why[512];
	bool ours = true;

	switch (capture_reader_open(fd, &how, &r, why, sizeof(why))) {
	case CAPTURE_OPENED:
		if (capture_reader_next(r, &f) == CAPTURE_FRAME)
			e->first = f.time;
		capture_reader_close(r);
		break;
	case CAPTURE_FOREIGN:
	case CAPTURE_EMPTY:
		ours = named_like_capture(e->name);
		if (!ours)
			log_trace("capture %s: %s", d->path, why);
		break;
	case CAPTURE_BROKEN:
		break;
	}
	return ours;
}

/* False if there is nothing of ours under the name.  Does not block on a
 * pipe that someone put there. */
static bool
look(struct capture_directory *d, struct capture_entry *e)
{
	struct stat st;
	int fd, writers;

	e->first = INT64_MAX;
	fd = openat(d->fd, e->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)		/* gone again, a dead link, or forbidden */
		return fstatat(d->fd, e->name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	e->size = (uint64_t)st.st_size;
	e->changed = (int64_t)st.st_mtim.tv_sec * 1000000000 +
	    st.st_mtim.tv_nsec;
	e->device = st.st_dev;
	e->inode = st.st_ino;
	writers = d->inotify == -1 ? 0 : being_written(fd);
	e->written = writers == 1;
	e->unsure = writers == -1;
	return look_inside(d, e, fd);
}

static int
append(struct capture_directory *d, const struct capture_entry *e)
{
	struct capture_entry *grown;
	size_t room;

	if (d->n == d->room) {
		room = d->room == 0 ? 64 : d->room * 2;
		grown = realloc(d->waiting, room * sizeof(*grown));
		if (grown == NULL)
			return -1;
		d->waiting = grown;
		d->room = room;
	}
	d->waiting[d->n++] = *e;
	d->size += e->size;
	return 0;
}

/* A file that waits already, perhaps under another name: the new one holds. */
static bool
is_waiting(struct capture_directory *d, struct capture_entry *e)
{
	for (size_t i = 0; i < d->n; i++) {
		if (!is_same(&d->waiting[i], e->device, e->inode, e->first))
			continue;
		free(d->waiting[i].name);
		d->waiting[i].name = e->name;
		e->name = NULL;
		return true;
	}
	return false;
}

/*
 * Look at a name; with `complete`, it was closed or moved here.  1 if it
 * now waits to be taken, 0 if not, -1 if memory is short.
 */
static int
consider(struct capture_directory *d, const char *name, bool complete)
{
	struct capture_entry e = { 0 };
	int r = 0;

	if (name[0] == '.')
		return 0;
	e.name = strdup(name);
	if (e.name == NULL)
		return -1;
	if (look(d, &e) && (complete || !e.written) &&
	    !(d->scanned && (was_taken(d, &e) || is_waiting(d, &e))))
		r = append(d, &e) == -1 ? -1 : 1;
	if (r != 1)		/* else the name went along */
		free(e.name);
	return r;
}

static void
sort_waiting(struct capture_directory *d)
{
	if (d->n > 1)
		qsort(d->waiting, d->n, sizeof(*d->waiting), compare);
}

/* Take the newest back out if it may still be written. */
static void
suspect_newest(struct capture_directory *d)
{
	char shown[CAPTURE_NAME_SHOWN];
	size_t newest = 0;

	for (size_t i = 1; i < d->n; i++)
		if (d->waiting[i].changed > d->waiting[newest].changed)
			newest = i;
	if (d->n == 0 || !d->waiting[newest].unsure)
		return;
	free(d->suspect);
	d->suspect = d->waiting[newest].name;
	d->size -= d->waiting[newest].size;
	d->waiting[newest] = d->waiting[--d->n];
	capture_reader_show(d->suspect, shown);
	log_info("capture %s: %s may still be written: waiting until it is "
	    "closed or a newer one is complete", d->path, shown);
}

static int
scan(struct capture_directory *d)
{
	struct dirent *entry;
	DIR *dir;
	int fd, r = 0;

	fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		log_warn("capture %s", d->path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (r != -1 && (errno = 0, entry = readdir(dir)) != NULL)
		r = consider(d, entry->d_name, false);
	if (r == -1 || errno != 0) {
		log_warn("capture %s", d->path);
		r = -1;
	}
	closedir(dir);
	d->scanned = true;
	if (d->inotify != -1)
		suspect_newest(d);
	sort_waiting(d);
	return r == -1 ? -1 : 0;
}

/* Watched before it is scanned, so that nothing falls in between. */
static int
watch(struct capture_directory *d)
{
	d->taken = calloc(TAKEN_MAX, sizeof(*d->taken));
	if (d->taken == NULL)
		return -1;
	d->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (d->inotify == -1)
		return -1;
	return inotify_add_watch(d->inotify, d->path, IN_CLOSE_WRITE |
	    IN_MOVED_TO | IN_ONLYDIR) == -1 ? -1 : 0;
}

struct capture_directory *
capture_directory_open(const char *path, bool follow,
    const struct capture_wake *wake)
{
	struct capture_directory *d;

	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		log_warn("capture %s", path);
		return NULL;
	}
	d->wake = wake;
	d->inotify = -1;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d->path = strdup(path);
	if (d->fd == -1 || d->path == NULL || (follow && watch(d) == -1)) {
		log_warn("capture %s", path);
		goto fail;
	}
	if (scan(d) == -1)
		goto fail;
	if (d->n == 0 && !follow) {
		log_warnx("capture %s: no capture in this folder", path);
		goto fail;
	}
	return d;

fail:
	capture_directory_close(d);
	return NULL;
}

void
capture_directory_close(struct capture_directory *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->waiting[i].name);
	free(d->waiting);
	free(d->current.name);
	free(d->suspect);
	free(d->taken);
	if (d->inotify != -1)
		close(d->inotify);
	if (d->fd != -1)
		close(d->fd);
	free(d->path);
	free(d);
}

/* A capture is complete: a suspect that is older was waiting for this. */
static int
release_suspect(struct capture_directory *d, const char *completed)
{
	char *name = d->suspect;
	int r = 0;

	if (name == NULL)
		return 0;
	d->suspect = NULL;
	if (strcmp(name, completed) != 0)
		r = consider(d, name, true);
	free(name);
	return r;
}

/* -1 if memory is short or the folder is gone; errno says. */
static int
hear_event(struct capture_directory *d, const struct inotify_event *event)
{
	int r;

	if (event->mask & IN_Q_OVERFLOW)
		return scan(d);
	if (event->mask & IN_IGNORED) {		/* unmounted */
		errno = ENOENT;
		return -1;
	}
	if (event->len == 0 || event->mask & IN_ISDIR)
		return 0;
	r = consider(d, event->name, true);
	if (r == 1)
		r = release_suspect(d, event->name);
	return r;
}

/* 0 when all that is known was heard. */
static int
hear_events(struct capture_directory *d)
{
	_Alignas(struct inotify_event) char buffer[16 * 1024];
	const struct inotify_event *event;
	ssize_t got;

	while ((got = read(d->inotify, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < got;
		    at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(buffer + at);
			if (hear_event(d, event) == -1)
				return -1;
		}
	sort_waiting(d);
	return 0;
}

/* Our own descriptor keeps a removed folder from being reported so. */
static bool
is_removed(const struct capture_directory *d)
{
	struct stat st;

	if (fstat(d->fd, &st) == -1 || st.st_nlink > 0)
		return false;
	errno = ENOENT;
	return true;
}

/* CAPTURE_FILE if something waits. */
static enum capture_status
await(struct capture_directory *d)
{
	if (d->inotify == -1)
		return d->n > 0 ? CAPTURE_FILE : CAPTURE_END;
	if (hear_events(d) == -1)
		return CAPTURE_FAILED;
	if (d->n == 0) {
		(void)capture_wake_wait(d->wake, d->inotify, WAIT_MS);
		if (hear_events(d) == -1 || (d->n == 0 && is_removed(d)))
			return CAPTURE_FAILED;
	}
	return d->n > 0 ? CAPTURE_FILE : CAPTURE_QUIET;
}

enum capture_status
capture_directory_next(struct capture_directory *d,
    const struct capture_entry **e, int *fd)
{
	enum capture_status st;

	st = await(d);
	if (st != CAPTURE_FILE)
		return st;
	free(d->current.name);
	d->current = d->waiting[--d->n];
	remember(d, &d->current);
	*e = &d->current;
	*fd = openat(d->fd, d->current.name, O_RDONLY | O_CLOEXEC |
	    O_NONBLOCK);
	return CAPTURE_FILE;
}

uint64_t
capture_directory_size(const struct capture_directory *d)
{
	return d->size;
}

const char *
capture_directory_peek(const struct capture_directory *d)
{
	return d->n > 0 ? d->waiting[d->n - 1].name : NULL;
}
