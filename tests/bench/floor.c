/* SPDX-License-Identifier: ISC */
/*
 * floor -- the least that reading a capture can cost: an empty libpcap
 * loop over the file, as every program without a trick of its own has it.
 */
#include <pcap/pcap.h>
#include <stdio.h>

static void
nothing(u_char *count, const struct pcap_pkthdr *h, const u_char *octets)
{
	(void)h;
	(void)octets;
	++*(unsigned long long *)(void *)count;
}

int
main(int argc, char **argv)
{
	unsigned long long frames = 0;
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	if (argc != 2) {
		fprintf(stderr, "usage: floor FILE\n");
		return 2;
	}
	if ((p = pcap_open_offline(argv[1], why)) == NULL) {
		fprintf(stderr, "floor: %s\n", why);
		return 1;
	}
	if (pcap_loop(p, -1, nothing, (u_char *)&frames) == -1) {
		pcap_perror(p, "floor");
		return 1;
	}
	pcap_close(p);
	printf("%llu\n", frames);
	return 0;
}
