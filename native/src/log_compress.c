#include "log_compress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zlib.h>

#include "fd.h"

enum {
  PIECE = 1 << 20,
  HEAD =
      10 + 2 + 4 + 16, /* fixed part, length of the extra field, its subfield's head and content */
  TAIL = 8,            /* CRC-32 and length */
};

static void put32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

/* One gzip member (RFC 1952). */
static int write_member(int out, uint8_t *packed, size_t room, const uint8_t *text, size_t size,
                        uint64_t inode) {
  z_stream z = {0};
  if (deflateInit2(&z, 3, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return -1;
  z.next_in = (uint8_t *)(uintptr_t)text;
  z.avail_in = (uInt)size;
  z.next_out = packed + HEAD;
  z.avail_out = (uInt)(room - HEAD - TAIL);
  int result = deflate(&z, Z_FINISH);
  size_t total = HEAD + z.total_out + TAIL;
  deflateEnd(&z);
  if (result != Z_STREAM_END)
    return -1;
  static const uint8_t head[16] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 20, 0, 'C', 'L', 16, 0};
  memcpy(packed, head, sizeof(head));
  put32(packed + 16, (uint32_t)total);
  put32(packed + 20, (uint32_t)size);
  put32(packed + 24, (uint32_t)inode);
  put32(packed + 28, (uint32_t)(inode >> 32));
  put32(packed + total - 8, (uint32_t)crc32(0, text, (uInt)size));
  put32(packed + total - 4, (uint32_t)size);
  return cor_write_full(out, packed, total);
}

/* Where a piece ends: behind its last line, or at its end where that is longer. */
static size_t piece_end(const uint8_t *text, size_t size) {
  const uint8_t *last = memrchr(text, '\n', size);
  return last ? (size_t)(last - text) + 1 : size;
}

static int compress_to(int in, int out) {
  size_t room = compressBound(PIECE) + HEAD + TAIL;
  _cleanup_free_ uint8_t *text = malloc(PIECE);
  _cleanup_free_ uint8_t *packed = malloc(room);
  struct stat st;
  if (!text || !packed || fstat(in, &st) < 0)
    return -1;
  for (off_t at = 0;;) {
    ssize_t n = pread(in, text, PIECE, at);
    if (n <= 0)
      return (int)n;
    size_t size = n < PIECE ? (size_t)n : piece_end(text, (size_t)n);
    if (write_member(out, packed, room, text, size, st.st_ino) < 0)
      return -1;
    at += (off_t)size;
  }
}

/* Whoever is killed here leaves the plain file, or both: the plain one counts then. */
static void compress_one(const char *path, int age) {
  char from[4096], to[4096], unfinished[4096];
  int a = snprintf(from, sizeof(from), "%s.%d", path, age);
  int b = snprintf(to, sizeof(to), "%s.%d.gz", path, age);
  int c = snprintf(unfinished, sizeof(unfinished), "%s.gz.new", path);
  if (a >= (int)sizeof(from) || b >= (int)sizeof(to) || c >= (int)sizeof(unfinished))
    return;
  _cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (in < 0)
    return;
  _cleanup_close_ int out =
      open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (out < 0)
    return;
  if (compress_to(in, out) == 0 && rename(unfinished, to) == 0)
    unlink(from);
  else
    unlink(unfinished);
}

static bool is_there(const char *path, int age) {
  char name[4096];
  return snprintf(name, sizeof(name), "%s.%d", path, age) < (int)sizeof(name) &&
         access(name, F_OK) == 0;
}

pid_t cor_log_compress(const char *path, int last) {
  bool any = false;
  for (int age = 2; age <= last; age++)
    any |= is_there(path, age);
  if (!any)
    return 0;
  pid_t pid = fork();
  if (pid != 0)
    return pid < 0 ? 0 : pid;
  /* Not the shim: its sockets, pipes and signals are none of this process's. */
  prctl(PR_SET_NAME, "coracle-gzip");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  if (nice(10) < 0)
    errno = 0;
  for (int age = 2; age <= last; age++)
    compress_one(path, age);
  _exit(0);
}
