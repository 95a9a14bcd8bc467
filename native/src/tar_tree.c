#include "tar_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "fd.h"
#include "rootfs.h"
#include "sbuf.h"

/* One descriptor is open for each level; a deeper tree is somebody's joke. */
enum { DEPTH_MAX = 512, XATTRS_MAX = 64 };

/* A file with several names, by its first one. */
struct hard_link {
  dev_t device;
  ino_t inode;
  char *path;
};

struct walk {
  struct cor_tar_writer *tar;
  enum cor_tar_kind kind;
  int depth;
  struct hard_link *links;
  size_t link_count, link_room; /* room: a power of two, or 0 */
};

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int cor_folder_names(int fd, char ***names, size_t *count) {
  int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  size_t room = 0;
  *names = NULL;
  *count = 0;
  if (!folder) {
    cor_close_p(&copy);
    return -1;
  }
  for (struct dirent *entry; errno = 0, (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (*count == room) {
      room = room ? room * 2 : 32;
      char **grown = realloc(*names, room * sizeof(*grown));
      if (!grown)
        break;
      *names = grown;
    }
    if (!((*names)[*count] = strdup(entry->d_name)))
      break;
    ++*count;
  }
  int saved = errno;
  closedir(folder);
  if (*count)
    qsort(*names, *count, sizeof(**names), compare_names);
  errno = saved;
  return saved ? -1 : 0;
}

bool cor_is_kernel_fs(int fd) {
  static const long magics[] = {
      PROC_SUPER_MAGIC,
      SYSFS_MAGIC,
      CGROUP_SUPER_MAGIC,
      CGROUP2_SUPER_MAGIC,
      DEVPTS_SUPER_MAGIC,
      DEBUGFS_MAGIC,
      TRACEFS_MAGIC,
      SECURITYFS_MAGIC,
      BPF_FS_MAGIC,
      0x19800202 /* mqueue */,
      0x62656570 /* configfs */,
      0x6165676c /* pstore */,
  };
  for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
    if (cor_fd_is_fs(fd, magics[i]))
      return true;
  return false;
}

bool cor_layer_placeholder(const char *path, const struct stat *st) {
  static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf",
                                      "sbin/docker-init"};
  static const char *const folders[] = {"dev", "proc", "sys"};
  for (size_t i = 0; S_ISREG(st->st_mode) && i < sizeof(files) / sizeof(*files); i++)
    if (strcmp(path, files[i]) == 0)
      return st->st_size == 0;
  for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
    size_t size = strlen(folders[i]);
    if (strncmp(path, folders[i], size) == 0 && (path[size] == '\0' || path[size] == '/'))
      return S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size == 0);
  }
  return false;
}

/* ---- attributes ---- */

struct xattrs {
  struct cor_tar_xattr items[XATTRS_MAX];
  size_t count;
};

static void free_xattrs(struct xattrs *xattrs) {
  for (size_t i = 0; i < xattrs->count; i++) {
    free(xattrs->items[i].name);
    free(xattrs->items[i].value);
  }
}

/* File capabilities and users' own; overlay's are the mount's business, other name spaces the
 * machine's. */
static bool wanted_xattr(const char *name) {
  if (strncmp(name, "user.overlay.", 13) == 0)
    return false;
  return strcmp(name, "security.capability") == 0 || strncmp(name, "user.", 5) == 0;
}

static void read_xattrs(int fd, struct xattrs *xattrs) {
  char names[4096];
  ssize_t size = flistxattr(fd, names, sizeof(names));
  for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
    if (!wanted_xattr(name) || xattrs->count == XATTRS_MAX)
      continue;
    ssize_t length = fgetxattr(fd, name, NULL, 0);
    if (length < 0 || length > 65536)
      continue;
    struct cor_tar_xattr item = {strdup(name), malloc((size_t)length + 1), 0};
    ssize_t got = item.name && item.value ? fgetxattr(fd, name, item.value, (size_t)length) : -1;
    if (got < 0) {
      free(item.name);
      free(item.value);
      continue;
    }
    item.size = (size_t)got;
    xattrs->items[xattrs->count++] = item;
  }
}

/* ---- hard links ---- */

static struct hard_link *link_slot(struct walk *w, dev_t device, ino_t inode) {
  size_t at = (size_t)((inode * 0x9E3779B97F4A7C15u) ^ device) & (w->link_room - 1);
  while (w->links[at].path && (w->links[at].device != device || w->links[at].inode != inode))
    at = (at + 1) & (w->link_room - 1);
  return &w->links[at];
}

/* The file's first path, or NULL where this one is it. */
static const char *first_path(struct walk *w, const struct stat *st, const char *path) {
  if (w->link_count * 2 >= w->link_room) {
    struct walk grown = *w;
    grown.link_room = w->link_room ? w->link_room * 2 : 256;
    grown.links = calloc(grown.link_room, sizeof(*grown.links));
    if (!grown.links)
      return NULL;
    for (size_t i = 0; i < w->link_room; i++)
      if (w->links[i].path)
        *link_slot(&grown, w->links[i].device, w->links[i].inode) = w->links[i];
    free(w->links);
    *w = grown;
  }
  struct hard_link *slot = link_slot(w, st->st_dev, st->st_ino);
  if (slot->path)
    return slot->path;
  *slot = (struct hard_link){st->st_dev, st->st_ino, strdup(path)};
  w->link_count += slot->path != NULL;
  return NULL;
}

/* ---- entries ---- */

static int fail(const char *op, const char *path, struct cor_err *err) {
  return cor_fail(err, errno, op, path, "cannot read it");
}

static int put_file(struct walk *w, int fd, const struct stat *st, const char *path,
                    struct cor_err *err) {
  struct xattrs xattrs = {0};
  const char *first = st->st_nlink > 1 ? first_path(w, st, path) : NULL;
  read_xattrs(fd, &xattrs);
  struct cor_tar_new entry = {.name = path,
                              .link = first,
                              .hard_link = first != NULL,
                              .st = st,
                              .xattrs = xattrs.items,
                              .xattr_count = xattrs.count};
  int result = cor_tar_head(w->tar, &entry, err);
  free_xattrs(&xattrs);
  if (result < 0 || first)
    return result;
  static char data[128 * 1024];
  /* Exactly as many bytes as the header says, whatever becomes of the file meanwhile. */
  for (uint64_t left = (uint64_t)st->st_size; left > 0;) {
    size_t want = left < sizeof(data) ? (size_t)left : sizeof(data);
    ssize_t n = read(fd, data, want);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail("read", path, err);
    if (n == 0) {
      memset(data, 0, want);
      n = (ssize_t)want;
    }
    if (cor_tar_write(w->tar, data, (size_t)n, err) < 0)
      return -1;
    left -= (uint64_t)n;
  }
  return cor_tar_pad(w->tar, (uint64_t)st->st_size, err);
}

static int put_whiteout(struct walk *w, const char *path, const char *name, struct cor_err *err) {
  struct stat st = {.st_mode = S_IFREG};
  cor_sbuf_auto whiteout = {0};
  size_t parent = strlen(path) - strlen(name);
  cor_sbuf_add(&whiteout, path, parent);
  cor_sbuf_fmt(&whiteout, ".wh.%s", name);
  if (whiteout.failed)
    return cor_fail(err, ENOMEM, "malloc", path, "cannot write the archive");
  struct cor_tar_new entry = {.name = whiteout.data, .st = &st};
  return cor_tar_head(w->tar, &entry, err);
}

/* What overlay noted on an upper folder. */
static int put_overlay_marks(struct walk *w, int fd, const char *path, struct cor_err *err) {
  char value[2];
  if (fgetxattr(fd, "trusted.overlay.redirect", NULL, 0) > 0)
    return cor_fail(err, ENOTSUP, "read folder", path,
                    "it was renamed by overlay's redirect, which a layer cannot say");
  if (fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) != 1 || value[0] != 'y')
    return 0;
  cor_sbuf_auto mark = {0};
  cor_sbuf_fmt(&mark, "%s/.wh..opq", path);
  return mark.failed ? cor_fail(err, ENOMEM, "malloc", path, "cannot write the archive")
                     : put_whiteout(w, mark.data, ".wh..opq", err);
}

static int put(struct walk *w, int dirfd, const char *name, const char *path, struct cor_err *err);

static int put_folder(struct walk *w, int fd, const struct stat *st, const char *path,
                      struct cor_err *err) {
  struct xattrs xattrs = {0};
  char **names = NULL;
  size_t count = 0;
  /* "." is the top itself: the names below it have no folder in front. */
  bool top = strcmp(path, ".") == 0;
  read_xattrs(fd, &xattrs);
  struct cor_tar_new entry = {
      .name = path, .st = st, .xattrs = xattrs.items, .xattr_count = xattrs.count};
  int result = cor_tar_head(w->tar, &entry, err);
  free_xattrs(&xattrs);
  if (result < 0)
    return -1;
  if (w->kind == COR_TAR_TREE && cor_is_kernel_fs(fd))
    return 0;
  if (w->kind == COR_TAR_LAYER && put_overlay_marks(w, fd, path, err) < 0)
    return -1;
  if (++w->depth > DEPTH_MAX)
    return cor_fail(err, ELOOP, "read folder", path, "more than %d folders deep", DEPTH_MAX);
  if (cor_folder_names(fd, &names, &count) < 0)
    result = errno == ENOENT ? 0 : fail("read folder", path, err);
  for (size_t i = 0; i < count; i++) {
    cor_sbuf_auto below = {0};
    cor_sbuf_fmt(&below, "%s%s%s", top ? "" : path, top ? "" : "/", names[i]);
    if (result == 0)
      result = below.failed ? fail("malloc", path, err) : put(w, fd, names[i], below.data, err);
    free(names[i]);
  }
  free(names);
  w->depth--;
  return result;
}

/* Neither a file nor a folder: nothing is opened. */
static int put_other(struct walk *w, int dirfd, const char *name, const char *path,
                     const struct stat *st, struct cor_err *err) {
  char target[PATH_MAX];
  struct cor_tar_new entry = {.name = path, .st = st};
  if (S_ISSOCK(st->st_mode))
    return 0; /* has no form in an archive, and no life outside its process */
  if (w->kind == COR_TAR_LAYER && S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
    return put_whiteout(w, path, name, err);
  if (S_ISLNK(st->st_mode)) {
    ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
    if (n < 0)
      return errno == ENOENT || errno == EINVAL ? 0 : fail("readlink", path, err);
    target[n] = '\0';
    entry.link = target;
  }
  return cor_tar_head(w->tar, &entry, err);
}

static int put(struct walk *w, int dirfd, const char *name, const char *path, struct cor_err *err) {
  struct stat st;
  if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? 0 : fail("stat", path, err); /* it has gone meanwhile */
  if (w->kind == COR_TAR_LAYER && w->depth > 0 && cor_layer_placeholder(path, &st))
    return 0;
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return put_other(w, dirfd, name, path, &st, err);
  /* Not blocking: a pipe may stand there by now. */
  _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0)
    return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : fail("open", path, err);
  if (S_ISREG(st.st_mode))
    return put_file(w, fd, &st, path, err);
  return S_ISDIR(st.st_mode) ? put_folder(w, fd, &st, path, err) : 0;
}

int cor_tar_tree(struct cor_tar_writer *tar, int dirfd, const char *name, const char *as,
                 enum cor_tar_kind kind, struct cor_err *err) {
  struct walk w = {.tar = tar, .kind = kind};
  int result = put(&w, dirfd, name, as, err);
  for (size_t i = 0; i < w.link_room; i++)
    free(w.links[i].path);
  free(w.links);
  return result;
}
