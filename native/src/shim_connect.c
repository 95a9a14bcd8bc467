/* Networks that come and go while a container runs. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "shim.h"
#include "zone.h"

static bool is_same(const struct cor_shim_endpoint *a, const struct cor_shim_endpoint *b) {
  return strcmp(a->zone, b->zone) == 0 && strcmp(a->net.address, b->net.address) == 0 &&
         strcmp(a->net.interface, b->net.interface) == 0;
}

static bool is_among(const struct cor_shim_spec *spec, const struct cor_shim_endpoint *endpoint) {
  for (size_t i = 0; i < spec->endpoint_count; i++)
    if (is_same(&spec->endpoints[i], endpoint))
      return true;
  return false;
}

static void detach_from(const struct cor_shim *shim, const struct cor_shim_endpoint *endpoint) {
  struct cor_err ignored; /* what is left goes with the namespace */
  cor_zone_remove(endpoint->zone, shim->spec->id, &ignored);
  cor_net_unplug(&endpoint->net, &ignored);
  cor_net_detach(shim->netns_fd, &endpoint->net, &ignored);
}

/* All that are new, or none of them. */
static int attach_new(const struct cor_shim *shim, const struct cor_shim_spec *wanted,
                      struct cor_err *err) {
  for (size_t i = 0; i < wanted->endpoint_count; i++) {
    if (is_among(shim->spec, &wanted->endpoints[i]) ||
        cor_net_attach(shim->netns_fd, &wanted->endpoints[i].net, err) == 0)
      continue;
    while (i-- > 0)
      if (!is_among(shim->spec, &wanted->endpoints[i]))
        detach_from(shim, &wanted->endpoints[i]);
    return -1;
  }
  return 0;
}

static bool has_new(const struct cor_shim_spec *now, const struct cor_shim_spec *wanted) {
  for (size_t i = 0; i < wanted->endpoint_count; i++)
    if (!is_among(now, &wanted->endpoints[i]))
      return true;
  return now->endpoint_count != wanted->endpoint_count;
}

/* It has its zones open from its start on: another set of them needs another resolver. */
static void restart_resolver(struct cor_shim *shim) {
  struct cor_err ignored; /* tried again by its timer */
  if (shim->resolver_pid > 0) {
    kill(shim->resolver_pid, SIGKILL);
    waitpid(shim->resolver_pid, NULL, 0);
  }
  shim->resolver_pid = 0;
  if (cor_shim_resolver_start(shim, &ignored) < 0)
    cor_timer_in(&shim->resolver_timer, 1000);
}

/* Addresses are texts of the spec that was loaded last: they are taken over in any case. */
static void turn_ports(struct cor_shim *shim, const struct cor_shim_spec *wanted, bool changes) {
  struct cor_shim_spec *now = shim->spec;
  struct cor_err ignored; /* the ports stay held; a new start publishes them again */
  bool has_target = wanted->port_count == now->port_count;
  for (size_t i = 0; !changes && has_target && i < now->port_count; i++) {
    now->ports[i].address = wanted->ports[i].address;
    now->ports[i].address6 = wanted->ports[i].address6;
  }
  if (!shim->published || !changes)
    return;
  cor_ports_turn(now->table, now->ports, has_target ? wanted->ports : NULL, now->port_count,
                 &ignored);
  if (shim->forwarder_pid > 0) {
    kill(shim->forwarder_pid, SIGKILL);
    waitpid(shim->forwarder_pid, NULL, 0);
  }
  pid_t pid = cor_forwarder_start(now->ports, now->port_count, &ignored);
  shim->forwarder_pid = pid > 0 ? pid : 0;
}

int cor_shim_reconnect(struct cor_shim *shim, struct cor_shim_spec *wanted, struct cor_err *err) {
  struct cor_shim_spec *now = shim->spec;
  bool changes = has_new(now, wanted);
  if (now->mode != COR_NET_BRIDGE)
    return 0;
  if (attach_new(shim, wanted, err) < 0)
    return -1;
  if (cor_shim_zone_write(wanted, err) < 0)
    return -1;
  for (size_t i = 0; i < now->endpoint_count; i++)
    if (!is_among(wanted, &now->endpoints[i]))
      detach_from(shim, &now->endpoints[i]);
  for (size_t i = 0; changes && i < wanted->endpoint_count; i++) {
    struct cor_err ignored; /* the route of the network that went may have been the only one */
    if (wanted->endpoints[i].net.is_default)
      cor_net_default(shim->netns_fd, &wanted->endpoints[i].net, &ignored);
  }
  now->endpoints = wanted->endpoints;
  now->endpoint_count = shim->attached = wanted->endpoint_count;
  if (changes) {
    struct cor_err ignored; /* without it all works until somebody else changes the rules */
    cor_shim_rules_watch(shim, &ignored);
  }
  turn_ports(shim, wanted, changes);
  if (changes)
    restart_resolver(shim);
  return 0;
}
