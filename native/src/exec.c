/* A process that joins a running container.
 *
 *   caller ── steps into the container's pid namespace, clone, steps back ──► exec stage
 *     │                                                    cgroups, setns(init's pidfd, all other
 * namespaces), │                                                    user, pty, limits, seccomp,
 * capabilities ◄──────────────── pty master, error, or end of the socket ──────────────── execve
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
  int init_pidfd, sync_fd, proc_fd, root_fd;
};

/* All at once, checked as a whole before the first is joined (Linux 5.8). The pid namespace is not
 * among them: this process was born in it. */
static int join(const struct exec_stage *stage, struct cor_err *err) {
  const struct cor_spec *spec = stage->exec->spec;
  /* The network may have come from a descriptor, without the spec naming it. */
  int flags = CLONE_NEWNS | CLONE_NEWNET;
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    if (spec->namespaces[kind].present && kind != COR_NS_PID)
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

static int run(struct exec_stage *stage, struct cor_err *err) {
  const struct cor_exec *exec = stage->exec;
  static struct cor_user user;
  struct cor_process process = exec->process ? *exec->process : exec->spec->process;
  int peer_fd = -1;

  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  /* The cgroups first, while their files are the host's and this process is its root. */
  if ((stage->proc_fd = cor_proc_open(err)) < 0 || cor_cgroup_enter(stage->cgroup, err) < 0 ||
      join(stage, err) < 0)
    return -1;
  (void)setsid();
  stage->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (stage->root_fd < 0)
    return cor_fail(err, errno, "open", "/", "cannot open the container's root");
  if (set_user(stage, &process, &user, err) < 0)
    return -1;
  if (exec->cwd)
    process.cwd = exec->cwd;
  if (exec->privileged) {
    process.no_new_privileges = false;
    process.apparmor = NULL;
  }
  char home[256];
  cor_user_home(stage->root_fd, process.uid, home, sizeof(home));
  struct cor_process_setup setup = {
      .process = &process,
      .seccomp = &exec->spec->seccomp,
      .filter = &stage->filter,
      .argv = exec->argv ? exec->argv : process.args,
      .env = cor_process_env(process.env, exec->env, home),
      .has_personality = exec->spec->has_personality,
      .personality = exec->spec->personality,
      .proc_fd = stage->proc_fd,
      .sync_fd = stage->sync_fd,
      .pdeathsig = exec->pdeathsig,
      .preserve_fds = exec->preserve_fds,
      .no_new_keyring = exec->no_new_keyring,
  };
  if (!setup.env || !setup.argv || !setup.argv[0])
    return cor_fail(err, setup.env ? EINVAL : ENOMEM, "execve", "", "there is no program to run");
  if (exec->console && open_console(stage, &peer_fd, err) < 0)
    return -1;
  if (cor_process_limits(&setup, err) < 0)
    return -1;
  if (exec->console) {
    if (cor_process_terminal(peer_fd, &process, exec->rows, exec->columns, err) < 0)
      return -1;
  } else if (cor_process_stdio(exec->stdio, err) < 0) {
    return -1;
  }
  if (!exec->pdeathsig)
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  char path[PATH_MAX];
  if (cor_process_become(&setup, err) < 0 || cor_process_find(&setup, path, err) < 0)
    return -1;
  return cor_process_execute(&setup, path, err);
}

static _Noreturn void stage_main(struct exec_stage *stage) {
  static struct cor_err err;
  cor_stage("exec");
  prctl(PR_SET_NAME, "coracle-exec");
  run(stage, &err);
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
  int join_fd = stage->exec->spec->namespaces[COR_NS_PID].present ? stage->init_pidfd : -1;
  int cgroup_fd = stage->cgroup->version == 2 ? cor_cgroup_dir(stage->cgroup, "") : -1;
  if (cor_spawn_in_pid_ns(0, cgroup_fd, join_fd, child, err) < 0)
    return -1;
  if (child->pid == 0) {
    close(steal_fd(&own));
    stage->sync_fd = steal_fd(&theirs);
    stage_main(stage);
  }
  close(steal_fd(&theirs));
  return follow(own, child, err);
}

int cor_container_exec(const struct cor_exec *exec, struct cor_child *child, struct cor_err *err) {
  static struct cor_cgroup cgroup;
  struct exec_stage stage = {.exec = exec,
                             .cgroup = &cgroup,
                             .init_pidfd = exec->init_pidfd,
                             .sync_fd = -1,
                             .proc_fd = -1,
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
