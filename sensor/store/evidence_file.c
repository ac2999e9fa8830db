/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "base/log.h"
#include "store/evidence_file.h"

#define SNAPLEN		262144
#define LINKTYPE_RAW	101	/* the one we meet whose DLT_ differs */

int
evidence_folder(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0750) == -1 && errno != EEXIST) {
		log_warn("evidence %s", dir);
		return -1;
	}
	if (stat(dir, &st) == -1 || !S_ISDIR(st.st_mode) ||
	    access(dir, W_OK | X_OK) == -1) {
		log_warnx("evidence %s: not a folder we can write to", dir);
		return -1;
	}
	return 0;
}

int
evidence_write(const char *dir, int64_t id,
    const struct evidence_frame *frames)
{
	char path[PATH_MAX];
	pcap_dumper_t *out;
	pcap_t *dead;
	int result = -1;

	if (frames == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/%" PRId64 ".pcap", dir, id);
	dead = pcap_open_dead(frames->link_type == LINKTYPE_RAW ? DLT_RAW :
	    frames->link_type, SNAPLEN);
	if (dead == NULL || (out = pcap_dump_open(dead, path)) == NULL) {
		log_warnx("evidence %s: %s", path, dead == NULL ?
		    "out of memory" : pcap_geterr(dead));
		goto out;
	}
	for (const struct evidence_frame *f = frames; f != NULL; f = f->next) {
		const struct pcap_pkthdr header = {
			.ts = { .tv_sec = f->mark.time / 1000000,
			    .tv_usec = f->mark.time % 1000000 },
			.caplen = f->len,
			.len = f->wire_len,
		};

		/* a file has one link type; frames of another are left out */
		if (f->link_type == frames->link_type)
			pcap_dump((u_char *)out, &header, f->octets);
	}
	result = pcap_dump_flush(out);
	if (result == -1)
		log_warn("evidence %s", path);
	pcap_dump_close(out);
out:
	if (dead != NULL)
		pcap_close(dead);
	return result;
}
