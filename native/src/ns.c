/* Namespaces: which to make, which to join, and the maps of a new user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>

#include "fd.h"
#include "init.h"
#include "pid.h"
#include "rootfs.h"
#include "spawn.h"
#include "sync.h"

int cor_proc_open(struct cor_err *err) {
  _cleanup_close_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", "/proc", "cannot open the host's proc");
  if (!cor_fd_is_fs(fd, PROC_SUPER_MAGIC))
    return cor_fail(err, EINVAL, "fstatfs", "/proc", "is not a proc file system on this host");
  return steal_fd(&fd);
}

static int open_ns(const char *path, struct cor_err *err) {
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", path, "cannot open the namespace");
  if (!cor_fd_is_fs(fd, NSFS_MAGIC) && !cor_fd_is_fs(fd, PROC_SUPER_MAGIC))
    return cor_fail(err, EINVAL, "fstatfs", path, "is not a namespace");
  return steal_fd(&fd);
}

/* A number in a path may be another process's by the time of a later launch, with the host's
 * namespaces. The first launch notes when the process began, the later ones compare; after the
 * opening, so that what was opened is known to be that process's. */
static int check_owner(const char *path, char start[24], struct cor_err *err) {
  char now[24];
  int pid, end = 0;
  if (sscanf(path, "/proc/%d/ns/%n", &pid, &end) != 1 || !end)
    return 0;
  cor_process_start(pid, now);
  if (!*start)
    memcpy(start, now, sizeof(now));
  if (!*now || strcmp(start, now) != 0)
    return cor_fail(err, ESRCH, "open", path, "the process whose namespace is shared has ended");
  return 0;
}

/* Opened by the caller, before anything is joined or made: the paths mean what they mean outside.
 */
int cor_ns_plan(const struct cor_launch *launch, int ns_fds[COR_NS_COUNT],
                unsigned long *clone_flags, struct cor_err *err) {
  *clone_flags = 0;
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    ns_fds[kind] = -1;
  for (int kind = 0; kind < COR_NS_COUNT; kind++) {
    const struct cor_namespace *ns = &launch->spec->namespaces[kind];
    if (kind == COR_NS_NET && launch->netns_fd >= 0) {
      if ((ns_fds[kind] = fcntl(launch->netns_fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return cor_fail(err, errno, "fcntl", "network namespace", "cannot use the descriptor");
      continue;
    }
    if (!ns->present)
      continue;
    if (ns->path) {
      if ((ns_fds[kind] = open_ns(ns->path, err)) < 0)
        return -1;
      if (launch->ns_owners && check_owner(ns->path, launch->ns_owners[kind], err) < 0)
        return -1;
      continue;
    }
    /* A new cgroup namespace is rooted where its maker is at that moment, so it comes after the
     * move into the cgroup; a new time namespace takes its offsets before the first process is in
     * it, so it comes by unshare and setns. */
    if (kind != COR_NS_CGROUP && kind != COR_NS_TIME)
      *clone_flags |= (unsigned long)cor_ns_names[kind].flag;
  }
  return 0;
}

/* In the order of enum cor_ns_kind. The pid namespace is the caller's matter: setns changes where
 * the children go. */
int cor_ns_join(const int ns_fds[COR_NS_COUNT], bool in_user_ns, struct cor_err *err) {
  for (int kind = 0; kind < COR_NS_COUNT; kind++)
    if (ns_fds[kind] >= 0 && kind != COR_NS_PID && !(kind == COR_NS_USER && in_user_ns) &&
        setns(ns_fds[kind], cor_ns_names[kind].flag) < 0)
      return cor_fail(err, errno, "setns", cor_ns_names[kind].oci, "cannot join the namespace");
  return 0;
}

/* Namespaces belong to the user namespace of who makes them, and root of another one has no rights
 * over them. So where a user namespace is joined, a member of it makes the new ones, for a sibling:
 * a pid namespace can be entered by a clone alone. This process ends; the caller is told who goes
 * on. */
int cor_ns_remake(struct cor_init *init, struct cor_err *err) {
  _cleanup_close_ int pidfd = -1;
  if (!init->late_flags)
    return 0;
  if (setns(init->ns_fds[COR_NS_USER], CLONE_NEWUSER) < 0)
    return cor_fail(err, errno, "setns", "user", "cannot join the namespace");
  pid_t pid = cor_spawn_sibling(init->late_flags, &pidfd, err);
  if (pid < 0)
    return -1;
  if (pid > 0)
    _exit(cor_sync_send(init->sync_fd, COR_SYNC_PID, pidfd) < 0);
  /* Not across a fork. */
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  return 0;
}

static int write_map(pid_t pid, const char *file, const struct cor_idmaps *maps,
                     struct cor_err *err) {
  char path[64], text[4096];
  size_t used = 0;
  for (size_t i = 0; i < maps->count; i++) {
    used +=
        (size_t)snprintf(text + used, sizeof(text) - used, "%u %u %u\n",
                         maps->items[i].container_id, maps->items[i].host_id, maps->items[i].size);
    if (used >= sizeof(text))
      return cor_fail(err, E2BIG, "write", file, "too many id mappings");
  }
  snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
  if (cor_write_file(AT_FDCWD, path, text) < 0)
    return cor_fail(err, errno, "write", path, "cannot map the user namespace's ids");
  return 0;
}

int cor_ns_write_id_maps(pid_t pid, const struct cor_idmaps *uids, const struct cor_idmaps *gids,
                         struct cor_err *err) {
  return write_map(pid, "uid_map", uids, err) < 0 ? -1 : write_map(pid, "gid_map", gids, err);
}

int cor_ns_write_maps(pid_t pid, const struct cor_spec *spec, struct cor_err *err) {
  if (!spec->uid_maps.count || !spec->gid_maps.count)
    return cor_fail(err, 0, "parse config.json", "linux.uidMappings",
                    "a new user namespace needs uidMappings and gidMappings");
  return cor_ns_write_id_maps(pid, &spec->uid_maps, &spec->gid_maps, err);
}
