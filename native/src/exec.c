/* A process that joins a running container.
 *
 *   caller ── clone ──► joiner                     exec stage
 *     │                 cgroups, label, setns(init's pidfd, all namespaces), stdio or pty,
 *     │                 closes all that is the host's
 *     │                 clone, its parent the caller ──► limits, user, capabilities, seccomp
 *     ◄── pid, pty master, error, or end of the socket ──────────────────────── execve
 *
 * The joiner is in the caller's pid namespace and so out of the container's sight. What it clones
 * is seen by the container's processes at once, and those that hold CAP_SYS_PTRACE may look into it
 * and take what it has: at its birth it must have nothing of the host's any more, no folder, no
 * descriptor, no namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dev.h"
#include "fd.h"
#include "init.h"
#include "passwd.h"
#include "process.h"
#include "seccomp.h"
#include "spawn.h"
#include "spec_user.h"
#include "sync.h"

struct exec_stage {
  const struct cor_exec *exec;
  const struct cor_cgroup *cgroup;
  struct sock_fprog filter;
  int init_pidfd, sync_fd, root_fd;
};

/* All at once, checked as a whole before the first is joined (Linux 5.8). Of the pid namespace it
 * is the next child that becomes part. */
static int join(const struct exec_stage *stage, struct cor_err *err) {
  const struct cor_spec *spec = stage->exec->spec;
  /* The network may have come from a descriptor, without the spec naming it. */
  int flags = CLONE_NEWNS | CLONE_NEWNET;
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    if (spec->namespaces[kind].present)
      flags |= cor_ns_names[kind].flag;
  if (setns(stage->init_pidfd, flags) < 0)
    return cor_fail(err, errno, "setns", "container", "cannot join the container's namespaces");
  if (spec->namespaces[COR_NS_USER].present && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
    return cor_fail(err, errno, "setresuid", "user namespace", "cannot become its root");
  return 0;
}

/* As Docker has it: root holds what the container may hold at most, any other user nothing. */
static void set_caps_of_user(struct cor_process *process, bool privileged) {
  struct cor_caps *caps = &process->caps;
  if (privileged) {
    caps->present = true;
    caps->bounding = ~UINT64_C(0);
  }
  caps->inheritable = caps->ambient = 0;
  caps->permitted = caps->effective = process->uid == 0 ? caps->bounding : 0;
}

static int set_user(const struct exec_stage *stage, struct cor_process *process,
                    struct cor_user *user, struct cor_err *err) {
  const struct cor_exec *exec = stage->exec;
  if (!exec->user) {
    if (!exec->process && cor_spec_user(stage->root_fd, exec->spec, process, err) < 0)
      return -1;
    if (exec->privileged)
      set_caps_of_user(process, true);
    return 0;
  }
  if (cor_user_find(stage->root_fd, exec->user, user, err) < 0)
    return -1;
  process->uid = user->uid;
  process->gid = user->gid;
  process->groups = user->groups;
  process->group_count = user->group_count;
  set_caps_of_user(process, exec->privileged);
  return 0;
}

static int open_console(const struct exec_stage *stage, int *peer_fd, struct cor_err *err) {
  _cleanup_close_ int master = cor_dev_open_pty(stage->root_fd, peer_fd, err);
  if (master < 0)
    return -1;
  if (cor_sync_send(stage->sync_fd, COR_SYNC_CONSOLE, master) < 0)
    return cor_fail(err, errno, "sendmsg", "console", "cannot hand the terminal over");
  return 0;
}

/* Closes all but the streams, what the program is to inherit, and what the stage needs. */
static int drop_descriptors(const struct exec_stage *stage, struct cor_err *err) {
  unsigned from = 3 + (unsigned)stage->exec->preserve_fds;
  int kept[2] = {stage->sync_fd, stage->root_fd};
  if (kept[0] > kept[1])
    kept[0] = stage->root_fd, kept[1] = stage->sync_fd;
  for (int i = 0; i < 2; i++) {
    if (kept[i] > (int)from && syscall(SYS_close_range, from, kept[i] - 1, 0) < 0)
      return cor_fail(err, errno, "close_range", "", "cannot close what is the host's");
    if (kept[i] >= (int)from)
      from = (unsigned)kept[i] + 1;
  }
  if (syscall(SYS_close_range, from, ~0u, 0) < 0)
    return cor_fail(err, errno, "close_range", "", "cannot close what is the host's");
  return 0;
}

static int prepare(struct exec_stage *stage, struct cor_process *process, struct cor_err *err) {
  const struct cor_exec *exec = stage->exec;
  static struct cor_user user;
  /* Cgroups and label first, while their files are the host's and this process is its root. */
  _cleanup_close_ int proc_fd = cor_proc_open(err);
  if (proc_fd < 0 || cor_cgroup_enter(stage->cgroup, err) < 0)
    return -1;
  if (exec->privileged) {
    process->no_new_privileges = false;
    process->apparmor = NULL;
  }
  if (cor_process_label(process, proc_fd, err) < 0 || join(stage, err) < 0)
    return -1;
  stage->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (stage->root_fd < 0)
    return cor_fail(err, errno, "open", "/", "cannot open the container's root");
  if (set_user(stage, process, &user, err) < 0)
    return -1;
  if (exec->cwd)
    process->cwd = exec->cwd;
  _cleanup_close_ int peer_fd = -1;
  if (exec->console && open_console(stage, &peer_fd, err) < 0)
    return -1;
  const int console[3] = {peer_fd, peer_fd, peer_fd};
  if (cor_process_stdio(exec->console ? console : exec->stdio, err) < 0)
    return -1;
  return drop_descriptors(stage, err);
}

static int become(struct exec_stage *stage, const struct cor_process *process,
                  struct cor_err *err) {
  const struct cor_exec *exec = stage->exec;
  char home[256], path[PATH_MAX];
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  (void)setsid();
  cor_user_home(stage->root_fd, process->uid, home, sizeof(home));
  struct cor_process_setup setup = {
      .process = process,
      .seccomp = &exec->spec->seccomp,
      .filter = &stage->filter,
      .argv = exec->argv ? exec->argv : process->args,
      .env = cor_process_env(process->env, exec->env, home),
      .has_personality = exec->spec->has_personality,
      .personality = exec->spec->personality,
      .sync_fd = stage->sync_fd,
      .pdeathsig = exec->pdeathsig,
      .preserve_fds = exec->preserve_fds,
      .no_new_keyring = exec->no_new_keyring,
  };
  if (!setup.env || !setup.argv || !setup.argv[0])
    return cor_fail(err, setup.env ? EINVAL : ENOMEM, "execve", "", "there is no program to run");
  if (cor_process_limits(&setup, err) < 0)
    return -1;
  if (exec->console && cor_process_terminal(0, process, exec->rows, exec->columns, err) < 0)
    return -1;
  if (!exec->pdeathsig)
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  if (cor_process_become(&setup, err) < 0 || cor_process_find(&setup, path, err) < 0)
    return -1;
  return cor_process_execute(&setup, path, err);
}

static _Noreturn void joiner_main(struct exec_stage *stage) {
  static struct cor_err err;
  const struct cor_exec *exec = stage->exec;
  struct cor_process process = exec->process ? *exec->process : exec->spec->process;
  cor_stage("exec");
  prctl(PR_SET_NAME, "coracle-exec");
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (prepare(stage, &process, &err) < 0)
    cor_init_die(stage->sync_fd, &err);
  pid_t pid = cor_spawn_sibling(0, NULL, &err);
  if (pid > 0 && cor_sync_send_pid(stage->sync_fd, pid) == 0)
    _exit(0);
  if (pid == 0)
    (void)become(stage, &process, &err);
  cor_init_die(stage->sync_fd, &err);
}

static int follow(int sync_fd, struct cor_child *child, struct cor_err *err) {
  struct cor_sync_message message;
  for (;;) {
    if (cor_sync_receive(sync_fd, &message) < 0)
      return cor_fail(err, errno, "recvmsg", "exec", "cannot hear the exec stage");
    if (message.kind == COR_SYNC_END)
      return 0;
    if (message.kind == COR_SYNC_CONSOLE) {
      child->console_fd = message.fd;
      continue;
    }
    if (message.kind == COR_SYNC_PID) {
      child->pid = message.pid;
      continue;
    }
    if (message.kind == COR_SYNC_ERROR)
      *err = message.err;
    else
      cor_fail(err, 0, "exec", "", "unexpected message %d of the exec stage", (int)message.kind);
    return -1;
  }
}

static int start(struct exec_stage *stage, struct cor_child *child, struct cor_err *err) {
  int sync_fds[2];
  if (cor_sync_pair(sync_fds, err) < 0)
    return -1;
  _cleanup_close_ int own = sync_fds[0];
  _cleanup_close_ int theirs = sync_fds[1];
  int cgroup_fd = stage->cgroup->version == 2 ? cor_cgroup_dir(stage->cgroup, "") : -1;
  struct cor_child joiner;
  if (cor_spawn_in_pid_ns(0, cgroup_fd, -1, &joiner, err) < 0)
    return -1;
  if (joiner.pid == 0) {
    close(steal_fd(&own));
    stage->sync_fd = steal_fd(&theirs);
    joiner_main(stage);
  }
  close(steal_fd(&theirs));
  int result = follow(own, child, err);
  cor_close_p(&joiner.pidfd);
  while (waitpid(joiner.pid, NULL, 0) < 0 && errno == EINTR)
    ;
  if (result == 0 && child->pid <= 0)
    return cor_fail(err, 0, "exec", "", "the joining process was killed");
  /* Still ours to wait for, so the number means it. */
  if (child->pid > 0)
    child->pidfd = pidfd_open(child->pid, 0);
  return result;
}

int cor_container_exec(const struct cor_exec *exec, struct cor_child *child, struct cor_err *err) {
  static struct cor_cgroup cgroup;
  struct exec_stage stage = {.exec = exec,
                             .cgroup = &cgroup,
                             .init_pidfd = exec->init_pidfd,
                             .sync_fd = -1,
                             .root_fd = -1};
  _cleanup_close_ int opened = -1;
  *child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
  if (!exec->process && !exec->spec->process.cwd)
    return cor_fail(err, 0, "parse config.json", "process", "is required");
  if (stage.init_pidfd < 0 && (stage.init_pidfd = opened = pidfd_open(exec->init_pid, 0)) < 0)
    return cor_fail(err, errno, "pidfd_open", "container", "its process %d is gone",
                    (int)exec->init_pid);
  if (cor_cgroup_find(&cgroup, exec->spec, err) < 0)
    return -1;
  cor_cgroup_open(&cgroup);
  int result = 0;
  if (!exec->privileged)
    result = cor_seccomp_compile(&exec->spec->seccomp, exec->seccomp_cache, &stage.filter, err);
  if (result == 0)
    result = start(&stage, child, err);
  free(stage.filter.filter);
  cor_cgroup_close(&cgroup);
  if (result < 0)
    cor_child_kill(child);
  return result;
}
