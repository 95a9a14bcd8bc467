/* The overlay that becomes a container's root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "fd.h"
#include "mount.h"

/* fsconfig takes strings of at most this many bytes, its NUL included. */
#define FSCONFIG_STRING_MAX 256

/* Gives overlay a folder; one whose path is too long goes by its descriptor, which needs to be open
 * for this call only. */
static int set_path(int fs_fd, const char *key, const char *path) {
  char buf[32];
  _cleanup_close_ int fd = -1;
  if (strlen(path) >= FSCONFIG_STRING_MAX) {
    if ((fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
      return -1;
    path = cor_fd_path(fd, buf);
  }
  return (int)syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, path, 0);
}

static int set(int fs_fd, const char *key, const char *value, struct cor_err *err) {
  if (set_path(fs_fd, key, value) == 0)
    return 0;
  int saved = errno;
  char log[200];
  ssize_t n = read(fs_fd, log, sizeof(log) - 1);
  log[n > 0 ? n : 0] = '\0';
  log[strcspn(log, "\n")] = '\0';
  return cor_fail(err, saved, "fsconfig", value, "overlay refuses %s%s%s", key, *log ? ": " : "",
                  log);
}

/* Before Linux 6.5 all lower folders come as one option, "lowerdir=a:b:c", of at most 255 bytes
 * through fsconfig: so each is named by a descriptor's short path. A colon or backslash in it is
 * escaped by that, too. */
static int set_lower_joined(int fs_fd, const char *const *lower, struct cor_err *err) {
  char joined[256] = "";
  size_t used = 0;
  int fds[64], count = 0, result = -1;
  for (; count < 64 && lower[count]; count++) {
    fds[count] = open(lower[count], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fds[count] < 0) {
      cor_fail(err, errno, "open", lower[count], "cannot open the layer");
      goto out;
    }
    used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%s/proc/self/fd/%d",
                             count ? ":" : "", fds[count]);
    if (used >= sizeof(joined)) {
      count++;
      cor_fail(err, ENAMETOOLONG, "fsconfig", lower[0],
               "this kernel takes no more than about %d layers", count - 1);
      goto out;
    }
  }
  result = set(fs_fd, "lowerdir", joined, err);
out:
  while (count > 0)
    if (fds[--count] >= 0)
      close(fds[count]);
  return result;
}

static int set_lower(int fs_fd, const char *const *lower, struct cor_err *err) {
  for (size_t i = 0; lower[i]; i++) {
    if (set_path(fs_fd, "lowerdir+", lower[i]) == 0)
      continue;
    if (i == 0 && errno == EINVAL)
      return set_lower_joined(fs_fd, lower, err);
    return set(fs_fd, "lowerdir+", lower[i], err);
  }
  return 0;
}

int cor_overlay_mount(const struct cor_overlay *overlay, struct cor_err *err) {
  _cleanup_close_ int fs_fd = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
  if (fs_fd < 0)
    return cor_fail(err, errno, "fsopen", "overlay", "the kernel has no overlay file system");
  if (set(fs_fd, "source", "overlay", err) < 0 || set_lower(fs_fd, overlay->lower, err) < 0)
    return -1;
  if (overlay->upper && (set(fs_fd, "upperdir", overlay->upper, err) < 0 ||
                         set(fs_fd, "workdir", overlay->work, err) < 0))
    return -1;
  if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
    int saved = errno;
    char log[200];
    ssize_t n = read(fs_fd, log, sizeof(log) - 1);
    log[n > 0 ? n : 0] = '\0';
    log[strcspn(log, "\n")] = '\0';
    return cor_fail(err, saved, "fsconfig", overlay->upper ? overlay->upper : overlay->lower[0],
                    "cannot make the overlay%s%s", *log ? ": " : "", log);
  }
  int mount_fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
  return mount_fd < 0 ? cor_fail(err, errno, "fsmount", "overlay", "cannot mount the overlay")
                      : mount_fd;
}
