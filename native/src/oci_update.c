/* update: other limits for a container that is there. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "fd.h"
#include "oci.h"
#include "options.h"

/* Larger than any list of limits that is meant. */
#define RESOURCES_MAX (1u << 20)

enum kind { NUMBER, BYTES, TEXT };

/* One limit on the command line, and where it stands in linux.resources. */
static const struct {
  const char *option, *group, *key;
  enum kind kind;
} limits[] = {
    {"blkio-weight", "blockIO", "weight", NUMBER},
    {"cpu-period", "cpu", "period", NUMBER},
    {"cpu-quota", "cpu", "quota", NUMBER},
    {"cpu-burst", "cpu", "burst", NUMBER},
    {"cpu-share", "cpu", "shares", NUMBER},
    {"cpu-rt-period", "cpu", "realtimePeriod", NUMBER},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", NUMBER},
    {"cpu-idle", "cpu", "idle", NUMBER},
    {"cpuset-cpus", "cpu", "cpus", TEXT},
    {"cpuset-mems", "cpu", "mems", TEXT},
    {"memory", "memory", "limit", BYTES},
    {"memory-reservation", "memory", "reservation", BYTES},
    {"memory-swap", "memory", "swap", BYTES},
    {"kernel-memory", "memory", "kernel", BYTES},
    {"kernel-memory-tcp", "memory", "kernelTCP", BYTES},
    {"pids-limit", "pids", "limit", NUMBER},
};
#define LIMIT_COUNT (sizeof(limits) / sizeof(*limits))

/* "-1", "4096", "512m", "1g". */
static int parse_number(const char *text, enum kind kind, int64_t *out) {
  static const char units[] = "kmgt";
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || end == text)
    return -1;
  if (kind == BYTES && *end) {
    const char *unit = strchr(units, *end | 0x20);
    int shift = unit && *unit ? (int)(unit - units + 1) * 10 : 0;
    if (shift)
      end++;
    if ((*end | 0x20) == 'b')
      end++;
    if (value < 0 || value > LLONG_MAX >> shift)
      return -1;
    value <<= shift;
  }
  *out = value;
  return *end ? -1 : 0;
}

static struct json_object *member(struct json_object *parent, const char *key) {
  struct json_object *object;
  if (json_object_object_get_ex(parent, key, &object) &&
      json_object_is_type(object, json_type_object))
    return object;
  object = json_object_new_object();
  json_object_object_add(parent, key, object);
  return object;
}

/* The named members of `from` over those of `into`; what `from` leaves out stays. */
static void merge(struct json_object *into, struct json_object *from) {
  json_object_object_foreach(from, key, value) {
    if (json_object_is_type(value, json_type_object))
      merge(member(into, key), value);
    else if (value)
      json_object_object_add(into, key, json_object_get(value));
  }
}

static int read_resources(const char *path, struct json_object **out, struct cor_err *err) {
  _cleanup_free_ char *text = cor_read_file(
      AT_FDCWD, strcmp(path, "-") == 0 ? "/proc/self/fd/0" : path, RESOURCES_MAX, NULL, err);
  if (!text)
    return -1;
  *out = json_tokener_parse(text);
  if (json_object_is_type(*out, json_type_object))
    return 0;
  json_object_put(*out);
  *out = NULL;
  return cor_fail(err, 0, "parse resources", path, "must be a JSON object of linux.resources");
}

static int take_options(const char *const values[LIMIT_COUNT], struct json_object *wanted,
                        struct cor_err *err) {
  for (size_t i = 0; i < LIMIT_COUNT; i++) {
    int64_t number;
    if (!values[i])
      continue;
    struct json_object *value;
    if (limits[i].kind == TEXT)
      value = json_object_new_string(values[i]);
    else if (parse_number(values[i], limits[i].kind, &number) == 0)
      value = json_object_new_int64(number);
    else
      return cor_fail(err, 0, "update", limits[i].option, "\"%.60s\" is not a %s", values[i],
                      limits[i].kind == BYTES ? "number of bytes" : "number");
    json_object_object_add(member(wanted, limits[i].group), limits[i].key, value);
  }
  return 0;
}

/* Which devices a container may use is decided at create. Engines send the whole list again, so the
 * same one is taken. */
static int check_devices(struct json_object *now, struct json_object *wanted, struct cor_err *err) {
  struct json_object *devices, *own = NULL;
  if (!json_object_object_get_ex(wanted, "devices", &devices) || !devices ||
      json_object_array_length(devices) == 0)
    return 0;
  json_object_object_get_ex(now, "devices", &own);
  if (own && json_object_equal(own, devices))
    return 0;
  return cor_fail(err, 0, "update", "linux.resources.devices",
                  "cannot be changed while the container is there");
}

static int update(struct cor_oci_state *state, struct json_object *wanted, struct cor_err *err) {
  struct cor_resources resources;
  struct json_object *now = member(member(state->spec->json, "linux"), "resources");
  struct json_object *merged = NULL;
  if (check_devices(now, wanted, err) < 0)
    return -1;
  if (json_object_deep_copy(now, &merged, NULL) < 0)
    return cor_fail(err, ENOMEM, "update", state->id, "out of memory");
  merge(merged, wanted);
  int result = cor_spec_parse_resources(state->spec, merged, &resources, err);
  if (result == 0)
    result = cor_container_update(state->spec, &resources, err);
  if (result < 0) {
    json_object_put(merged);
    return -1;
  }
  /* Last, as the strings of the limits in force so far end with it. */
  json_object_object_add(member(state->spec->json, "linux"), "resources", merged);
  return cor_oci_save_spec(state, err);
}

int cor_cmd_update(int argc, char **argv) {
  static struct cor_oci_state state;
  const char *values[LIMIT_COUNT] = {0}, *path = NULL;
  struct cor_option table[LIMIT_COUNT + 1];
  struct json_object *wanted = NULL;
  struct cor_err err;
  for (size_t i = 0; i < LIMIT_COUNT; i++)
    table[i] = (struct cor_option){limits[i].option, strcmp(limits[i].option, "memory") ? 0 : 'm',
                                   COR_OPTION_TEXT, &values[i]};
  table[LIMIT_COUNT] = (struct cor_option){"resources", 'r', COR_OPTION_TEXT, &path};
  int at = cor_options(argc, argv, table, LIMIT_COUNT + 1);
  if (at < 0 || at + 1 != argc) {
    fprintf(stderr, "usage: coracle-runtime update [--resources FILE|-] [--memory BYTES]… ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  if (strcmp(cor_oci_status(&state), "stopped") == 0) {
    cor_fail(&err, 0, "update", argv[at], "the container is stopped");
    return cor_oci_fail(&err, 1);
  }
  if (path && read_resources(path, &wanted, &err) < 0)
    return cor_oci_fail(&err, 1);
  if (!wanted)
    wanted = json_object_new_object();
  int result = take_options(values, wanted, &err) < 0 ? -1 : update(&state, wanted, &err);
  json_object_put(wanted);
  return result < 0 ? cor_oci_fail(&err, 1) : 0;
}
