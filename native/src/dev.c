#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"

/* The specification's default devices ("Default Devices"); /dev/console and /dev/ptmx are made
 * apart. */
static const struct cor_device defaults[] = {
    {"/dev/null", 'c', 1, 3, 0666, 0, 0},    {"/dev/zero", 'c', 1, 5, 0666, 0, 0},
    {"/dev/full", 'c', 1, 7, 0666, 0, 0},    {"/dev/random", 'c', 1, 8, 0666, 0, 0},
    {"/dev/urandom", 'c', 1, 9, 0666, 0, 0}, {"/dev/tty", 'c', 5, 0, 0666, 0, 0},
};

static const struct {
  const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},
};

static mode_t type_bits(char type) {
  return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

/* In a user namespace mknod of a device is refused whatever the capabilities: the host's own node
 * is bound there. */
static int bind_host_node(int dirfd, const char *name, const struct cor_device *device,
                          struct cor_err *err) {
  struct stat st;
  _cleanup_close_ int host = open(device->path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
  if (host < 0)
    return cor_fail(err, errno, "open", device->path, "cannot open the host's device");
  if (fstat(host, &st) < 0 || (st.st_mode & S_IFMT) != type_bits(device->type) ||
      st.st_rdev != makedev((unsigned)device->major, (unsigned)device->minor))
    return cor_fail(err, EINVAL, "stat", device->path,
                    "the host's file is not the device %lld:%lld", (long long)device->major,
                    (long long)device->minor);
  _cleanup_close_ int file =
      openat(dirfd, name, O_CREAT | O_NOFOLLOW | O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0644);
  _cleanup_close_ int target = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0)
    return cor_fail(err, errno, "openat", device->path, "cannot make the mount point");
  _cleanup_close_ int mount_fd = cor_mount_clone(host, "", false, err);
  return mount_fd < 0 ? -1 : cor_mount_attach(mount_fd, target, device->path, err);
}

static int make_node(int root_fd, const struct cor_device *device, struct cor_err *err) {
  char name[256];
  struct stat st;
  dev_t number =
      device->type == 'p' ? 0 : makedev((unsigned)device->major, (unsigned)device->minor);
  _cleanup_close_ int dirfd = cor_root_parent(root_fd, device->path, name, err);
  if (dirfd < 0)
    return -1;
  if (mknodat(dirfd, name, type_bits(device->type) | (device->mode & 07777), number) < 0) {
    if (errno == EPERM)
      return bind_host_node(dirfd, name, device, err);
    int saved = errno;
    /* Something of that name may be there already (an image's own /dev, a device named twice); it
     * must be the very device, as what a container may have put there is not to be trusted to be
     * one. */
    if (saved != EEXIST || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        (st.st_mode & S_IFMT) != type_bits(device->type) ||
        (device->type != 'p' && st.st_rdev != number))
      return cor_fail(err, saved, "mknodat", device->path, "cannot make the device");
  }
  /* The umask is 0 in this stage; the owner comes after the mode in mknod's semantics, so only the
   * owner is left. */
  if ((device->uid || device->gid) &&
      fchownat(dirfd, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return cor_fail(err, errno, "fchownat", device->path, "cannot give the device to %u:%u",
                    device->uid, device->gid);
  return 0;
}

static int make_link(int dev_fd, const char *name, const char *target, struct cor_err *err) {
  struct stat st;
  if (symlinkat(target, dev_fd, name) == 0)
    return 0;
  int saved = errno;
  /* An image's own link, or file, of that name stays. */
  if (saved == EEXIST && fstatat(dev_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    return 0;
  return cor_fail(err, saved, "symlinkat", name, "cannot make the link in /dev");
}

static bool spec_has_device(const struct cor_spec *spec, const char *path) {
  for (size_t i = 0; i < spec->device_count; i++)
    if (strcmp(spec->devices[i].path, path) == 0)
      return true;
  return false;
}

int cor_dev_populate(int root_fd, const struct cor_spec *spec, bool dev_is_own,
                     struct cor_err *err) {
  if (dev_is_own) {
    _cleanup_close_ int dev_fd = cor_root_open(root_fd, "/dev", O_RDONLY | O_DIRECTORY, 0);
    if (dev_fd < 0)
      return cor_fail(err, errno, "openat2", "/dev", "cannot open the folder of devices");
    for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
      if (!spec_has_device(spec, defaults[i].path) && make_node(root_fd, &defaults[i], err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
      if (make_link(dev_fd, links[i].name, links[i].target, err) < 0)
        return -1;
    /* Only where this kernel has it: a dangling link would say otherwise. */
    if (access("/proc/kcore", F_OK) == 0 && make_link(dev_fd, "core", "/proc/kcore", err) < 0)
      return -1;
    /* ptmx must be the one of the container's own devpts; a node 5:2 would find devpts by the
     * folder it lies in. */
    if (unlinkat(dev_fd, "ptmx", 0) < 0 && errno != ENOENT)
      return cor_fail(err, errno, "unlinkat", "/dev/ptmx", "cannot replace it by a link");
    if (make_link(dev_fd, "ptmx", "pts/ptmx", err) < 0)
      return -1;
  }
  for (size_t i = 0; i < spec->device_count; i++)
    if (make_node(root_fd, &spec->devices[i], err) < 0)
      return -1;
  return 0;
}

int cor_dev_open_null(struct cor_err *err) {
  struct stat st;
  _cleanup_close_ int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return cor_fail(err, errno, "open", "/dev/null", "cannot open the host's null device");
  if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
    return cor_fail(err, EINVAL, "stat", "/dev/null", "is not the null device on this host");
  return steal_fd(&fd);
}

/* The slave is opened through the master (TIOCGPTPEER, Linux 4.13), not as /dev/pts/N: a container
 * that has put something else there (CVE-2025-52565) would have it opened. */
int cor_dev_open_pty(int root_fd, int *peer_fd, struct cor_err *err) {
  int unlock = 0;
  _cleanup_close_ int master =
      cor_root_open(root_fd, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS);
  if (master < 0)
    return cor_fail(err, errno, "openat2", "/dev/pts/ptmx", "cannot open a pseudo-terminal");
  if (!cor_fd_is_fs(master, DEVPTS_SUPER_MAGIC))
    return cor_fail(err, EINVAL, "fstatfs", "/dev/pts/ptmx", "is not on a devpts file system");
  if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
    return cor_fail(err, errno, "ioctl TIOCSPTLCK", "/dev/pts/ptmx",
                    "cannot unlock the pseudo-terminal");
  *peer_fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*peer_fd < 0)
    return cor_fail(err, errno, "ioctl TIOCGPTPEER", "/dev/pts/ptmx",
                    "cannot open the terminal's other end");
  return steal_fd(&master);
}
