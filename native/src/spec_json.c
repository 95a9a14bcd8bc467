#include "spec_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cor_at_fail(const struct cor_at *at, const char *key, const char *fmt, ...) {
  char path[512], message[400];
  if (key && at->path[0])
    snprintf(path, sizeof(path), "%s.%s", at->path, key);
  else
    snprintf(path, sizeof(path), "%s", key ? key : at->path);
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof(message), fmt, args);
  va_end(args);
  return cor_fail(at->err, 0, "parse config.json", path, "%s", message);
}

static struct json_object *member(const struct cor_at *at, const char *key) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  return value;
}

static int check_string(const struct cor_at *at, const char *key, struct json_object *value,
                        const char **out) {
  if (!json_object_is_type(value, json_type_string))
    return cor_at_fail(at, key, "must be a string");
  const char *text = json_object_get_string(value);
  /* What comes after a NUL would be silently cut off by every system call. */
  if (strlen(text) != (size_t)json_object_get_string_len(value))
    return cor_at_fail(at, key, "must not contain a NUL byte");
  *out = text;
  return 1;
}

int cor_get_string(const struct cor_at *at, const char *key, const char **out) {
  struct json_object *value = member(at, key);
  return value ? check_string(at, key, value, out) : 0;
}

int cor_get_bool(const struct cor_at *at, const char *key, bool *out) {
  struct json_object *value = member(at, key);
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_boolean))
    return cor_at_fail(at, key, "must be true or false");
  *out = json_object_get_boolean(value);
  return 1;
}

int cor_get_int(const struct cor_at *at, const char *key, int64_t min, int64_t max, int64_t *out) {
  struct json_object *value = member(at, key);
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_int))
    return cor_at_fail(at, key, "must be an integer");
  int64_t number = json_object_get_int64(value);
  /* json-c answers INT64_MAX for what does not fit. */
  if (number < min || number > max ||
      (number == INT64_MAX && json_object_get_uint64(value) > (uint64_t)INT64_MAX))
    return cor_at_fail(at, key, "must be from %lld to %lld", (long long)min, (long long)max);
  *out = number;
  return 1;
}

int cor_get_uint(const struct cor_at *at, const char *key, uint64_t *out) {
  struct json_object *value = member(at, key);
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
    return cor_at_fail(at, key, "must be an integer of 0 or more");
  *out = json_object_get_uint64(value);
  return 1;
}

int cor_get_num(const struct cor_at *at, const char *key, struct cor_num *out) {
  int found = cor_get_int(at, key, INT64_MIN, INT64_MAX, &out->value);
  if (found > 0)
    out->set = true;
  return found;
}

static struct cor_at below(const struct cor_at *at, const char *key, struct json_object *value) {
  struct cor_at inner = {.spec = at->spec, .json = value, .err = at->err};
  snprintf(inner.path, sizeof(inner.path), "%.200s%s%.50s", at->path, at->path[0] ? "." : "", key);
  return inner;
}

int cor_get_object(const struct cor_at *at, const char *key, struct cor_at *out) {
  struct json_object *value = member(at, key);
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_object))
    return cor_at_fail(at, key, "must be an object");
  *out = below(at, key, value);
  return 1;
}

int cor_get_array(const struct cor_at *at, const char *key, struct cor_at *out, size_t *count) {
  *count = 0;
  struct json_object *value = member(at, key);
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_array))
    return cor_at_fail(at, key, "must be an array");
  *out = below(at, key, value);
  *count = json_object_array_length(value);
  return 1;
}

int cor_get_element(const struct cor_at *array, size_t index, struct cor_at *out) {
  struct json_object *value = json_object_array_get_idx(array->json, index);
  *out = (struct cor_at){.spec = array->spec, .json = value, .err = array->err};
  snprintf(out->path, sizeof(out->path), "%.230s[%zu]", array->path, index);
  if (!json_object_is_type(value, json_type_object))
    return cor_at_fail(out, NULL, "must be an object");
  return 1;
}

int cor_get_element_string(const struct cor_at *array, size_t index, const char **out) {
  struct cor_at at = {.spec = array->spec, .err = array->err};
  snprintf(at.path, sizeof(at.path), "%.230s[%zu]", array->path, index);
  return check_string(&at, NULL, json_object_array_get_idx(array->json, index), out);
}

int cor_get_strings(const struct cor_at *at, const char *key, const char *const **out) {
  struct cor_at array;
  size_t count;
  int found = cor_get_array(at, key, &array, &count);
  if (found <= 0)
    return found;
  const char **list = cor_spec_alloc(at->spec, (count + 1) * sizeof(*list));
  if (!list)
    return cor_at_fail(at, key, "out of memory");
  for (size_t i = 0; i < count; i++)
    if (cor_get_element_string(&array, i, &list[i]) < 0)
      return -1;
  *out = list;
  return 1;
}

int cor_get_pairs(const struct cor_at *at, const char *key, struct cor_pairs *out) {
  struct cor_at object;
  int found = cor_get_object(at, key, &object);
  if (found <= 0)
    return found;
  out->items = cor_spec_alloc(at->spec, ((size_t)json_object_object_length(object.json) + 1) *
                                            sizeof(*out->items));
  if (!out->items)
    return cor_at_fail(at, key, "out of memory");
  json_object_object_foreach(object.json, name, value) {
    struct cor_pair *pair = &out->items[out->count];
    pair->key = name;
    if (check_string(&object, name, value, &pair->value) < 0)
      return -1;
    out->count++;
  }
  return 1;
}
