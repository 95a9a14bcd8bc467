#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "firewall.h"
#include "net.h"
#include "pid.h"
#include "shim.h"
#include "spec.h"
#include "sync_files.h"
#include "tree.h"

int cor_volume_seed(const char *const *lower, const char *path, const char *target,
                    struct cor_err *err);
#pragma weak cor_volume_seed

const char *cor_client_string(struct json_object *request, const char *name) {
  struct json_object *value = NULL;
  json_object_object_get_ex(request, name, &value);
  return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int get_int(struct json_object *request, const char *name) {
  struct json_object *value = NULL;
  json_object_object_get_ex(request, name, &value);
  return json_object_get_int(value);
}

bool cor_client_flag(struct json_object *request, const char *name) {
  struct json_object *value = NULL;
  json_object_object_get_ex(request, name, &value);
  return json_object_get_boolean(value);
}

int cor_ctl_connect(const char *run, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int dir = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return cor_fail(err, errno, "connect", run, "no shim answers there");
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return cor_fail(err, errno, "socket", run, "cannot make a socket");
  /* <run> may be longer than a socket's address may be. */
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/ctl", dir);
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
    return cor_fail(err, errno, "connect", run, "no shim answers there");
  return steal_fd(&fd);
}

/* Asks the shim to stop the container at once, and waits for its end: it tears down what it set up.
 */
static void stop_shim(const char *run) {
  struct cor_err ignored;
  char answer[1024];
  static const char request[] = "{\"op\":\"stop\",\"timeoutMs\":0}\n";
  _cleanup_close_ int fd = cor_ctl_connect(run, &ignored);
  if (fd < 0 || cor_write_full(fd, request, sizeof(request) - 1) < 0)
    return;
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  for (int64_t deadline = cor_now_ms() + 5000, left; (left = deadline - cor_now_ms()) > 0;) {
    /* The end of the stream, behind the answer, is the end of the shim's connections: it is about
     * to exit. */
    if (poll(&poller, 1, (int)left) > 0 && read(fd, answer, sizeof(answer)) <= 0)
      return;
  }
}

/* The shim that state.json names, if it still lives: waited for, and killed if it does not end by
 * itself. Its container dies with it. */
static int end_shim(const char *run, struct cor_err *err) {
  char path[4096], start[24];
  struct cor_err ignored;
  snprintf(path, sizeof(path), "%s/state.json", run);
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 1 << 20, NULL, &ignored);
  struct json_object *state = text ? json_tokener_parse(text) : NULL;
  int pid = state ? get_int(state, "shimPid") : 0;
  const char *expected = state ? cor_client_string(state, "shimStart") : NULL;
  int result = 0;
  if (pid > 1 && expected) {
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    cor_process_start(pid, start);
    if (pidfd >= 0 && strcmp(start, expected) == 0) {
      struct pollfd poller = {.fd = pidfd, .events = POLLIN};
      if (poll(&poller, 1, 3000) <= 0)
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
      if (poll(&poller, 1, 5000) <= 0)
        result = cor_fail(err, ETIMEDOUT, "delete", run,
                          "the container's shim (pid %d) does not end", pid);
    }
  }
  json_object_put(state);
  return result;
}

/* Goes on after an error and reports the first: whatever can be removed is. */
static int delete_container(struct json_object *request, struct cor_err *err) {
  const char *dir = cor_client_string(request, "dir"), *run = cor_client_string(request, "run");
  char path[4096];
  struct cor_err one = {0};
  int result = 0;
  stop_shim(run);
  if (end_shim(run, err) < 0)
    return -1;
  snprintf(path, sizeof(path), "%s/config.json", dir);
  struct cor_spec *spec = access(path, F_OK) == 0 ? cor_spec_load(path, &one) : NULL;
  if (spec && cor_container_cleanup(spec, &one) < 0) {
    *err = one;
    result = -1;
  }
  snprintf(path, sizeof(path), "%s/shim.json", dir);
  struct cor_shim_spec *shim = access(path, F_OK) == 0 ? cor_shim_spec_load(dir, &one) : NULL;
  if (shim && cor_shim_net_remove(shim, &one) < 0 && result == 0) {
    *err = one;
    result = -1;
  }
  if (cor_tree_remove(run, &one) < 0 && result == 0) {
    *err = one;
    result = -1;
  }
  if (result == 0 && cor_tree_remove(dir, err) < 0)
    result = -1;
  return result;
}

static struct cor_network network_of(struct json_object *request) {
  const char *address6 = cor_client_string(request, "address6");
  const char *subnet6 = cor_client_string(request, "subnet6");
  return (struct cor_network){.table = cor_client_string(request, "table"),
                              .bridge = cor_client_string(request, "name"),
                              .address = cor_client_string(request, "address"),
                              .subnet = cor_client_string(request, "subnet"),
                              .address6 = address6 && *address6 ? address6 : NULL,
                              .subnet6 = subnet6 && *subnet6 ? subnet6 : NULL};
}

static int bridge_create(struct json_object *request, struct cor_sbuf *answer,
                         struct cor_err *err) {
  cor_sbuf_auto barriers = {0};
  struct cor_err ignored; /* only whether there is something to warn of */
  struct cor_network network = network_of(request);
  network.mtu = get_int(request, "mtu");
  network.is_internal = cor_client_flag(request, "internal");
  network.is_isolated = cor_client_flag(request, "isolated");
  network.masquerades = cor_client_flag(request, "masquerade");
  network.masquerades6 = cor_client_flag(request, "masquerade6");
  if (cor_network_up(&network, err) < 0)
    return -1;
  (void)cor_firewall_barriers(&barriers, &ignored);
  cor_sbuf_str(answer, "{\"barriers\":");
  cor_sbuf_json_str(answer, barriers.data ? barriers.data : "");
  cor_sbuf_str(answer, "}");
  return 0;
}

static int bridge_delete(struct json_object *request, struct cor_err *err) {
  struct cor_network network = network_of(request);
  return cor_network_down(&network, err);
}

static int volume_seed(struct json_object *request, struct cor_err *err) {
  struct json_object *array;
  json_object_object_get_ex(request, "lower", &array);
  size_t count = json_object_array_length(array);
  const char **lower = calloc(count + 1, sizeof(*lower));
  if (!lower)
    return cor_fail(err, ENOMEM, "seed", "", "out of memory");
  for (size_t i = 0; i < count; i++)
    lower[i] = json_object_get_string(json_object_array_get_idx(array, i));
  if (!cor_volume_seed)
    return cor_fail(err, ENOSYS, "seed", "", "this build cannot seed volumes");
  return cor_volume_seed(lower, cor_client_string(request, "path"),
                         cor_client_string(request, "target"), err);
}

static int tree_remove(struct json_object *request, struct cor_err *err) {
  return cor_tree_remove(cor_client_string(request, "path"), err);
}

static const struct cor_client_op ops[] = {
    {"hello", {{"version", 'i'}}, NULL, NULL},
    {"container.start",
     {{"dir", 's'}, {"run", 's'}, {"sharesPids", 'b'}, {"attach", 'O'}},
     NULL,
     NULL},
    {"container.control", {{"run", 's'}, {"request", 'o'}}, NULL, NULL},
    {"container.delete", {{"dir", 's'}, {"run", 's'}}, delete_container, NULL},
    {"bridge.create",
     {{"table", 's'},
      {"name", 's'},
      {"address", 's'},
      {"subnet", 's'},
      {"address6", 's'},
      {"subnet6", 's'},
      {"mtu", 'i'},
      {"internal", 'b'},
      {"isolated", 'b'},
      {"masquerade", 'b'},
      {"masquerade6", 'b'}},
     NULL,
     bridge_create},
    {"bridge.delete",
     {{"table", 's'}, {"name", 's'}, {"subnet", 's'}, {"subnet6", 's'}},
     bridge_delete,
     NULL},
    {"volume.seed", {{"lower", 'a'}, {"path", 's'}, {"target", 's'}}, volume_seed, NULL},
    {"tree.remove", {{"path", 's'}}, tree_remove, NULL},
    {"files.sync",
     {{"dir", 's'},
      {"run", 's'},
      {"source", 's'},
      {"target", 's'},
      {"as", 's'},
      {"compare", 'b'},
      {"sinceMs", 'i'},
      {"paths", 'a'}},
     NULL,
     cor_files_sync},
};

const struct cor_client_op *cor_client_op(const char *name) {
  for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
    if (strcmp(ops[i].name, name) == 0)
      return &ops[i];
  return NULL;
}

static bool has_type(struct json_object *value, char type) {
  if (type == 'a') {
    if (!json_object_is_type(value, json_type_array))
      return false;
    for (size_t i = 0; i < json_object_array_length(value); i++)
      if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
        return false;
    return true;
  }
  return json_object_is_type(value, type == 's'   ? json_type_string
                                    : type == 'i' ? json_type_int
                                    : type == 'b' ? json_type_boolean
                                                  : json_type_object);
}

int cor_client_check(const struct cor_client_op *op, struct json_object *request,
                     struct cor_err *err) {
  for (const struct cor_client_field *field = op->fields; field->name; field++) {
    struct json_object *value = NULL;
    json_object_object_get_ex(request, field->name, &value);
    if (!value && field->type == 'O')
      continue;
    if (!value || !has_type(value, field->type))
      return cor_fail(err, EINVAL, op->name, field->name,
                      "the field \"%s\" is missing or has the wrong type", field->name);
  }
  json_object_object_foreach(request, key, value) {
    (void)value;
    const struct cor_client_field *field = op->fields;
    while (field->name && strcmp(field->name, key) != 0)
      field++;
    if (!field->name && strcmp(key, "id") != 0 && strcmp(key, "op") != 0)
      return cor_fail(err, EINVAL, op->name, key, "unknown field \"%s\"", key);
  }
  return 0;
}
