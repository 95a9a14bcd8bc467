/* A container's log: CRI lines `2026-11-23T12:00:00.123456789Z stdout F text`, rotated by size.
 * `log` is written to, `log.1` is the one before it, and so on; from `log.2` on they are compressed
 * (log_compress.h).
 *
 * A line longer than COR_LOG_LINE_MAX is written as `P` pieces with a last `F`. Times never go back
 * within a log.
 */
#ifndef COR_LOG_H
#define COR_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "err.h"

#define COR_LOG_LINE_MAX 16384
#define COR_TIME_SIZE 31 /* "2026-11-23T12:00:00.123456789Z" and its NUL */

struct cor_log_stream {
  char *carry; /* the beginning of a line whose end has not come yet; NULL until there is one */
  size_t carried;
};

struct cor_log {
  int fd; /* -1: nothing is kept */
  const char *path;
  int64_t size, max_size; /* max_size <= 0: never rotated */
  int max_files;
  bool compress;    /* old files but the newest, by a child */
  pid_t compressor; /* 0: none is at work */
  struct timespec last;
  uint64_t lost; /* bytes that could not be written since the last success */
  int lost_errno;
  struct cor_log_stream streams[2];
};

/* `path` must outlive the log; NULL keeps none. Appends to what is there. */
int cor_log_open(struct cor_log *log, const char *path, int64_t max_size, int max_files,
                 struct cor_err *err);
/* True where the process was the log's child. */
bool cor_log_reaped(struct cor_log *log, pid_t pid);
/* Takes bytes as read from the container; stream 0 is stdout, 1 stderr. All lines of one call carry
 * one time. */
void cor_log_data(struct cor_log *log, int stream, const char *data, size_t size);
/* Both streams have ended: writes what was carried. The log may go on (restart). */
void cor_log_end(struct cor_log *log);
void cor_log_close(struct cor_log *log);

/* RFC 3339 with nanoseconds, UTC. */
void cor_format_time(const struct timespec *time, char out[COR_TIME_SIZE]);
void cor_format_now(char out[COR_TIME_SIZE]);

#endif
