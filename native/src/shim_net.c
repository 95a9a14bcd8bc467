/* The container's namespace and everything that hangs on it, for as long as the shim lives. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "pid.h"
#include "resolver.h"
#include "shim.h"
#include "zone.h"

static int member_int(struct json_object *object, const char *key, int otherwise) {
  struct json_object *value = NULL;
  json_object_object_get_ex(object, key, &value);
  return json_object_is_type(value, json_type_int) ? json_object_get_int(value) : otherwise;
}

/* Namespace of a container that runs under a shim of its own. */
static int join_namespace(struct cor_shim *shim, struct cor_err *err) {
  char path[4096], start[24];
  const char *id = shim->spec->join_container, *slash = strrchr(shim->run, '/');
  if (strchr(id, '/') || !slash ||
      snprintf(path, sizeof(path), "%.*s/%s/state.json", (int)(slash - shim->run), shim->run, id) >=
          (int)sizeof(path))
    return cor_fail(err, EINVAL, "join network namespace", id, "not a container id");
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 1 << 20, NULL, err);
  if (!text)
    return cor_fail(err, ENOENT, "join network namespace", id,
                    "the container whose network is shared does not run");
  /* By the descriptor of the other's shim, which holds the namespace also while its container is
   * down between two runs. The start time is checked after the open: a pid that was given to
   * another process has another. */
  struct json_object *state = json_tokener_parse(text);
  int pid = member_int(state, "shimPid", 0), held = member_int(state, "netnsFd", -1);
  struct json_object *expected = NULL;
  json_object_object_get_ex(state, "shimStart", &expected);
  if (held >= 0)
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, held);
  else
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
  int fd = pid > 0 && expected ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    cor_process_start(pid, start);
    if (strcmp(start, json_object_get_string(expected)) != 0) {
      close(fd);
      fd = -1;
    }
  }
  json_object_put(state);
  if (fd < 0)
    return cor_fail(err, ENOENT, "join network namespace", id,
                    "the container whose network is shared does not run");
  shim->netns_fd = fd;
  return 0;
}

static int resolver_begin(struct cor_shim *shim, int *ready_fd, struct cor_err *err) {
  struct cor_shim_spec *spec = shim->spec;
  *ready_fd = -1;
  if (!spec->has_resolver || shim->netns_fd < 0 || spec->mode == COR_NET_JOIN)
    return 0;
  for (size_t i = 0; i < spec->endpoint_count; i++)
    if (cor_zone_make(spec->endpoints[i].zone, err) < 0)
      return -1;
  pid_t pid = cor_resolver_begin(shim->netns_fd, spec, ready_fd, err);
  if (pid < 0)
    return -1;
  shim->resolver_pid = pid;
  shim->resolver_started_ms = cor_now_ms();
  return 0;
}

static int resolver_wait(struct cor_shim *shim, int *ready_fd, struct cor_err *err) {
  if (*ready_fd < 0)
    return 0;
  int result = cor_resolver_wait(shim->resolver_pid, steal_fd(ready_fd), err);
  if (result < 0)
    shim->resolver_pid = 0;
  return result;
}

int cor_shim_resolver_start(struct cor_shim *shim, struct cor_err *err) {
  int ready_fd;
  return resolver_begin(shim, &ready_fd, err) < 0 ? -1 : resolver_wait(shim, &ready_fd, err);
}

int cor_shim_zone_write(const struct cor_shim_spec *spec, struct cor_err *err) {
  for (size_t i = 0; i < spec->endpoint_count; i++) {
    const struct cor_shim_endpoint *ep = &spec->endpoints[i];
    struct cor_zone_host host = {ep->net.address, ep->net.address6, spec->project, ep->names};
    if (cor_zone_write(ep->zone, spec->id, &host, err) < 0)
      return -1;
  }
  return 0;
}

static int attach_all(struct cor_shim *shim, struct cor_err *err) {
  struct cor_shim_spec *spec = shim->spec;
  for (; shim->attached < spec->endpoint_count; shim->attached++)
    if (cor_net_attach(shim->netns_fd, &spec->endpoints[shim->attached].net, err) < 0)
      return -1;
  if (spec->port_count > 0) {
    if (cor_ports_publish(spec->table, spec->ports, spec->port_count, err) < 0)
      return -1;
    shim->published = true;
    pid_t forwarder = cor_forwarder_start(spec->ports, spec->port_count, err);
    if (forwarder < 0)
      return -1;
    shim->forwarder_pid = forwarder;
  }
  /* Before the process starts: a service may look itself up at once. */
  return cor_shim_zone_write(spec, err);
}

int cor_shim_net_up(struct cor_shim *shim, struct cor_err *err) {
  _cleanup_close_ int ready_fd = -1;
  if (shim->spec->mode == COR_NET_HOST)
    return 0;
  if (shim->spec->mode == COR_NET_JOIN)
    return join_namespace(shim, err);
  shim->netns_fd = cor_netns_new(err);
  if (shim->netns_fd < 0)
    return -1;
  /* The resolver needs the namespace alone: it sets itself up beside the interfaces. */
  if (resolver_begin(shim, &ready_fd, err) < 0 || cor_shim_rules_watch(shim, err) < 0 ||
      attach_all(shim, err) < 0)
    return -1;
  return resolver_wait(shim, &ready_fd, err);
}

static void end_child(pid_t *pid) {
  if (*pid <= 0)
    return;
  kill(*pid, SIGKILL);
  waitpid(*pid, NULL, 0);
  *pid = 0;
}

void cor_shim_net_down(struct cor_shim *shim) {
  struct cor_shim_spec *spec = shim->spec;
  struct cor_err ignored;
  for (size_t i = 0; i < spec->endpoint_count; i++) {
    struct cor_zone_host host = {NULL, NULL, spec->project, spec->endpoints[i].names};
    cor_zone_stop(spec->endpoints[i].zone, spec->id, &host, &ignored);
  }
  end_child(&shim->forwarder_pid);
  if (shim->published)
    cor_ports_unpublish(spec->table, spec->ports, spec->port_count, &ignored);
  shim->published = false;
  end_child(&shim->resolver_pid);
  /* The namespace's own end removes the pairs, but some time later: until then its interfaces would
   * still answer for addresses that are free again. */
  while (shim->attached > 0)
    cor_net_unplug(&spec->endpoints[--shim->attached].net, &ignored);
  if (shim->netns_fd >= 0)
    close(shim->netns_fd);
  shim->netns_fd = -1;
}

int cor_shim_net_remove(struct cor_shim_spec *spec, struct cor_err *err) {
  int result = 0;
  struct cor_err one;
  for (size_t i = 0; i < spec->endpoint_count; i++) {
    if (cor_zone_remove(spec->endpoints[i].zone, spec->id, &one) < 0 && result == 0) {
      *err = one;
      result = -1;
    }
    if (cor_net_detach(-1, &spec->endpoints[i].net, &one) < 0 && result == 0) {
      *err = one;
      result = -1;
    }
  }
  if (spec->port_count > 0 &&
      cor_ports_forget(spec->table, spec->ports, spec->port_count, &one) < 0 && result == 0) {
    *err = one;
    result = -1;
  }
  return result;
}
