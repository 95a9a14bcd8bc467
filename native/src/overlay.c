/* The overlay that becomes a container's root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"

/* fsconfig takes strings of at most this many bytes, its NUL included. */
#define FSCONFIG_STRING_MAX 256
#define LAYERS_MAX 200

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

static int set_lower(int fs_fd, const char *const *lower, struct cor_err *err) {
  for (; *lower; lower++)
    if (set(fs_fd, "lowerdir+", *lower, err) < 0)
      return -1;
  return 0;
}

static int make(const struct cor_overlay *overlay, struct cor_err *err) {
  _cleanup_close_ int fs_fd = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
  if (fs_fd < 0)
    return cor_fail(err, errno, "fsopen", "overlay",
                    errno == ENODEV ? "the kernel has no overlay file system"
                                    : "cannot make an overlay file system");
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

/* Lower folders one by one ("lowerdir+") are known since Linux 6.7, and fsconfig takes no string
 * that all of them would fit in. Asked of the version: an older kernel notes each attempt in its
 * log. */
static bool takes_lower_singly(void) {
  struct utsname name;
  unsigned major = 0, minor = 0;
  return uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2 || major > 6 ||
         (major == 6 && minor >= 7);
}

/* Options of mount(2): one page, in which each folder is named by a descriptor's short path, so
 * that neither long names nor colons matter. */
struct page {
  char text[4096];
  size_t used;
  int fds[LAYERS_MAX + 2];
  size_t count;
};

static int add_folder(struct page *page, const char *before, const char *path,
                      struct cor_err *err) {
  char buf[32];
  if (page->count == sizeof(page->fds) / sizeof(*page->fds))
    return cor_fail(err, E2BIG, "mount", path, "more than %d layers", LAYERS_MAX);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", path, "cannot open the overlay's folder");
  page->fds[page->count++] = fd;
  page->used += (size_t)snprintf(page->text + page->used, sizeof(page->text) - page->used, "%s%s",
                                 before, cor_fd_path(fd, buf));
  return page->used < sizeof(page->text) ? 0
                                         : cor_fail(err, E2BIG, "mount", path, "too many layers");
}

static int fill(struct page *page, const struct cor_overlay *overlay, struct cor_err *err) {
  for (size_t i = 0; overlay->lower[i]; i++)
    if (add_folder(page, i ? ":" : "lowerdir=", overlay->lower[i], err) < 0)
      return -1;
  if (!overlay->upper)
    return 0;
  return add_folder(page, ",upperdir=", overlay->upper, err) < 0
             ? -1
             : add_folder(page, ",workdir=", overlay->work, err);
}

static int make_at(const struct cor_overlay *overlay, const char *place, struct cor_err *err) {
  static struct page page;
  page.used = page.count = 0;
  int mount_fd = -1, result = fill(&page, overlay, err);
  if (result == 0 && mount("overlay", place, "overlay", 0, page.text) < 0)
    result = cor_fail(err, errno, "mount", overlay->upper ? overlay->upper : overlay->lower[0],
                      "cannot make the overlay");
  else if (result == 0) {
    mount_fd = cor_mount_clone(AT_FDCWD, place, false, err);
    (void)umount2(place, MNT_DETACH);
  }
  while (page.count > 0)
    close(page.fds[--page.count]);
  return result < 0 ? -1 : mount_fd;
}

int cor_overlay_mount(const struct cor_overlay *overlay, const char *place, struct cor_err *err) {
  return takes_lower_singly() ? make(overlay, err) : make_at(overlay, place, err);
}
