/* How a fork of the client becomes a shim. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "shim.h"

/* Leaves the client's session, descriptors and terminal. The mask is what Docker's shim gives to
 * containers. */
void cor_shim_detach(int *ready_fd) {
  setsid();
  prctl(PR_SET_NAME, "coracle-shim");
  umask(022);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i < 3; i++)
    dup2(null, i);
  int ready = fcntl(*ready_fd, F_DUPFD_CLOEXEC, 3);
  if (ready != 3) {
    dup3(ready, 3, O_CLOEXEC);
    ready = 3;
  }
  syscall(SYS_close_range, 4U, ~0U, 0U);
  *ready_fd = ready;
}

/* One shim a container: the lock is the open <run> folder, which the kernel frees with the process.
 * A shim that is about to end is waited for. */
int cor_shim_lock(const char *run, struct cor_err *err) {
  char parent[4096];
  snprintf(parent, sizeof(parent), "%s", run);
  for (char *at = parent + 1; (at = strchr(at, '/')); at++) {
    *at = '\0';
    mkdir(parent, 0711);
    *at = '/';
  }
  if (mkdir(run, 0700) < 0 && errno != EEXIST)
    return cor_fail(err, errno, "mkdir", run, "cannot make the container's run folder");
  int fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", run, "cannot open the container's run folder");
  for (int i = 0; i < 1000; i++) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
      return fd;
    usleep(1000);
  }
  close(fd);
  return cor_fail(err, EBUSY, "lock", run, "the container is running already");
}
