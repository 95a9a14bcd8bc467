#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "fd.h"

static const struct {
  const char *name;
  uint64_t set, clear;
  bool recursive;
} attributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0, false},
    {"rw", 0, MOUNT_ATTR_RDONLY, false},
    {"nosuid", MOUNT_ATTR_NOSUID, 0, false},
    {"suid", 0, MOUNT_ATTR_NOSUID, false},
    {"nodev", MOUNT_ATTR_NODEV, 0, false},
    {"dev", 0, MOUNT_ATTR_NODEV, false},
    {"noexec", MOUNT_ATTR_NOEXEC, 0, false},
    {"exec", 0, MOUNT_ATTR_NOEXEC, false},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0, false},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME, false},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, false},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, false},
    /* The kinds of atime are one field, not bits: setting one clears the others (mount_setattr(2)).
     */
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, false},
    {"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
    {"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
    {"norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false},
    {"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
    {"rro", MOUNT_ATTR_RDONLY, 0, true},
    {"rrw", 0, MOUNT_ATTR_RDONLY, true},
    {"rnosuid", MOUNT_ATTR_NOSUID, 0, true},
    {"rsuid", 0, MOUNT_ATTR_NOSUID, true},
    {"rnodev", MOUNT_ATTR_NODEV, 0, true},
    {"rdev", 0, MOUNT_ATTR_NODEV, true},
    {"rnoexec", MOUNT_ATTR_NOEXEC, 0, true},
    {"rexec", 0, MOUNT_ATTR_NOEXEC, true},
    {"rnodiratime", MOUNT_ATTR_NODIRATIME, 0, true},
    {"rdiratime", 0, MOUNT_ATTR_NODIRATIME, true},
    {"rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, true},
    {"rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, true},
    {"rnoatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, true},
    {"ratime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, true},
    {"rrelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, true},
    {"rnorelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, true},
    {"rstrictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, true},
    {"rnostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, true},
};

static const struct {
  const char *name;
  uint64_t propagation;
  bool recursive;
} propagations[] = {
    {"shared", MS_SHARED, false},         {"rshared", MS_SHARED, true},
    {"slave", MS_SLAVE, false},           {"rslave", MS_SLAVE, true},
    {"private", MS_PRIVATE, false},       {"rprivate", MS_PRIVATE, true},
    {"unbindable", MS_UNBINDABLE, false}, {"runbindable", MS_UNBINDABLE, true},
};

/* Flags of the super block that fsconfig takes by these names (vfs_parse_sb_flag). */
static const char *const super_flags[] = {"sync",       "async", "dirsync", "lazytime",
                                          "nolazytime", "mand",  "nomand"};

static bool take_attribute(const char *option, struct cor_mount_options *out) {
  for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
    if (strcmp(option, attributes[i].name) != 0)
      continue;
    uint64_t *set = attributes[i].recursive ? &out->rec_set : &out->set;
    uint64_t *clear = attributes[i].recursive ? &out->rec_clear : &out->clear;
    /* The last one wins, as with mount(8). */
    *set &= ~attributes[i].clear;
    *clear &= ~(attributes[i].clear ? 0 : attributes[i].set);
    *set |= attributes[i].set;
    *clear |= attributes[i].clear;
    if (!attributes[i].recursive && (attributes[i].set | attributes[i].clear) & MOUNT_ATTR_RDONLY)
      out->read_only = attributes[i].set != 0;
    return true;
  }
  return false;
}

static bool take_propagation(const char *option, struct cor_mount_options *out) {
  for (size_t i = 0; i < sizeof(propagations) / sizeof(*propagations); i++)
    if (strcmp(option, propagations[i].name) == 0) {
      out->propagation = propagations[i].propagation;
      out->propagation_rec = propagations[i].recursive;
      return true;
    }
  return false;
}

static bool take_super_flag(const char *option, struct cor_mount_options *out) {
  for (size_t i = 0; i < sizeof(super_flags) / sizeof(*super_flags); i++)
    if (strcmp(option, super_flags[i]) == 0 &&
        out->flag_count < sizeof(out->flags) / sizeof(*out->flags)) {
      out->flags[out->flag_count++] = super_flags[i];
      return true;
    }
  return false;
}

int cor_mount_options_parse(const struct cor_mount *mount, struct cor_mount_options *out,
                            struct cor_err *err) {
  memset(out, 0, sizeof(*out));
  out->bind = mount->type && strcmp(mount->type, "bind") == 0;
  for (const char *const *option = mount->options; *option; option++) {
    if (take_attribute(*option, out) || take_propagation(*option, out) ||
        take_super_flag(*option, out))
      continue;
    if (strcmp(*option, "bind") == 0) {
      out->bind = true;
    } else if (strcmp(*option, "rbind") == 0) {
      out->bind = out->recursive = true;
    } else if (strcmp(*option, "remount") == 0) {
      out->remount = true;
    } else if (strcmp(*option, "tmpcopyup") == 0) {
      out->copy_up = true;
    } else if (strcmp(*option, "idmap") == 0) {
      out->idmap = true;
    } else if (strcmp(*option, "ridmap") == 0) {
      out->idmap = out->idmap_rec = true;
    } else if (strcmp(*option, "defaults") != 0 && strcmp(*option, "silent") != 0 &&
               strcmp(*option, "loud") != 0 && strcmp(*option, "iversion") != 0 &&
               strcmp(*option, "noiversion") != 0) {
      if (out->data_count == sizeof(out->data) / sizeof(*out->data))
        return cor_fail(err, 0, "mount", mount->destination, "more than %zu options",
                        out->data_count);
      out->data[out->data_count++] = *option;
    }
  }
  /* A bind has no file system of its own to take options: mount(2) ignores them, and specs that
   * bind with "mode=755" are in use. */
  if (out->bind)
    out->data_count = 0;
  if (out->copy_up && (!mount->type || strcmp(mount->type, "tmpfs") != 0))
    return cor_fail(err, EINVAL, "mount", mount->destination, "tmpcopyup goes with tmpfs alone");
  return 0;
}

int cor_mount_clone(int dirfd, const char *path, bool recursive, struct cor_err *err) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) |
                   (*path ? 0 : AT_EMPTY_PATH);
  int fd = (int)syscall(SYS_open_tree, dirfd, path, flags);
  return fd < 0 ? cor_fail(err, errno, "open_tree", path, "cannot bind it") : fd;
}

int cor_mount_set(int mount_fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive,
                  struct cor_err *err) {
  if (!set && !clear && !propagation)
    return 0;
  struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
  if (syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
              &attr, sizeof(attr)) < 0)
    return cor_fail(err, errno, "mount_setattr", "", "cannot set the mount's attributes");
  return 0;
}

int cor_mount_attach(int mount_fd, int target_fd, const char *name, struct cor_err *err) {
  if (syscall(SYS_move_mount, mount_fd, "", target_fd, "",
              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return cor_fail(err, errno, "move_mount", name, "cannot mount over it");
  return 0;
}

/* The kernel's own words on what it did not like, from the context's message log ("e overlay: …").
 */
static void read_log(int fs_fd, char *text, size_t size) {
  ssize_t n = read(fs_fd, text, size - 1);
  text[n > 0 ? n : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
  if (n > 2 && text[1] == ' ')
    memmove(text, text + 2, strlen(text + 2) + 1);
}

static int fs_fail(struct cor_err *err, int fs_fd, int errno_, const char *op, const char *path,
                   const char *what) {
  char log[200];
  read_log(fs_fd, log, sizeof(log));
  return cor_fail(err, errno_, op, path, "%s%s%s", what, *log ? ": " : "", log);
}

static int configure(int fs_fd, const char *type, const char *option, struct cor_err *err) {
  char key[64];
  size_t length = strcspn(option, "=");
  if (length >= sizeof(key))
    return cor_fail(err, EINVAL, "fsconfig", type, "option \"%.80s\" is not known", option);
  memcpy(key, option, length);
  key[length] = '\0';
  const char *value = option[length] ? option + length + 1 : NULL;
  char what[160];
  snprintf(what, sizeof(what), "option \"%.100s\" is refused", option);
  if (syscall(SYS_fsconfig, fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) <
      0)
    return fs_fail(err, fs_fd, errno, "fsconfig", type, what);
  return 0;
}

/* Kernel file systems share one super block among all their mounts, or lend theirs from the host:
 * "ro" must stay with the mount there. */
static bool shares_super_block(const char *type) {
  static const char *const types[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts"};
  for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
    if (strcmp(type, types[i]) == 0)
      return true;
  return false;
}

int cor_mount_new(const char *type, const char *source, const struct cor_mount_options *options,
                  struct cor_err *err) {
  _cleanup_close_ int fs_fd = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
  if (fs_fd < 0)
    return cor_fail(err, errno, "fsopen", type,
                    errno == ENODEV ? "the kernel has no such file system" : "cannot open");
  if (source && syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
    return fs_fail(err, fs_fd, errno, "fsconfig", source, "the source is refused");
  for (size_t i = 0; i < options->flag_count; i++)
    if (configure(fs_fd, type, options->flags[i], err) < 0)
      return -1;
  for (size_t i = 0; i < options->data_count; i++)
    if (configure(fs_fd, type, options->data[i], err) < 0)
      return -1;
  if (options->read_only && !options->copy_up && !shares_super_block(type) &&
      configure(fs_fd, type, "ro", err) < 0)
    return -1;
  if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
    return fs_fail(err, fs_fd, errno, "fsconfig", type, "cannot make the file system");
  /* fsmount takes bits to set; all others are off on a new mount, so nothing is to be cleared. */
  uint64_t set = options->copy_up ? options->set & ~(uint64_t)MOUNT_ATTR_RDONLY : options->set;
  int mount_fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, (unsigned)set);
  if (mount_fd < 0)
    return fs_fail(err, fs_fd, errno, "fsmount", type, "cannot mount the file system");
  return mount_fd;
}
