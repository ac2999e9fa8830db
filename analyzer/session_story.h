/* SPDX-License-Identifier: ISC */
/*
 * analyzer/session_story.h -- a session in one plain sentence.
 *
 *	203.0.113.5 sent 1 mail in clear to mx.example (198.51.100.25): the
 *	EHLO reply did not offer STARTTLS.
 */
#ifndef ANALYZER_SESSION_STORY_H
#define ANALYZER_SESSION_STORY_H

#include <jansson.h>

/* `facts` as session_load() has them.  If there are findings, the gravest
 * one's summary is the sentence.  The caller frees it; NULL if memory is short.
 * Names in it are a stranger's. */
char	*session_story(const json_t *facts);

#endif
