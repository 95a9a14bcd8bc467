/* A string that grows, with JSON quoting. Running out of memory is remembered in `failed`, not
 * reported at every call. */
#ifndef COR_SBUF_H
#define COR_SBUF_H

#include <stdbool.h>
#include <stddef.h>

struct cor_sbuf {
  char *data; /* NUL-terminated where not NULL */
  size_t len, cap;
  bool failed;
};

void cor_sbuf_add(struct cor_sbuf *buf, const void *data, size_t size);
void cor_sbuf_str(struct cor_sbuf *buf, const char *text);
void cor_sbuf_fmt(struct cor_sbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void cor_sbuf_json(struct cor_sbuf *buf, const char *text, size_t size);
void cor_sbuf_json_str(struct cor_sbuf *buf, const char *text);
/* Drops the first `size` bytes. */
void cor_sbuf_drop(struct cor_sbuf *buf, size_t size);
void cor_sbuf_free(struct cor_sbuf *buf);

#define cor_sbuf_auto __attribute__((cleanup(cor_sbuf_free))) struct cor_sbuf

#endif
