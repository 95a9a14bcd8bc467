#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *current_stage = "runtime";

void cor_stage(const char *stage) {
  current_stage = stage;
}

int cor_fail(struct cor_err *err, int errno_, const char *op, const char *path, const char *fmt,
             ...) {
  if (!err)
    return -1;
  va_list args;
  va_start(args, fmt);
  err->errno_ = errno_;
  err->stage = current_stage;
  err->op = op;
  snprintf(err->path, sizeof(err->path), "%s", path ? path : "");
  vsnprintf(err->msg, sizeof(err->msg), fmt, args);
  va_end(args);
  return -1;
}

/* Bytes that are not printable ASCII are escaped one by one: paths need not be UTF-8, the line must
 * be. */
static size_t put_string(char *buf, size_t size, size_t at, const char *text) {
  static const char hex[] = "0123456789abcdef";
  char piece[8];
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    size_t n;
    if (*p == '"' || *p == '\\') {
      piece[0] = '\\';
      piece[1] = (char)*p;
      n = 2;
    } else if (*p < 0x20 || *p >= 0x7f) {
      memcpy(piece, "\\u00", 4);
      piece[4] = hex[*p >> 4];
      piece[5] = hex[*p & 15];
      n = 6;
    } else {
      piece[0] = (char)*p;
      n = 1;
    }
    for (size_t i = 0; i < n; i++, at++)
      if (at + 1 < size)
        buf[at] = piece[i];
  }
  return at;
}

static size_t put_raw(char *buf, size_t size, size_t at, const char *text) {
  for (; *text; text++, at++)
    if (at + 1 < size)
      buf[at] = *text;
  return at;
}

size_t cor_err_json(const struct cor_err *err, char *buf, size_t size) {
  char number[16];
  const char *name = err->errno_ ? strerrorname_np(err->errno_) : NULL;
  snprintf(number, sizeof(number), "%d", err->errno_);
  size_t at = put_raw(buf, size, 0, "{\"stage\":\"");
  at = put_string(buf, size, at, err->stage ? err->stage : "");
  at = put_raw(buf, size, at, "\",\"op\":\"");
  at = put_string(buf, size, at, err->op ? err->op : "");
  at = put_raw(buf, size, at, "\",\"path\":\"");
  at = put_string(buf, size, at, err->path);
  at = put_raw(buf, size, at, "\",\"errno\":");
  at = put_raw(buf, size, at, number);
  at = put_raw(buf, size, at, ",\"errnoName\":\"");
  at = put_raw(buf, size, at, name ? name : "");
  at = put_raw(buf, size, at, "\",\"message\":\"");
  at = put_string(buf, size, at, err->msg);
  at = put_raw(buf, size, at, "\"}");
  if (size)
    buf[at < size ? at : size - 1] = '\0';
  return at < size ? at : size - 1;
}

void cor_err_text(const struct cor_err *err, char *buf, size_t size) {
  snprintf(buf, size, "%s%s%s%s%s%s%s", err->op ? err->op : "", err->op ? ": " : "", err->path,
           err->path[0] ? ": " : "", err->msg, err->errno_ ? ": " : "",
           err->errno_ ? strerror(err->errno_) : "");
}
