/* SPDX-License-Identifier: ISC */
/*
 * road.h -- one road thread: from a capture to session records.
 */
#ifndef ROAD_H
#define ROAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "capture/capture.h"
#include "config.h"

/* One source, and how reading it went.  The clerk's side may read the
 * counters while they grow, and the rest once the road has ended. */
struct road_source {
	const struct config_source	*what;
	struct capture	*capture;	/* live: opened before the road */
	struct counters	 counters;
	int64_t		 first, last;	/* packets' times; 0: none came */
	char		*damage;	/* first complaint, NULL: none; owned */
	bool		 failed;	/* not all could be read */
	int64_t		 run;		/* its row in the database */
};

struct road {
	const struct config	*config;
	const uint8_t		*ports;		/* bit per SMTP port */
	struct road_source	*sources;	/* taken one after the other */
	size_t			 nsources;
	struct queue		*records;	/* to the clerk */
	bool			 live;		/* drop records rather than wait */

	/* the road's own */
	pthread_t		 thread;
	pthread_t		 waiter;	/* told by SIGUSR1 when it ended */
	pthread_mutex_t		 lock;		/* of `current` */
	struct capture		*current;	/* being read, for road_stop() */
	_Atomic size_t		 at;		/* index of the source being read */
	atomic_bool		 stopping, ended;
};

/* Start the thread.  -1 after saying why. */
int	road_start(struct road *r);

/* Ask it to end soon; what was read is handed on.  From any thread. */
void	road_stop(struct road *r);

/* Octets read and to be read of the source at hand; size 0: unknown. */
void	road_progress(struct road *r, uint64_t *done, uint64_t *size);

/* Wait for the end. */
void	road_join(struct road *r);

#endif
