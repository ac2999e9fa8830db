/* SPDX-License-Identifier: ISC */
/*
 * report.h -- what the operator sees of a run: progress and a summary.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "road.h"
#include "store/store.h"

/* A progress bar on one line, if standard error is a terminal. */
void	report_progress(struct road *r);
void	report_progress_end(void);

/* The closing summary, on standard error. */
void	report_summary(const struct config *c,
	    const struct road_source *sources, size_t n,
	    const struct store_totals *totals);

#endif
