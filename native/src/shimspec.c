#include "shimspec.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

/* The object being read and where in shim.json it stands, for messages. */
struct at {
  struct cor_shim_spec *spec;
  struct json_object *json;
  const char *where;
  struct cor_err *err;
};

static int bad(const struct at *at, const char *key, const char *what) {
  return cor_fail(at->err, EINVAL, "parse shim.json", key, "%s.%s: %s", at->where, key, what);
}

static void *allocate(struct at *at, size_t count, size_t size) {
  struct cor_shim_spec *spec = at->spec;
  void *block = NULL;
  if (spec->block_count < (int)(sizeof(spec->blocks) / sizeof(*spec->blocks)))
    block = calloc(count ? count : 1, size);
  if (!block)
    cor_fail(at->err, ENOMEM, "parse shim.json", at->where, "out of memory");
  else
    spec->blocks[spec->block_count++] = block;
  return block;
}

/* NULL or a string; a missing one is an error where `required`. */
static int get_string(const struct at *at, const char *key, bool required, const char **out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  *out = NULL;
  if (!value)
    return required ? bad(at, key, "missing") : 0;
  if (!json_object_is_type(value, json_type_string))
    return bad(at, key, "must be a string");
  *out = json_object_get_string(value);
  return 0;
}

static int get_bool(const struct at *at, const char *key, bool *out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  *out = false;
  if (!value)
    return 0;
  if (!json_object_is_type(value, json_type_boolean))
    return bad(at, key, "must be true or false");
  *out = json_object_get_boolean(value);
  return 0;
}

static int get_int(const struct at *at, const char *key, int64_t min, int64_t max, int64_t *out) {
  struct json_object *value = NULL;
  json_object_object_get_ex(at->json, key, &value);
  if (!value)
    return bad(at, key, "missing");
  if (!json_object_is_type(value, json_type_int))
    return bad(at, key, "must be an integer");
  *out = json_object_get_int64(value);
  return *out < min || *out > max ? bad(at, key, "out of range") : 0;
}

static int get_member(const struct at *at, const char *key, enum json_type type, bool required,
                      struct json_object **out) {
  *out = NULL;
  json_object_object_get_ex(at->json, key, out);
  if (!*out)
    return required ? bad(at, key, "missing") : 0;
  return json_object_is_type(*out, type) ? 0 : bad(at, key, "has the wrong type");
}

static int get_strings(struct at *at, const char *key, const char *const **out) {
  struct json_object *array;
  if (get_member(at, key, json_type_array, true, &array) < 0)
    return -1;
  size_t count = json_object_array_length(array);
  const char **list = allocate(at, count + 1, sizeof(*list));
  if (!list)
    return -1;
  for (size_t i = 0; i < count; i++) {
    struct json_object *item = json_object_array_get_idx(array, i);
    if (!json_object_is_type(item, json_type_string))
      return bad(at, key, "must hold strings");
    list[i] = json_object_get_string(item);
  }
  *out = list;
  return 0;
}

static int read_endpoint(struct at *at, struct cor_shim_endpoint *ep) {
  int64_t mtu = 0;
  if (get_string(at, "network", true, &ep->net.network) < 0 ||
      get_string(at, "bridge", true, &ep->net.bridge) < 0 ||
      get_string(at, "hostName", true, &ep->net.host_name) < 0 ||
      get_string(at, "interface", true, &ep->net.interface) < 0 ||
      get_string(at, "address", true, &ep->net.address) < 0 ||
      get_string(at, "gateway", false, &ep->net.gateway) < 0 ||
      get_string(at, "mac", false, &ep->net.mac) < 0 || get_int(at, "mtu", 0, 65536, &mtu) < 0 ||
      get_bool(at, "default", &ep->net.is_default) < 0 ||
      get_string(at, "zone", true, &ep->zone) < 0)
    return -1;
  ep->net.mtu = (int)mtu;
  return 0;
}

static int read_port(struct at *at, struct cor_port *port) {
  const char *protocol;
  int64_t host, inside;
  if (get_string(at, "protocol", true, &protocol) < 0 ||
      get_string(at, "hostIp", true, &port->host_ip) < 0 ||
      get_int(at, "hostPort", 0, 65535, &host) < 0 ||
      get_string(at, "address", true, &port->address) < 0 ||
      get_int(at, "containerPort", 1, 65535, &inside) < 0)
    return -1;
  if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0)
    return bad(at, "protocol", "must be tcp or udp");
  port->udp = protocol[0] == 'u';
  port->host_port = (uint16_t)host;
  port->container_port = (uint16_t)inside;
  port->hold_fd = -1;
  return 0;
}

/* All names of all endpoints share one block: the number of endpoints is not limited by the table
 * of blocks. */
static int read_endpoints(struct at *net, struct json_object *array) {
  struct cor_shim_spec *spec = net->spec;
  size_t count = json_object_array_length(array), names = 0;
  for (size_t i = 0; i < count; i++) {
    struct json_object *list = NULL;
    json_object_object_get_ex(json_object_array_get_idx(array, i), "names", &list);
    names += 1 + (json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0);
  }
  spec->endpoints = allocate(net, count, sizeof(*spec->endpoints));
  const char **slot = allocate(net, names, sizeof(*slot));
  if (!spec->endpoints || !slot)
    return -1;
  for (size_t i = 0; i < count; i++, slot++) {
    struct json_object *list;
    struct at at = {spec, json_object_array_get_idx(array, i), "network.endpoints", net->err};
    if (!json_object_is_type(at.json, json_type_object))
      return bad(net, "endpoints", "must hold objects");
    if (read_endpoint(&at, &spec->endpoints[i]) < 0 ||
        get_member(&at, "names", json_type_array, true, &list) < 0)
      return -1;
    spec->endpoints[i].names = slot;
    for (size_t n = 0; n < json_object_array_length(list); n++)
      if (!(*slot++ = json_object_get_string(json_object_array_get_idx(list, n))))
        return bad(&at, "names", "must hold strings");
  }
  spec->endpoint_count = count;
  return 0;
}

static int read_network(struct at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct at at = {spec, NULL, "network", root->err};
  const char *mode;
  struct json_object *endpoints, *ports, *resolver;
  static const char *const modes[] = {"bridge", "host", "none", "join"};
  if (get_member(root, "network", json_type_object, true, &at.json) < 0 ||
      get_string(&at, "mode", true, &mode) < 0 ||
      get_string(&at, "table", true, &spec->table) < 0 ||
      get_string(&at, "joinContainer", false, &spec->join_container) < 0 ||
      get_member(&at, "endpoints", json_type_array, true, &endpoints) < 0 ||
      get_member(&at, "ports", json_type_array, true, &ports) < 0 ||
      get_member(&at, "resolver", json_type_object, false, &resolver) < 0)
    return -1;
  size_t found = 0;
  while (found < 4 && strcmp(modes[found], mode) != 0)
    found++;
  if (found == 4)
    return bad(&at, "mode", "must be bridge, host, none or join");
  spec->mode = (enum cor_net_mode)found;
  if (spec->mode == COR_NET_JOIN && !spec->join_container)
    return bad(&at, "joinContainer", "missing");
  if (read_endpoints(&at, endpoints) < 0)
    return -1;
  spec->port_count = json_object_array_length(ports);
  spec->ports = allocate(&at, spec->port_count, sizeof(*spec->ports));
  if (!spec->ports)
    return -1;
  for (size_t i = 0; i < spec->port_count; i++) {
    struct at port = {spec, json_object_array_get_idx(ports, i), "network.ports", root->err};
    if (!json_object_is_type(port.json, json_type_object))
      return bad(&at, "ports", "must hold objects");
    if (read_port(&port, &spec->ports[i]) < 0)
      return -1;
  }
  if (!resolver)
    return 0;
  spec->has_resolver = true;
  struct at inner = {spec, resolver, "network.resolver", root->err};
  return get_strings(&inner, "upstreams", &spec->upstreams);
}

static int read_log(struct at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct at at = {spec, NULL, "log", root->err};
  const char *driver;
  int64_t files;
  if (get_member(root, "log", json_type_object, true, &at.json) < 0 ||
      get_string(&at, "driver", true, &driver) < 0 ||
      get_string(&at, "path", false, &spec->log_path) < 0 ||
      get_int(&at, "maxSize", -1, INT64_MAX, &spec->log_max_size) < 0 ||
      get_int(&at, "maxFiles", 0, 10000, &files) < 0)
    return -1;
  spec->has_log = strcmp(driver, "cri") == 0;
  if (!spec->has_log && strcmp(driver, "none") != 0)
    return bad(&at, "driver", "must be cri or none");
  if (spec->has_log && !spec->log_path)
    return bad(&at, "path", "missing");
  spec->log_max_files = files < 1 ? 1 : (int)files;
  return 0;
}

static int read_restart(struct at *root) {
  struct at at = {root->spec, NULL, "restart", root->err};
  const char *policy;
  int64_t max;
  static const char *const policies[] = {"no", "always", "unless-stopped", "on-failure"};
  if (get_member(root, "restart", json_type_object, true, &at.json) < 0 ||
      get_string(&at, "policy", true, &policy) < 0 ||
      get_int(&at, "maxRetries", 0, INT32_MAX, &max) < 0)
    return -1;
  size_t found = 0;
  while (found < 4 && strcmp(policies[found], policy) != 0)
    found++;
  if (found == 4)
    return bad(&at, "policy", "must be no, always, unless-stopped or on-failure");
  root->spec->restart = (enum cor_restart_policy)found;
  root->spec->restart_max = (int)max;
  return 0;
}

static int read_health(struct at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct at at = {spec, NULL, "healthcheck", root->err};
  int64_t retries;
  if (get_member(root, "healthcheck", json_type_object, false, &at.json) < 0)
    return -1;
  if (!at.json)
    return 0;
  const char *const *test;
  if (get_strings(&at, "test", &test) < 0 ||
      get_int(&at, "intervalMs", 1, INT64_MAX / 4, &spec->health_interval_ms) < 0 ||
      get_int(&at, "timeoutMs", 1, INT64_MAX / 4, &spec->health_timeout_ms) < 0 ||
      get_int(&at, "retries", 1, INT32_MAX, &retries) < 0 ||
      get_int(&at, "startPeriodMs", 0, INT64_MAX / 4, &spec->health_start_period_ms) < 0 ||
      get_int(&at, "startIntervalMs", 1, INT64_MAX / 4, &spec->health_start_interval_ms) < 0)
    return -1;
  spec->health_retries = (int)retries;
  spec->has_health = true;
  if (test[0] && strcmp(test[0], "CMD") == 0 && test[1]) {
    spec->health_test = test + 1;
    return 0;
  }
  if (!test[0] || strcmp(test[0], "CMD-SHELL") != 0 || !test[1] || test[2])
    return bad(&at, "test", "must be [\"CMD\", …] or [\"CMD-SHELL\", line]");
  const char **shell = allocate(&at, 4, sizeof(*shell));
  if (!shell)
    return -1;
  shell[0] = "/bin/sh";
  shell[1] = "-c";
  shell[2] = test[1];
  spec->health_test = shell;
  return 0;
}

static int read_stop(struct at *root) {
  struct at at = {root->spec, NULL, "stop", root->err};
  const char *signal;
  if (get_member(root, "stop", json_type_object, true, &at.json) < 0 ||
      get_string(&at, "signal", true, &signal) < 0 ||
      get_int(&at, "timeoutMs", -1, INT64_MAX / 4, &root->spec->stop_timeout_ms) < 0)
    return -1;
  root->spec->stop_signal = cor_signal_number(signal);
  return root->spec->stop_signal < 0 ? bad(&at, "signal", "is no signal") : 0;
}

static int read_overlay(struct at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct at at = {spec, NULL, "overlay", root->err};
  if (get_member(root, "overlay", json_type_object, false, &at.json) < 0)
    return -1;
  if (!at.json)
    return 0;
  spec->has_overlay = true;
  return get_strings(&at, "lower", &spec->overlay.lower) < 0 ||
                 get_string(&at, "upper", true, &spec->overlay.upper) < 0
             ? -1
             : get_string(&at, "work", true, &spec->overlay.work);
}

static int read_root(struct at *at) {
  struct cor_shim_spec *spec = at->spec;
  struct json_object *labels;
  int64_t version;
  if (get_int(at, "version", 1, 1, &version) < 0 || get_string(at, "id", true, &spec->id) < 0 ||
      get_string(at, "name", true, &spec->name) < 0 || get_bool(at, "tty", &spec->tty) < 0 ||
      get_bool(at, "stdinOpen", &spec->stdin_open) < 0 ||
      get_bool(at, "stdinOnce", &spec->stdin_once) < 0 ||
      get_string(at, "events", false, &spec->events) < 0 ||
      get_member(at, "labels", json_type_object, false, &labels) < 0)
    return -1;
  const char *text = labels ? json_object_to_json_string_ext(labels, JSON_C_TO_STRING_PLAIN) : "{}";
  spec->labels_json = strndup(text + 1, strlen(text) - 2);
  if (!spec->labels_json)
    return cor_fail(at->err, ENOMEM, "parse shim.json", "labels", "out of memory");
  return read_overlay(at) < 0 || read_network(at) < 0 || read_log(at) < 0 || read_restart(at) < 0 ||
                 read_health(at) < 0 || read_stop(at) < 0
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
  struct at at = {spec, spec->json, "$", err};
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
