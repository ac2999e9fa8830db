/* SPDX-License-Identifier: ISC */
/*
 * capture/linktype.h -- the two numberings of link types.
 *
 * Files carry LINKTYPE_ numbers, the same everywhere; libpcap's calls take
 * DLT_ numbers, which for a few old types differ from system to system.
 * All we hand on is LINKTYPE_.
 */
#ifndef CAPTURE_LINKTYPE_H
#define CAPTURE_LINKTYPE_H

#define LINKTYPE_NULL		0
#define LINKTYPE_ETHERNET	1
#define LINKTYPE_RAW		101
#define LINKTYPE_LINUX_SLL	113
#define LINKTYPE_LINUX_SLL2	276

/*
 * Also for numbers read from files: some writers put a DLT_ there (DLT_RAW
 * above all, 12 or 14), and those are no LINKTYPE_ of anything else.
 */
int	capture_linktype_from_dlt(int dlt);
int	capture_linktype_to_dlt(int link_type);

#endif
