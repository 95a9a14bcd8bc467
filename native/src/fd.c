#include "fd.h"
#include "pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

ssize_t cor_read_full(int fd, void *buf, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, (char *)buf + done, size - done);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      return -1;
    }
    if (n == 0)
      break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

int cor_write_full(int fd, const void *buf, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = write(fd, (const char *)buf + done, size - done);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      return -1;
    }
    done += (size_t)n;
  }
  return 0;
}

char *cor_read_file(int dirfd, const char *path, size_t max, size_t *size, struct cor_err *err) {
  _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    cor_fail(err, errno, "open", path, "cannot open the file");
    return NULL;
  }
  size_t room = 16384, used = 0;
  _cleanup_free_ char *text = malloc(room + 1);
  while (text) {
    ssize_t n = cor_read_full(fd, text + used, room - used);
    if (n < 0) {
      cor_fail(err, errno, "read", path, "cannot read the file");
      return NULL;
    }
    used += (size_t)n;
    if (used < room) {
      text[used] = '\0';
      if (size)
        *size = used;
      return steal_ptr(&text);
    }
    if (room >= max) {
      cor_fail(err, EFBIG, "read", path, "the file is larger than %zu bytes", max);
      return NULL;
    }
    room = room * 4 < max ? room * 4 : max;
    char *more = realloc(text, room + 1);
    if (!more)
      break;
    text = more;
  }
  cor_fail(err, ENOMEM, "malloc", path, "out of memory");
  return NULL;
}

int cor_write_file(int dirfd, const char *path, const char *text) {
  _cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  ssize_t n;
  do
    n = write(fd, text, strlen(text));
  while (n < 0 && errno == EINTR);
  return n < 0 ? -1 : 0;
}

int cor_replace_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
                     struct cor_err *err) {
  char tmp[4096];
  if (snprintf(tmp, sizeof(tmp), "%s.%d.tmp", path, (int)cor_own_pid()) >= (int)sizeof(tmp))
    return cor_fail(err, ENAMETOOLONG, "open", path, "the path is too long");
  /* Only a dead process of our pid can have left one. */
  (void)unlinkat(dirfd, tmp, 0);
  _cleanup_close_ int fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0)
    return cor_fail(err, errno, "open", tmp, "cannot create the file");
  if (cor_write_full(fd, data, size) < 0 || renameat(dirfd, tmp, dirfd, path) < 0) {
    int saved = errno;
    unlinkat(dirfd, tmp, 0);
    return cor_fail(err, saved, "write", path, "cannot write the file");
  }
  return 0;
}

const char *cor_fd_path(int fd, char buf[32]) {
  snprintf(buf, 32, "/proc/self/fd/%d", fd);
  return buf;
}
