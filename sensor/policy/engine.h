/* SPDX-License-Identifier: ISC */
/*
 * policy/engine.h -- a policy with all it needs to answer: its source,
 * MTA-STS where enabled, and the descriptors to wait on.
 */
#ifndef POLICY_ENGINE_H
#define POLICY_ENGINE_H

#include "policy/live.h"
#include "policy/policy.h"

struct engine_options {
	const char		*snapshot;	/* a file; NULL: live */
	struct live_options	 live;
	bool			 sts_enabled;	/* never with a snapshot */
	struct sts_options	 sts;
	unsigned		 cases;
	uint32_t		 patience_ms;
};

#define ENGINE_OPTIONS_DEFAULT {		\
	.live = LIVE_OPTIONS_DEFAULT,		\
	.sts = STS_OPTIONS_DEFAULT,		\
	.cases = POLICY_CASES,			\
	.patience_ms = POLICY_PATIENCE_MS,	\
}

struct engine;

/* NULL after saying why. */
struct engine	*engine_new(const struct engine_options *o);
void		 engine_free(struct engine *e);	/* NULL is fine */

struct policy		*engine_policy(struct engine *e);
struct sts_store	*engine_sts(struct engine *e);	/* NULL: off */
struct live		*engine_live(struct engine *e);	/* NULL: snapshot */

/* Poll for reading, at most so long; then run. */
int	engine_fd(const struct engine *e);
int	engine_wait_ms(const struct engine *e);
void	engine_run(struct engine *e);

#endif
