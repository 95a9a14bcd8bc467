/* A container's process can come to run this very file: as `/proc/self/exe` named by the image as
 * its program or its script's interpreter, executed by the init stage. Another process of the
 * container may then open /proc/PID/exe, keep the descriptor, and write to it once nothing executes
 * the file any more: the host's program would be the attacker's.
 *
 * The descriptor reaches the file through the mount that the program was started from. So the
 * program starts itself once more through a copy of that mount which is read-only, attached
 * nowhere, and can be changed by nobody: writing answers EROFS. This costs one execve (about 0.4
 * ms), where a copy of the file in a memfd costs that and the copying; a client that starts many
 * containers pays it once. Linux 5.12 (mount_setattr). */
#include "selfexe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <sys/mount.h>

#include "fd.h"
#include "mount.h"

extern char **environ;

int cor_selfexe_protect(char **argv, struct cor_err *err) {
  struct statvfs fs;
  _cleanup_close_ int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  if (exe < 0 || fstatvfs(exe, &fs) < 0)
    return cor_fail(err, errno, "open", "/proc/self/exe", "cannot find the program's own file");
  if (fs.f_flag & ST_RDONLY)
    return 0;
  _cleanup_close_ int mount_fd = cor_mount_clone(exe, "", false, err);
  /* Without the right to copy a mount there is none to start a container either, and that error
   * says more. */
  if (mount_fd < 0 && err->errno_ == EPERM)
    return 0;
  if (mount_fd < 0 || cor_mount_set(mount_fd, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, false, err) < 0)
    return -1;
  syscall(SYS_execveat, mount_fd, "", argv, environ, AT_EMPTY_PATH);
  return cor_fail(err, errno, "execveat", "/proc/self/exe",
                  "cannot run the program from a read-only mount");
}
