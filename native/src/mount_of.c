/* Another process's mount namespace: its root, for copies in and out, and a bind mount out of it,
 * for the /dev/shm of the container whose ipc namespace is shared.
 *
 * "/proc/PID/root/dev/shm" must not be opened as a path. Its owner may chroot to a folder of its
 * own making, in which dev/shm is an absolute link; that would be followed from the caller's root,
 * the host's. And a mount that belongs to another namespace cannot be copied from here (EINVAL). So
 * the caller steps into that namespace, finds the path below its real root, copies the mount there,
 * and steps back. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"

struct place {
  int ns, root, cwd;
};

static int remember(struct place *here) {
  here->ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  here->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  here->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return here->ns < 0 || here->root < 0 || here->cwd < 0 ? -1 : 0;
}

static void forget(struct place *here) {
  cor_close_p(&here->ns);
  cor_close_p(&here->root);
  cor_close_p(&here->cwd);
}

/* setns moves root and working directory to the namespace's own. */
static int step_back(const struct place *here) {
  return setns(here->ns, CLONE_NEWNS) < 0 || fchdir(here->root) < 0 || chroot(".") < 0 ||
                 fchdir(here->cwd) < 0
             ? -1
             : 0;
}

/* What is to be had there: the root itself, or a copy of the mount that a path shows. */
struct wish {
  const char *path; /* NULL: the root */
  bool recursive;
};

static int fulfil(const struct wish *wish, struct cor_err *err) {
  _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!wish->path)
    return root < 0 ? cor_fail(err, errno, "open", "/", "cannot open the container's root")
                    : steal_fd(&root);
  _cleanup_close_ int found = root < 0 ? -1 : cor_root_open(root, wish->path, O_PATH, 0);
  if (found < 0)
    return cor_fail(err, errno, "openat2", wish->path,
                    "cannot open it in the other mount namespace");
  return cor_mount_clone(found, "", wish->recursive, err);
}

/* `ns_fd`: what setns takes for a mount namespace. */
static int step_in(int ns_fd, const char *name, const struct wish *wish, struct cor_err *err) {
  struct place here = {-1, -1, -1};
  int result = -1;
  if (remember(&here) < 0 || setns(ns_fd, CLONE_NEWNS) < 0) {
    cor_fail(err, errno, "setns", name, "cannot step into the namespace");
  } else {
    result = fulfil(wish, err);
    if (step_back(&here) < 0) {
      cor_close_p(&result);
      result = cor_fail(err, errno, "setns", "/proc/self/ns/mnt", "cannot step back");
    }
  }
  forget(&here);
  return result;
}

int cor_mount_clone_of(int pid, const char *path, bool recursive, struct cor_err *err) {
  char ns_path[48];
  struct wish wish = {path, recursive};
  snprintf(ns_path, sizeof(ns_path), "/proc/%d/ns/mnt", pid);
  _cleanup_close_ int theirs = open(ns_path, O_RDONLY | O_CLOEXEC);
  if (theirs < 0)
    return cor_fail(err, errno, "open", ns_path, "cannot open the namespace");
  return step_in(theirs, ns_path, &wish, err);
}

int cor_root_of(int pidfd, struct cor_err *err) {
  struct wish wish = {NULL, false};
  return step_in(pidfd, "container", &wish, err);
}
