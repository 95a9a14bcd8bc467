/* What the builder asks for on standard input: one JSON object, of any size, from our own side
 * (PROTOCOL.md, "tree-list, tree-apply and layer-tar"). Paths in it that lie inside a root may be
 * anything. */
#ifndef COR_TREE_REQUEST_H
#define COR_TREE_REQUEST_H

#include <json-c/json.h>

#include "err.h"

/* Reads standard input to its end. NULL on failure; the caller puts it. */
struct json_object *cor_request_read(struct cor_err *err);

/* A member that must be there, of its type. */
const char *cor_request_string(struct json_object *object, const char *key, struct cor_err *err);
struct json_object *cor_request_array(struct json_object *object, const char *key,
                                      struct cor_err *err);
/* A member that may be missing. */
const char *cor_request_text(struct json_object *object, const char *key);
int64_t cor_request_int(struct json_object *object, const char *key, int64_t missing);

/* Opens a root: {"folder":PATH}, or {"lower":[…topmost first]} with "upper" and "work" where it is
 * to be written. Layers are merged in a detached mount, which no mount namespace ever shows and
 * which ends with the descriptor. */
int cor_request_root(struct json_object *root, struct cor_err *err);

/* Prints the error object on standard error; returns the exit status. */
int cor_request_fail(const struct cor_err *err);

#endif
