/* SPDX-License-Identifier: ISC */
#include <pcap/pcap.h>

#include "capture/linktype.h"

static const struct {
	int	dlt;
	int	link_type;
} differing[] = {
	{ DLT_ATM_RFC1483, 100 },
	{ DLT_RAW, LINKTYPE_RAW },
	{ 12, LINKTYPE_RAW },		/* DLT_RAW everywhere else ... */
	{ 14, LINKTYPE_RAW },		/* ... and on OpenBSD */
	{ DLT_SLIP_BSDOS, 102 },
	{ DLT_PPP_BSDOS, 103 },
	{ DLT_ATM_CLIP, 106 },
	{ DLT_PFSYNC, 246 },
};

#define NDIFFERING	(sizeof(differing) / sizeof(differing[0]))

int
capture_linktype_from_dlt(int dlt)
{
	for (size_t i = 0; i < NDIFFERING; i++)
		if (differing[i].dlt == dlt)
			return differing[i].link_type;
	return dlt;
}

int
capture_linktype_to_dlt(int link_type)
{
	for (size_t i = 0; i < NDIFFERING; i++)
		if (differing[i].link_type == link_type)
			return differing[i].dlt;
	return link_type;
}
