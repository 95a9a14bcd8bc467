/* What is left of a process that reads packets of strangers. */
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "resolver_parts.h"

#define NOBODY 65534

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "the resolver's system call filter knows x86-64 and arm64"
#endif

#define ALLOW(name)                                                                                \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1),                                          \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Sockets, zone files, memory, time. No execve, no clone, no mapping of code (mmap with PROT_EXEC),
 * no ptrace, no open by descriptor games beyond openat, whose paths end in an empty root. */
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __NR_epoll_wait
    ALLOW(epoll_wait),
#endif
    ALLOW(epoll_pwait),
    ALLOW(recvfrom),
    ALLOW(sendto),
    ALLOW(recvmmsg),
    ALLOW(sendmmsg),
    ALLOW(fstat),
    ALLOW(newfstatat),
    ALLOW(clock_gettime),
    ALLOW(openat),
    ALLOW(read),
    ALLOW(getdents64),
    ALLOW(close),
    ALLOW(epoll_ctl),
    ALLOW(socket),
    ALLOW(connect),
    ALLOW(accept4),
    ALLOW(shutdown),
    ALLOW(write),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    ALLOW(rt_sigreturn),
    ALLOW(restart_syscall),
    ALLOW(getppid),
    ALLOW(exit),
    ALLOW(exit_group),
    ALLOW(futex),
    ALLOW(getrandom),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

int cor_resolver_sandbox(struct cor_err *err) {
  /* An empty root that nobody can fill, needs no mount and goes away with the process. The zones'
   * descriptors stay. */
  if (chroot("/proc/self/fdinfo") < 0 || chdir("/") < 0)
    return cor_fail(err, errno, "chroot", "/proc/self/fdinfo", "cannot leave the file system");
  struct rlimit files = {COR_FORWARD_MAX + COR_TCP_MAX + 128, COR_FORWARD_MAX + COR_TCP_MAX + 128},
                none = {0, 0};
  setrlimit(RLIMIT_NOFILE, &files);
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  /* From uid 0 to another one, the kernel clears every capability set. */
  if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
      setresuid(NOBODY, NOBODY, NOBODY) < 0)
    return cor_fail(err, errno, "setresuid", "", "cannot become nobody");
  /* After the change of user, which clears it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter),
                               .filter = (struct sock_filter *)(uintptr_t)filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
    return cor_fail(err, errno, "seccomp", "", "cannot set the system call filter");
  return 0;
}
