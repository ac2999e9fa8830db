/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "pipeline.h"

#define EXIT_WRONG_USE	2

/*
 * Read by jemalloc, where it is linked; nobody's otherwise.  What hundreds
 * of thousands of connections take up is looked at in any order: in huge
 * pages the processor finds it a tenth faster.  What the road gives the
 * clerk frees: with an arena for each, both would have room to spare.
 */
extern const char *malloc_conf;
__attribute__((used)) const char *malloc_conf = "thp:always,narenas:1";

int
main(int argc, char **argv)
{
	struct config config;
	int status = EXIT_WRONG_USE;

	log_open("striptls-sensor", LOG_TEXT, LOG_NORMAL);
	switch (config_read(&config, argc, argv)) {
	case CONFIG_RUN:
		log_open("striptls-sensor", config.log_form,
		    config.log_level);
		status = config.test ? pipeline_test(&config) :
		    pipeline_run(&config);
		break;
	case CONFIG_EXIT:
		status = EXIT_SUCCESS;
		break;
	case CONFIG_WRONG:
		break;
	}
	config_free(&config);
	return status;
}
