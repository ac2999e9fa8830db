/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include <seccomp.h>

#include "base/log.h"
#include "policy/sandbox.h"

#define MEMORY_MAX	(1UL << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOWED	1	/* sanitizers map terabytes */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOWED	1
#endif
#endif
#ifndef SHADOWED
#define SHADOWED	0
#endif

static const int forbidden[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(link), SCMP_SYS(linkat),
	SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(mknod),
	SCMP_SYS(mknodat), SCMP_SYS(creat), SCMP_SYS(openat2),
	SCMP_SYS(truncate), SCMP_SYS(chmod), SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown),
	SCMP_SYS(lchown), SCMP_SYS(fchownat), SCMP_SYS(setxattr),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load), SCMP_SYS(io_uring_setup), SCMP_SYS(setuid),
	SCMP_SYS(setgid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
};

/* A call that this kernel or machine does not have is forbidden anyway. */
static int
forbid(scmp_filter_ctx f, int call)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), call, 0);

	return r == -EDOM || r == -EFAULT ? 0 : r;
}

static int
forbid_if(scmp_filter_ctx f, int call, unsigned arg, enum scmp_compare how,
    uint64_t a, uint64_t b)
{
	const struct scmp_arg_cmp when = { .arg = arg, .op = how,
	    .datum_a = a, .datum_b = b };

	return seccomp_rule_add_array(f, SCMP_ACT_ERRNO(EPERM), call, 1,
	    &when);
}

static int
forbid_writing(scmp_filter_ctx f, int call, unsigned flags_at)
{
	if (forbid_if(f, call, flags_at, SCMP_CMP_MASKED_EQ, O_ACCMODE,
	    O_WRONLY) != 0)
		return -1;
	return forbid_if(f, call, flags_at, SCMP_CMP_MASKED_EQ, O_ACCMODE,
	    O_RDWR);
}

/* Families lower or higher than the two of IP, and those in between. */
static int
forbid_sockets(scmp_filter_ctx f)
{
	int call = SCMP_SYS(socket);

	if (forbid_if(f, call, 0, SCMP_CMP_LT, AF_INET, 0) != 0 ||
	    forbid_if(f, call, 0, SCMP_CMP_GT, AF_INET6, 0) != 0)
		return -1;
	for (uint64_t family = AF_INET + 1; family < AF_INET6; family++)
		if (forbid_if(f, call, 0, SCMP_CMP_EQ, family, 0) != 0)
			return -1;
	return 0;
}

static int
filter_calls(void)
{
	scmp_filter_ctx f;
	int result = -1;

	if ((f = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (forbid(f, forbidden[i]) != 0)
			goto done;
	if (forbid_writing(f, SCMP_SYS(open), 1) == 0 &&
	    forbid_writing(f, SCMP_SYS(openat), 2) == 0 &&
	    forbid_sockets(f) == 0 && seccomp_load(f) == 0)
		result = 0;
done:
	seccomp_release(f);
	return result;
}

int
sandbox_enter(void)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &no_core) == -1 ||
	    (!SHADOWED && setrlimit(RLIMIT_AS, &memory) == -1)) {
		log_warn("policy sandbox");
		return -1;
	}
	if (filter_calls() == -1) {
		log_warnx("policy sandbox: no system call filter");
		return -1;
	}
	return 0;
}
