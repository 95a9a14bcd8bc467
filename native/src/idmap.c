/* Bind mounts whose files appear with other owners (mount_setattr(2), ID-mapped mounts).
 *
 * They are made by the caller and before the clone, attached nowhere; the init stage inherits their
 * descriptors and attaches them. Setting a map takes CAP_SYS_ADMIN over the user namespace that the
 * file system was mounted in, which an init stage in a user namespace of its own does not have. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "fd.h"
#include "init.h"
#include "mount.h"
#include "pid.h"
#include "spawn.h"

/* A user namespace with these maps: that of a process which waits to be killed. */
static int open_user_ns(const struct cor_idmaps *uids, const struct cor_idmaps *gids,
                        struct cor_err *err) {
  struct cor_child child = {.pidfd = -1, .start_fd = -1, .console_fd = -1};
  char path[64];
  if (cor_spawn_in_pid_ns(CLONE_NEWUSER, -1, -1, &child, err) < 0)
    return -1;
  if (child.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;)
      pause();
  }
  pid_t pid = cor_pidfd_pid(child.pidfd);
  snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
  int fd = -1;
  if (cor_ns_write_id_maps(pid, uids, gids, err) == 0 &&
      (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
    cor_fail(err, errno, "open", path, "cannot open the namespace of the mount's ids");
  cor_child_kill(&child);
  return fd;
}

static int make(const struct cor_launch *launch, const struct cor_mount *mount,
                const struct cor_mount_options *options, struct cor_err *err) {
  char path[PATH_MAX];
  const struct cor_spec *spec = launch->spec;
  const struct cor_idmaps *uids = &mount->uid_maps, *gids = &mount->gid_maps;
  if (!options->bind)
    return cor_fail(err, 0, "mount", mount->destination, "only a bind mount can map ids");
  if (!uids->count && !gids->count) {
    uids = &spec->uid_maps;
    gids = &spec->gid_maps;
  }
  if (!uids->count || !gids->count)
    return cor_fail(err, 0, "mount", mount->destination,
                    "needs uidMappings and gidMappings, its own or the container's");
  if (cor_mount_source(launch, mount, path, err) < 0)
    return -1;
  _cleanup_close_ int mount_fd = cor_mount_clone(AT_FDCWD, path, options->recursive, err);
  _cleanup_close_ int user_ns = mount_fd < 0 ? -1 : open_user_ns(uids, gids, err);
  if (user_ns < 0)
    return -1;
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_ns};
  if (syscall(SYS_mount_setattr, mount_fd, "",
              AT_EMPTY_PATH | (options->idmap_rec ? AT_RECURSIVE : 0), &attr, sizeof(attr)) < 0)
    return cor_fail(err, errno, "mount_setattr", mount->destination,
                    errno == EINVAL ? "the source's file system does not map ids"
                                    : "cannot map the mount's ids");
  return steal_fd(&mount_fd);
}

int cor_idmap_prepare(struct cor_init *init, struct cor_err *err) {
  const struct cor_spec *spec = init->spec;
  for (size_t i = 0; i < spec->mount_count; i++) {
    const struct cor_mount *mount = &spec->mounts[i];
    struct cor_mount_options options;
    if (cor_mount_options_parse(mount, &options, err) < 0)
      return -1;
    if (!options.idmap && !mount->uid_maps.count && !mount->gid_maps.count)
      continue;
    if (!init->idmapped) {
      init->idmapped = malloc(spec->mount_count * sizeof(*init->idmapped));
      if (!init->idmapped)
        return cor_fail(err, ENOMEM, "malloc", mount->destination, "out of memory");
      for (size_t k = 0; k < spec->mount_count; k++)
        init->idmapped[k] = -1;
    }
    if ((init->idmapped[i] = make(init->launch, mount, &options, err)) < 0)
      return -1;
  }
  return 0;
}

void cor_idmap_close(struct cor_init *init) {
  for (size_t i = 0; init->idmapped && i < init->spec->mount_count; i++)
    cor_close_p(&init->idmapped[i]);
  free(init->idmapped);
  init->idmapped = NULL;
}
