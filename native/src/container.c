/* The caller's half of a launch: cgroups, clone3, and the talk with the init stage. */
#include "container.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "fd.h"
#include "hooks.h"
#include "init.h"
#include "pid.h"
#include "seccomp.h"
#include "spawn.h"
#include "sync.h"

/* Answers the init stage until it waits for the start or has become the program. */
static int follow(const struct cor_init *init, int sync_fd, struct cor_child *child,
                  struct cor_err *err) {
  const struct cor_spec *spec = init->spec;
  struct cor_sync_message message;
  for (;;) {
    if (cor_sync_receive(sync_fd, &message) < 0)
      return cor_fail(err, errno, "recvmsg", "init", "cannot hear the init stage");
    switch (message.kind) {
    case COR_SYNC_END:
      /* execve's success. A stage killed from outside ends alike: to whoever waits for it, a
       * container that was killed. */
      return 0;
    case COR_SYNC_ERROR:
      *err = message.err;
      return -1;
    case COR_SYNC_CONSOLE:
      child->console_fd = message.fd;
      break;
    case COR_SYNC_PID:
      while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        ;
      cor_close_p(&child->pidfd);
      child->pidfd = message.fd;
      child->pid = cor_pidfd_pid(child->pidfd);
      break;
    case COR_SYNC_HOOKS:
      if (cor_hooks_run(&spec->hooks.prestart, "prestart", init->launch,
                        cor_pidfd_pid(child->pidfd), "creating", err) < 0 ||
          cor_hooks_run(&spec->hooks.create_runtime, "createRuntime", init->launch,
                        cor_pidfd_pid(child->pidfd), "creating", err) < 0)
        return -1;
      if (cor_sync_send(sync_fd, COR_SYNC_HOOKS, -1) < 0)
        return cor_fail(err, errno, "sendmsg", "init", "cannot answer the init stage");
      break;
    case COR_SYNC_WAITING:
      return 1;
    default:
      return cor_fail(err, 0, "init", "", "unexpected message %d of the init stage",
                      (int)message.kind);
    }
  }
}

static int launch_in_cgroup(struct cor_init *init, int sync_fds[2], struct cor_child *child,
                            struct cor_err *err) {
  unsigned long flags;
  if (cor_ns_plan(init->launch, init->ns_fds, &flags, err) < 0)
    return -1;
  init->new_user_ns = flags & CLONE_NEWUSER;
  if (init->ns_fds[COR_NS_USER] >= 0) {
    init->late_flags = flags;
    flags = 0;
  }
  if (cor_idmap_prepare(init, err) < 0)
    return -1;
  if (cor_cgroup_create((struct cor_cgroup *)init->cgroup, init->spec, err) < 0)
    return -1;
  if (cor_seccomp_compile(&init->spec->seccomp, init->launch->seccomp_cache, &init->seccomp, err) <
      0)
    return -1;
  int cgroup_fd = init->cgroup->version == 2 ? cor_cgroup_dir(init->cgroup, "") : -1;
  if (cor_spawn_in_pid_ns(flags, cgroup_fd, init->ns_fds[COR_NS_PID], child, err) < 0)
    return -1;
  if (child->pid == 0) {
    close(sync_fds[0]);
    init->sync_fd = sync_fds[1];
    cor_init_main(init);
  }
  cor_close_p(&sync_fds[1]);
  sync_fds[1] = -1;
  if (init->new_user_ns && (cor_ns_write_maps(cor_pidfd_pid(child->pidfd), init->spec, err) < 0 ||
                            cor_sync_send(sync_fds[0], COR_SYNC_MAPPED, -1) < 0))
    return err->op ? -1 : cor_fail(err, errno, "sendmsg", "init", "cannot answer the init stage");
  return follow(init, sync_fds[0], child, err);
}

static int check_launch(const struct cor_launch *launch, struct cor_err *err) {
  const struct cor_process *process = &launch->spec->process;
  if (!process->cwd)
    return cor_fail(err, 0, "parse config.json", "process", "is required");
  if (!process->args)
    return cor_fail(err, 0, "parse config.json", "process.args", "is required");
  return 0;
}

int cor_container_launch(const struct cor_launch *launch, struct cor_child *child,
                         struct cor_err *err) {
  static struct cor_cgroup cgroup;
  struct cor_init init = {
      .launch = launch, .spec = launch->spec, .cgroup = &cgroup, .root_fd = -1, .proc_fd = -1};
  int sync_fds[2] = {-1, -1};
  err->op = NULL;
  *child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    init.ns_fds[kind] = -1;
  if (check_launch(launch, err) < 0 || cor_cgroup_find(&cgroup, launch->spec, err) < 0 ||
      cor_sync_pair(sync_fds, err) < 0)
    return -1;
  int result = launch_in_cgroup(&init, sync_fds, child, err);
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    cor_close_p(&init.ns_fds[kind]);
  free(init.seccomp.filter);
  cor_idmap_close(&init);
  if (result > 0)
    child->start_fd = steal_fd(&sync_fds[0]);
  cor_close_p(&sync_fds[0]);
  cor_close_p(&sync_fds[1]);
  if (result < 0) {
    cor_child_kill(child);
    /* Only what this launch has made: a cgroup that it found in use is somebody's. */
    bool ours = false;
    for (size_t i = 0; i < cgroup.count; i++)
      ours |= cgroup.hierarchies[i].fd >= 0;
    if (ours)
      (void)cor_cgroup_destroy(&cgroup, NULL);
  }
  cor_cgroup_close(&cgroup);
  return result < 0 ? -1 : 0;
}

int cor_container_start_at(int socket_fd, struct cor_err *err) {
  struct cor_sync_message message;
  if (cor_sync_send(socket_fd, COR_SYNC_START, -1) < 0)
    return cor_fail(err, errno, "sendmsg", "start", "cannot reach the waiting process");
  if (cor_sync_receive(socket_fd, &message) < 0)
    return cor_fail(err, errno, "recvmsg", "start", "cannot hear the waiting process");
  if (message.kind == COR_SYNC_ERROR) {
    *err = message.err;
    return -1;
  }
  return 0;
}

int cor_container_start(struct cor_child *child, struct cor_err *err) {
  _cleanup_close_ int fd = steal_fd(&child->start_fd);
  if (fd < 0)
    return cor_fail(err, 0, "start", "", "the process is not waiting to be started");
  return cor_container_start_at(fd, err);
}

int cor_container_cleanup(const struct cor_spec *spec, struct cor_err *err) {
  static struct cor_cgroup cgroup;
  return cor_cgroup_find(&cgroup, spec, err) < 0 ? -1 : cor_cgroup_destroy(&cgroup, err);
}

int cor_container_freeze(const struct cor_spec *spec, bool frozen, struct cor_err *err) {
  static struct cor_cgroup cgroup;
  if (cor_cgroup_find(&cgroup, spec, err) < 0)
    return -1;
  cor_cgroup_open(&cgroup);
  int result = cor_cgroup_freeze(&cgroup, frozen, err);
  cor_cgroup_close(&cgroup);
  return result;
}

int cor_container_update(const struct cor_spec *spec, const struct cor_resources *resources,
                         struct cor_err *err) {
  static struct cor_cgroup cgroup;
  if (cor_cgroup_find(&cgroup, spec, err) < 0)
    return -1;
  cor_cgroup_open(&cgroup);
  int result = cor_cgroup_update(&cgroup, resources, err);
  /* What had changed before the refusal goes back. */
  if (result < 0)
    (void)cor_cgroup_update(&cgroup, &spec->resources, NULL);
  cor_cgroup_close(&cgroup);
  return result;
}

bool cor_container_oom_killed(const struct cor_spec *spec) {
  static struct cor_cgroup cgroup;
  if (cor_cgroup_find(&cgroup, spec, NULL) < 0)
    return false;
  cor_cgroup_open(&cgroup);
  bool killed = cor_cgroup_oom_killed(&cgroup);
  cor_cgroup_close(&cgroup);
  return killed;
}
