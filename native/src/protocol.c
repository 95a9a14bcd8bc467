#include "protocol.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"

#define CHUNK 65536

ssize_t cor_frames_read(struct cor_frames *frames, int fd) {
  if (frames->start > 0) {
    memmove(frames->data, frames->data + frames->start, frames->len - frames->start);
    frames->len -= frames->start;
    frames->start = 0;
  }
  if (frames->cap - frames->len < CHUNK) {
    size_t cap = frames->len + CHUNK + frames->cap / 2;
    char *data = realloc(frames->data, cap);
    if (!data) {
      errno = ENOMEM;
      return -1;
    }
    frames->data = data;
    frames->cap = cap;
  }
  ssize_t n;
  do
    n = read(fd, frames->data + frames->len, frames->cap - frames->len);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    frames->len += (size_t)n;
  return n;
}

static uint32_t length_at(const char *data) {
  const unsigned char *b = (const unsigned char *)data;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

int cor_frames_next(struct cor_frames *frames, const char **body, size_t *size) {
  size_t left = frames->len - frames->start;
  if (left < 4)
    return 0;
  uint32_t length = length_at(frames->data + frames->start);
  if (length > COR_FRAME_MAX)
    return -1;
  if (left - 4 < length)
    return 0;
  *body = frames->data + frames->start + 4;
  *size = length;
  frames->start += 4 + (size_t)length;
  return 1;
}

void cor_frames_free(struct cor_frames *frames) {
  free(frames->data);
  *frames = (struct cor_frames){0};
}

int cor_frame_write(int fd, const char *body, size_t size) {
  if (size > COR_FRAME_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  unsigned char head[4] = {size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff,
                           (size >> 24) & 0xff};
  struct iovec parts[2] = {{.iov_base = head, .iov_len = 4},
                           {.iov_base = (void *)(uintptr_t)body, .iov_len = size}};
  ssize_t n;
  do
    n = writev(fd, parts, 2);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return -1;
  size_t done = (size_t)n;
  if (done < 4) {
    if (cor_write_full(fd, head + done, 4 - done) < 0)
      return -1;
    done = 4;
  }
  return cor_write_full(fd, body + (done - 4), size - (done - 4));
}
