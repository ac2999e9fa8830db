/* SPDX-License-Identifier: ISC */
/*
 * analyzer/incident_page.h -- one incident in full, for reading.
 *
 * What is going on, in the sensor's words; who is in it; what to do next;
 * what decided; the gravest findings; and who did what with it.
 */
#ifndef ANALYZER_INCIDENT_PAGE_H
#define ANALYZER_INCIDENT_PAGE_H

#include "analyzer/page.h"

/* `facts` as incident_load() has them. */
void	incident_page(const struct page *p);

#endif
