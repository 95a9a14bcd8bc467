/* The client's operations that are carried out in a child of their own (client_ops.c). */
#ifndef COR_CLIENT_H
#define COR_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "err.h"
#include "sbuf.h"

/* A request's fields by name and type: 's' string, 'i' integer, 'b' boolean, 'a' array of strings,
 * 'o' object, 'O' an object that may be missing. */
struct cor_client_field {
  const char *name;
  char type;
};

struct cor_client_op {
  const char *name;
  struct cor_client_field fields[14];
  /* Runs in a forked child; the answer is {} on success. */
  int (*run)(struct json_object *request, struct cor_err *err);
  /* The same with an answer, one JSON object without line ends. Where both are NULL the client does
   * it itself. */
  int (*ask)(struct json_object *request, struct cor_sbuf *answer, struct cor_err *err);
};

/* NULL where there is none. */
const struct cor_client_op *cor_client_op(const char *name);

/* Checks that the request has exactly the operation's fields (and "id" and "op"). */
int cor_client_check(const struct cor_client_op *op, struct json_object *request,
                     struct cor_err *err);

const char *cor_client_string(struct json_object *request, const char *name);
bool cor_client_flag(struct json_object *request, const char *name);

/* Connects to the control socket in folder `run`, whatever the length of its path. */
int cor_ctl_connect(const char *run, struct cor_err *err);

#endif
