/* SPDX-License-Identifier: ISC */
/*
 * capture/privileges.h -- giving up what only opening a capture needed.
 */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

/*
 * Become `user` (NULL: stay who we are), lose every capability and forbid
 * new ones, for the whole process and for good.  Call before threads.
 * -1 after saying why.
 */
int	privileges_drop(const char *user);

#endif
