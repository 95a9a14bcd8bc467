#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fd.h"
#include "mount.h"
#include "pid.h"
#include "rootfs.h"
#include "shimspec.h"
#include "spec.h"

int cor_container_init(const char *run, int *pid, int *pidfd, bool *paused, struct cor_err *err) {
  char path[4096], start[24];
  if (snprintf(path, sizeof(path), "%s/state.json", run) >= (int)sizeof(path))
    return cor_fail(err, ENAMETOOLONG, "connect", run, "the path is too long");
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 1 << 20, NULL, err);
  if (!text)
    return cor_fail(err, ENOENT, "connect", run, "the container is not running");
  struct json_object *state = json_tokener_parse(text), *number = NULL, *expected = NULL,
                     *status = NULL;
  json_object_object_get_ex(state, "pid", &number);
  json_object_object_get_ex(state, "pidStart", &expected);
  json_object_object_get_ex(state, "status", &status);
  const char *name = status ? json_object_get_string(status) : "";
  *paused = strcmp(name, "paused") == 0;
  *pid = number ? json_object_get_int(number) : 0;
  *pidfd = *pid > 0 ? (int)syscall(SYS_pidfd_open, *pid, 0) : -1;
  if (*pidfd >= 0)
    cor_process_start(*pid, start);
  bool same = *pidfd >= 0 && expected && strcmp(start, json_object_get_string(expected)) == 0;
  json_object_put(state);
  return same ? 0 : cor_fail(err, ESRCH, "connect", run, "the container is not running");
}

/* A file system of the container's own, or of the kernel, has no content while it does not run. */
static int mount_volumes(int root_fd, const struct cor_spec *spec, struct cor_err *err) {
  for (size_t i = 0; i < spec->mount_count; i++) {
    const struct cor_mount *mount = &spec->mounts[i];
    struct cor_mount_options options;
    struct stat st;
    if (cor_mount_options_parse(mount, &options, err) < 0)
      return -1;
    if (!options.bind)
      continue;
    _cleanup_close_ int source = open(mount->source, O_PATH | O_CLOEXEC);
    if (source < 0 || fstat(source, &st) < 0)
      return cor_fail(err, errno, "open", mount->source, "cannot open what is mounted at %s",
                      mount->destination);
    _cleanup_close_ int clone = cor_mount_clone(source, "", options.recursive, err);
    _cleanup_close_ int target =
        clone < 0 ? -1 : cor_root_target(root_fd, mount->destination, S_ISDIR(st.st_mode), err);
    if (target < 0 || cor_mount_set(clone, options.set, options.clear, 0, false, err) < 0 ||
        cor_mount_set(clone, options.rec_set, options.rec_clear, 0, true, err) < 0 ||
        cor_mount_attach(clone, target, mount->destination, err) < 0)
      return -1;
  }
  return 0;
}

/* The upper folder as the topmost lower one: a view that cannot be written, beside a container that
 * runs. */
static int mount_view(const struct cor_overlay *overlay, const char *place, struct cor_err *err) {
  size_t count = 0;
  while (overlay->lower[count])
    count++;
  _cleanup_free_ const char **lower = calloc(count + 2, sizeof(*lower));
  if (!lower)
    return cor_fail(err, ENOMEM, "malloc", "", "cannot list the layers");
  lower[0] = overlay->upper;
  memcpy(lower + 1, overlay->lower, count * sizeof(*lower));
  struct cor_overlay view = {.lower = lower};
  return cor_overlay_mount(&view, place, err);
}

static int mount_stopped(const struct cor_container_files *files, const struct cor_spec *spec,
                         const struct cor_shim_spec *shim, struct cor_err *err) {
  char rootfs[4096];
  /* Private first: the host must never see, or keep, what is mounted here. */
  if (unshare(CLONE_NEWNS) < 0)
    return cor_fail(err, errno, "unshare", "", "cannot make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot make the mounts private");
  snprintf(rootfs, sizeof(rootfs), "%s/rootfs", files->dir);
  _cleanup_close_ int place = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0)
    return cor_fail(err, errno, "open", rootfs, "cannot open the mount point");
  _cleanup_close_ int overlay = files->image_only ? mount_view(&shim->overlay, rootfs, err)
                                                  : cor_overlay_mount(&shim->overlay, rootfs, err);
  if (overlay < 0)
    return -1;
  /* Only what is attached can be mounted on. */
  if (cor_mount_attach(overlay, place, rootfs, err) < 0)
    return -1;
  _cleanup_close_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return cor_fail(err, errno, "open", rootfs, "cannot open the container's root");
  if (files->image_only)
    return steal_fd(&root);
  if (mount_volumes(root, spec, err) < 0 ||
      (spec->root_readonly && cor_mount_set(overlay, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0))
    return -1;
  return steal_fd(&root);
}

int cor_container_root(const struct cor_container_files *files, struct cor_err *err) {
  int pid;
  bool paused;
  char path[4096];
  struct cor_err ignored;
  _cleanup_close_ int pidfd = -1;
  if (!files->image_only && cor_container_init(files->run, &pid, &pidfd, &paused, &ignored) == 0)
    return cor_root_of(pidfd, err);
  snprintf(path, sizeof(path), "%s/config.json", files->dir);
  struct cor_spec *spec = cor_spec_load(path, err);
  struct cor_shim_spec *shim = spec ? cor_shim_spec_load(files->dir, err) : NULL;
  int result = -1;
  if (shim && shim->has_overlay)
    result = mount_stopped(files, spec, shim, err);
  else if (shim)
    cor_fail(err, EINVAL, "mount", files->dir, "the container has no layers");
  if (shim)
    cor_shim_spec_free(shim);
  if (spec)
    cor_spec_free(spec);
  return result;
}
