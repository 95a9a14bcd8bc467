/* libFuzzer target: the input is what Node sends to the client, cut into frames, and what a
 * container writes, cut into log lines.
 *
 *   make -C native fuzz-stream && native/build/fuzz-stream -max_total_time=60 CORPUS
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_frames(const uint8_t *data, size_t size) {
  struct cor_frames frames = {0};
  const char *body;
  size_t length, total = 0;
  int fd = memfd_create("frames", MFD_CLOEXEC), found = 0;
  if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
    abort();
  while (found >= 0 && cor_frames_read(&frames, fd) > 0)
    while ((found = cor_frames_next(&frames, &body, &length)) > 0) {
      volatile char last = length ? body[length - 1] : 0;
      (void)last;
      total += length + 4;
    }
  /* Nothing is made up: the frames are no longer than what was sent. */
  if (total > size)
    abort();
  cor_frames_free(&frames);
  close(fd);
}

static void write_log(const uint8_t *data, size_t size) {
  struct cor_log log;
  struct cor_err err;
  if (cor_log_open(&log, "/dev/null", 0, 1, &err) < 0)
    abort();
  for (size_t at = 0; at < size;) {
    /* The first byte of each piece chooses the stream and the length. */
    size_t length = (size_t)(data[at] >> 1) * 300;
    int stream = data[at++] & 1;
    if (length > size - at)
      length = size - at;
    cor_log_data(&log, stream, (const char *)data + at, length);
    at += length;
  }
  cor_log_end(&log);
  cor_log_close(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_frames(data, size);
  write_log(data, size);
  return 0;
}
