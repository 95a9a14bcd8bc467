#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "log_compress.h"

/* "<time> stdout F ": all of a batch's lines share it but for the tag. */
#define PREFIX_SIZE 40
#define TAG_AT 38

/* Lines of one batch on their way to the file. One shim holds one container, so one buffer is
 * enough; its pages are touched only as far as batches are large. */
static char out[128 * 1024];
static size_t out_len;

static void put_digits(char *at, long value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value /= 10)
    at[i] = (char)('0' + value % 10);
}

void cor_format_time(const struct timespec *time, char text[COR_TIME_SIZE]) {
  struct tm tm;
  gmtime_r(&time->tv_sec, &tm);
  memcpy(text, "0000-00-00T00:00:00.000000000Z", COR_TIME_SIZE);
  put_digits(text, tm.tm_year + 1900, 4);
  put_digits(text + 5, tm.tm_mon + 1, 2);
  put_digits(text + 8, tm.tm_mday, 2);
  put_digits(text + 11, tm.tm_hour, 2);
  put_digits(text + 14, tm.tm_min, 2);
  put_digits(text + 17, tm.tm_sec, 2);
  put_digits(text + 20, time->tv_nsec, 9);
}

void cor_format_now(char text[COR_TIME_SIZE]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  cor_format_time(&now, text);
}

static int open_file(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int cor_log_open(struct cor_log *log, const char *path, int64_t max_size, int max_files,
                 struct cor_err *err) {
  *log = (struct cor_log){.fd = -1, .path = path, .max_size = max_size, .max_files = max_files};
  if (!path)
    return 0;
  log->fd = open_file(path);
  struct stat st;
  if (log->fd < 0 || fstat(log->fd, &st) < 0)
    return cor_fail(err, errno, "open log", path, "cannot open the log");
  log->size = st.st_size;
  return 0;
}

/* One old file a place further; a compressed and a plain one of the same age are there only where a
 * compressor was killed, and then the plain one counts. */
static void move_up(const char *path, int age) {
  char from[4096], from_gz[4096], to[4096], to_gz[4096];
  int a = age == 1 ? snprintf(from, sizeof(from), "%s", path)
                   : snprintf(from, sizeof(from), "%s.%d", path, age - 1);
  int b = snprintf(from_gz, sizeof(from_gz), "%s.%d.gz", path, age - 1);
  int c = snprintf(to, sizeof(to), "%s.%d", path, age);
  int d = snprintf(to_gz, sizeof(to_gz), "%s.%d.gz", path, age);
  if (a >= (int)sizeof(from) || b >= (int)sizeof(from_gz) || c >= (int)sizeof(to) ||
      d >= (int)sizeof(to_gz))
    return;
  if (rename(from, to) == 0) {
    unlink(to_gz);
    if (age > 1)
      unlink(from_gz);
  } else if (age > 1 && rename(from_gz, to_gz) == 0) {
    unlink(to);
  }
}

/* The names are about to move: what a child has half done is done again. */
static void stop_compressor(struct cor_log *log) {
  if (log->compressor <= 0)
    return;
  kill(log->compressor, SIGKILL);
  while (waitpid(log->compressor, NULL, 0) < 0 && errno == EINTR)
    ;
  log->compressor = 0;
}

bool cor_log_reaped(struct cor_log *log, pid_t pid) {
  if (pid != log->compressor)
    return false;
  log->compressor = 0;
  return true;
}

/* log.2 → log.3, log.1 → log.2, log → log.1; with a single file there is nothing to keep and it
 * starts again. */
static void rotate(struct cor_log *log) {
  stop_compressor(log);
  for (int age = log->max_files - 1; age > 0; age--)
    move_up(log->path, age);
  if (log->max_files == 1)
    unlink(log->path);
  int fd = open_file(log->path);
  if (fd < 0)
    return; /* writing goes on in the file that is open; the next batch tries again */
  close(log->fd);
  log->fd = fd;
  log->size = 0;
  if (log->compress)
    log->compressor = cor_log_compress(log->path, log->max_files - 1);
}

/* A line that was written in part (full disk) is taken back, so that every line in the file is
 * whole. */
static void flush(struct cor_log *log) {
  size_t done = 0;
  while (done < out_len) {
    ssize_t n = write(log->fd, out + done, out_len - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      log->lost += out_len;
      log->lost_errno = errno;
      if (done > 0 && ftruncate(log->fd, log->size) < 0)
        log->size += (int64_t)done;
      out_len = 0;
      return;
    }
    done += (size_t)n;
  }
  log->size += (int64_t)out_len;
  out_len = 0;
}

static void put_line(struct cor_log *log, char prefix[PREFIX_SIZE], char tag, const char *head,
                     size_t head_size, const char *text, size_t size) {
  size_t total = PREFIX_SIZE + head_size + size + 1;
  if (out_len + total > sizeof(out))
    flush(log);
  if (log->max_size > 0 && log->size + (int64_t)(out_len + total) > log->max_size &&
      log->size + (int64_t)out_len > 0) {
    flush(log);
    rotate(log);
  }
  prefix[TAG_AT] = tag;
  char *at = out + out_len;
  memcpy(at, prefix, PREFIX_SIZE);
  memcpy(at + PREFIX_SIZE, head, head_size);
  memcpy(at + PREFIX_SIZE + head_size, text, size);
  at[total - 1] = '\n';
  out_len += total;
}

/* One clock read per batch; a clock that was set back does not show in the log. */
static void make_prefix(struct cor_log *log, int stream, char prefix[PREFIX_SIZE + 1]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec < log->last.tv_sec ||
      (now.tv_sec == log->last.tv_sec && now.tv_nsec < log->last.tv_nsec))
    now = log->last;
  log->last = now;
  char time[COR_TIME_SIZE];
  cor_format_time(&now, time);
  snprintf(prefix, PREFIX_SIZE + 1, "%s %s F ", time, stream == 0 ? "stdout" : "stderr");
}

static void tell_loss(struct cor_log *log, const char *prefix) {
  char own[PREFIX_SIZE], text[160];
  memcpy(own, prefix, PREFIX_SIZE);
  memcpy(own + 31, "stderr", 6);
  int size = snprintf(text, sizeof(text), "[coracle: %llu bytes of this log were lost: %s]",
                      (unsigned long long)log->lost, strerror(log->lost_errno));
  uint64_t lost = log->lost;
  log->lost = 0;
  put_line(log, own, 'F', "", 0, text, (size_t)size);
  flush(log);
  if (log->lost > 0)
    log->lost = lost;
}

/* Keeps the beginning of a line; returns how much of data it took. */
static size_t carry(struct cor_log_stream *s, const char *data, size_t size) {
  if (!s->carry && !(s->carry = malloc(COR_LOG_LINE_MAX)))
    return 0;
  size_t room = COR_LOG_LINE_MAX - s->carried, take = size < room ? size : room;
  memcpy(s->carry + s->carried, data, take);
  s->carried += take;
  return take;
}

void cor_log_data(struct cor_log *log, int stream, const char *data, size_t size) {
  if (log->fd < 0 || size == 0)
    return;
  struct cor_log_stream *s = &log->streams[stream];
  char prefix[PREFIX_SIZE + 1];
  make_prefix(log, stream, prefix);
  if (log->lost > 0)
    tell_loss(log, prefix);
  while (size > 0) {
    const char *end = memchr(data, '\n', size);
    size_t text = end ? (size_t)(end - data) : size;
    if (s->carried + text <= COR_LOG_LINE_MAX && end) {
      put_line(log, prefix, 'F', s->carry ? s->carry : "", s->carried, data, text);
      s->carried = 0;
      data += text + 1;
      size -= text + 1;
      continue;
    }
    size_t took = carry(s, data, text);
    data += took;
    size -= took;
    /* A full piece is a part of a line only once more of that line is here. */
    if (size > 0) {
      put_line(log, prefix, 'P', s->carry ? s->carry : "", s->carried, "", 0);
      s->carried = 0;
      if (!s->carry)
        break; /* out of memory: the rest of this batch is lost rather than the shim */
    }
  }
  flush(log);
}

void cor_log_end(struct cor_log *log) {
  for (int i = 0; i < 2; i++) {
    struct cor_log_stream *s = &log->streams[i];
    if (s->carried > 0 && log->fd >= 0) {
      char prefix[PREFIX_SIZE + 1];
      make_prefix(log, i, prefix);
      put_line(log, prefix, 'F', s->carry, s->carried, "", 0);
      flush(log);
    }
    free(s->carry);
    *s = (struct cor_log_stream){0};
  }
}

void cor_log_close(struct cor_log *log) {
  cor_log_end(log);
  if (log->fd >= 0)
    close(log->fd);
  log->fd = -1;
}
