/* Reading shim.json: shimspec.c has the members, shimspec_network.c those of "network". */
#ifndef COR_SHIMSPEC_PARTS_H
#define COR_SHIMSPEC_PARTS_H

#include <json-c/json.h>

#include "shimspec.h"

/* The object being read and where in shim.json it stands, for messages. */
struct cor_at {
  struct cor_shim_spec *spec;
  struct json_object *json;
  const char *where;
  struct cor_err *err;
};

int cor_at_bad(const struct cor_at *at, const char *key, const char *what);
/* Zeroed memory that lives as long as the spec. */
void *cor_at_allocate(struct cor_at *at, size_t count, size_t size);
int cor_at_string(const struct cor_at *at, const char *key, bool required, const char **out);
/* Missing is false. */
int cor_at_bool(const struct cor_at *at, const char *key, bool *out);
int cor_at_int(const struct cor_at *at, const char *key, int64_t min, int64_t max, int64_t *out);
int cor_at_member(const struct cor_at *at, const char *key, enum json_type type, bool required,
                  struct json_object **out);
/* NULL-terminated; a list that is missing and may be is NULL. */
int cor_at_strings(struct cor_at *at, const char *key, bool required, const char *const **out);

int cor_shim_spec_network(struct cor_at *root);

#endif
