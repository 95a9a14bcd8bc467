#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "fd.h"

/* As many links as the kernel itself follows (path_resolution(7)). */
#define LINKS_MAX 40

static int open_how(int dirfd, const char *path, int flags, uint64_t resolve) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
  long fd;
  /* EAGAIN: a rename or mount elsewhere made the walk unsafe to judge; the kernel asks to try again
   * (openat2(2)). */
  int tries = 0;
  do
    fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
  while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 1000)));
  return (int)fd;
}

int cor_root_open(int root_fd, const char *path, int flags, uint64_t resolve) {
  while (*path == '/')
    path++;
  return open_how(root_fd, *path ? path : ".", flags,
                  RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
}

bool cor_fd_is_fs(int fd, long magic) {
  struct statfs fs;
  return fstatfs(fd, &fs) == 0 && (long)fs.f_type == magic;
}

/* The walk that makes what is missing. `done` is the part walked so far, free of links, relative to
 * the root; `rest` what is still to come. Each step opens `done` anew with RESOLVE_NO_SYMLINKS, so
 * that a folder swapped for a link in between is an error, not a way out. */
struct walk {
  int root_fd;
  char done[PATH_MAX];
  char rest[PATH_MAX];
  int links;
};

static int open_done(const struct walk *walk) {
  return open_how(walk->root_fd, *walk->done ? walk->done : ".", O_PATH | O_DIRECTORY,
                  RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

/* Takes the next component off `rest`; false at the end. */
static bool next_component(struct walk *walk, char name[256], bool *too_long) {
  char *start = walk->rest + strspn(walk->rest, "/");
  size_t length = strcspn(start, "/");
  *too_long = length > NAME_MAX;
  if (!length || *too_long)
    return false;
  memcpy(name, start, length);
  name[length] = '\0';
  memmove(walk->rest, start + length, strlen(start + length) + 1);
  return true;
}

static bool at_end(const struct walk *walk) {
  return walk->rest[strspn(walk->rest, "/")] == '\0';
}

/* Puts a link's text in front of what is still to come. */
static int follow(struct walk *walk, int dirfd, const char *name) {
  char target[PATH_MAX], joined[PATH_MAX];
  ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
  if (n <= 0)
    return -1;
  target[n] = '\0';
  if (++walk->links > LINKS_MAX) {
    errno = ELOOP;
    return -1;
  }
  if (snprintf(joined, sizeof(joined), "%s/%s", target, walk->rest) >= (int)sizeof(joined)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (target[0] == '/')
    walk->done[0] = '\0';
  memcpy(walk->rest, joined, strlen(joined) + 1);
  return 0;
}

static int push(struct walk *walk, const char *name) {
  size_t used = strlen(walk->done);
  if (used + strlen(name) + 2 > sizeof(walk->done)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  snprintf(walk->done + used, sizeof(walk->done) - used, "%s%s", used ? "/" : "", name);
  return 0;
}

static void pop(struct walk *walk) {
  char *slash = strrchr(walk->done, '/');
  *(slash ? slash : walk->done) = '\0';
}

/* One component: follows it where it is a link, makes it where it is missing. Sets *last where it
 * is the final one and not a link; then the folder that holds it is in *parent_fd and its name in
 * `name`, and nothing was made. */
static int step(struct walk *walk, char name[256], int *parent_fd, bool *last) {
  struct stat st;
  _cleanup_close_ int dirfd = open_done(walk);
  if (dirfd < 0)
    return -1;
  *last = false;
  int found = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW);
  if (found < 0 && errno != ENOENT)
    return -1;
  if (found == 0 && S_ISLNK(st.st_mode))
    return follow(walk, dirfd, name);
  if (at_end(walk)) {
    *last = true;
    *parent_fd = steal_fd(&dirfd);
    return 0;
  }
  if (found < 0 && mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
    return -1;
  return push(walk, name);
}

static int walk_parent(struct walk *walk, char name[256]) {
  bool too_long, last;
  int parent_fd = -1;
  while (next_component(walk, name, &too_long)) {
    if (strcmp(name, ".") == 0)
      continue;
    if (strcmp(name, "..") == 0) {
      pop(walk);
      continue;
    }
    if (step(walk, name, &parent_fd, &last) < 0)
      return -1;
    if (last)
      return parent_fd;
  }
  if (too_long) {
    errno = ENAMETOOLONG;
    return -1;
  }
  /* The path ends in a folder already walked ("/", "a/.."). */
  strcpy(name, ".");
  return open_done(walk);
}

static int open_parent(int root_fd, const char *path, char name[256], struct cor_err *err) {
  struct walk walk = {.root_fd = root_fd};
  if (strlen(path) >= sizeof(walk.rest))
    return cor_fail(err, ENAMETOOLONG, "openat2", path, "cannot make the folders above it");
  memcpy(walk.rest, path, strlen(path) + 1);
  int fd = walk_parent(&walk, name);
  return fd < 0 ? cor_fail(err, errno, "openat2", path, "cannot make the folders above it") : fd;
}

int cor_root_parent(int root_fd, const char *path, char name[256], struct cor_err *err) {
  return open_parent(root_fd, path, name, err);
}

int cor_root_target(int root_fd, const char *path, bool is_dir, struct cor_err *err) {
  int fd = cor_root_open(root_fd, path, O_PATH, 0);
  if (fd >= 0)
    return fd;
  if (errno != ENOENT)
    return cor_fail(err, errno, "openat2", path, "cannot open the mount point");
  char name[256];
  _cleanup_close_ int parent = open_parent(root_fd, path, name, err);
  if (parent < 0)
    return -1;
  if (is_dir) {
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
      return cor_fail(err, errno, "mkdirat", path, "cannot make the mount point");
  } else {
    _cleanup_close_ int file =
        openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
    if (file < 0 && errno != EEXIST)
      return cor_fail(err, errno, "openat", path, "cannot make the mount point");
  }
  fd = open_how(parent, name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  return fd < 0 ? cor_fail(err, errno, "openat2", path, "cannot open the mount point") : fd;
}
