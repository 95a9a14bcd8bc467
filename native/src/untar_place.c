#include "untar_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

int cor_place_clean(const char *name, char clean[PATH_MAX], struct cor_err *err) {
  size_t used = 0;
  for (const char *p = name; *p != '\0';) {
    size_t length = strcspn(p, "/");
    if (length == 2 && p[0] == '.' && p[1] == '.') {
      if (used == 0)
        return cor_fail(err, 0, "read tar", name, "the name leads out of the root folder");
      while (used > 0 && clean[--used] != '/')
        ;
    } else if (length > 0 && !(length == 1 && p[0] == '.')) {
      if (used + length + 2 > PATH_MAX)
        return cor_fail(err, ENAMETOOLONG, "read tar", name, "the name is too long");
      if (used > 0)
        clean[used++] = '/';
      memcpy(clean + used, p, length);
      used += length;
    }
    p += length + (p[length] == '/');
  }
  clean[used] = '\0';
  return 0;
}

/* Links on the way are resolved as they will be in the container: inside the root. */
static int open_in_root(int root, const char *path) {
  struct open_how how = {
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  int fd, attempts = 0;
  do
    fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
  while (fd < 0 && (errno == EINTR || (errno == EAGAIN && attempts++ < 16)));
  return fd;
}

/* A layer may hold a file without the folders above it. Their real attributes are the lower
 * layer's, but overlay takes the topmost folder's: the two that are commonly not 0755 are worth
 * knowing. */
static mode_t implied_mode(const char *path) {
  if (strcmp(path, "tmp") == 0 || strcmp(path, "var/tmp") == 0)
    return 01777;
  return strcmp(path, "root") == 0 ? 0700 : 0755;
}

/* Names are bounded by PATH_MAX each, but by way of links folders can be nested without end; what
 * has no path can be neither looked at nor removed by the programs that come after. */
static int check_depth(int fd, const char *base, const char *name, struct cor_err *err) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof(path));
  if (length < 0 && errno != ENAMETOOLONG)
    return cor_fail(err, errno, "readlink", name, "cannot read the folder's path");
  if (length < 0 || (size_t)length + strlen(base) + 2 > sizeof(path))
    return cor_fail(err, ENAMETOOLONG, "read tar", name, "its folder lies too deep");
  return 0;
}

static int make_parents(int root, char *path, struct cor_err *err) {
  _cleanup_close_ int parent = -1;
  for (size_t at = 0;;) {
    size_t end = at + strcspn(path + at, "/");
    bool last = path[end] == '\0';
    path[end] = '\0';
    int fd = open_in_root(root, path);
    if (fd < 0 && errno == ENOENT) {
      int dirfd = parent >= 0 ? parent : root;
      if (check_depth(dirfd, path + at, path, err) < 0)
        return -1;
      if (mkdirat(dirfd, path + at, 0700) < 0)
        return cor_fail(err, errno, "mkdir", path,
                        errno == EEXIST ? "the link leads to no folder" : "cannot make the folder");
      fd = openat(dirfd, path + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (fd >= 0 && (fchmod(fd, implied_mode(path)) < 0)) {
        close(fd);
        return cor_fail(err, errno, "chmod", path, "cannot make the folder");
      }
    }
    if (fd < 0)
      return cor_fail(err, errno, "openat2", path,
                      errno == ENOSYS ? "Linux 5.6 or later is needed" : "cannot open the folder");
    cor_close_p(&parent);
    parent = fd;
    if (last)
      return steal_fd(&parent);
    path[end] = '/';
    at = end + 1;
  }
}

void cor_place_forget(struct cor_place *place) {
  cor_close_p(&place->parent);
  place->parent = -1;
}

int cor_place_find(struct cor_place *place, const char *name, int *dirfd, const char **base,
                   struct cor_err *err) {
  const char *slash = strrchr(name, '/');
  *base = slash != NULL ? slash + 1 : name;
  if (slash == NULL) {
    *dirfd = place->root;
    return 0;
  }
  size_t length = (size_t)(slash - name);
  if (place->parent >= 0 && strncmp(place->parent_name, name, length) == 0 &&
      place->parent_name[length] == '\0') {
    *dirfd = place->parent;
    return 0;
  }
  cor_place_forget(place);
  memcpy(place->parent_name, name, length);
  place->parent_name[length] = '\0';
  int fd = open_in_root(place->root, place->parent_name);
  if (fd < 0 && errno == ENOENT)
    fd = make_parents(place->root, place->parent_name, err);
  else if (fd < 0)
    return cor_fail(err, errno, "openat2", place->parent_name,
                    errno == ENOSYS ? "Linux 5.6 or later is needed" : "cannot open the folder");
  if (fd < 0)
    return -1;
  *dirfd = place->parent = fd;
  return check_depth(fd, *base, name, err);
}
