/* One path of the host made equal in a container.
 *
 * Both sides are walked below an open folder with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS: on the
 * host's, links that somebody less trusted may have put into the project lead nowhere; in the
 * container, the service may be changing the tree at this moment. A link where the host has a
 * folder is not followed but replaced.
 *
 * A file is written under a name of its own and renamed into place, so that the service reads the
 * old one or the new one, never half of it. It gets the host's modification time: by that, size and
 * mode it is known as already there when it is asked for again. */
#include "sync_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fd.h"
#include "tree.h"

enum { BUFFER = 131072, MODE = 0777, CLOCK_TICK_NS = 20000000 };

static int open_below(int dirfd, const char *path, int flags) {
  struct open_how how = {
      .flags = (uint64_t)(flags | O_CLOEXEC),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  int tries = 0, fd;
  do
    fd = (int)syscall(SYS_openat2, dirfd, *path ? path : ".", &how, sizeof(how));
  while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 1000)));
  return fd;
}

/* Nothing that can be named is there. */
static bool is_missing(int errno_) {
  return errno_ == ENOENT || errno_ == ENOTDIR || errno_ == ELOOP;
}

static int fail(int errno_, const char *op, const char *path, struct cor_err *err) {
  const char *why = errno_ == EROFS                      ? "it is on a read-only file system"
                    : errno_ == ENOSPC                   ? "no space is left on its file system"
                    : errno_ == EDQUOT                   ? "the quota of its file system is used up"
                    : errno_ == EBUSY || errno_ == EXDEV ? "something is mounted on it"
                    : errno_ == EPERM                    ? "it is immutable"
                                                         : "cannot write it";
  return cor_fail(err, errno_, op, path, "%s", why);
}

int cor_sync_open(struct cor_sync *sync, int source, int target, struct cor_err *err) {
  sync->source = source;
  sync->target = target;
  sync->source_parent = sync->target_parent = -1;
  sync->dir[0] = '\1'; /* no path's */
  sync->dir[1] = '\0';
  sync->buffer = malloc(BUFFER);
  sync->other = malloc(BUFFER);
  return sync->buffer && sync->other ? 0 : cor_fail(err, ENOMEM, "malloc", "", "no memory to copy");
}

static void forget_parents(struct cor_sync *sync) {
  cor_close_p(&sync->source_parent);
  cor_close_p(&sync->target_parent);
  sync->source_parent = sync->target_parent = -1;
  sync->dir[0] = '\1';
  sync->dir[1] = '\0';
}

void cor_sync_close(struct cor_sync *sync) {
  forget_parents(sync);
  cor_close_p(&sync->source);
  cor_close_p(&sync->target);
  free(sync->buffer);
  free(sync->other);
}

/* Splits `path`; the folder is "" at the top. */
static const char *split(const char *path, char dir[4096]) {
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) : 0;
  memcpy(dir, path, length);
  dir[length] = '\0';
  return slash ? slash + 1 : path;
}

/* Makes one missing folder, with the mode that the host's has and the service as its owner. */
static int make_folder(struct cor_sync *sync, int parent, const char *name, const char *path,
                       struct cor_err *err) {
  struct stat st;
  mode_t mode = 0755;
  _cleanup_close_ int source = open_below(sync->source, path, O_PATH | O_DIRECTORY);
  if (source >= 0 && fstat(source, &st) == 0)
    mode = st.st_mode & MODE;
  for (int tries = 0; mkdirat(parent, name, 0700) < 0; tries++) {
    if (errno != EEXIST || tries > 2)
      return fail(errno, "mkdir", path, err);
    /* A file or a link where the host has a folder. */
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
      continue;
    /* Somebody else, the service or a second watch, has made it a folder just now: theirs will do.
     */
    return errno == EISDIR ? 0 : fail(errno, "unlink", path, err);
  }
  _cleanup_close_ int made = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made < 0 || fchown(made, sync->uid, sync->gid) < 0 || fchmod(made, mode) < 0)
    return fail(errno, "mkdir", path, err);
  return 0;
}

/* Opens a folder of the container, making what is missing. */
static int ensure_folder(struct cor_sync *sync, const char *path, struct cor_err *err) {
  int fd = open_below(sync->target, path, O_RDONLY | O_DIRECTORY);
  if (fd >= 0)
    return fd;
  if (!is_missing(errno) || *path == '\0')
    return fail(errno, "open", path, err);
  char dir[4096];
  const char *name = split(path, dir);
  _cleanup_close_ int parent = ensure_folder(sync, dir, err);
  if (parent < 0 || make_folder(sync, parent, name, path, err) < 0)
    return -1;
  fd = open_below(sync->target, path, O_RDONLY | O_DIRECTORY);
  return fd < 0 ? fail(errno, "open", path, err) : fd;
}

/* The folders of both sides that hold `path`; they stay open for the next path of the same folder.
 */
static void find_parents(struct cor_sync *sync, const char *dir) {
  if (strcmp(dir, sync->dir) == 0)
    return;
  forget_parents(sync);
  snprintf(sync->dir, sizeof(sync->dir), "%s", dir);
  sync->source_parent = open_below(sync->source, dir, O_PATH | O_DIRECTORY);
  sync->source_errno = sync->source_parent < 0 ? errno : 0;
}

static int find_target_parent(struct cor_sync *sync, const char *dir, bool make,
                              struct cor_err *err) {
  if (sync->target_parent >= 0)
    return 0;
  if (make)
    sync->target_parent = ensure_folder(sync, dir, err);
  else
    sync->target_parent = open_below(sync->target, dir, O_RDONLY | O_DIRECTORY);
  return sync->target_parent < 0 ? -1 : 0;
}

static int remove_entry(struct cor_sync *sync, const char *name, const char *path,
                        struct cor_err *err) {
  struct stat st;
  if (fstatat(sync->target_parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return is_missing(errno) ? COR_SYNC_UNCHANGED : fail(errno, "stat", path, err);
  if (!S_ISDIR(st.st_mode)) {
    if (unlinkat(sync->target_parent, name, 0) < 0 && errno != ENOENT)
      return fail(errno, "unlink", path, err);
    return COR_SYNC_REMOVED;
  }
  if (cor_tree_remove_at(sync->target_parent, name, err) < 0)
    return fail(err->errno_, "rmdir", path, err);
  return COR_SYNC_REMOVED;
}

/* A name that nothing else uses, in the folder of the final one: a rename stays within a folder. */
static int temporary_name(char name[32]) {
  unsigned char random[8];
  if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
    return -1;
  size_t at = (size_t)snprintf(name, 32, ".coracle-");
  for (size_t i = 0; i < sizeof(random); i++)
    at += (size_t)snprintf(name + at, 32 - at, "%02x", random[i]);
  return 0;
}

/* A folder, full or empty, gives way: the host has something else there. */
static int rename_over(struct cor_sync *sync, const char *from, const char *to, const char *path,
                       struct cor_err *err) {
  if (renameat(sync->target_parent, from, sync->target_parent, to) == 0)
    return 0;
  if (errno != EISDIR && errno != ENOTEMPTY && errno != EEXIST)
    return fail(errno, "rename", path, err);
  if (cor_tree_remove_at(sync->target_parent, to, err) < 0)
    return fail(err->errno_, "rmdir", path, err);
  return renameat(sync->target_parent, from, sync->target_parent, to) < 0
             ? fail(errno, "rename", path, err)
             : 0;
}

static int copy_content(struct cor_sync *sync, int from, int to) {
  for (bool in_kernel = true;;) {
    ssize_t n;
    if (in_kernel) {
      n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
      if (n < 0 && errno != EINTR && errno != ENOSPC && errno != EDQUOT) {
        in_kernel = false;
        continue;
      }
    } else {
      n = read(from, sync->buffer, BUFFER);
      if (n > 0 && cor_write_full(to, sync->buffer, (size_t)n) < 0)
        return -1;
    }
    if (n == 0)
      return 0;
    if (n < 0 && errno != EINTR)
      return -1;
  }
}

static bool same_content(struct cor_sync *sync, int one, int two) {
  for (off_t at = 0;;) {
    ssize_t n = pread(one, sync->buffer, BUFFER, at), m = pread(two, sync->other, BUFFER, at);
    if (n < 0 || n != m || memcmp(sync->buffer, sync->other, (size_t)n) != 0)
      return false;
    if (n == 0)
      return true;
    at += n;
  }
}

static int64_t nanoseconds(const struct timespec *time) {
  return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* True where the container has this very file already. `there` is open for reading. */
static bool is_there(struct cor_sync *sync, int in, const struct stat *st, int there) {
  struct stat now;
  if (there < 0 || fstat(there, &now) < 0 || !S_ISREG(now.st_mode))
    return false;
  /* Bind-mounted: both are one file. */
  if (now.st_ino == st->st_ino && now.st_dev == st->st_dev)
    return true;
  if (now.st_size != st->st_size || ((now.st_mode ^ st->st_mode) & MODE) != 0)
    return false;
  if (nanoseconds(&now.st_mtim) != nanoseconds(&st->st_mtim))
    return sync->compare && same_content(sync, in, there);
  /* A kernel's clock for files may tick only every 10 ms: two saves within a tick have one time,
   * and the copy may be of the first. */
  return nanoseconds(&now.st_ctim) - nanoseconds(&st->st_mtim) > CLOCK_TICK_NS ||
         same_content(sync, in, there);
}

/* A file that is a mount point, or in a folder that takes no new names, is written in place. */
static int write_in_place(struct cor_sync *sync, int in, const char *name, const char *path,
                          struct cor_err *err) {
  _cleanup_close_ int out =
      openat(sync->target_parent, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (out < 0 || lseek(in, 0, SEEK_SET) < 0 || copy_content(sync, in, out) < 0)
    return fail(errno, "write", path, err);
  return COR_SYNC_WRITTEN;
}

static int put_file(struct cor_sync *sync, int in, const struct stat *st, const char *name,
                    const char *path, struct cor_err *err) {
  char temporary[32];
  struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, st->st_mtim};
  if (temporary_name(temporary) < 0)
    return fail(errno, "getrandom", path, err);
  /* Without a name until it is complete, so that a kill leaves nothing behind; an overlay takes
   * that since Linux 6.3. */
  _cleanup_close_ int out =
      openat(sync->target_parent, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
  bool named = out < 0;
  if (named)
    out = openat(sync->target_parent, temporary,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0)
    return fail(errno, "open", path, err);
  int result;
  if (copy_content(sync, in, out) < 0)
    result = fail(errno, "write", path, err);
  else if (fchown(out, sync->uid, sync->gid) < 0 || fchmod(out, st->st_mode & MODE) < 0 ||
           futimens(out, times) < 0)
    result = fail(errno, "chown", path, err);
  else if (!named && linkat(out, "", sync->target_parent, temporary, AT_EMPTY_PATH) < 0)
    result = fail(errno, "link", path, err);
  else
    result = rename_over(sync, temporary, name, path, err);
  if (result == 0)
    return COR_SYNC_WRITTEN;
  unlinkat(sync->target_parent, temporary, 0);
  return err->errno_ == EBUSY ? write_in_place(sync, in, name, path, err) : -1;
}

static int sync_file(struct cor_sync *sync, const char *from, const char *name, const char *path,
                     const char *dir, struct cor_err *err) {
  struct stat st;
  _cleanup_close_ int in =
      openat(sync->source_parent, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (in < 0)
    return is_missing(errno) ? COR_SYNC_UNCHANGED
                             : cor_fail(err, errno, "read", path, "cannot read it on the host");
  if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
    return COR_SYNC_UNCHANGED; /* replaced just now; that is a change of its own */
  if (find_target_parent(sync, dir, true, err) < 0)
    return -1;
  _cleanup_close_ int there =
      openat(sync->target_parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (is_there(sync, in, &st, there))
    return COR_SYNC_UNCHANGED;
  return put_file(sync, in, &st, name, path, err);
}

static int sync_link(struct cor_sync *sync, const char *from, const char *name, const char *path,
                     const char *dir, struct cor_err *err) {
  char wanted[PATH_MAX], found[PATH_MAX], temporary[32];
  ssize_t size = readlinkat(sync->source_parent, from, wanted, sizeof(wanted) - 1);
  if (size < 0)
    return COR_SYNC_UNCHANGED;
  wanted[size] = '\0';
  if (find_target_parent(sync, dir, true, err) < 0)
    return -1;
  if (readlinkat(sync->target_parent, name, found, sizeof(found)) == size &&
      memcmp(wanted, found, (size_t)size) == 0)
    return COR_SYNC_UNCHANGED;
  if (temporary_name(temporary) < 0 || symlinkat(wanted, sync->target_parent, temporary) < 0)
    return fail(errno, "symlink", path, err);
  int result =
      fchownat(sync->target_parent, temporary, sync->uid, sync->gid, AT_SYMLINK_NOFOLLOW) < 0
          ? fail(errno, "chown", path, err)
          : rename_over(sync, temporary, name, path, err);
  if (result == 0)
    return COR_SYNC_WRITTEN;
  unlinkat(sync->target_parent, temporary, 0);
  return -1;
}

static int sync_folder(struct cor_sync *sync, const char *path, struct cor_err *err) {
  int fd = open_below(sync->target, path, O_PATH | O_DIRECTORY);
  if (fd >= 0) {
    close(fd);
    return COR_SYNC_UNCHANGED;
  }
  fd = ensure_folder(sync, path, err);
  if (fd < 0)
    return -1;
  close(fd);
  return COR_SYNC_WRITTEN;
}

static bool is_old(const struct cor_sync *sync, const struct stat *st) {
  return sync->since_ns > 0 && nanoseconds(&st->st_ctim) <= sync->since_ns &&
         nanoseconds(&st->st_mtim) <= sync->since_ns;
}

int cor_sync_path(struct cor_sync *sync, const char *path, const char *as, struct cor_err *err) {
  char dir[4096];
  struct stat st;
  if (strlen(path) >= sizeof(dir) || strlen(as) >= sizeof(dir))
    return cor_fail(err, ENAMETOOLONG, "open", path, "the path is too long");
  const char *from = split(path, dir), *name = strrchr(as, '/');
  name = name ? name + 1 : as;
  find_parents(sync, dir);
  int missing = sync->source_errno;
  if (missing == 0 && fstatat(sync->source_parent, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
    missing = errno;
  int result = COR_SYNC_UNCHANGED;
  /* What cannot be seen is not what is not there. */
  if (missing != 0 && !is_missing(missing)) {
    return cor_fail(err, missing, "read", path, "cannot read it on the host");
  } else if (missing != 0) {
    if (find_target_parent(sync, dir, false, err) == 0)
      result = remove_entry(sync, name, path, err);
    else if (!is_missing(errno))
      result = fail(errno, "open", path, err);
  } else if (is_old(sync, &st)) {
    return COR_SYNC_UNCHANGED;
  } else if (S_ISREG(st.st_mode)) {
    result = sync_file(sync, from, name, path, dir, err);
  } else if (S_ISLNK(st.st_mode)) {
    result = sync_link(sync, from, name, path, dir, err);
  } else if (S_ISDIR(st.st_mode)) {
    result = sync_folder(sync, as, err);
  }
  /* What was open may be what has just been removed or replaced. */
  if (result == COR_SYNC_REMOVED || (result == COR_SYNC_WRITTEN && S_ISDIR(st.st_mode)))
    forget_parents(sync);
  return result;
}
