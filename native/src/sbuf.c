#include "sbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool room(struct cor_sbuf *buf, size_t more) {
  if (buf->failed)
    return false;
  size_t need = buf->len + more + 1;
  if (need <= buf->cap)
    return true;
  size_t cap = buf->cap ? buf->cap : 256;
  while (cap < need)
    cap *= 2;
  char *data = realloc(buf->data, cap);
  if (!data) {
    buf->failed = true;
    return false;
  }
  buf->data = data;
  buf->cap = cap;
  return true;
}

void cor_sbuf_add(struct cor_sbuf *buf, const void *data, size_t size) {
  if (!room(buf, size))
    return;
  memcpy(buf->data + buf->len, data, size);
  buf->len += size;
  buf->data[buf->len] = '\0';
}

void cor_sbuf_str(struct cor_sbuf *buf, const char *text) {
  cor_sbuf_add(buf, text, strlen(text));
}

void cor_sbuf_fmt(struct cor_sbuf *buf, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int size = vsnprintf(NULL, 0, fmt, args);
  if (size >= 0 && room(buf, (size_t)size)) {
    vsnprintf(buf->data + buf->len, (size_t)size + 1, fmt, again);
    buf->len += (size_t)size;
  }
  va_end(again);
  va_end(args);
}

/* Length of the well-formed UTF-8 sequence at `s`, 0 where there is none (RFC 3629: no overlong
 * form, no surrogate). */
static size_t utf8_length(const unsigned char *s, size_t size) {
  size_t n = s[0] < 0x80                    ? 1
             : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
             : (s[0] & 0xf0) == 0xe0        ? 3
             : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                            : 0;
  if (n == 0 || n > size)
    return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
      (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return n;
}

void cor_sbuf_json(struct cor_sbuf *buf, const char *text, size_t size) {
  const unsigned char *s = (const unsigned char *)text;
  cor_sbuf_str(buf, "\"");
  for (size_t i = 0; i < size;) {
    size_t n = utf8_length(s + i, size - i);
    if (n == 0) {
      cor_sbuf_str(buf, "\\ufffd");
      i++;
    } else if (s[i] == '"' || s[i] == '\\') {
      cor_sbuf_fmt(buf, "\\%c", s[i++]);
    } else if (s[i] < 0x20) {
      cor_sbuf_fmt(buf, "\\u%04x", s[i++]);
    } else {
      cor_sbuf_add(buf, s + i, n);
      i += n;
    }
  }
  cor_sbuf_str(buf, "\"");
}

void cor_sbuf_json_str(struct cor_sbuf *buf, const char *text) {
  cor_sbuf_json(buf, text, strlen(text));
}

void cor_sbuf_drop(struct cor_sbuf *buf, size_t size) {
  if (size >= buf->len) {
    buf->len = 0;
  } else {
    memmove(buf->data, buf->data + size, buf->len - size);
    buf->len -= size;
  }
  if (buf->data)
    buf->data[buf->len] = '\0';
}

void cor_sbuf_free(struct cor_sbuf *buf) {
  free(buf->data);
  *buf = (struct cor_sbuf){0};
}
