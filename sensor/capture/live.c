/* SPDX-License-Identifier: ISC */
/*
 * libpcap never blocks here: the handle is non-blocking and we wait in
 * poll(2) ourselves, together with the wake descriptor.  On Linux the
 * "packet buffer timeout" only says how long the kernel may hold back a
 * block that is not full; it does not end a wait in which nothing comes.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "capture/filter.h"
#include "capture/linktype.h"
#include "capture/live.h"
#include "capture/program.h"

#define WAIT_MS	100

struct capture_tap {
	pcap_t			*pcap;
	int			 fd;
	int			 link_type;
	uint64_t		 number;
	struct capture_drops	 drops;
	unsigned		 seen_kernel, seen_interface;
	const char		*why;
	char			 text[PCAP_ERRBUF_SIZE + 64];
};

static void
warn_pcap(const char *name, pcap_t *pcap, int status)
{
	const char *what = pcap_geterr(pcap);
	const char *general = pcap_statustostr(status);

	if (status == PCAP_ERROR || status == PCAP_WARNING)
		log_warnx("capture %s: %s", name, what);
	else if (*what != '\0' && strcmp(what, general) != 0)
		log_warnx("capture %s: %s (%s)", name, general, what);
	else
		log_warnx("capture %s: %s", name, general);
}

static int
activate(pcap_t *pcap, const char *name, const struct capture_live *how)
{
	bool any = strcmp(name, "any") == 0;	/* cannot be promiscuous */
	int r;

	pcap_set_snaplen(pcap, how->snaplen > INT_MAX ? INT_MAX :
	    (int)how->snaplen);
	pcap_set_promisc(pcap, how->promiscuous && !any);
	pcap_set_timeout(pcap, WAIT_MS);
	pcap_set_immediate_mode(pcap, 0);
	if (how->buffer != 0)
		pcap_set_buffer_size(pcap, how->buffer > INT_MAX ? INT_MAX :
		    (int)how->buffer);
	r = pcap_activate(pcap);
	if (r != 0)
		warn_pcap(name, pcap, r);
	return r < 0 ? -1 : 0;
}

static int
set_filter(pcap_t *pcap, const char *name, const char *expr)
{
	struct bpf_program code;
	int r;

	if (pcap_compile(pcap, &code, expr, 1, PCAP_NETMASK_UNKNOWN) == -1) {
		log_warnx("capture %s: filter: %s", name, pcap_geterr(pcap));
		return -1;
	}
	r = pcap_setfilter(pcap, &code);
	if (r == -1)
		log_warnx("capture %s: filter: %s", name, pcap_geterr(pcap));
	pcap_freecode(&code);
	return r;
}

/* The expression is made for what the interface turned out to be. */
static int
sort_packets(pcap_t *pcap, const char *name, const struct capture_live *how,
    int link_type)
{
	struct capture_filter sort = { .ports = how->ports,
	    .nports = how->nports, .dns = how->dns, .extra = how->filter,
	    .link_type = link_type };
	char *text;
	int r;

	if (how->nports == 0)
		return how->filter == NULL ? 0 :
		    set_filter(pcap, name, how->filter);
	text = capture_filter_text(&sort);
	if (text == NULL) {
		log_warn("capture %s", name);
		return -1;
	}
	r = set_filter(pcap, name, text);
	free(text);
	return r;
}

struct capture_tap *
capture_live_open(const char *name, const struct capture_live *how)
{
	char text[PCAP_ERRBUF_SIZE];
	struct capture_tap *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		log_warn("capture %s", name);
		return NULL;
	}
	l->pcap = pcap_create(name, text);
	if (l->pcap == NULL) {
		log_warnx("capture %s: %s", name, text);
		goto fail;
	}
	if (activate(l->pcap, name, how) == -1)
		goto fail;
	l->link_type = capture_linktype_from_dlt(pcap_datalink(l->pcap));
	if (sort_packets(l->pcap, name, how, l->link_type) == -1)
		goto fail;
	if (pcap_setnonblock(l->pcap, 1, text) == -1) {
		log_warnx("capture %s: %s", name, text);
		goto fail;
	}
	l->fd = pcap_get_selectable_fd(l->pcap);
	return l;

fail:
	capture_live_close(l);
	return NULL;
}

void
capture_live_close(struct capture_tap *l)
{
	if (l == NULL)
		return;
	if (l->pcap != NULL)
		pcap_close(l->pcap);
	free(l);
}

static int
read_one(struct capture_tap *l, struct frame *f)
{
	struct pcap_pkthdr *h;
	const u_char *octets;
	int r;

	r = pcap_next_ex(l->pcap, &h, &octets);
	if (r != 1)
		return r;
	f->octets = span_of(octets, h->caplen);
	f->wire_len = h->len > h->caplen ? h->len : h->caplen;
	f->time = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;
	f->number = ++l->number;
	f->link_type = l->link_type;
	return 1;
}

enum capture_status
capture_live_next(struct capture_tap *l, const struct capture_wake *w,
    struct frame *f)
{
	int r;

	r = read_one(l, f);
	if (r == 0 && capture_wake_wait(w, l->fd, WAIT_MS) ==
	    CAPTURE_WAITED_READY)
		r = read_one(l, f);
	if (r == 1)
		return CAPTURE_FRAME;
	if (r == 0 || r == PCAP_ERROR_BREAK)
		return CAPTURE_QUIET;
	snprintf(l->text, sizeof(l->text), "%s", pcap_geterr(l->pcap));
	l->why = l->text;
	return CAPTURE_FAILED;
}

const char *
capture_live_why(const struct capture_tap *l)
{
	return l->why != NULL ? l->why : "";
}

/* The kernel's numbers have 32 bits and wrap; ours do not. */
struct capture_drops
capture_live_drops(struct capture_tap *l)
{
	struct pcap_stat st;

	if (pcap_stats(l->pcap, &st) == 0) {
		l->drops.kernel += (uint32_t)(st.ps_drop - l->seen_kernel);
		l->drops.interface += (uint32_t)(st.ps_ifdrop -
		    l->seen_interface);
		l->seen_kernel = st.ps_drop;
		l->seen_interface = st.ps_ifdrop;
	}
	return l->drops;
}
