/* The operations of tree-apply that make an entry which is no folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "rootfs.h"
#include "tree_apply.h"

/* Frees `name` for a new entry. A folder stays: nothing of the image goes away unasked. */
static int make_room(int parent, const char *name, const char *to, struct cor_err *err) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
    return 0;
  if (errno == EISDIR)
    return cor_fail(err, EISDIR, "copy", to, "cannot copy over a folder with what is none");
  return cor_apply_fail("unlink", to, err);
}

static int copy_bytes(struct cor_apply *a, int in, int out, const char *to, struct cor_err *err) {
  /* copy_file_range shares blocks where the file systems can, and stays in the kernel. */
  for (bool in_kernel = true;;) {
    ssize_t n;
    if (in_kernel) {
      n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
      if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) {
        in_kernel = false;
        continue;
      }
    } else {
      n = cor_read_full(in, a->buffer, COR_APPLY_BUFFER);
      if (n > 0 && cor_write_full(out, a->buffer, (size_t)n) < 0)
        n = -1;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return cor_apply_fail("write", to, err);
    if (n == 0)
      return 0;
  }
}

/* True where the same source file was copied before and `to` has become another name of it. */
static int link_again(struct cor_apply *a, struct json_object *op, const struct stat *st,
                      int parent, const char *name, const char *to, struct cor_err *err) {
  char path[32];
  int root = (int)cor_request_int(op, "root", 0), group = (int)cor_request_int(op, "group", 0);
  if (st->st_nlink < 2)
    return 0;
  for (size_t i = 0; i < a->linked_count; i++) {
    const struct linked *one = &a->linked[i];
    if (one->inode != st->st_ino || one->device != st->st_dev || one->root != root ||
        one->group != group)
      continue;
    _cleanup_close_ int first = cor_root_open(a->target, one->to, O_PATH | O_NOFOLLOW, 0);
    if (first < 0 || make_room(parent, name, to, err) < 0)
      return first < 0 ? cor_apply_fail("link", one->to, err) : -1;
    if (linkat(AT_FDCWD, cor_fd_path(first, path), parent, name, AT_SYMLINK_FOLLOW) < 0)
      return cor_apply_fail("link", to, err);
    return 1;
  }
  if (a->linked_count == a->linked_room) {
    size_t room = a->linked_room == 0 ? 64 : a->linked_room * 2;
    void *grown = realloc(a->linked, room * sizeof(*a->linked));
    if (grown == NULL)
      return cor_apply_fail("malloc", to, err);
    a->linked = grown;
    a->linked_room = room;
  }
  char *copy = strdup(to);
  if (copy == NULL)
    return cor_apply_fail("malloc", to, err);
  a->linked[a->linked_count++] = (struct linked){root, group, st->st_dev, st->st_ino, copy};
  return 0;
}

static int create_file(struct cor_apply *a, struct json_object *op, int parent, const char *name,
                       const struct stat *st, const char *to, struct cor_err *err) {
  if (make_room(parent, name, to, err) < 0)
    return -1;
  int out = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0)
    return cor_apply_fail("open", to, err);
  if (cor_apply_attributes(a, op, out, st, to, err) < 0) {
    close(out);
    return -1;
  }
  return out;
}

int cor_apply_file(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err) {
  const char *from;
  char name[256], joined[PATH_MAX];
  struct stat st;
  _cleanup_close_ int in = cor_apply_source(a, op, O_RDONLY | O_NONBLOCK, &from, err);
  if (in < 0)
    return -1;
  if (fstat(in, &st) < 0)
    return cor_apply_fail("stat", from, err);
  if (!S_ISREG(st.st_mode))
    return cor_fail(err, EINVAL, "copy", from, "it is no file any more");
  /* "COPY a /b" goes into /b where that is a folder. */
  const char *into = cor_request_text(op, "into");
  if (into != NULL) {
    char followed[PATH_MAX];
    _cleanup_close_ int folder = cor_root_open(a->target, to, O_PATH | O_DIRECTORY, 0);
    if (folder < 0) {
      if ((to = cor_apply_follow(a, to, followed, err)) == NULL)
        return -1;
      to = strcpy(joined, to);
    }
    if (folder >= 0) {
      if (snprintf(joined, sizeof(joined), "%s/%s", to, into) >= (int)sizeof(joined)) {
        errno = ENAMETOOLONG;
        return cor_apply_fail("copy", to, err);
      }
      to = joined;
    }
  }
  _cleanup_close_ int parent = cor_apply_parent(a, op, to, name, err);
  if (parent < 0)
    return -1;
  int again = link_again(a, op, &st, parent, name, to, err);
  if (again != 0)
    return again < 0 ? -1 : 0;
  _cleanup_close_ int out = create_file(a, op, parent, name, &st, to, err);
  if (out < 0 || copy_bytes(a, in, out, to, err) < 0)
    return -1;
  /* Writing has cleared what chmod had set of the set-user-ID bits. */
  if ((cor_apply_mode(op, &st) & 07000) != 0 && fchmod(out, cor_apply_mode(op, &st)) < 0)
    return cor_apply_fail("chmod", to, err);
  if (cor_apply_xattrs(a, op, in, out, to, err) < 0)
    return -1;
  struct timespec mtime = cor_apply_time(a, &st);
  return futimens(out, (struct timespec[2]){mtime, mtime}) < 0
             ? cor_apply_fail("utimensat", to, err)
             : 0;
}

int cor_apply_data(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err) {
  char name[256];
  struct json_object *content = NULL;
  struct stat st = {.st_mode = 0644};
  clock_gettime(CLOCK_REALTIME, &st.st_mtim);
  if (!json_object_object_get_ex(op, "content", &content) ||
      !json_object_is_type(content, json_type_string))
    return cor_fail(err, 0, "parse", "content", "the request lacks the text \"content\"");
  _cleanup_close_ int parent = cor_apply_parent(a, op, to, name, err);
  if (parent < 0)
    return -1;
  _cleanup_close_ int out = create_file(a, op, parent, name, &st, to, err);
  if (out < 0)
    return -1;
  if (cor_write_full(out, json_object_get_string(content),
                     (size_t)json_object_get_string_len(content)) < 0)
    return cor_apply_fail("write", to, err);
  struct timespec mtime = cor_apply_time(a, &st);
  return futimens(out, (struct timespec[2]){mtime, mtime}) < 0
             ? cor_apply_fail("utimensat", to, err)
             : 0;
}

int cor_apply_link(struct cor_apply *a, struct json_object *op, const char *to,
                   struct cor_err *err) {
  const char *from;
  char name[256], target[PATH_MAX];
  struct stat st;
  _cleanup_close_ int in = cor_apply_source(a, op, O_PATH | O_NOFOLLOW, &from, err);
  if (in < 0)
    return -1;
  ssize_t n = readlinkat(in, "", target, sizeof(target) - 1);
  if (n < 0 || fstat(in, &st) < 0)
    return cor_fail(err, errno, "readlink", from, "it is no link any more");
  target[n] = '\0';
  _cleanup_close_ int parent = cor_apply_parent(a, op, to, name, err);
  if (parent < 0 || make_room(parent, name, to, err) < 0)
    return -1;
  if (symlinkat(target, parent, name) < 0)
    return cor_apply_fail("symlink", to, err);
  struct cor_apply_owner owner = cor_apply_owner_of(a, op, &st);
  struct timespec mtime = cor_apply_time(a, &st);
  if (fchownat(parent, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) < 0)
    return cor_apply_fail("chown", to, err);
  return utimensat(parent, name, (struct timespec[2]){mtime, mtime}, AT_SYMLINK_NOFOLLOW) < 0
             ? cor_apply_fail("utimensat", to, err)
             : 0;
}

/* FIFOs and devices of another stage, as they are. */
int cor_apply_special(struct cor_apply *a, struct json_object *op, const char *to,
                      struct cor_err *err) {
  const char *from;
  char name[256];
  struct stat st;
  _cleanup_close_ int in = cor_apply_source(a, op, O_PATH | O_NOFOLLOW, &from, err);
  if (in < 0)
    return -1;
  if (fstat(in, &st) < 0)
    return cor_apply_fail("stat", from, err);
  if (S_ISSOCK(st.st_mode))
    return 0;
  if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
    return cor_fail(err, EINVAL, "copy", from, "it has changed while it was copied");
  _cleanup_close_ int parent = cor_apply_parent(a, op, to, name, err);
  if (parent < 0 || make_room(parent, name, to, err) < 0)
    return -1;
  struct cor_apply_owner owner = cor_apply_owner_of(a, op, &st);
  if (mknodat(parent, name, (st.st_mode & S_IFMT) | 0600, st.st_rdev) < 0 ||
      fchownat(parent, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) < 0 ||
      fchmodat(parent, name, cor_apply_mode(op, &st), 0) < 0)
    return cor_apply_fail("mknod", to, err);
  return 0;
}
