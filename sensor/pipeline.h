/* SPDX-License-Identifier: ISC */
/*
 * pipeline.h -- the road, from packets to rows.
 *
 *	capture -> decode -> flow -> session( smtp | tls ) ==queue==> detect -> store
 *	               '---> dns ------^
 *	'--------------- a road thread per source --------'          '- the clerk -'
 *
 * Road threads never wait for the disk: from files they wait for room in
 * the queue, live they drop a record and count it.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "config.h"

/*
 * Do all that the configuration asks for.  0: all done; 1: not all could be
 * read or stored (said why); 2: nothing was begun (said why).
 */
int	pipeline_run(const struct config *c);

/* Say what would be done; 0, or 2 after saying why it cannot. */
int	pipeline_test(const struct config *c);

#endif
