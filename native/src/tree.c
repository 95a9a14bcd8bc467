#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

/* Passes over one folder before "not empty" is believed. One is enough where positions in a folder
 * outlive what was removed before them; old tmpfs counts entries, so each pass sees half of what is
 * left. */
enum { PASSES_MAX = 64 };

/* The way down from the top. Parents are not kept open, as a tree may be deeper than descriptors
 * last:
 * ".." leads back, and is believed only if it is the folder that we came from. */
struct level {
  char *name; /* of the folder that was gone into */
  dev_t parent_device;
  ino_t parent_inode;
  off_t resume; /* position in the parent behind that name */
  unsigned passes;
};

struct removal {
  int fd; /* the folder being emptied */
  struct level *levels;
  size_t depth, room;
  _Alignas(8) char batch[32768];
};

/* A bind mount that was left behind leads to files of somebody else; RESOLVE_NO_XDEV stops there,
 * also within one file system, which a comparison of device numbers would not. */
static int open_folder(int dirfd, const char *name) {
  struct open_how how = {
      .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
      .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
  };
  return (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
}

static int fail(const struct removal *r, int errno_, const char *op, const char *name,
                struct cor_err *err) {
  char path[sizeof(err->path)] = "";
  size_t at = 0;
  for (size_t i = 0; i < r->depth && at < sizeof(path); i++)
    at += (size_t)snprintf(path + at, sizeof(path) - at, "%s/", r->levels[i].name);
  if (at < sizeof(path))
    snprintf(path + at, sizeof(path) - at, "%s", name);
  const char *why = errno_ == EXDEV || errno_ == EBUSY ? "something is mounted on it"
                    : errno_ == EPERM                  ? "it is immutable, or not ours to remove"
                    : errno_ == EROFS                  ? "its file system is read-only"
                                                       : "cannot remove it";
  return cor_fail(err, errno_, op, path, "%s", why);
}

static int descend(struct removal *r, const char *name, off_t resume, struct cor_err *err) {
  struct stat st;
  if (fstat(r->fd, &st) < 0)
    return fail(r, errno, "fstat", name, err);
  _cleanup_close_ int fd = open_folder(r->fd, name);
  if (fd < 0)
    return fail(r, errno, "open", name, err);
  if (r->depth == r->room) {
    size_t more = r->room == 0 ? 16 : r->room * 2;
    void *levels = realloc(r->levels, more * sizeof(*r->levels));
    if (levels == NULL)
      return fail(r, ENOMEM, "malloc", name, err);
    r->levels = levels;
    r->room = more;
  }
  char *copy = strdup(name);
  if (copy == NULL)
    return fail(r, ENOMEM, "malloc", name, err);
  r->levels[r->depth++] = (struct level){copy, st.st_dev, st.st_ino, resume, 0};
  close(r->fd);
  r->fd = steal_fd(&fd);
  return 0;
}

static int ascend(struct removal *r, struct cor_err *err) {
  struct level *level = &r->levels[r->depth - 1];
  _cleanup_close_ int parent = openat(r->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;
  if (parent < 0 || fstat(parent, &st) < 0)
    return fail(r, errno, "open", "..", err);
  if (st.st_dev != level->parent_device || st.st_ino != level->parent_inode)
    return fail(r, EAGAIN, "open", "..", err); /* moved under us */
  if (unlinkat(parent, level->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
    if ((errno == ENOTEMPTY || errno == EEXIST) && ++level->passes < PASSES_MAX)
      return lseek(r->fd, 0, SEEK_SET) < 0 ? fail(r, errno, "lseek", "", err) : 0;
    int why = errno;
    r->depth--;
    int result = fail(r, why, "rmdir", level->name, err);
    free(level->name);
    return result;
  }
  if (lseek(parent, level->resume, SEEK_SET) < 0)
    return fail(r, errno, "lseek", "", err);
  r->depth--;
  free(level->name);
  close(r->fd);
  r->fd = steal_fd(&parent);
  return 0;
}

/* Unlinks the entries of one batch up to the first folder that is not empty: 1, and *folder is that
 * one's entry. 0: none of them, read on. */
static int empty_batch(struct removal *r, size_t size, const struct dirent64 **folder,
                       struct cor_err *err) {
  for (size_t at = 0; at < size;) {
    const struct dirent64 *entry = (const void *)(r->batch + at);
    at += entry->d_reclen;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
      continue;
    if (entry->d_type != DT_DIR) {
      if (unlinkat(r->fd, name, 0) == 0 || errno == ENOENT)
        continue;
      if (errno != EISDIR)
        return fail(r, errno, "unlink", name, err);
    }
    if (unlinkat(r->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
      continue;
    if (errno != ENOTEMPTY && errno != EEXIST)
      return fail(r, errno, "rmdir", name, err);
    *folder = entry;
    return 1;
  }
  return 0;
}

/* Empties r->fd and all below it, the top folder itself excepted. */
static int empty_tree(struct removal *r, struct cor_err *err) {
  for (;;) {
    ssize_t size = syscall(SYS_getdents64, r->fd, r->batch, sizeof(r->batch));
    if (size < 0)
      return fail(r, errno, "read folder", "", err);
    if (size == 0) {
      if (r->depth == 0)
        return 0;
      if (ascend(r, err) < 0)
        return -1;
      continue;
    }
    const struct dirent64 *folder = NULL;
    int found = empty_batch(r, (size_t)size, &folder, err);
    if (found < 0 || (found > 0 && descend(r, folder->d_name, folder->d_off, err) < 0))
      return -1;
  }
}

/* Empties the opened top folder and removes it from `dirfd`. */
static int remove_top(struct removal *r, int dirfd, const char *name, struct cor_err *err) {
  for (unsigned pass = 1;; pass++) {
    if (empty_tree(r, err) < 0)
      return -1;
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
      return 0;
    if ((errno != ENOTEMPTY && errno != EEXIST) || pass == PASSES_MAX)
      return fail(r, errno, "rmdir", "", err);
    if (lseek(r->fd, 0, SEEK_SET) < 0)
      return fail(r, errno, "lseek", "", err);
  }
}

int cor_tree_remove_at(int dirfd, const char *name, struct cor_err *err) {
  struct removal r = {.fd = -1};
  if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
    return 0;
  int why = errno;
  if (why == EISDIR || why == EPERM)
    r.fd = open_folder(dirfd, name);
  if (r.fd < 0) {
    /* An immutable file answers EPERM above and is no folder. */
    if (errno != ENOTDIR && errno != ELOOP)
      why = errno;
    return fail(&r, why, "remove", name, err);
  }
  int result = remove_top(&r, dirfd, name, err);
  if (result < 0 && err != NULL) {
    /* Told from `name` on. */
    char below[sizeof(err->path)];
    memcpy(below, err->path, sizeof(below));
    snprintf(err->path, sizeof(err->path), "%.200s%s%.300s", name, *below != '\0' ? "/" : "",
             below);
  }
  while (r.depth > 0)
    free(r.levels[--r.depth].name);
  free(r.levels);
  close(r.fd);
  return result;
}

int cor_tree_remove(const char *path, struct cor_err *err) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  _cleanup_free_ char *parent = strndup(path, length);
  if (parent == NULL)
    return cor_fail(err, ENOMEM, "malloc", path, "cannot remove it");
  char *slash = strrchr(parent, '/');
  const char *name = slash != NULL ? slash + 1 : parent;
  if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return cor_fail(err, EINVAL, "remove", path, "the path names no entry of a folder");
  /* The way to the folder is the caller's and may lead over mounts and links; what is below may
   * not. */
  _cleanup_close_ int dirfd = AT_FDCWD;
  if (slash != NULL) {
    *slash = '\0';
    dirfd = open(slash == parent ? "/" : parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
      return errno == ENOENT ? 0 : cor_fail(err, errno, "open", parent, "cannot open the folder");
  }
  int result = cor_tree_remove_at(dirfd, name, err);
  if (result < 0 && err != NULL && slash != NULL) {
    char below[sizeof(err->path)];
    memcpy(below, err->path, sizeof(below));
    snprintf(err->path, sizeof(err->path), "%.255s/%.255s", parent, below);
  }
  return result;
}
