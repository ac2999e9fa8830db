/* SPDX-License-Identifier: ISC */
/*
 * What a folder gives is written down as words: `file:NAME`, `NAME#3` for a
 * frame, `damaged`, `quiet` (where the reading of the test stops) and `end`.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>

#include "capture_build.h"

#define STORY_MAX	2048

static char folder[64];
static char story[STORY_MAX];
static struct bytes b;

static int
begin_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/capture-test-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
end_folder(void **state)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	(void)state;
	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)(unlinkat(dirfd(dir), e->d_name, 0) == 0 ||
			    unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) == 0);
	if (dir != NULL)
		closedir(dir);
	return rmdir(folder);
}

static const char *
in_folder(const char *name)
{
	static char path[2][512];
	static unsigned i;

	i ^= 1;
	snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
	return path[i];
}

static int
create(const char *name)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0644);

	assert_true(fd != -1);
	return fd;
}

static void
write_all(int fd, const void *octets, size_t n)
{
	assert_int_equal(write(fd, octets, n), (ssize_t)n);
}

static void
put_file(const char *name, const void *octets, size_t n)
{
	int fd = create(name);

	write_all(fd, octets, n);
	close(fd);
}

/* A capture of one packet. */
static void
put_capture(const char *name, uint32_t seconds)
{
	b.len = 0;
	pcap_begin(&b, 0xa1b2c3d4, 65535, 1);
	pcap_packet(&b, seconds, 0, 'p', 60);
	put_file(name, b.at, b.len);
}

static struct capture *
open_folder(bool follow)
{
	struct capture_path how = { .follow = follow };

	return capture_open_path(folder, &how);
}

/* A word, and behind it a frame's number if it is one. */
static void
tell(const char *before, const char *word, uint64_t number)
{
	size_t n = strlen(story);

	n += (size_t)snprintf(story + n, sizeof(story) - n, "%s%s%s",
	    n == 0 ? "" : " ", before, word);
	assert_true(n + 24 < sizeof(story));
	if (number != 0)
		snprintf(story + n, sizeof(story) - n, "#%llu",
		    (unsigned long long)number);
}

/* Read on until there is nothing (more). */
static const char *
read_on(struct capture *c)
{
	enum capture_status st;
	struct frame f;

	story[0] = '\0';
	do {
		st = capture_next(c, &f);
		switch (st) {
		case CAPTURE_FRAME:
			tell("", capture_name(c), f.number);
			break;
		case CAPTURE_QUIET:
			tell("", "quiet", 0);
			break;
		case CAPTURE_FILE:
			tell("file:", capture_name(c), 0);
			break;
		case CAPTURE_DAMAGED:
			assert_ptr_equal(strstr(capture_why(c),
			    capture_name(c)), capture_why(c));
			tell("", "damaged", 0);
			break;
		case CAPTURE_END:
			tell("", "end", 0);
			break;
		case CAPTURE_FAILED:
			tell("", "failed", 0);
			break;
		}
	} while (st != CAPTURE_QUIET && st != CAPTURE_END &&
	    st != CAPTURE_FAILED);
	return story;
}

static void
test_order(void **state)
{
	static struct bytes z;
	struct capture *c;
	uint64_t done, size;

	(void)state;
	put_capture("z.pcap", 1);
	put_capture("no-suffix", 3);
	put_capture("b.pcap", 2);
	z.len = 0;
	gzip(&z, b.at, b.len);
	put_file("a.pcap.gz", z.at, z.len);
	b.len = 0;
	section(&b, 1);
	interface(&b, 1, 0);
	enhanced(&b, 0, 4000000, 'x', 60);
	put_file("a.pcapng", b.at, b.len);
	put_file("README.md", "# Captures\n", 11);
	put_file("z.talk", "", 0);
	put_capture(".hidden.pcap", 1);
	assert_int_equal(mkdir(in_folder("sub.pcap"), 0755), 0);
	assert_int_equal(symlink("nowhere", in_folder("link.pcap")), 0);
	assert_int_equal(mkfifo(in_folder("fifo.pcap"), 0644), 0);

	c = open_folder(false);
	assert_non_null(c);
	assert_string_equal(capture_name(c), "z.pcap");
	assert_string_equal(read_on(c), "z.pcap#1 file:a.pcap.gz a.pcap.gz#1 "
	    "file:b.pcap b.pcap#1 file:no-suffix no-suffix#1 file:a.pcapng "
	    "a.pcapng#1 end");
	capture_progress(c, &done, &size);
	assert_int_equal(done, size);
	assert_true(size > 4 * 100);
	capture_close(c);
}

static void
test_damage_goes_on(void **state)
{
	struct capture *c;

	(void)state;
	put_capture("whole.pcap", 5);
	put_capture("cut.pcap", 4);
	put_file("cut.pcap", b.at, b.len - 1);
	put_capture("tail.pcap", 3);
	put(&b, "tail", 4);
	put_file("tail.pcap", b.at, b.len);
	put_file("empty.pcap", "", 0);
	put_file("garbage.PCAP", "hello", 5);
	put_file("header.log", b.at, 20);
	c = open_folder(false);
	assert_non_null(c);
	assert_string_equal(read_on(c), "tail.pcap#1 damaged file:whole.pcap "
	    "whole.pcap#1 file:cut.pcap damaged file:empty.pcap damaged "
	    "file:garbage.PCAP damaged file:header.log damaged end");
	assert_string_equal(capture_why(c),
	    "header.log: file header cut short");
	capture_close(c);
}

/* A file that goes away between the look and the reading. */
static void
test_gone(void **state)
{
	struct capture *c;

	(void)state;
	put_capture("1.pcap", 1);
	put_capture("2.pcap", 2);
	c = open_folder(false);
	assert_non_null(c);
	unlink(in_folder("2.pcap"));
	assert_string_equal(read_on(c), "1.pcap#1 file:2.pcap damaged end");
	assert_string_equal(capture_why(c),
	    "2.pcap: No such file or directory");
	capture_close(c);
}

static void
test_nothing_there(void **state)
{
	struct capture_path how = { .follow = true };

	(void)state;
	assert_null(open_folder(false));
	put_file("README.md", "no captures yet\n", 16);
	assert_null(open_folder(false));
	put_capture("a.pcap", 1);
	assert_null(capture_open_path(in_folder("a.pcap"), &how));
	assert_null(capture_open_path(in_folder("b.pcap"), &how));
}

static void
test_follow(void **state)
{
	struct capture *c;
	int fd;

	(void)state;
	c = open_folder(true);
	assert_non_null(c);
	assert_string_equal(capture_name(c), strrchr(folder, '/') + 1);
	assert_string_equal(read_on(c), "quiet");

	/* Written as tcpdump does: taken when it is closed. */
	put_capture("0.pcap", 10);
	fd = create("1.pcap");
	write_all(fd, b.at, 30);
	assert_string_equal(read_on(c), "file:0.pcap 0.pcap#1 quiet");
	write_all(fd, b.at + 30, b.len - 30);
	assert_string_equal(read_on(c), "quiet");
	close(fd);
	assert_string_equal(read_on(c), "file:1.pcap 1.pcap#1 quiet");

	/* Written under a hidden name, and moved. */
	put_capture(".2.pcap.tmp", 20);
	assert_string_equal(read_on(c), "quiet");
	rename(in_folder(".2.pcap.tmp"), in_folder("2.pcap"));
	assert_string_equal(read_on(c), "file:2.pcap 2.pcap#1 quiet");

	/* Each once: neither renamed nor closed again. */
	rename(in_folder("2.pcap"), in_folder("3.pcap"));
	close(open(in_folder("1.pcap"), O_WRONLY | O_APPEND | O_CLOEXEC));
	assert_string_equal(read_on(c), "quiet");

	/* A ring of files begins anew. */
	put_capture("1.pcap", 30);
	assert_string_equal(read_on(c), "file:1.pcap 1.pcap#1 quiet");

	/* Several at once come in the order of their packets. */
	put_capture("5.pcap", 50);
	put_capture("6.pcap", 40);
	put_file("notes.txt", "notes", 5);
	put_file("bad.pcap", "notes", 5);
	assert_string_equal(read_on(c), "file:6.pcap 6.pcap#1 file:5.pcap "
	    "5.pcap#1 file:bad.pcap damaged quiet");

	/* Renamed before its turn. */
	put_capture("7.pcap", 60);
	rename(in_folder("7.pcap"), in_folder("8.pcap"));
	assert_string_equal(read_on(c), "file:8.pcap 8.pcap#1 quiet");

	capture_stop(c);
	assert_string_equal(read_on(c), "end");
	capture_close(c);
}

static void
test_follow_what_is_there(void **state)
{
	struct capture *c;
	int fd;

	(void)state;
	put_capture("2.pcap", 2);
	put_capture("1.pcap", 1);
	fd = create("3.pcap");			/* being written */
	write_all(fd, b.at, b.len);
	c = open_folder(true);
	assert_non_null(c);
	assert_string_equal(capture_name(c), "1.pcap");
	assert_string_equal(read_on(c),
	    "1.pcap#1 file:2.pcap 2.pcap#1 quiet");
	pcap_packet(&b, 9, 0, 'q', 60);
	write_all(fd, b.at + b.len - 76, 76);
	close(fd);
	assert_string_equal(read_on(c),
	    "file:3.pcap 3.pcap#1 3.pcap#2 quiet");
	capture_close(c);
}

static void
test_folder_removed(void **state)
{
	struct capture *c;

	(void)state;
	put_capture("1.pcap", 1);
	c = open_folder(true);
	assert_non_null(c);
	assert_string_equal(read_on(c), "1.pcap#1 quiet");
	unlink(in_folder("1.pcap"));
	assert_int_equal(rmdir(folder), 0);
	assert_string_equal(read_on(c), "failed");
	capture_close(c);
	assert_int_equal(mkdir(folder, 0755), 0);
}

/* As somebody who may not ask the kernel who is writing. */
static int
follow_as_stranger(void)
{
	struct timespec older[2] = { { .tv_sec = 100 }, { .tv_sec = 100 } };
	struct capture *c;

	put_capture("1.pcap", 1);
	put_capture("2.pcap", 2);
	if (utimensat(AT_FDCWD, in_folder("2.pcap"), older, 0) == -1 ||
	    chmod(folder, 0777) == -1 || setgid(65534) == -1 ||
	    setuid(65534) == -1)
		return 1;
	c = open_folder(true);		/* 1.pcap was changed last */
	if (c == NULL || strcmp(read_on(c), "2.pcap#1 quiet") != 0)
		return 2;
	put_capture("3.pcap", 3);
	if (strcmp(read_on(c), "file:1.pcap 1.pcap#1 file:3.pcap 3.pcap#1 "
	    "quiet") != 0)
		return 3;
	capture_close(c);
	c = open_folder(true);		/* 3.pcap is its own: it may ask */
	if (c == NULL || strcmp(read_on(c), "1.pcap#1 file:2.pcap 2.pcap#1 "
	    "file:3.pcap 3.pcap#1 quiet") != 0)
		return 4;
	capture_close(c);
	return 0;
}

static void
test_follow_as_stranger(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	fflush(NULL);
	child = fork();
	assert_true(child != -1);
	if (child == 0)
		_exit(follow_as_stranger());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What is no capture but may not be read is complained of. */
static int
read_as_stranger(void)
{
	struct capture *c;

	put_capture("1.pcap", 1);
	put_capture("2", 2);
	if (chmod(in_folder("2"), 0) == -1 || chmod(folder, 0777) == -1 ||
	    setgid(65534) == -1 || setuid(65534) == -1)
		return 1;
	c = open_folder(false);
	if (c == NULL || strcmp(read_on(c), "1.pcap#1 file:2 damaged end") !=
	    0 || strcmp(capture_why(c), "2: Permission denied") != 0)
		return 2;
	capture_close(c);
	return 0;
}

static void
test_forbidden(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	fflush(NULL);
	child = fork();
	assert_true(child != -1);
	if (child == 0)
		_exit(read_as_stranger());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define IN_FOLDER(test)	cmocka_unit_test_setup_teardown(test,		\
    begin_folder, end_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_order),
		IN_FOLDER(test_damage_goes_on),
		IN_FOLDER(test_gone),
		IN_FOLDER(test_nothing_there),
		IN_FOLDER(test_follow),
		IN_FOLDER(test_follow_what_is_there),
		IN_FOLDER(test_folder_removed),
		IN_FOLDER(test_follow_as_stranger),
		IN_FOLDER(test_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
