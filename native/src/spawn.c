#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fd.h"

static pid_t spawn(unsigned long flags, int cgroup_fd, int *pidfd) {
  struct clone_args args = {
      .flags = flags | CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)pidfd};
  *pidfd = -1;
  if (cgroup_fd >= 0) {
    /* Born in its cgroup (Linux 5.7): moving it there later takes a lock that all forks of the
     * machine wait for. */
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup_fd;
  }
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
  /* Seccomp profiles of container engines that we may run in answer ENOSYS, as they cannot look
   * into clone3's arguments. */
  if (pid < 0 && errno == ENOSYS && cgroup_fd < 0)
    pid = (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
  return pid;
}

int cor_spawn_in_pid_ns(unsigned long flags, int cgroup_fd, int pid_ns_fd, struct cor_child *child,
                        struct cor_err *err) {
  _cleanup_close_ int own_pid_ns = -1;
  /* setns of a pid namespace changes where the caller's children go, not the caller: it steps in
   * for the one clone, and back. So the child needs no second fork. */
  if (pid_ns_fd >= 0) {
    own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own_pid_ns < 0 || setns(pid_ns_fd, CLONE_NEWPID) < 0)
      return cor_fail(err, errno, "setns", "pid", "cannot join the namespace");
  }
  /* Born undumpable: from its first instant the child is seen by processes of a pid namespace that
   * it joins, and those that hold CAP_SYS_PTRACE there could reach the host through its
   * descriptors. execve sets this again as the program's file says. */
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  child->pid = spawn(flags, cgroup_fd, &child->pidfd);
  if (child->pid == 0)
    return 0;
  int saved = errno;
  if (dumpable == 1)
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (pid_ns_fd >= 0 && setns(own_pid_ns, CLONE_NEWPID) < 0)
    return cor_fail(err, errno, "setns", "pid", "cannot return from the namespace");
  if (child->pid < 0)
    return cor_fail(err, saved, "clone3", "", "cannot make the container's process");
  return 0;
}

pid_t cor_spawn_sibling(unsigned long flags, int *pidfd, struct cor_err *err) {
  flags |= CLONE_PARENT | (pidfd ? CLONE_PIDFD : 0);
  struct clone_args args = {.flags = flags, .pidfd = (uint64_t)(uintptr_t)pidfd};
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
  if (pid < 0 && errno == ENOSYS)
    pid = (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, NULL);
  return pid < 0 ? cor_fail(err, errno, "clone3", "", "cannot make the container's process") : pid;
}

void cor_child_kill(struct cor_child *child) {
  if (child->pid > 0) {
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
      ;
  }
  cor_close_p(&child->pidfd);
  cor_close_p(&child->start_fd);
  cor_close_p(&child->console_fd);
  *child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
}
