/* SPDX-License-Identifier: ISC */
#include <sys/epoll.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "policy/lookup.h"
#include "policy/sts.h"
#include "policy/sts_fetch.h"

#define ADDRESSES_MAX	8

struct fetch {
	LIST_ENTRY(fetch)	 link;
	CURL			*easy;
	struct curl_slist	*resolve;
	sts_fetched		*done;
	void			*context;
	size_t			 len;
	bool			 too_long;
	char			 error[CURL_ERROR_SIZE];
	uint8_t			 text[STS_TEXT_MAX];
};

struct sts_fetcher {
	struct sts_fetch_options options;
	char			*ca_file;
	CURLM			*multi;
	int			 epoll;
	int64_t			 deadline;	/* milliseconds; -1: none */
	LIST_HEAD(, fetch)	 open;
};

bool
sts_fetch_is_public(const struct addr *a)
{
	const uint8_t *o = a->octets + 12;

	if (!addr_is_v4(a))	/* global unicast, RFC 4291 section 2.4 */
		return (a->octets[0] & 0xe0) == 0x20;
	return o[0] != 0 && o[0] != 10 && o[0] != 127 && o[0] < 224 &&
	    !(o[0] == 172 && (o[1] & 0xf0) == 16) &&
	    !(o[0] == 192 && o[1] == 168) &&
	    !(o[0] == 169 && o[1] == 254) &&
	    !(o[0] == 100 && (o[1] & 0xc0) == 64);
}

/* What libcurl wants to hear of a socket. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct sts_fetcher *f = context;
	struct epoll_event e = { .data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if ((what & CURL_POLL_IN) != 0)
		e.events |= EPOLLIN;
	if ((what & CURL_POLL_OUT) != 0)
		e.events |= EPOLLOUT;
	epoll_ctl(f->epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
	    fd, &e);
	curl_multi_assign(f->multi, fd, f);
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *context)
{
	struct sts_fetcher *f = context;

	(void)multi;
	f->deadline = ms < 0 ? -1 : clock_steady_ms() + ms;
	return 0;
}

struct sts_fetcher *
sts_fetcher_new(const struct sts_fetch_options *o)
{
	struct sts_fetcher *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		goto fail;
	f->options = *o;
	f->deadline = -1;
	f->epoll = -1;
	LIST_INIT(&f->open);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (f->multi = curl_multi_init()) == NULL ||
	    (f->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    (o->ca_file != NULL &&
	    (f->ca_file = strdup(o->ca_file)) == NULL))
		goto fail;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 0L);
	return f;

fail:
	log_warnx("policy: no HTTPS client");
	sts_fetcher_free(f);
	return NULL;
}

static void
free_fetch(struct sts_fetcher *f, struct fetch *x)
{
	LIST_REMOVE(x, link);
	curl_multi_remove_handle(f->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->resolve);
	free(x);
}

void
sts_fetcher_free(struct sts_fetcher *f)
{
	struct fetch *x;

	if (f == NULL)
		return;
	while ((x = LIST_FIRST(&f->open)) != NULL)
		free_fetch(f, x);
	if (f->multi != NULL)
		curl_multi_cleanup(f->multi);
	if (f->epoll != -1)
		close(f->epoll);
	free(f->ca_file);
	free(f);
}

static size_t
on_data(char *at, size_t one, size_t n, void *context)
{
	struct fetch *x = context;

	(void)one;
	if (n > sizeof(x->text) - x->len) {
		x->too_long = true;
		return 0;	/* which ends the transfer */
	}
	memcpy(x->text + x->len, at, n);
	x->len += n;
	return n;
}

/* "HOST:PORT:ADDRESS,..." for CURLOPT_RESOLVE. */
static bool
add_addresses(struct fetch *x, const char *host, uint16_t port,
    const struct addr *at, unsigned n)
{
	char line[LOOKUP_NAME_MAX + 16 + ADDRESSES_MAX * (ADDR_TEXT_MAX + 3)];
	char text[ADDR_TEXT_MAX];
	int len;

	len = snprintf(line, sizeof(line), "%s:%u:", host, port);
	for (unsigned i = 0; i < n && i < ADDRESSES_MAX; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
		    addr_is_v4(&at[i]) ? "%s%s" : "%s[%s]",
		    i > 0 ? "," : "", addr_format(&at[i], text));
	x->resolve = curl_slist_append(NULL, line);
	return x->resolve != NULL;
}

static void
set_options(struct sts_fetcher *f, struct fetch *x, const char *url)
{
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_RESOLVE, x->resolve);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");	/* whatever environ says */
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)f->options.timeout_ms);
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE, (long)sizeof(x->text));
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	if (f->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, f->ca_file);
}

bool
sts_fetcher_start(struct sts_fetcher *f, const char *domain,
    const struct addr *at, unsigned n, sts_fetched *done, void *context)
{
	char host[LOOKUP_NAME_MAX], url[LOOKUP_NAME_MAX + 64], port[8] = "";
	struct fetch *x;

	if (!lookup_name_under(host, "mta-sts", domain) ||
	    (x = calloc(1, sizeof(*x))) == NULL)
		return false;
	x->done = done;
	x->context = context;
	if (f->options.port != 443)
		snprintf(port, sizeof(port), ":%u", f->options.port);
	snprintf(url, sizeof(url), "https://%s%s/.well-known/mta-sts.txt",
	    host, port);
	if ((x->easy = curl_easy_init()) == NULL ||
	    !add_addresses(x, host, f->options.port, at, n)) {
		curl_easy_cleanup(x->easy);
		free(x);
		return false;
	}
	set_options(f, x, url);
	LIST_INSERT_HEAD(&f->open, x, link);
	if (curl_multi_add_handle(f->multi, x->easy) != CURLM_OK) {
		free_fetch(f, x);
		return false;
	}
	return true;
}

/* NULL: it is a policy's text.  RFC 8461 section 3.3. */
static const char *
find_fault(struct fetch *x, CURLcode result)
{
	static const char plain[] = "text/plain";
	char *type = NULL;
	long status = 0;

	if (x->too_long || result == CURLE_FILESIZE_EXCEEDED)
		return "more than 64 KiB";
	if (result != CURLE_OK)
		return x->error[0] != '\0' ? x->error :
		    curl_easy_strerror(result);
	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return status >= 300 && status < 400 ? "a redirect" :
		    "HTTP status other than 200";
	curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
	if (type == NULL || strncasecmp(type, plain, strlen(plain)) != 0 ||
	    strchr("; \t", type[strlen(plain)]) == NULL)
		return "not text/plain";
	return NULL;
}

static void
take_finished(struct sts_fetcher *f)
{
	const CURLMsg *m;
	const char *why;
	struct fetch *x;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		x = NULL;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		why = find_fault(x, m->data.result);
		x->done(x->context, span_of(x->text, x->len), why);
		free_fetch(f, x);
	}
}

int
sts_fetcher_fd(const struct sts_fetcher *f)
{
	return f->epoll;
}

int
sts_fetcher_wait_ms(const struct sts_fetcher *f)
{
	int64_t now = clock_steady_ms();

	if (f->deadline == -1)
		return -1;
	return f->deadline > now ? (int)(f->deadline - now) : 0;
}

void
sts_fetcher_run(struct sts_fetcher *f)
{
	struct epoll_event events[16];
	int n, running;

	n = epoll_wait(f->epoll, events, 16, 0);
	for (int i = 0; i < n; i++) {
		int what = 0;

		if ((events[i].events & EPOLLIN) != 0)
			what |= CURL_CSELECT_IN;
		if ((events[i].events & EPOLLOUT) != 0)
			what |= CURL_CSELECT_OUT;
		if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
			what |= CURL_CSELECT_ERR;
		curl_multi_socket_action(f->multi, events[i].data.fd, what,
		    &running);
	}
	if (f->deadline != -1 && f->deadline <= clock_steady_ms()) {
		f->deadline = -1;
		curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0,
		    &running);
	}
	take_finished(f);
}
