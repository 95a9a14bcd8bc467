#include "shimspec.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "shimspec_parts.h"

int cor_at_bad(const struct cor_at *at, const char *key, const char *what) {
  return cor_fail(at->err, EINVAL, "parse shim.json", key, "%s.%s: %s", at->where, key, what);
}

void *cor_at_allocate(struct cor_at *at, size_t count, size_t size) {
  struct cor_shim_spec *spec = at->spec;
  void **blocks = realloc(spec->blocks, ((size_t)spec->block_count + 1) * sizeof(*blocks));
  void *block = blocks ? calloc(count ? count : 1, size) : NULL;
  if (blocks)
    spec->blocks = blocks;
  if (block)
    spec->blocks[spec->block_count++] = block;
  else
    cor_fail(at->err, ENOMEM, "parse shim.json", at->where, "out of memory");
  return block;
}

/* NULL or a string; a missing one is an error where `required`. */
int cor_at_string(const struct cor_at *at, const char *key, bool required, const char **out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  *out = NULL;
  if (!value)
    return required ? cor_at_bad(at, key, "missing") : 0;
  if (!json_object_is_type(value, json_type_string))
    return cor_at_bad(at, key, "must be a string");
  *out = json_object_get_string(value);
  return 0;
}

int cor_at_bool(const struct cor_at *at, const char *key, bool *out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  *out = false;
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_boolean))
    return cor_at_bad(at, key, "must be true or false");
  *out = json_object_get_boolean(value);
  return 0;
}

int cor_at_int(const struct cor_at *at, const char *key, int64_t min, int64_t max, int64_t *out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  if (!value)
    return cor_at_bad(at, key, "missing");
  if (!json_object_is_type(value, json_type_int))
    return cor_at_bad(at, key, "must be an integer");
  *out = json_object_get_int64(value);
  return *out < min || *out > max ? cor_at_bad(at, key, "out of range") : 0;
}

static int optional_int(const struct cor_at *at, const char *key, int64_t min, int64_t otherwise,
                        int64_t *out) {
  *out = otherwise;
  return json_object_object_get_ex(at->json, key, NULL)
             ? cor_at_int(at, key, min, INT64_MAX / 4, out)
             : 0;
}

int cor_at_member(const struct cor_at *at, const char *key, enum json_type type, bool required,
                  struct json_object **out) {
  *out = NULL;
  json_object_object_get_ex(at->json, key, out);
  if (!*out)
    return required ? cor_at_bad(at, key, "missing") : 0;
  return json_object_is_type(*out, type) ? 0 : cor_at_bad(at, key, "has the wrong type");
}

int cor_at_strings(struct cor_at *at, const char *key, bool required, const char *const **out) {
  struct json_object *array;
  *out = NULL;
  if (cor_at_member(at, key, json_type_array, required, &array) < 0)
    return -1;
  if (!array)
    return 0;
  size_t count = json_object_array_length(array);
  const char **list = cor_at_allocate(at, count + 1, sizeof(*list));
  if (!list)
    return -1;
  for (size_t i = 0; i < count; i++) {
    struct json_object *item = json_object_array_get_idx(array, i);
    if (!json_object_is_type(item, json_type_string))
      return cor_at_bad(at, key, "must hold strings");
    list[i] = json_object_get_string(item);
  }
  *out = list;
  return 0;
}

static int read_log(struct cor_at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct cor_at at = {spec, NULL, "log", root->err};
  const char *driver;
  int64_t files;
  if (cor_at_member(root, "log", json_type_object, true, &at.json) < 0 ||
      cor_at_string(&at, "driver", true, &driver) < 0 ||
      cor_at_string(&at, "path", false, &spec->log_path) < 0 ||
      cor_at_int(&at, "maxSize", -1, INT64_MAX, &spec->log_max_size) < 0 ||
      cor_at_int(&at, "maxFiles", 0, 10000, &files) < 0 ||
      cor_at_bool(&at, "compress", &spec->log_compress) < 0)
    return -1;
  spec->has_log = strcmp(driver, "cri") == 0;
  if (!spec->has_log && strcmp(driver, "none") != 0)
    return cor_at_bad(&at, "driver", "must be cri or none");
  if (spec->has_log && !spec->log_path)
    return cor_at_bad(&at, "path", "missing");
  spec->log_max_files = files < 1 ? 1 : (int)files;
  return 0;
}

static int read_restart(struct cor_at *root) {
  struct cor_at at = {root->spec, NULL, "restart", root->err};
  const char *policy;
  int64_t max;
  static const char *const policies[] = {"no", "always", "unless-stopped", "on-failure"};
  if (cor_at_member(root, "restart", json_type_object, true, &at.json) < 0 ||
      cor_at_string(&at, "policy", true, &policy) < 0 ||
      cor_at_int(&at, "maxRetries", 0, INT32_MAX, &max) < 0 ||
      optional_int(&at, "delayMs", 0, -1, &root->spec->restart_delay_ms) < 0 ||
      optional_int(&at, "windowMs", 0, -1, &root->spec->restart_window_ms) < 0)
    return -1;
  size_t found = 0;
  while (found < 4 && strcmp(policies[found], policy) != 0)
    found++;
  if (found == 4)
    return cor_at_bad(&at, "policy", "must be no, always, unless-stopped or on-failure");
  root->spec->restart = (enum cor_restart_policy)found;
  root->spec->restart_max = (int)max;
  return 0;
}

static int read_health(struct cor_at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct cor_at at = {spec, NULL, "healthcheck", root->err};
  int64_t retries;
  if (cor_at_member(root, "healthcheck", json_type_object, false, &at.json) < 0)
    return -1;
  if (!at.json)
    return 0;
  const char *const *test;
  if (cor_at_strings(&at, "test", true, &test) < 0 ||
      cor_at_int(&at, "intervalMs", 1, INT64_MAX / 4, &spec->health_interval_ms) < 0 ||
      cor_at_int(&at, "timeoutMs", 1, INT64_MAX / 4, &spec->health_timeout_ms) < 0 ||
      cor_at_int(&at, "retries", 1, INT32_MAX, &retries) < 0 ||
      cor_at_int(&at, "startPeriodMs", 0, INT64_MAX / 4, &spec->health_start_period_ms) < 0 ||
      cor_at_int(&at, "startIntervalMs", 1, INT64_MAX / 4, &spec->health_start_interval_ms) < 0)
    return -1;
  spec->health_retries = (int)retries;
  spec->has_health = true;
  if (test[0] && strcmp(test[0], "CMD") == 0 && test[1]) {
    spec->health_test = test + 1;
    return 0;
  }
  if (!test[0] || strcmp(test[0], "CMD-SHELL") != 0 || !test[1] || test[2])
    return cor_at_bad(&at, "test", "must be [\"CMD\", …] or [\"CMD-SHELL\", line]");
  const char **shell = cor_at_allocate(&at, 4, sizeof(*shell));
  if (!shell)
    return -1;
  shell[0] = "/bin/sh";
  shell[1] = "-c";
  shell[2] = test[1];
  spec->health_test = shell;
  return 0;
}

static int read_stop(struct cor_at *root) {
  struct cor_at at = {root->spec, NULL, "stop", root->err};
  const char *signal;
  if (cor_at_member(root, "stop", json_type_object, true, &at.json) < 0 ||
      cor_at_string(&at, "signal", true, &signal) < 0 ||
      cor_at_int(&at, "timeoutMs", -1, INT64_MAX / 4, &root->spec->stop_timeout_ms) < 0)
    return -1;
  root->spec->stop_signal = cor_signal_number(signal);
  return root->spec->stop_signal < 0 ? cor_at_bad(&at, "signal", "is no signal") : 0;
}

static int read_overlay(struct cor_at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct cor_at at = {spec, NULL, "overlay", root->err};
  if (cor_at_member(root, "overlay", json_type_object, false, &at.json) < 0)
    return -1;
  if (!at.json)
    return 0;
  spec->has_overlay = true;
  return cor_at_strings(&at, "lower", true, &spec->overlay.lower) < 0 ||
                 cor_at_string(&at, "upper", true, &spec->overlay.upper) < 0
             ? -1
             : cor_at_string(&at, "work", true, &spec->overlay.work);
}

static int read_root(struct cor_at *at) {
  struct cor_shim_spec *spec = at->spec;
  struct json_object *labels;
  int64_t version;
  if (cor_at_int(at, "version", 1, 1, &version) < 0 ||
      cor_at_string(at, "id", true, &spec->id) < 0 ||
      cor_at_string(at, "name", true, &spec->name) < 0 || cor_at_bool(at, "tty", &spec->tty) < 0 ||
      cor_at_bool(at, "stdinOpen", &spec->stdin_open) < 0 ||
      cor_at_bool(at, "stdinOnce", &spec->stdin_once) < 0 ||
      cor_at_bool(at, "diesWithClient", &spec->dies_with_client) < 0 ||
      cor_at_string(at, "events", false, &spec->events) < 0 ||
      cor_at_string(at, "runtime", false, &spec->runtime) < 0 ||
      cor_at_member(at, "labels", json_type_object, false, &labels) < 0)
    return -1;
  const char *text = labels ? json_object_to_json_string_ext(labels, JSON_C_TO_STRING_PLAIN) : "{}";
  spec->labels_json = strndup(text + 1, strlen(text) - 2);
  if (!spec->labels_json)
    return cor_fail(at->err, ENOMEM, "parse shim.json", "labels", "out of memory");
  return read_overlay(at) < 0 || cor_shim_spec_network(at) < 0 || read_log(at) < 0 ||
                 read_restart(at) < 0 || read_health(at) < 0 || read_stop(at) < 0
             ? -1
             : 0;
}

struct cor_shim_spec *cor_shim_spec_load(const char *dir, struct cor_err *err) {
  char path[4096];
  if (snprintf(path, sizeof(path), "%s/shim.json", dir) >= (int)sizeof(path)) {
    cor_fail(err, ENAMETOOLONG, "open", dir, "the path is too long");
    return NULL;
  }
  size_t size;
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 4 << 20, &size, err);
  if (!text)
    return NULL;
  struct cor_shim_spec *spec = calloc(1, sizeof(*spec));
  if (!spec) {
    cor_fail(err, ENOMEM, "parse shim.json", path, "out of memory");
    return NULL;
  }
  spec->json = json_tokener_parse(text);
  struct cor_at at = {spec, spec->json, "$", err};
  int result = json_object_is_type(spec->json, json_type_object)
                   ? read_root(&at)
                   : cor_fail(err, EINVAL, "parse shim.json", path, "not a JSON object");
  if (result == 0)
    return spec;
  cor_shim_spec_free(spec);
  return NULL;
}

void cor_shim_spec_free(struct cor_shim_spec *spec) {
  if (!spec)
    return;
  for (int i = 0; i < spec->block_count; i++)
    free(spec->blocks[i]);
  free(spec->blocks);
  free(spec->labels_json);
  json_object_put(spec->json);
  free(spec);
}

void cor_seccomp_cache(const char *dir, char *out, size_t size) {
  const char *end = strrchr(dir, '/');
  while (end && end > dir && *--end != '/')
    ;
  snprintf(out, size, "%.*s/seccomp", end ? (int)(end - dir) : 0, dir);
}
