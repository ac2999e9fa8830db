/* SPDX-License-Identifier: ISC */
/*
 * A whole capture file down the road, to records and findings.  Every
 * session that begins is recorded once; what a record says holds together.
 */
#include <sys/mman.h>

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/reader.h"
#include "decode/decode.h"
#include "detect/detect.h"
#include "session/session.h"

#define SIZE_MAX_IN	65536
#define FRAMES_MAX	4096

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct counters	 counters;
	unsigned	 records;
};

/* Absence is said of a reply that was read whole; protection follows TLS. */
static void
check_record(const struct session_record *r, const struct findings *f)
{
	assert(r->flow.end != FLOW_OPEN);
	if (r->offer == OFFER_ABSENT)
		assert(smtp_facts(r->smtp)->ehlo_reply != NULL);
	if (r->protection == RECORD_TLS_PROTECTED)
		assert(r->tls_state == RECORD_TLS_ESTABLISHED);
	if (r->tls_failure != TLS_FAIL_NONE)
		assert(r->tls_state == RECORD_TLS_FAILED);
	for (unsigned i = 0; i < f->count; i++) {
		assert(f->list[i].summary != NULL);
		assert(f->list[i].evidence.at[0] == '{');
		assert(i == 0 ||
		    f->list[i - 1].severity >= f->list[i].severity);
	}
}

static void
give(void *context, struct session_record *r)
{
	struct fuzz *z = context;
	struct findings f;

	if (r->stage == RECORD_NOTE) {	/* its record is still to come */
		assert(r->smtp == NULL && r->dialogue == NULL);
		session_record_free(r);
		return;
	}
	z->records++;
	detect_session(r, NULL, NULL, &f);
	check_record(r, &f);
	findings_clear(&f);
	session_record_free(r);
}

static void
travel(struct fuzz *z, struct capture_reader *reader)
{
	static const struct flow_limits flow_limits = {
		.connections = 64, .memory = 256 * 1024,
		.held_per_side = 8192, .remembered_per_side = 1024,
		.remember_seconds = 10, .gap_seconds = 2, .idle_seconds = 900,
		.opening_seconds = 60, .linger_seconds = 10 };
	static const struct decode_limits decode_limits =
	    DECODE_LIMITS_DEFAULT;
	uint8_t ports[8192] = { [25 / 8] = 1 << 25 % 8,
	    [587 / 8] = 1 << 587 % 8 };
	struct digest *digest = digest_new();
	struct certificate_cache *certificates = digest == NULL ? NULL :
	    certificate_cache_new(16, digest);
	static const struct dns_limits dns_limits = { .questions = 16,
		.names = 32, .conflicts = 4, .remember_seconds = 1800 };
	struct dns_seen *dns = dns_seen_new(&dns_limits, &z->counters);
	struct session_world world = { .digest = digest, .dns = dns,
	    .certificates = certificates, .counters = &z->counters,
	    .source = "fuzz", .evidence = true, .give = give, .context = z };
	struct decoder *decoder = decoder_new(&decode_limits, ports, true,
	    &z->counters);
	struct flow_table *flows = flow_table_new(&flow_limits, ports, 1,
	    &session_ops, &world, &z->counters);
	struct packet p;
	struct frame f;

	if (certificates == NULL || decoder == NULL || flows == NULL ||
	    dns == NULL)
		abort();
	for (int n = 0; n < FRAMES_MAX &&
	    capture_reader_next(reader, &f) == CAPTURE_FRAME; n++) {
		enum decode_result result = decode(decoder, &f, &p);

		if (result == DECODE_DNS)
			dns_seen_take(dns, &p);
		if (result != DECODE_TCP)
			continue;
		flow_take(flows, &p);
	}
	flow_table_free(flows);
	dns_seen_free(dns);
	decoder_free(decoder);
	certificate_cache_free(certificates);
	digest_free(digest);
	assert(z->records == counter_read(&z->counters, COUNT_sessions));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_wake wake = { .fd = -1 };
	atomic_uint_fast64_t done = 0;
	struct capture_reader_how how = { .name = "fuzz", .wake = &wake,
	    .done = &done, .buffer = 4096 };
	struct fuzz z = { .records = 0 };
	struct capture_reader *r;
	char why[512];
	int fd;

	if (size > SIZE_MAX_IN)
		return -1;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	if (capture_reader_open(fd, &how, &r, why, sizeof(why)) !=
	    CAPTURE_OPENED)
		return 0;
	travel(&z, r);
	capture_reader_close(r);
	return 0;
}
