/* Errors as values: filled at the place of failure, wrapped upward, printed or sent once at the
 * top.
 *
 * Every fallible function takes a `struct cor_err *` last and returns a negative number on failure.
 */
#ifndef COR_ERR_H
#define COR_ERR_H

#include <stddef.h>

struct cor_err {
  int errno_;        /* 0 where no system call failed (bad input) */
  const char *stage; /* where in PROTOCOL.md's stage diagram: "client", "shim", "init", "net", … */
  const char *op;    /* the step, a literal: "mount", "openat2", "parse config.json" */
  char path[512];    /* what it was done to; "" where there is nothing to name */
  char msg[512];     /* one lower-case sentence without a full stop */
};

/* Fills err and returns -1. `errno_` is passed in, as calls between may change errno. */
int cor_fail(struct cor_err *err, int errno_, const char *op, const char *path, const char *fmt,
             ...) __attribute__((format(printf, 5, 6)));

/* Names this process's stage, a literal, for every later cor_fail. */
void cor_stage(const char *stage);

/* Writes err as one JSON object {"stage","op","path","errno","errnoName","message"} without a
 * newline. Returns its length, truncated to size - 1. */
size_t cor_err_json(const struct cor_err *err, char *buf, size_t size);

/* Writes err as one line for people: "mount: /proc: cannot …: Operation not permitted". */
void cor_err_text(const struct cor_err *err, char *buf, size_t size);

#endif
