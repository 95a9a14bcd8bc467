/* Where and as what the entries of tree-apply are made: sources, attributes, folders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "rootfs.h"
#include "tree_apply.h"

int cor_apply_fail(const char *op, const char *path, struct cor_err *err) {
  int why = errno;
  return cor_fail(err, why, op, path,
                  why == ENOSPC || why == EDQUOT   ? "the disk is full"
                  : why == ENOTDIR || why == ELOOP ? "a part of the path is no folder"
                  : why == EISDIR                  ? "a folder is in the way"
                                                   : "cannot copy it");
}

int cor_apply_source(const struct cor_apply *a, struct json_object *op, int flags,
                     const char **from, struct cor_err *err) {
  int64_t root = cor_request_int(op, "root", 0);
  *from = cor_request_string(op, "from", err);
  if (*from == NULL)
    return -1;
  if (root < 0 || (size_t)root >= a->root_count)
    return cor_fail(err, 0, "parse", "root", "there is no such root");
  int fd = cor_root_open(a->roots[root], *from, flags, 0);
  return fd >= 0 ? fd : cor_apply_fail("open", *from, err);
}

struct timespec cor_apply_time(const struct cor_apply *a, const struct stat *st) {
  return a->has_time ? a->time : st->st_mtim;
}

struct cor_apply_owner cor_apply_owner_of(const struct cor_apply *a, struct json_object *op,
                                          const struct stat *st) {
  int64_t index = cor_request_int(op, "owner", -1);
  if (index >= 0 && (size_t)index < a->owner_count)
    return a->owners[index];
  return st != NULL ? (struct cor_apply_owner){st->st_uid, st->st_gid}
                    : (struct cor_apply_owner){0, 0};
}

mode_t cor_apply_mode(struct json_object *op, const struct stat *st) {
  int64_t mode = cor_request_int(op, "mode", -1);
  return mode >= 0 ? (mode_t)mode & 07777 : st->st_mode & 07777;
}

int cor_apply_xattrs(struct cor_apply *a, struct json_object *op, int from, int to,
                     const char *name, struct cor_err *err) {
  char from_path[32], to_path[32];
  if (cor_request_int(op, "xattrs", 0) == 0)
    return 0;
  cor_fd_path(from, from_path);
  cor_fd_path(to, to_path);
  ssize_t size = listxattr(from_path, a->names, COR_APPLY_XATTRS);
  if (size < 0)
    return errno == ENOTSUP ? 0 : cor_apply_fail("listxattr", name, err);
  for (const char *key = a->names; key < a->names + size; key += strlen(key) + 1) {
    if (strncmp(key, "trusted.overlay.", 16) == 0 || strncmp(key, "user.overlay.", 13) == 0)
      continue;
    ssize_t n = getxattr(from_path, key, a->buffer, COR_APPLY_BUFFER);
    if (n < 0 && errno == ENODATA)
      continue;
    if (n < 0 || (setxattr(to_path, key, a->buffer, (size_t)n, 0) < 0 && errno != ENOTSUP))
      return cor_apply_fail("setxattr", name, err);
  }
  return 0;
}

int cor_apply_attributes(struct cor_apply *a, struct json_object *op, int fd, const struct stat *st,
                         const char *name, struct cor_err *err) {
  struct cor_apply_owner owner = cor_apply_owner_of(a, op, st);
  if (fchown(fd, owner.uid, owner.gid) < 0)
    return cor_apply_fail("chown", name, err);
  if (fchmod(fd, cor_apply_mode(op, st)) < 0)
    return cor_apply_fail("chmod", name, err);
  return 0;
}

int cor_apply_folders(struct cor_apply *a, const char *to, struct cor_apply_owner owner,
                      mode_t mode, struct cor_err *err) {
  char part[PATH_MAX];
  int fd = cor_root_open(a->target, to, O_RDONLY | O_DIRECTORY, 0);
  if (fd >= 0)
    return fd;
  if (errno != ENOENT)
    return cor_fail(err, errno, "mkdir", to,
                    errno == ENOTDIR ? "it, or a part of its path, is no folder"
                                     : "cannot open the folder");
  if (strlen(to) >= sizeof(part)) {
    errno = ENAMETOOLONG;
    return cor_apply_fail("mkdir", to, err);
  }
  for (size_t at = strspn(to, "/"); to[at] != '\0'; at += strspn(to + at, "/")) {
    char name[256];
    at += strcspn(to + at, "/");
    memcpy(part, to, at);
    part[at] = '\0';
    if (fd >= 0)
      close(fd);
    fd = cor_root_open(a->target, part, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0)
      continue;
    if (errno != ENOENT)
      return cor_apply_fail("mkdir", part, err);
    _cleanup_close_ int parent = cor_root_parent(a->target, part, name, err);
    if (parent < 0)
      return -1;
    if (mkdirat(parent, name, 0700) < 0)
      return cor_apply_fail("mkdir", part, err);
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, owner.uid, owner.gid) < 0 || fchmod(fd, mode) < 0 ||
        (a->has_time && futimens(fd, (struct timespec[2]){a->time, a->time}) < 0)) {
      cor_apply_fail("mkdir", part, err);
      cor_close_p(&fd);
      return -1;
    }
  }
  return fd;
}

int cor_apply_parent(struct cor_apply *a, struct json_object *op, const char *to, char name[256],
                     struct cor_err *err) {
  char parent[PATH_MAX];
  const char *slash = strrchr(to, '/');
  if (slash == NULL || strlen(slash + 1) > 255 || slash[1] == '\0' || strcmp(slash, "/.") == 0 ||
      strcmp(slash, "/..") == 0 || (size_t)(slash - to) >= sizeof(parent))
    return cor_fail(err, EINVAL, "copy", to, "the path names no entry of a folder");
  snprintf(name, 256, "%s", slash + 1);
  memcpy(parent, to, (size_t)(slash - to));
  parent[slash - to] = '\0';
  struct cor_apply_owner owner = cor_apply_owner_of(a, op, NULL);
  return cor_apply_folders(a, *parent != '\0' ? parent : "/", owner, 0755, err);
}

const char *cor_apply_follow(struct cor_apply *a, const char *to, char buffer[PATH_MAX],
                             struct cor_err *err) {
  for (int links = 0; links < 40; links++) {
    char target[PATH_MAX], joined[PATH_MAX];
    _cleanup_close_ int fd = cor_root_open(a->target, to, O_PATH | O_NOFOLLOW, 0);
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
    if (n < 0)
      return to;
    target[n] = '\0';
    const char *slash = strrchr(to, '/');
    int folder = target[0] == '/' || slash == NULL ? 0 : (int)(slash - to) + 1;
    if (snprintf(joined, sizeof(joined), "%.*s%s", folder, to, target) >= (int)sizeof(joined)) {
      errno = ENAMETOOLONG;
      cor_apply_fail("copy", to, err);
      return NULL;
    }
    memcpy(buffer, joined, strlen(joined) + 1);
    to = buffer;
  }
  errno = ELOOP;
  cor_apply_fail("copy", to, err);
  return NULL;
}
