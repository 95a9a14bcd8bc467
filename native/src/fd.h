/* File descriptors and memory that clean up after themselves, and loops around partial I/O. */
#ifndef COR_FD_H
#define COR_FD_H

#include <stddef.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "err.h"

static inline void cor_close_p(int *fd) {
  if (*fd >= 0)
    close(*fd);
}

static inline void cor_free_p(void *p) {
  free(*(void **)p);
}

/* Closed, or freed, when the variable leaves its scope; initialise to -1, or NULL. */
#define _cleanup_close_ __attribute__((cleanup(cor_close_p)))
#define _cleanup_free_ __attribute__((cleanup(cor_free_p)))

/* Takes the descriptor out of a _cleanup_close_ variable. */
static inline int steal_fd(int *fd) {
  int taken = *fd;
  *fd = -1;
  return taken;
}

static inline void *steal_ptr(void *p) {
  void *taken = *(void **)p;
  *(void **)p = NULL;
  return taken;
}

/* Reads until size bytes or end of file; returns the number read, or -1 with errno. */
ssize_t cor_read_full(int fd, void *buf, size_t size);
/* Writes all of it; returns 0, or -1 with errno. */
int cor_write_full(int fd, const void *buf, size_t size);

/* Whole file as a NUL-terminated string, at most max bytes; `path` is relative to dirfd (AT_FDCWD).
 * The caller frees. */
char *cor_read_file(int dirfd, const char *path, size_t max, size_t *size, struct cor_err *err);
/* One write(2) of the whole text into an existing file, as /proc and cgroup files want it. Returns
 * 0, or -1 with errno. */
int cor_write_file(int dirfd, const char *path, const char *text);
/* Same with data of any size into a new file that replaces `path` by rename. */
int cor_replace_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
                     struct cor_err *err);

/* The descriptor `fd` as a path: "/proc/self/fd/N"; buf holds 32 bytes. */
const char *cor_fd_path(int fd, char buf[32]);

#endif
