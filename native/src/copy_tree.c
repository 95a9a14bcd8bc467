#include "copy_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"

enum { XATTR_LIST_MAX_BYTES = 65536, BUFFER = 131072 };

/* The first copy of each file that has several names. */
struct linked {
  dev_t device;
  ino_t inode;
  char *path; /* from the top of the copy */
};

struct copy {
  int top; /* of the copy */
  char path[PATH_MAX];
  struct linked *linked; /* open addressing, a power of two */
  size_t linked_count, linked_room;
  char *names, *buffer; /* XATTR_LIST_MAX_BYTES, BUFFER */
};

static int fail(const struct copy *c, const char *op, struct cor_err *err) {
  int why = errno;
  return cor_fail(err, why, op, c->path,
                  why == ENOSPC || why == EDQUOT ? "the disk is full" : "cannot copy it");
}

static struct linked *find_linked(const struct copy *c, dev_t device, ino_t inode) {
  size_t at = (inode * 0x9e3779b97f4a7c15u ^ device) & (c->linked_room - 1);
  while (c->linked[at].path != NULL &&
         (c->linked[at].inode != inode || c->linked[at].device != device))
    at = (at + 1) & (c->linked_room - 1);
  return &c->linked[at];
}

static int remember_linked(struct copy *c, const struct stat *st, struct cor_err *err) {
  if (c->linked_count * 2 >= c->linked_room) {
    struct copy grown = *c;
    grown.linked_room = c->linked_room == 0 ? 64 : c->linked_room * 2;
    grown.linked = calloc(grown.linked_room, sizeof(*grown.linked));
    if (grown.linked == NULL)
      return fail(c, "malloc", err);
    for (size_t i = 0; i < c->linked_room; i++)
      if (c->linked[i].path != NULL)
        *find_linked(&grown, c->linked[i].device, c->linked[i].inode) = c->linked[i];
    free(c->linked);
    c->linked = grown.linked;
    c->linked_room = grown.linked_room;
  }
  char *path = strdup(c->path);
  if (path == NULL)
    return fail(c, "malloc", err);
  *find_linked(c, st->st_dev, st->st_ino) = (struct linked){st->st_dev, st->st_ino, path};
  c->linked_count++;
  return 0;
}

/* `to` is followed unless it is a link that was copied: see open_made. */
static int copy_xattrs(struct copy *c, bool is_link, const char *from, const char *to,
                       struct cor_err *err) {
  ssize_t size = llistxattr(from, c->names, XATTR_LIST_MAX_BYTES);
  if (size < 0)
    return errno == ENOTSUP ? 0 : fail(c, "listxattr", err);
  for (const char *name = c->names; name < c->names + size; name += strlen(name) + 1) {
    /* The layers' own marks are no content. */
    if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0)
      continue;
    ssize_t length = lgetxattr(from, name, c->buffer, BUFFER);
    if (length < 0)
      return fail(c, "getxattr", err);
    int result = is_link ? lsetxattr(to, name, c->buffer, (size_t)length, 0)
                         : setxattr(to, name, c->buffer, (size_t)length, 0);
    if (result < 0 && errno != ENOTSUP)
      return fail(c, "setxattr", err);
  }
  return 0;
}

/* Owner, mode, attributes, times, in the order in which none undoes another. */
static int copy_attributes(struct copy *c, const struct stat *st, const char *from, const char *to,
                           struct cor_err *err) {
  struct timespec times[2] = {st->st_atim, st->st_mtim};
  bool is_link = S_ISLNK(st->st_mode);
  int flag = is_link ? AT_SYMLINK_NOFOLLOW : 0;
  if (fchownat(AT_FDCWD, to, st->st_uid, st->st_gid, flag) < 0)
    return fail(c, "chown", err);
  if (!is_link && chmod(to, st->st_mode & 07777) < 0)
    return fail(c, "chmod", err);
  if (copy_xattrs(c, is_link, from, to, err) < 0)
    return -1;
  if (utimensat(AT_FDCWD, to, times, flag) < 0)
    return fail(c, "utimensat", err);
  return 0;
}

/* The entry that was just made. A container that has the volume already may have put another in its
 * place, a link out of the volume at worst: what gets the attributes is this descriptor. */
static int open_made(struct copy *c, int to, const char *name, const struct stat *st,
                     struct cor_err *err) {
  struct stat made;
  _cleanup_close_ int fd = openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &made) < 0)
    return fail(c, "open", err);
  if ((made.st_mode ^ st->st_mode) & S_IFMT)
    return cor_fail(err, EBUSY, "copy", c->path, "it was replaced while it was copied");
  return steal_fd(&fd);
}

/* The first copy is looked up by a path that a container may be changing, too. */
static int link_to_first(struct copy *c, const char *first, int to, const char *name,
                         struct cor_err *err) {
  char path[32];
  struct open_how how = {
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  _cleanup_close_ int fd = (int)syscall(SYS_openat2, c->top, first, &how, sizeof(how));
  if (fd < 0)
    return fail(c, "link", err);
  return linkat(AT_FDCWD, cor_fd_path(fd, path), to, name, AT_SYMLINK_FOLLOW) < 0
             ? fail(c, "link", err)
             : 0;
}

static int copy_range(struct copy *c, int from, int to, off_t offset, off_t end,
                      struct cor_err *err) {
  bool in_kernel = true;
  while (offset < end) {
    ssize_t n;
    if (in_kernel) {
      off_t in = offset, out = offset;
      n = copy_file_range(from, &in, to, &out, (size_t)(end - offset), 0);
      if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
        in_kernel = false;
        continue;
      }
    } else {
      size_t want = end - offset < BUFFER ? (size_t)(end - offset) : BUFFER;
      n = pread(from, c->buffer, want, offset);
      if (n > 0)
        n = pwrite(to, c->buffer, (size_t)n, offset);
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(c, "write", err);
    if (n == 0)
      break; /* shorter than it was said to be */
    offset += n;
  }
  return 0;
}

static int copy_data(struct copy *c, int from, int to, off_t size, struct cor_err *err) {
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
      break; /* holes up to the end */
    if (data < 0)
      return fail(c, "lseek", err);
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole < 0)
      return fail(c, "lseek", err);
    if (copy_range(c, from, to, data, hole, err) < 0)
      return -1;
    at = hole;
  }
  return ftruncate(to, size) < 0 ? fail(c, "truncate", err) : 0;
}

static int copy_file(struct copy *c, int from, int to, const char *name, const struct stat *st,
                     struct cor_err *err) {
  _cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (in < 0)
    return fail(c, "open", err);
  _cleanup_close_ int out =
      openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0)
    return fail(c, "open", err);
  return copy_data(c, in, out, st->st_size, err);
}

static int copy_link(struct copy *c, int from, int to, const char *name, struct cor_err *err) {
  char target[PATH_MAX];
  ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
  if (n < 0)
    return fail(c, "readlink", err);
  target[n] = '\0';
  return symlinkat(target, to, name) < 0 ? fail(c, "symlink", err) : 0;
}

static int copy_folder(struct copy *c, int from, int to, struct cor_err *err);

static int copy_entry(struct copy *c, int from, int to, const char *name, struct cor_err *err) {
  struct stat st;
  if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return fail(c, "stat", err);
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
    return 0; /* whiteout of a lowest layer: it hides nothing */
  bool shared = !S_ISDIR(st.st_mode) && st.st_nlink > 1;
  if (shared && c->linked_room > 0) {
    const struct linked *first = find_linked(c, st.st_dev, st.st_ino);
    if (first->path != NULL)
      return link_to_first(c, first->path, to, name, err);
  }
  int result;
  if (S_ISREG(st.st_mode)) {
    result = copy_file(c, from, to, name, &st, err);
  } else if (S_ISLNK(st.st_mode)) {
    result = copy_link(c, from, to, name, err);
  } else if (S_ISDIR(st.st_mode)) {
    _cleanup_close_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0 || mkdirat(to, name, 0700) < 0)
      return fail(c, "mkdir", err);
    _cleanup_close_ int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    result = out < 0 ? fail(c, "open", err) : copy_folder(c, in, out, err);
  } else {
    result =
        mknodat(to, name, st.st_mode & (S_IFMT | 0600), st.st_rdev) < 0 ? fail(c, "mknod", err) : 0;
  }
  if (result < 0 || (shared && remember_linked(c, &st, err) < 0))
    return -1;
  _cleanup_close_ int made = open_made(c, to, name, &st, err);
  if (made < 0)
    return -1;
  char from_path[NAME_MAX + 32], to_path[NAME_MAX + 32];
  snprintf(from_path, sizeof(from_path), "/proc/self/fd/%d/%s", from, name);
  if (S_ISLNK(st.st_mode))
    snprintf(to_path, sizeof(to_path), "/proc/self/fd/%d/%s", to, name);
  else
    cor_fd_path(made, to_path);
  return copy_attributes(c, &st, from_path, to_path, err);
}

/* Each level holds two descriptors and a DIR; a tree deeper than the limit on descriptors is an
 * error that names the folder. */
static int copy_folder(struct copy *c, int from, int to, struct cor_err *err) {
  int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = again < 0 ? NULL : fdopendir(again);
  if (dir == NULL) {
    cor_close_p(&again);
    return fail(c, "open", err);
  }
  size_t length = strlen(c->path);
  int result = 0;
  while (result == 0) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (entry == NULL) {
      if (errno != 0)
        result = fail(c, "read folder", err);
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    int n = snprintf(c->path + length, sizeof(c->path) - length, "%s%s", length > 0 ? "/" : "",
                     entry->d_name);
    if ((size_t)n >= sizeof(c->path) - length) {
      errno = ENAMETOOLONG;
      result = fail(c, "copy", err);
    } else {
      result = copy_entry(c, from, to, entry->d_name, err);
    }
    c->path[length] = '\0';
  }
  closedir(dir);
  return result;
}

int cor_copy_tree(int from, int to, struct cor_err *err) {
  struct copy c = {
      .top = to,
      .names = malloc(XATTR_LIST_MAX_BYTES),
      .buffer = malloc(BUFFER),
  };
  struct stat st;
  char from_path[32], to_path[32];
  int result = -1;
  if (c.names == NULL || c.buffer == NULL)
    cor_fail(err, ENOMEM, "malloc", "", "no memory to copy");
  else if (fstat(from, &st) < 0)
    fail(&c, "stat", err);
  else
    result = copy_folder(&c, from, to, err);
  if (result == 0) {
    /* "/." leads through the magic link where a call does not follow a last component. */
    snprintf(from_path, sizeof(from_path), "/proc/self/fd/%d/.", from);
    snprintf(to_path, sizeof(to_path), "/proc/self/fd/%d/.", to);
    result = copy_attributes(&c, &st, from_path, to_path, err);
  }
  for (size_t i = 0; i < c.linked_room; i++)
    free(c.linked[i].path);
  free(c.linked);
  free(c.names);
  free(c.buffer);
  return result;
}
