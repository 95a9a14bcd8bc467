#include "seed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy_tree.h"
#include "fd.h"

/* One page is what mount(2) takes as options; "/proc/self/fd/1234:" is short whatever the data
 * folder is called. */
enum { OPTIONS_MAX = 4096, LAYERS_MAX = 200 };

/* 1: there is an entry; 0: empty. */
static int has_entries(int dirfd) {
  _Alignas(8) char batch[1024];
  ssize_t n = syscall(SYS_getdents64, dirfd, batch, sizeof(batch));
  if (n < 0)
    return -1;
  lseek(dirfd, 0, SEEK_SET);
  /* "." and ".." are 24 bytes each and come in any order. */
  return n > 48;
}

/* The image's merged root. A single layer is its own root; several are mounted over the topmost
 * one's folder, which exists, in this process's mount namespace. */
static int open_image_root(const char *const *lower, struct cor_err *err) {
  if (lower[0] == NULL)
    return cor_fail(err, EINVAL, "seed", "", "the image has no layers");
  if (lower[1] == NULL) {
    int fd = open(lower[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : cor_fail(err, errno, "open", lower[0], "cannot open the layer");
  }
  /* Private first: the host must never see, or keep, what is mounted here. */
  if (unshare(CLONE_NEWNS) < 0)
    return cor_fail(err, errno, "unshare", "", "cannot make a mount namespace");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot make the mounts private");
  char options[OPTIONS_MAX] = "lowerdir=";
  size_t used = strlen(options);
  for (size_t i = 0; lower[i] != NULL; i++) {
    if (i == LAYERS_MAX)
      return cor_fail(err, E2BIG, "mount", "", "the image has more than %d layers", LAYERS_MAX);
    /* Opened in the new namespace, as overlay refuses mounts of another one; left open for the
     * mount, as the process ends soon. */
    int fd = open(lower[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
      return cor_fail(err, errno, "open", lower[i], "cannot open the layer");
    used += (size_t)snprintf(options + used, sizeof(options) - used, "%s/proc/self/fd/%d",
                             i > 0 ? ":" : "", fd);
    if (used >= sizeof(options))
      return cor_fail(err, E2BIG, "mount", "", "the image has too many layers");
  }
  if (mount("overlay", lower[0], "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options) < 0)
    return cor_fail(err, errno, "mount", lower[0], "cannot merge the image's layers");
  int fd = open(lower[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : cor_fail(err, errno, "open", lower[0], "cannot open the merged layers");
}

static int seed(const char *const *lower, const char *path, const char *target,
                struct cor_err *err) {
  /* Opened before any mount: the target may lie where the overlay is about to be. */
  _cleanup_close_ int to = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (to < 0)
    return cor_fail(err, errno, "open", target, "cannot open the volume");
  int occupied = has_entries(to);
  if (occupied < 0)
    return cor_fail(err, errno, "read folder", target, "cannot read the volume");
  if (occupied)
    return 0;
  _cleanup_close_ int root = open_image_root(lower, err);
  if (root < 0)
    return -1;
  struct open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  _cleanup_close_ int from = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
  if (from < 0) {
    /* ENOTDIR: a volume over a file of the image; Docker copies nothing either. */
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
      return 0;
    return cor_fail(err, errno, "openat2", path, "cannot open the image's folder");
  }
  return cor_copy_tree(from, to, err);
}

/* What the child found, over a pipe: literals do not survive as pointers, so text. */
struct report {
  int failed, errno_;
  char op[64], path[512], msg[512];
};

int cor_volume_seed(const char *const *lower, const char *path, const char *target,
                    struct cor_err *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe", "", "cannot make a pipe");
  _cleanup_close_ int out = ends[0];
  _cleanup_close_ int in = ends[1];
  pid_t child = fork();
  if (child < 0)
    return cor_fail(err, errno, "fork", "", "cannot start a process");
  if (child == 0) {
    struct cor_err failure = {0};
    struct report report = {.failed = seed(lower, path, target, &failure) < 0};
    report.errno_ = failure.errno_;
    snprintf(report.op, sizeof(report.op), "%s", failure.op != NULL ? failure.op : "");
    snprintf(report.path, sizeof(report.path), "%s", failure.path);
    snprintf(report.msg, sizeof(report.msg), "%s", failure.msg);
    _exit(cor_write_full(in, &report, sizeof(report)) < 0);
  }
  close(steal_fd(&in));
  struct report report;
  ssize_t n = cor_read_full(out, &report, sizeof(report));
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
    ;
  if (n < (ssize_t)sizeof(report))
    return cor_fail(err, 0, "seed", target, "the process that fills the volume was killed");
  if (!report.failed)
    return 0;
  return cor_fail(err, report.errno_, "seed", report.path, "%s: %s", report.op, report.msg);
}
