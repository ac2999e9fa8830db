/* SPDX-License-Identifier: ISC */
/*
 * policy/sandbox.h -- what the policy worker gives up for good.
 */
#ifndef POLICY_SANDBOX_H
#define POLICY_SANDBOX_H

/*
 * From now on this process starts no program and no process, opens no file
 * for writing, listens nowhere, makes no sockets but IP ones, and touches
 * no other process; its memory is bounded, and it leaves no core.  It may
 * still read files: certificates of authorities are files.
 * -1 after saying why.
 */
int	sandbox_enter(void);

#endif
