/* SPDX-License-Identifier: ISC */
/*
 * The door: pipes and standard input, stopping, progress.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <pthread.h>

#include "capture_build.h"

static struct bytes b;

static void
three_packets(void)
{
	b.len = 0;
	pcap_begin(&b, 0xa1b2c3d4, 65535, 1);
	pcap_packet(&b, 1, 0, 'a', 60);
	pcap_packet(&b, 2, 0, 'b', 60);
	pcap_packet(&b, 3, 0, 'c', 60);
}

static struct capture *
open_path(const char *name)
{
	struct capture_path how = { 0 };

	return capture_open_path(name, &how);
}

/* A pipe as standard input; the end to write into. */
static int
pipe_to_stdin(void)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
	close(fd[0]);
	return fd[1];
}

static void *
trickle(void *argument)
{
	int fd = *(int *)argument;

	for (size_t i = 0; i < b.len; i++)
		if (write(fd, b.at + i, 1) != 1)
			break;
	close(fd);
	return NULL;
}

static size_t
count_frames(struct capture *c, enum capture_status *last)
{
	struct frame f;
	size_t n = 0;

	while ((*last = capture_next(c, &f)) == CAPTURE_FRAME)
		n++;
	return n;
}

/* Octet by octet, plain and compressed. */
static void
test_standard_input(void **state)
{
	static struct bytes plain;
	enum capture_status st;
	struct capture *c;
	pthread_t writer;
	uint64_t done, size;
	int fd;

	(void)state;
	for (int form = 0; form < 3; form++) {
		three_packets();
		plain = b;
		if (form > 0)
			b.len = 0;
		if (form == 1)
			gzip(&b, plain.at, plain.len);
		if (form == 2)
			zstd(&b, plain.at, plain.len);
		fd = pipe_to_stdin();
		c = open_path("-");
		assert_non_null(c);
		assert_string_equal(capture_name(c), "-");
		assert_int_equal(pthread_create(&writer, NULL, trickle, &fd),
		    0);
		assert_int_equal(count_frames(c, &st), 3);
		assert_int_equal(st, CAPTURE_END);
		capture_progress(c, &done, &size);
		assert_int_equal(done, b.len);
		assert_int_equal(size, 0);
		pthread_join(writer, NULL);
		capture_close(c);
	}
}

/* A frame is given as soon as its octets are there, the pipe still open. */
static void
test_pipe_is_prompt(void **state)
{
	struct capture *c;
	struct frame f;
	int fd;

	(void)state;
	three_packets();
	fd = pipe_to_stdin();
	c = open_path("-");
	assert_int_equal(write(fd, b.at, 24 + 76), 24 + 76);
	assert_int_equal(capture_next(c, &f), CAPTURE_FRAME);
	assert_int_equal(write(fd, b.at + 100, 76), 76);
	assert_int_equal(capture_next(c, &f), CAPTURE_FRAME);
	assert_int_equal(f.number, 2);
	close(fd);
	assert_int_equal(capture_next(c, &f), CAPTURE_END);
	capture_close(c);
}

static void
test_pipe_of_something_else(void **state)
{
	struct capture *c;
	struct frame f;
	int fd;

	(void)state;
	fd = pipe_to_stdin();
	assert_int_equal(write(fd, "hello\n", 6), 6);
	close(fd);
	c = open_path("-");
	assert_non_null(c);
	assert_int_equal(capture_next(c, &f), CAPTURE_FAILED);
	assert_string_equal(capture_why(c),
	    "-: not a pcap or pcapng capture");
	assert_int_equal(capture_next(c, &f), CAPTURE_END);
	capture_close(c);
}

static void
test_standard_input_is_a_file(void **state)
{
	enum capture_status st;
	struct capture *c;
	uint64_t done, size;

	(void)state;
	three_packets();
	assert_int_equal(dup2(memory_file(b.at, b.len), STDIN_FILENO),
	    STDIN_FILENO);
	c = open_path("-");
	assert_non_null(c);
	capture_progress(c, &done, &size);
	assert_int_equal(size, b.len);
	assert_int_equal(count_frames(c, &st), 3);
	assert_int_equal(st, CAPTURE_END);
	capture_close(c);
}

static void *
read_all(void *argument)
{
	enum capture_status st;

	count_frames(argument, &st);
	return (void *)(uintptr_t)st;
}

/* Whether the reader blocks before, within or behind the header, or is not
 * yet there, stopping ends it, and no damage is told. */
static void
test_stop(void **state)
{
	static const size_t written[] = { 0, 2, 24, 90, 100 };
	struct capture *c;
	pthread_t reader;
	void *st;
	int fd;

	(void)state;
	three_packets();
	for (size_t i = 0; i < 2 * 5; i++) {
		fd = pipe_to_stdin();
		assert_int_equal(write(fd, b.at, written[i / 2]),
		    (ssize_t)written[i / 2]);
		c = open_path("-");
		if (i % 2 == 0)
			capture_stop(c);
		assert_int_equal(pthread_create(&reader, NULL, read_all, c),
		    0);
		capture_stop(c);
		pthread_join(reader, &st);
		assert_int_equal((enum capture_status)(uintptr_t)st,
		    CAPTURE_END);
		capture_close(c);
		close(fd);
	}
}

/* A fifo may be opened before anybody writes to it. */
static void
test_fifo(void **state)
{
	char folder[] = "/tmp/capture-test-XXXXXX", path[64];
	enum capture_status st;
	struct capture *c;
	pthread_t reader;
	void *end;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	c = open_path(path);
	assert_non_null(c);
	assert_string_equal(capture_name(c), "fifo");
	assert_int_equal(pthread_create(&reader, NULL, read_all, c), 0);
	capture_stop(c);
	pthread_join(reader, &end);
	capture_close(c);

	three_packets();
	c = open_path(path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd != -1);
	assert_int_equal(write(fd, b.at, b.len), (ssize_t)b.len);
	close(fd);
	assert_int_equal(count_frames(c, &st), 3);
	assert_int_equal(st, CAPTURE_END);
	capture_close(c);
	unlink(path);
	rmdir(folder);
}

static void
test_file(void **state)
{
	char path[] = "/tmp/capture-test-XXXXXX";
	enum capture_status st;
	struct capture *c;
	uint64_t done, size;
	int fd;

	(void)state;
	three_packets();
	fd = mkstemp(path);
	assert_true(fd != -1);
	assert_int_equal(write(fd, b.at, b.len - 1), (ssize_t)b.len - 1);
	c = open_path(path);
	assert_non_null(c);
	assert_string_equal(capture_name(c), path + 5);
	assert_int_equal(count_frames(c, &st), 2);
	assert_int_equal(st, CAPTURE_DAMAGED);
	assert_non_null(strstr(capture_why(c),
	    ": damaged after packet 2, at octet 176: packet cut short"));
	assert_int_equal(count_frames(c, &st), 0);
	assert_int_equal(st, CAPTURE_END);
	capture_progress(c, &done, &size);
	assert_int_equal(done, b.len - 1);
	assert_int_equal(size, b.len - 1);
	assert_int_equal(capture_drops(c).kernel, 0);
	capture_close(c);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_null(open_path(path));
	assert_int_equal(pwrite(fd, "hello", 5, 0), 5);
	assert_null(open_path(path));
	close(fd);
	unlink(path);
	assert_null(open_path(path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_pipe_is_prompt),
		cmocka_unit_test(test_pipe_of_something_else),
		cmocka_unit_test(test_standard_input_is_a_file),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
