/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/dial.h"

/* Milliseconds of a clock that nobody sets. */
static int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
fail(struct dial *d, const char *why)
{
	d->error = 0;
	snprintf(d->why, sizeof(d->why), "%s", why);
	return -1;
}

static int
fail_errno(struct dial *d)
{
	int error = errno;

	fail(d, strerror(error));
	d->error = error;
	return -1;
}

int
dial_wait(struct dial *d, bool write)
{
	struct pollfd p = { .fd = d->fd, .events = write ? POLLOUT : POLLIN };
	int64_t left;
	int n;

	do {
		left = d->deadline - clock_now();
		n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return fail_errno(d);
	return n == 0 ? fail(d, "no answer in time") : 0;
}

/* Of the time that is left, this address may take its share. */
static int
connect_one(struct dial *d, const struct addrinfo *a, unsigned others)
{
	int64_t deadline = d->deadline, now = clock_now();
	int error = 0, rc;
	socklen_t len = sizeof(error);

	d->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, a->ai_protocol);
	if (d->fd == -1)
		return fail_errno(d);
	if (getnameinfo(a->ai_addr, a->ai_addrlen, d->address,
	    sizeof(d->address), NULL, 0, NI_NUMERICHOST) != 0)
		d->address[0] = '\0';
	rc = connect(d->fd, a->ai_addr, a->ai_addrlen);
	if (rc == -1 && errno == EINPROGRESS) {
		d->deadline = now + (deadline - now) / (others + 1);
		rc = dial_wait(d, true);
		d->deadline = deadline;
		if (rc == -1)
			return -1;
		rc = getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (rc == 0 && error != 0) {
			errno = error;
			rc = -1;
		}
	}
	return rc == -1 ? fail_errno(d) : 0;
}

int
dial_open(struct dial *d, const char *host, const char *port,
    unsigned seconds)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV }, *list, *a;
	unsigned others = 0;
	int rc = -1, error;

	*d = (struct dial){ .fd = -1 };
	error = getaddrinfo(host, port, &hints, &list);
	if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
		/* without the interfaces of this machine having a say */
		hints.ai_flags &= ~AI_ADDRCONFIG;
		error = getaddrinfo(host, port, &hints, &list);
	}
	if (error != 0) {
		d->no_address = true;
		return fail(d, gai_strerror(error));
	}
	d->deadline = clock_now() + (int64_t)seconds * 1000;
	for (a = list->ai_next; a != NULL; a = a->ai_next)
		others++;
	for (a = list; a != NULL && rc == -1; a = a->ai_next) {
		if ((rc = connect_one(d, a, others)) == -1)
			dial_close(d);
		others -= others > 0;
	}
	freeaddrinfo(list);
	return rc;
}

void
dial_close(struct dial *d)
{
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
	d->have = 0;
}

void
dial_literal(const struct dial *d, char out[80])
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	char text[64];

	if (getsockname(d->fd, (struct sockaddr *)&own, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&own, len, text, sizeof(text),
	    NULL, 0, NI_NUMERICHOST) != 0)
		strcpy(text, "127.0.0.1");
	/* RFC 5321 section 4.1.3 */
	snprintf(out, 80, "[%s%s]", strchr(text, ':') != NULL ? "IPv6:" : "",
	    text);
}

int
dial_send(struct dial *d, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len > 0) {
		n = send(d->fd, text, len, MSG_NOSIGNAL);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return fail_errno(d);
		} else if (dial_wait(d, true) == -1) {
			return -1;
		}
	}
	return 0;
}

static void
take_line(struct dial *d, size_t end, char *line, size_t size)
{
	size_t len = end > 0 && d->buffer[end - 1] == '\r' ? end - 1 : end;

	if (len >= size)
		len = size - 1;
	memcpy(line, d->buffer, len);
	line[len] = '\0';
	d->have -= end + 1;
	memmove(d->buffer, d->buffer + end + 1, d->have);
}

int
dial_line(struct dial *d, char *line, size_t size)
{
	const char *end;
	ssize_t n;

	for (;;) {
		end = memchr(d->buffer, '\n', d->have);
		if (end != NULL) {
			take_line(d, (size_t)(end - d->buffer), line, size);
			return 1;
		}
		if (d->have == sizeof(d->buffer))
			return fail(d, "a line that does not end");
		n = recv(d->fd, d->buffer + d->have,
		    sizeof(d->buffer) - d->have, 0);
		if (n > 0)
			d->have += (size_t)n;
		else if (n == 0)
			return 0;
		else if (errno != EAGAIN && errno != EINTR)
			return fail_errno(d);
		else if (dial_wait(d, false) == -1)
			return -1;
	}
}
