/* The container's root: its own mount, everything mounted in it, and moving in. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "copy_tree.h"
#include "dev.h"
#include "fd.h"
#include "init.h"
#include "mount.h"
#include "rootfs.h"

/* Files in /proc that other programs legitimately replace by mounts (lxcfs); anything else in it is
 * the kernel's alone. */
static const char *const proc_files[] = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",
    "/proc/stat",    "/proc/swaps",     "/proc/uptime",
    "/proc/loadavg", "/proc/slabinfo",  "/proc/sys/kernel/ns_last_pid"};

/* The new namespace starts as a copy of the host's mounts, in their peer groups: without this,
 * every mount made here would appear on the host. rslave still lets the host's mounts come in until
 * pivot_root, as the specification's readers expect; a spec that wants "shared" gets it and its own
 * responsibility. */
static int leave_peer_groups(const struct cor_spec *spec, const char *root_path,
                             struct cor_err *err) {
  unsigned long flags = spec->rootfs_propagation ? spec->rootfs_propagation : MS_SLAVE | MS_REC;
  if (flags & MS_UNBINDABLE)
    flags = MS_SLAVE | MS_REC;
  if (mount(NULL, "/", NULL, flags, NULL) < 0)
    return cor_fail(err, errno, "mount", "/",
                    "cannot take the mount namespace out of the host's peer groups");
  if (!(flags & MS_SHARED))
    return 0;
  /* pivot_root refuses a root whose parent mount is shared: the mount that root_path lies on is
   * made private. */
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s", root_path);
  while (mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0) {
    char *slash = strrchr(path, '/');
    if (errno != EINVAL || !slash || !path[1])
      return cor_fail(err, errno, "mount", path,
                      "cannot make the mount that holds the root private");
    slash[slash == path] = '\0';
  }
  return 0;
}

static int mount_root(struct cor_init *init, struct cor_err *err) {
  const struct cor_launch *launch = init->launch;
  char path[PATH_MAX];
  if (!init->spec->root_path)
    return cor_fail(err, 0, "parse config.json", "root", "is required");
  const char *root = init->spec->root_path;
  if (snprintf(path, sizeof(path), "%s%s%s", *root == '/' ? "" : launch->bundle,
               *root == '/' ? "" : "/", root) >= (int)sizeof(path))
    return cor_fail(err, ENAMETOOLONG, "open", root, "the root's path is too long");
  if (leave_peer_groups(init->spec, path, err) < 0)
    return -1;
  _cleanup_close_ int target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target < 0)
    return cor_fail(err, errno, "open", path, "cannot open the container's root");
  /* pivot_root needs a mount of its own; a ready root file system is therefore bound onto itself.
   */
  _cleanup_close_ int mount_fd = launch->overlay ? cor_overlay_mount(launch->overlay, path, err)
                                                 : cor_mount_clone(target, "", true, err);
  if (mount_fd < 0)
    return -1;
  unsigned long propagation = init->spec->rootfs_propagation;
  if (propagation & MS_SHARED && cor_mount_set(mount_fd, 0, 0, MS_PRIVATE, true, err) < 0)
    return -1;
  if (cor_mount_attach(mount_fd, target, path, err) < 0)
    return -1;
  init->root_fd = steal_fd(&mount_fd);
  return 0;
}

/* The folder that proc is yet to be mounted over. */
static bool is_proc_folder(const struct cor_init *init, int target_fd) {
  struct stat proc, target;
  _cleanup_close_ int fd = init->has_proc ? -1 : cor_root_open(init->root_fd, "/proc", O_PATH, 0);
  return fd >= 0 && fstat(fd, &proc) == 0 && fstat(target_fd, &target) == 0 &&
         proc.st_dev == target.st_dev && proc.st_ino == target.st_ino;
}

/* A container must not have its /proc, or a part of it, covered by what it can write: its
 * processes, and ours when they join, would read lies there (CVE-2019-16884, CVE-2019-19921). */
static int check_proc_target(const struct cor_init *init, const struct cor_mount *mount,
                             int source_fd, int target_fd, struct cor_err *err) {
  if (!cor_fd_is_fs(target_fd, PROC_SUPER_MAGIC) && !is_proc_folder(init, target_fd))
    return 0;
  if (mount->type && strcmp(mount->type, "proc") == 0)
    return 0;
  if (source_fd >= 0 && cor_fd_is_fs(source_fd, PROC_SUPER_MAGIC))
    return 0;
  for (size_t i = 0; i < sizeof(proc_files) / sizeof(*proc_files); i++)
    if (strcmp(mount->destination, proc_files[i]) == 0)
      return 0;
  return cor_fail(err, EPERM, "mount", mount->destination,
                  "nothing but proc may be mounted at or inside /proc");
}

static int set_attributes(int mount_fd, const struct cor_mount_options *options, bool all,
                          struct cor_err *err) {
  if (all && cor_mount_set(mount_fd, options->set, options->clear, 0, false, err) < 0)
    return -1;
  if (cor_mount_set(mount_fd, options->rec_set, options->rec_clear, 0, true, err) < 0)
    return -1;
  return cor_mount_set(mount_fd, 0, 0, options->propagation, options->propagation_rec, err);
}

/* "/proc/PID/root/…" names a path in another process's mount namespace; it is that process's to
 * shape. */
static int clone_source(const char *source, bool recursive, struct cor_err *err) {
  int pid, at = 0;
  if (sscanf(source, "/proc/%d/root/%n", &pid, &at) == 1 && at > 0)
    return cor_mount_clone_of(pid, source + at, recursive, err);
  return cor_mount_clone(AT_FDCWD, source, recursive, err);
}

int cor_mount_source(const struct cor_launch *launch, const struct cor_mount *mount,
                     char path[4096], struct cor_err *err) {
  const char *source = mount->source;
  if (!source || !*source)
    return cor_fail(err, 0, "mount", mount->destination, "a bind mount needs a source");
  bool absolute = *source == '/';
  if (snprintf(path, PATH_MAX, "%s%s%s", absolute ? "" : launch->bundle, absolute ? "" : "/",
               source) >= PATH_MAX)
    return cor_fail(err, ENAMETOOLONG, "open", source, "the source's path is too long");
  return 0;
}

static int mount_bind(struct cor_init *init, const struct cor_mount *mount,
                      const struct cor_mount_options *options, struct cor_err *err) {
  char source[PATH_MAX];
  struct stat st;
  if (cor_mount_source(init->launch, mount, source, err) < 0)
    return -1;
  int *prepared = init->idmapped ? &init->idmapped[mount - init->spec->mounts] : NULL;
  _cleanup_close_ int mount_fd = prepared && *prepared >= 0
                                     ? steal_fd(prepared)
                                     : clone_source(source, options->recursive, err);
  if (mount_fd < 0)
    return -1;
  if (fstat(mount_fd, &st) < 0)
    return cor_fail(err, errno, "fstat", source, "cannot look at the source");
  _cleanup_close_ int target =
      cor_root_target(init->root_fd, mount->destination, S_ISDIR(st.st_mode), err);
  if (target < 0 || check_proc_target(init, mount, mount_fd, target, err) < 0 ||
      set_attributes(mount_fd, options, true, err) < 0)
    return -1;
  return cor_mount_attach(mount_fd, target, mount->destination, err);
}

/* /sys/fs/cgroup of version 1: an empty tmpfs with one bind mount for each hierarchy, of the
 * container's own cgroup in it. In a cgroup namespace, whose root is that very cgroup, this is what
 * mounting the hierarchy there would show; without one, it keeps the other containers' out of
 * sight. */
static int mount_cgroup_v1(struct cor_init *init, const struct cor_mount *mount,
                           const struct cor_mount_options *options, struct cor_err *err) {
  static const char *const mode[] = {"mode=755"};
  struct cor_mount_options tmpfs = {.data = {mode[0]}, .data_count = 1};
  tmpfs.set = options->set & ~(uint64_t)MOUNT_ATTR_RDONLY;
  _cleanup_close_ int target = cor_root_target(init->root_fd, mount->destination, true, err);
  if (target < 0 || check_proc_target(init, mount, -1, target, err) < 0)
    return -1;
  _cleanup_close_ int mount_fd = cor_mount_new("tmpfs", "tmpfs", &tmpfs, err);
  if (mount_fd < 0 || cor_mount_attach(mount_fd, target, mount->destination, err) < 0)
    return -1;
  for (size_t i = 0; i < init->cgroup->count; i++) {
    const struct cor_hierarchy *hierarchy = &init->cgroup->hierarchies[i];
    if (mkdirat(mount_fd, hierarchy->name, 0755) < 0)
      return cor_fail(err, errno, "mkdirat", hierarchy->name,
                      "cannot make the hierarchy's mount point");
    _cleanup_close_ int point = openat(mount_fd, hierarchy->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char path[PATH_MAX + 128];
    snprintf(path, sizeof(path), COR_CGROUP_ROOT "/%s%s", hierarchy->name, init->cgroup->path);
    _cleanup_close_ int own = point < 0 ? -1 : cor_mount_clone(AT_FDCWD, path, false, err);
    if (own < 0 || cor_mount_set(own, options->set, options->clear, MS_PRIVATE, false, err) < 0 ||
        cor_mount_attach(own, point, hierarchy->name, err) < 0)
      return -1;
    /* "cpu,cpuacct" is also found as "cpu" and as "cpuacct". */
    char names[64], *save = NULL;
    strcpy(names, hierarchy->name);
    if (strchr(names, ','))
      for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (symlinkat(hierarchy->name, mount_fd, name) < 0)
          return cor_fail(err, errno, "symlinkat", name, "cannot make the controller's link");
  }
  if (options->set & MOUNT_ATTR_RDONLY &&
      cor_mount_set(mount_fd, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
    return -1;
  return cor_mount_set(mount_fd, 0, 0, options->propagation, options->propagation_rec, err);
}

static int mount_cgroup_v2(struct cor_init *init, const struct cor_mount *mount,
                           const struct cor_mount_options *options, struct cor_err *err) {
  char path[PATH_MAX + 128] = COR_CGROUP_ROOT;
  if (init->spec->namespaces[COR_NS_CGROUP].present && init->cgroup->version == 2)
    snprintf(path, sizeof(path), COR_CGROUP_ROOT "%s", init->cgroup->path);
  _cleanup_close_ int target = cor_root_target(init->root_fd, mount->destination, true, err);
  if (target < 0 || check_proc_target(init, mount, -1, target, err) < 0)
    return -1;
  _cleanup_close_ int mount_fd = cor_mount_clone(AT_FDCWD, path, false, err);
  if (mount_fd < 0 || set_attributes(mount_fd, options, true, err) < 0)
    return -1;
  return cor_mount_attach(mount_fd, target, mount->destination, err);
}

/* "cgroup" stands for whichever version the machine has, as with the other runtimes. */
static int mount_cgroup(struct cor_init *init, const struct cor_mount *mount,
                        const struct cor_mount_options *options, struct cor_err *err) {
  if (init->cgroup->version == 1)
    return mount_cgroup_v1(init, mount, options, err);
  return mount_cgroup_v2(init, mount, options, err);
}

/* tmpcopyup: the tmpfs begins with what the image has in that folder, owner and mode of the folder
 * included unless the options name a mode. */
static int copy_up(int target, int mount_fd, const struct cor_mount_options *options,
                   struct cor_err *err) {
  struct stat st;
  _cleanup_close_ int from = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  _cleanup_close_ int to = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0 || to < 0 || fstat(to, &st) < 0)
    return cor_fail(err, errno, "openat", "tmpcopyup", "cannot open the folder to copy");
  if (cor_copy_tree(from, to, err) < 0)
    return -1;
  for (size_t i = 0; i < options->data_count; i++)
    if (strncmp(options->data[i], "mode=", 5) == 0 && fchmod(to, st.st_mode & 07777) < 0)
      return cor_fail(err, errno, "fchmod", "tmpcopyup", "cannot set the folder's mode");
  return 0;
}

static int mount_new(struct cor_init *init, const struct cor_mount *mount,
                     const struct cor_mount_options *options, struct cor_err *err) {
  _cleanup_close_ int target = cor_root_target(init->root_fd, mount->destination, true, err);
  if (target < 0)
    return -1;
  if (check_proc_target(init, mount, -1, target, err) < 0)
    return -1;
  const char *source = mount->source && *mount->source ? mount->source : mount->type;
  _cleanup_close_ int mount_fd = cor_mount_new(mount->type, source, options, err);
  if (mount_fd < 0) {
    /* sysfs shows the network namespace's devices, and needs rights over that namespace: with the
     * host's network in a user namespace there are none, and the host's own /sys takes its place.
     */
    if (strcmp(mount->type, "sysfs") != 0 || err->errno_ != EPERM)
      return -1;
    mount_fd = cor_mount_clone(AT_FDCWD, "/sys", true, err);
    if (mount_fd < 0 || cor_mount_set(mount_fd, options->set, 0, MS_SLAVE, true, err) < 0)
      return -1;
  }
  if (set_attributes(mount_fd, options, false, err) < 0 ||
      cor_mount_attach(mount_fd, target, mount->destination, err) < 0)
    return -1;
  /* The target's descriptor still means the folder that is now covered. */
  if (!options->copy_up)
    return 0;
  if (copy_up(target, mount_fd, options, err) < 0)
    return -1;
  return cor_mount_set(mount_fd, options->set & MOUNT_ATTR_RDONLY, 0, 0, false, err);
}

static int remount(struct cor_init *init, const struct cor_mount *mount,
                   const struct cor_mount_options *options, struct cor_err *err) {
  _cleanup_close_ int fd = cor_root_open(init->root_fd, mount->destination, O_PATH, 0);
  if (fd < 0)
    return cor_fail(err, errno, "openat2", mount->destination, "cannot open the mount to change");
  return set_attributes(fd, options, true, err);
}

static int mount_one(struct cor_init *init, const struct cor_mount *mount, struct cor_err *err) {
  struct cor_mount_options options;
  if (cor_mount_options_parse(mount, &options, err) < 0)
    return -1;
  if (options.remount)
    return remount(init, mount, &options, err);
  if (options.bind)
    return mount_bind(init, mount, &options, err);
  if (!mount->type || !*mount->type) {
    /* Options alone: a change of propagation of what is there. */
    if (options.propagation)
      return remount(init, mount, &options, err);
    return cor_fail(err, 0, "mount", mount->destination, "a mount needs a type or the option bind");
  }
  if (strcmp(mount->type, "cgroup") == 0)
    return mount_cgroup(init, mount, &options, err);
  if (strcmp(mount->type, "cgroup2") == 0)
    return mount_cgroup_v2(init, mount, &options, err);
  return mount_new(init, mount, &options, err);
}

/* A /dev that is bound from elsewhere is used as it is; nothing is made in other people's folders.
 */
static bool makes_own_dev(const struct cor_spec *spec) {
  bool own = true;
  for (size_t i = 0; i < spec->mount_count; i++) {
    const char *path = spec->mounts[i].destination;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
      length--;
    if (length == 4 && strncmp(path, "/dev", 4) == 0) {
      struct cor_mount_options options;
      own = cor_mount_options_parse(&spec->mounts[i], &options, NULL) == 0 && !options.bind;
    }
  }
  return own;
}

/* The working directory is made where the image lacks it, by the same walk as mount points. */
static int make_cwd(struct cor_init *init, struct cor_err *err) {
  const char *cwd = init->spec->process.cwd;
  if (!cwd)
    return 0;
  int fd = cor_root_target(init->root_fd, cwd, true, err);
  if (fd < 0)
    return -1;
  close(fd);
  return 0;
}

int cor_root_setup(struct cor_init *init, struct cor_err *err) {
  const struct cor_spec *spec = init->spec;
  if (mount_root(init, err) < 0)
    return -1;
  for (size_t i = 0; i < spec->mount_count; i++) {
    if (mount_one(init, &spec->mounts[i], err) < 0)
      return -1;
    if (spec->mounts[i].type && strcmp(spec->mounts[i].type, "proc") == 0)
      init->has_proc = true;
  }
  init->has_own_dev = makes_own_dev(spec);
  if (cor_dev_populate(init->root_fd, spec, init->has_own_dev, err) < 0)
    return -1;
  return make_cwd(init, err);
}

/* To the mount namespace's own root, where the caller of all this was in a chroot. pivot_root moves
 * what it finds as this process's root: from within a chroot it would leave the namespace's root,
 * and with it the whole host, above the container. There setns puts who joins the namespace, as
 * exec does, and there a process that may chroot climbs. */
static int leave_chroot(struct cor_err *err) {
  _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (own < 0 || setns(own, CLONE_NEWNS) < 0)
    return cor_fail(err, errno, "setns", "/proc/self/ns/mnt",
                    "cannot go to the root of the mount namespace");
  return 0;
}

/* pivot_root(".", ".") stacks the old root over the new one at the same place (pivot_root(2),
 * NOTES), so no folder for it is needed in the container; what lies on top, the old one, is then
 * detached. From there on nothing of the host's tree can be reached by any path. */
static int pivot(struct cor_init *init, struct cor_err *err) {
  if (leave_chroot(err) < 0)
    return -1;
  _cleanup_close_ int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old_root < 0 || fchdir(init->root_fd) < 0)
    return cor_fail(err, errno, "fchdir", "/", "cannot enter the container's root");
  if (syscall(SYS_pivot_root, ".", ".") < 0)
    return cor_fail(err, errno, "pivot_root", "/", "cannot make the container's root the root");
  if (fchdir(old_root) < 0)
    return cor_fail(err, errno, "fchdir", "/", "cannot return to the old root");
  /* Out of the peer groups that a "shared" root has kept, or the unmount below would reach the
   * host. */
  if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot take the old root out of its peer groups");
  if (umount2(".", MNT_DETACH) < 0)
    return cor_fail(err, errno, "umount2", "/", "cannot detach the old root");
  return 0;
}

/* Where the root is the initramfs itself pivot_root is impossible; then the new root is moved over
 * it. */
static int move_root(struct cor_init *init, struct cor_err *err) {
  if (fchdir(init->root_fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
    return cor_fail(err, errno, "mount MS_MOVE", "/", "cannot make the container's root the root");
  return 0;
}

int cor_root_enter(struct cor_init *init, struct cor_err *err) {
  if ((init->launch->no_pivot ? move_root(init, err) : pivot(init, err)) < 0)
    return -1;
  if (chdir("/") < 0)
    return cor_fail(err, errno, "chdir", "/", "cannot enter the container's root");
  unsigned long propagation = init->spec->rootfs_propagation;
  if (propagation && mount(NULL, "/", NULL, propagation, NULL) < 0)
    return cor_fail(err, errno, "mount", "/", "cannot set the root's propagation");
  /* Last, as mount points and the working directory were made in it. */
  if (init->spec->root_readonly)
    return cor_mount_set(init->root_fd, MOUNT_ATTR_RDONLY, 0, 0, false, err);
  return 0;
}
