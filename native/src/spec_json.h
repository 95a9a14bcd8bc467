/* Typed look-ups in a JSON object, each with the path of what it looked at in its message. */
#ifndef COR_SPEC_JSON_H
#define COR_SPEC_JSON_H

#include <json-c/json.h>

#include "spec.h"

/* A place in config.json. */
struct cor_at {
  struct cor_spec *spec; /* owns what is allocated */
  struct json_object *json;
  char path[256];
  struct cor_err *err;
};

/* The members of `at`, by type. Each returns -1 on a wrong type. A missing or null member is 0 and
 * leaves *out as it is; the getters that return 1 tell that there was one. */
int cor_get_string(const struct cor_at *at, const char *key, const char **out);
int cor_get_bool(const struct cor_at *at, const char *key, bool *out);
int cor_get_int(const struct cor_at *at, const char *key, int64_t min, int64_t max, int64_t *out);
int cor_get_uint(const struct cor_at *at, const char *key, uint64_t *out);
int cor_get_num(const struct cor_at *at, const char *key, struct cor_num *out);
int cor_get_strings(const struct cor_at *at, const char *key, const char *const **out);
int cor_get_pairs(const struct cor_at *at, const char *key, struct cor_pairs *out);
/* Member object, or array with its length. */
int cor_get_object(const struct cor_at *at, const char *key, struct cor_at *out);
int cor_get_array(const struct cor_at *at, const char *key, struct cor_at *out, size_t *count);
/* Element of an array, which must be an object. */
int cor_get_element(const struct cor_at *array, size_t index, struct cor_at *out);
/* Element that must be a string. */
int cor_get_element_string(const struct cor_at *array, size_t index, const char **out);

/* Failure at a member (key may be NULL: the object itself). */
int cor_at_fail(const struct cor_at *at, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
