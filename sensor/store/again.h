/* SPDX-License-Identifier: ISC */
/*
 * store/again.h -- a session judged again: its rows and its incidents.
 */
#ifndef STORE_AGAIN_H
#define STORE_AGAIN_H

#include "store/confirm_row.h"
#include "store/finding_row.h"
#include "store/incidents.h"
#include "store/unanswered_row.h"

struct again_rows {		/* all borrowed */
	struct confirm_row	*confirm;
	struct unanswered_row	*unanswered;
	struct incidents	*incidents;
	struct finding_row	*findings;
	const char		*sensor;
};

/* *before is how it was judged; nothing is done if it is not there.
 * -1: SQLite or memory failed. */
int	again_put(const struct again_rows *rows, const struct store_again *a,
	    struct confirm_before *before);

#endif
