#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "caps.h"
#include "fd.h"
#include "seccomp.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int set_oom_score(const struct cor_process *process, int proc_fd, struct cor_err *err) {
  char text[16];
  if (!process->has_oom_score_adj)
    return 0;
  snprintf(text, sizeof(text), "%d", process->oom_score_adj);
  if (cor_write_file(proc_fd, "self/oom_score_adj", text) == 0)
    return 0;
  int saved = errno;
  /* Going below one's own value needs CAP_SYS_RESOURCE. Where ours is that value already there is
   * nothing to do. */
  _cleanup_free_ char *own = cor_read_file(proc_fd, "self/oom_score_adj", 32, NULL, NULL);
  if (own && strtol(own, NULL, 10) == process->oom_score_adj)
    return 0;
  return cor_fail(err, saved, "write", "/proc/self/oom_score_adj", "cannot set it to %s", text);
}

static int set_scheduling(const struct cor_process *process, struct cor_err *err) {
  if (process->has_io_priority &&
      syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, process->io_priority) < 0)
    return cor_fail(err, errno, "ioprio_set", "process.ioPriority", "cannot set the I/O priority");
  if (!process->has_scheduler)
    return 0;
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attr = {sizeof(attr),
            process->scheduler.policy,
            process->scheduler.flags,
            process->scheduler.nice,
            process->scheduler.priority,
            process->scheduler.runtime,
            process->scheduler.deadline,
            process->scheduler.period};
  if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
    return cor_fail(err, errno, "sched_setattr", "process.scheduler",
                    "cannot set the scheduling policy");
  return 0;
}

int cor_process_label(const struct cor_process *process, int proc_fd, struct cor_err *err) {
  char text[512];
  if (set_oom_score(process, proc_fd, err) < 0)
    return -1;
  if (process->apparmor) {
    snprintf(text, sizeof(text), "exec %s", process->apparmor);
    /* The folder of its own exists since Linux 5.8; without it the file is shared by all security
     * modules. */
    if (cor_write_file(proc_fd, "self/attr/apparmor/exec", text) < 0 &&
        (errno != ENOENT || cor_write_file(proc_fd, "self/attr/exec", text) < 0))
      return cor_fail(err, errno, "apparmor", process->apparmor, "cannot use the profile");
  }
  if (process->selinux && cor_write_file(proc_fd, "self/attr/exec", process->selinux) < 0)
    return cor_fail(err, errno, "selinux", process->selinux, "cannot use the label");
  return 0;
}

int cor_process_limits(const struct cor_process_setup *setup, struct cor_err *err) {
  const struct cor_process *process = setup->process;
  /* A session keyring of its own: without one, a container's processes could read keys of whoever
   * started it. Where the kernel has no keyrings, or a filter around us forbids them, there are
   * none to be read. */
  if (!setup->no_new_keyring && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 &&
      errno != ENOSYS && errno != EPERM)
    return cor_fail(err, errno, "keyctl", "", "cannot make a session keyring");
  if (set_scheduling(process, err) < 0)
    return -1;
  for (size_t i = 0; i < process->rlimit_count; i++)
    if (setrlimit((__rlimit_resource_t)process->rlimits[i].resource, &process->rlimits[i].limit) <
        0)
      return cor_fail(err, errno, "setrlimit", process->rlimits[i].name, "cannot set the limit");
  if (setup->has_personality && personality(setup->personality) < 0)
    return cor_fail(err, errno, "personality", "linux.personality", "cannot set it");
  return 0;
}

/* The working directory must lie inside the root: a descriptor of a host folder that had leaked in
 * could be entered by
 * "/proc/self/fd/N" (CVE-2024-21626). The kernel answers "(unreachable)…" for one that does not. */
static int enter_cwd(const char *cwd, bool *entered, struct cor_err *err) {
  char path[PATH_MAX];
  if (chdir(cwd) < 0)
    return cor_fail(err, errno, "chdir", cwd, "cannot enter the working directory");
  if (syscall(SYS_getcwd, path, sizeof(path)) < 0 || path[0] != '/')
    return cor_fail(err, EPERM, "getcwd", cwd, "the working directory is outside the container");
  *entered = true;
  return 0;
}

/* So that a process of another user may open /dev/stdout anew (most web servers' logs do). Of pipes
 * and sockets alone: a file, or a terminal, that the caller gave as a stream is still the caller's.
 */
static void own_stdio(uid_t uid) {
  for (int fd = 0; fd < 3; fd++) {
    struct stat st;
    if (fstat(fd, &st) == 0 && st.st_uid != uid && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
      (void)!fchown(fd, uid, st.st_gid);
  }
}

static int become_user(const struct cor_process *process, struct cor_err *err) {
  if (setgroups(process->group_count, process->groups) < 0 &&
      (errno != EPERM || process->group_count))
    return cor_fail(err, errno, "setgroups", "process.user.additionalGids",
                    "cannot set the groups");
  if (syscall(SYS_setresgid, process->gid, process->gid, process->gid) < 0)
    return cor_fail(err, errno, "setresgid", "process.user.gid", "cannot become group %u",
                    process->gid);
  if (syscall(SYS_setresuid, process->uid, process->uid, process->uid) < 0)
    return cor_fail(err, errno, "setresuid", "process.user.uid", "cannot become user %u",
                    process->uid);
  umask(process->has_umask ? process->umask : 0022);
  return 0;
}

/* After the last change of credentials, as each one clears the signal (prctl(2), PR_SET_PDEATHSIG).
 * A caller that died before is seen by its end of the socket pair: getppid cannot tell, it is 0 in
 * a new pid namespace. */
static int follow_parent(const struct cor_process_setup *setup, struct cor_err *err) {
  if (!setup->pdeathsig)
    return 0;
  if (prctl(PR_SET_PDEATHSIG, setup->pdeathsig, 0, 0, 0) < 0)
    return cor_fail(err, errno, "prctl PR_SET_PDEATHSIG", "", "cannot follow the parent");
  struct pollfd ends = {.fd = setup->sync_fd, .events = POLLIN};
  if (poll(&ends, 1, 0) > 0 && ends.revents & POLLHUP)
    _exit(128 + SIGKILL);
  return 0;
}

int cor_process_become(const struct cor_process_setup *setup, struct cor_err *err) {
  const struct cor_process *process = setup->process;
  struct cor_caps caps = cor_caps_known(&process->caps);
  struct cor_err cwd_err;
  bool entered = false;
  own_stdio(process->uid);
  /* Nothing of ours, and nothing that the caller let through by accident, reaches the program.
   * Marked, not closed: the sync socket must live until execve succeeds, as its end is the message.
   * Here, as older filters refuse the call; what is opened from here on is marked by its opening.
   */
  if (syscall(SYS_close_range, 3 + (unsigned)setup->preserve_fds, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
    return cor_fail(err, errno, "close_range", "", "cannot mark the descriptors");
  /* First as root: a folder that only root may enter (/root) is a legal working directory for any
   * user. Where root may not (a network file system), the user tries below. */
  if (enter_cwd(process->cwd, &entered, &cwd_err) < 0 && cwd_err.errno_ != EACCES) {
    *err = cwd_err;
    return -1;
  }
  if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return cor_fail(err, errno, "prctl PR_SET_NO_NEW_PRIVS", "", "cannot give up new privileges");
  /* Without no_new_privs a filter needs CAP_SYS_ADMIN, so it comes before the capabilities go; the
   * calls that follow must then pass it. With it the filter waits until the very end and may forbid
   * them. */
  if (!process->no_new_privileges && cor_seccomp_load(setup->seccomp, setup->filter, err) < 0)
    return -1;
  if (caps.present && cor_caps_before_user(&caps, err) < 0)
    return -1;
  if (become_user(process, err) < 0)
    return -1;
  if (caps.present && cor_caps_after_user(&caps, err) < 0)
    return -1;
  if (!entered && enter_cwd(process->cwd, &entered, err) < 0)
    return -1;
  return follow_parent(setup, err);
}

const char *cor_env_get(const char *const *env, const char *name) {
  const char *found = NULL;
  size_t length = strlen(name);
  for (; *env; env++)
    if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
      found = *env + length + 1;
  return found;
}

/* The filter is on already where the spec leaves new privileges: older profiles answer EPERM to
 * faccessat2, which AT_EACCESS needs. The older call asks for the real user, who is the effective
 * one here. What the filter hides altogether execve itself decides. */
static bool runnable(const char *path) {
  struct stat st;
  if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0) {
    if (errno != EPERM && errno != ENOSYS)
      return false;
    if (faccessat(AT_FDCWD, path, X_OK, 0) < 0 && errno != EPERM && errno != ENOSYS)
      return false;
  }
  if (stat(path, &st) < 0)
    return errno == EPERM || errno == ENOSYS;
  if (!S_ISREG(st.st_mode)) {
    errno = EACCES;
    return false;
  }
  return true;
}

int cor_process_find(const struct cor_process_setup *setup, char path[PATH_MAX],
                     struct cor_err *err) {
  const char *name = setup->argv[0];
  if (strchr(name, '/')) {
    if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
      return cor_fail(err, ENAMETOOLONG, "execve", name, "the program's path is too long");
    if (!runnable(path))
      return cor_fail(err, errno, "execve", name,
                      errno == ENOENT ? "no such program" : "the program cannot be run");
    return 0;
  }
  const char *search = cor_env_get(setup->env, "PATH");
  int found_errno = ENOENT;
  for (const char *at = search ? search : DEFAULT_PATH; *name; at++) {
    size_t length = strcspn(at, ":");
    if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, length ? at : ".", "/", name) <
        PATH_MAX) {
      if (!length)
        snprintf(path, PATH_MAX, "./%s", name);
      if (runnable(path))
        return 0;
      if (errno == EACCES)
        found_errno = EACCES;
    }
    at += length;
    if (!*at)
      break;
  }
  return cor_fail(err, found_errno, "execve", name,
                  found_errno == ENOENT ? "not found in the container's PATH"
                                        : "the program cannot be run");
}

/* What the shim blocks and what Node ignores would both be inherited over execve: a service that
 * never sees SIGTERM could not be stopped. */
static void reset_signals(bool block) {
  sigset_t mask;
  for (int number = 1; number <= SIGRTMAX; number++)
    (void)signal(number, SIG_DFL);
  if (block)
    sigfillset(&mask);
  else
    sigemptyset(&mask);
  sigprocmask(SIG_SETMASK, &mask, NULL);
}

int cor_process_execute(const struct cor_process_setup *setup, const char *path,
                        struct cor_err *err) {
  reset_signals(setup->block_signals);
  if (setup->process->no_new_privileges && cor_seccomp_load(setup->seccomp, setup->filter, err) < 0)
    return -1;
  execve(path, (char *const *)setup->argv, (char *const *)setup->env);
  return cor_fail(err, errno, "execve", path,
                  errno == ENOENT ? "no such program" : "the program cannot be run");
}

int cor_process_terminal(int peer_fd, const struct cor_process *process, unsigned short rows,
                         unsigned short columns, struct cor_err *err) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  if ((rows || columns) && ioctl(peer_fd, TIOCSWINSZ, &size) < 0)
    return cor_fail(err, errno, "ioctl TIOCSWINSZ", "", "cannot set the terminal's size");
  if (ioctl(peer_fd, TIOCSCTTY, 0) < 0)
    return cor_fail(err, errno, "ioctl TIOCSCTTY", "",
                    "cannot make the pty the controlling terminal");
  /* The terminal belongs to the process's user, or it could not open /dev/tty's peer by name again.
   */
  if (fchown(peer_fd, process->uid, (gid_t)-1) < 0)
    return cor_fail(err, errno, "fchown", "", "cannot give the terminal to user %u", process->uid);
  const int stdio[3] = {peer_fd, peer_fd, peer_fd};
  return cor_process_stdio(stdio, err);
}

int cor_process_stdio(const int stdio[3], struct cor_err *err) {
  int moved[3];
  /* Out of the way of 0, 1, 2 first: {1, 0, 2} is legal. */
  for (int i = 0; i < 3; i++)
    if ((moved[i] = stdio[i] == i ? i : fcntl(stdio[i], F_DUPFD_CLOEXEC, 3)) < 0)
      return cor_fail(err, errno, "fcntl", "stdio", "cannot use descriptor %d", stdio[i]);
  for (int i = 0; i < 3; i++) {
    if (moved[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(moved[i], i) < 0)
      return cor_fail(err, errno, "dup2", "stdio", "cannot put descriptor %d on %d", moved[i], i);
    if (moved[i] != i)
      close(moved[i]);
  }
  return 0;
}

static bool same_name(const char *a, const char *b) {
  size_t length = strcspn(a, "=");
  return strncmp(a, b, length) == 0 && b[length] == '=';
}

const char *const *cor_process_env(const char *const *base, const char *const *changes,
                                   const char *home) {
  static const char *const none[] = {NULL};
  size_t count = 0, used = 0;
  if (!changes)
    changes = none;
  while (base[count])
    count++;
  for (size_t i = 0; changes[i]; i++)
    count++;
  const char **env = calloc(count + 2, sizeof(*env));
  if (!env)
    return NULL;
  for (; *base; base++)
    env[used++] = *base;
  for (; *changes; changes++) {
    size_t at = 0;
    while (at < used && !same_name(*changes, env[at]))
      at++;
    env[at] = *changes;
    used += at == used;
  }
  char *entry = NULL;
  if (home && !cor_env_get(env, "HOME") && asprintf(&entry, "HOME=%s", home) > 0)
    env[used++] = entry;
  env[used] = NULL;
  return env;
}
