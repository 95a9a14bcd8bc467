/* Paths that the container must not read (masked) or not write (read-only). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "dev.h"
#include "fd.h"
#include "init.h"
#include "mount.h"
#include "rootfs.h"

/* Opens what is to be covered; -1 with errno ENOENT where there is nothing.
 *
 * A path in /proc or /sys must lead to the kernel's own file system by no link: another process
 * that shares a volume of this container could otherwise put a link in the way between the mount of
 * /proc and this, and have something harmless covered in the secret's place (CVE-2025-31133 and its
 * kin). */
static int open_kernel_path(struct cor_init *init, const char *path, struct cor_err *err) {
  bool in_proc = strncmp(path, "/proc/", 6) == 0 && init->has_proc;
  int fd = cor_root_open(init->root_fd, path, O_PATH, in_proc ? RESOLVE_NO_SYMLINKS : 0);
  if (fd < 0) {
    int saved = errno;
    if (saved != ENOENT && saved != ENOTDIR)
      cor_fail(err, saved, "openat2", path, "cannot open what is to be covered");
    errno = saved;
    return -1;
  }
  if (in_proc && !cor_fd_is_fs(fd, PROC_SUPER_MAGIC)) {
    /* Over one of the files that may be replaced, a mount from elsewhere may lie. */
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
      return fd;
    cor_fail(err, EINVAL, "fstatfs", path, "is not on a proc file system");
    close(fd);
    errno = EINVAL;
    return -1;
  }
  return fd;
}

struct cover {
  int null_fd;  /* the host's /dev/null */
  int empty_fd; /* the empty read-only tmpfs over the first masked folder; all others are copies of
                   it */
};

static int clone_cover(struct cover *cover, bool is_dir, struct cor_err *err) {
  if (!is_dir) {
    if (cover->null_fd < 0 && (cover->null_fd = cor_dev_open_null(err)) < 0)
      return -1;
    return cor_mount_clone(cover->null_fd, "", false, err);
  }
  if (cover->empty_fd >= 0)
    return cor_mount_clone(cover->empty_fd, "", false, err);
  struct cor_mount_options options = {
      .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV,
      .read_only = true,
      .data = {"nr_inodes=1", "size=4k"},
      .data_count = 2,
  };
  return cor_mount_new("tmpfs", "tmpfs", &options, err);
}

static int mask(struct cor_init *init, struct cover *cover, const char *path, struct cor_err *err) {
  struct stat st;
  _cleanup_close_ int target = open_kernel_path(init, path, err);
  if (target < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  if (fstat(target, &st) < 0)
    return cor_fail(err, errno, "fstat", path, "cannot look at what is to be masked");
  _cleanup_close_ int mount_fd = clone_cover(cover, S_ISDIR(st.st_mode), err);
  if (mount_fd < 0 || cor_mount_set(mount_fd, 0, 0, MS_PRIVATE, false, err) < 0)
    return -1;
  if (cor_mount_attach(mount_fd, target, path, err) < 0)
    return -1;
  /* Kept once it is attached: before Linux 6.15 a detached mount cannot be copied. */
  if (S_ISDIR(st.st_mode) && cover->empty_fd < 0)
    cover->empty_fd = steal_fd(&mount_fd);
  return 0;
}

static int make_readonly(struct cor_init *init, const char *path, struct cor_err *err) {
  _cleanup_close_ int target = open_kernel_path(init, path, err);
  if (target < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  /* Recursive, so that what is mounted or masked below stays as it is. */
  _cleanup_close_ int mount_fd = cor_mount_clone(target, "", true, err);
  if (mount_fd < 0 || cor_mount_set(mount_fd, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, true, err) < 0)
    return -1;
  return cor_mount_attach(mount_fd, target, path, err);
}

int cor_mask_paths(struct cor_init *init, struct cor_err *err) {
  static const char *const none[] = {NULL};
  const struct cor_spec *spec = init->spec;
  struct cover cover = {-1, -1};
  int result = 0;
  for (const char *const *path = spec->readonly_paths ? spec->readonly_paths : none;
       result == 0 && *path; path++)
    result = make_readonly(init, *path, err);
  for (const char *const *path = spec->masked_paths ? spec->masked_paths : none;
       result == 0 && *path; path++)
    result = mask(init, &cover, *path, err);
  cor_close_p(&cover.null_fd);
  cor_close_p(&cover.empty_fd);
  return result;
}
