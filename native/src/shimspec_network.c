/* shim.json's "network": endpoints, ports, resolver. */
#include <linux/if_link.h>
#include <string.h>

#include "shimspec_parts.h"

/* A list of texts that belong together by twos. */
static int get_pairs(struct cor_at *at, const char *key, const char *const **out) {
  size_t count = 0;
  if (cor_at_strings(at, key, false, out) < 0)
    return -1;
  while (*out && (*out)[count])
    count++;
  return count % 2 ? cor_at_bad(at, key, "must hold pairs") : 0;
}

static int read_link(struct cor_at *at, struct cor_endpoint *net) {
  static const struct {
    const char *name;
    enum cor_link_kind kind;
    int mode;
  } links[] = {
      {"veth", COR_LINK_VETH, 0},
      {"macvlan-bridge", COR_LINK_MACVLAN, MACVLAN_MODE_BRIDGE},
      {"macvlan-vepa", COR_LINK_MACVLAN, MACVLAN_MODE_VEPA},
      {"macvlan-private", COR_LINK_MACVLAN, MACVLAN_MODE_PRIVATE},
      {"macvlan-passthru", COR_LINK_MACVLAN, MACVLAN_MODE_PASSTHRU},
      {"ipvlan-l2", COR_LINK_IPVLAN, IPVLAN_MODE_L2},
      {"ipvlan-l3", COR_LINK_IPVLAN, IPVLAN_MODE_L3},
  };
  const char *link;
  if (cor_at_string(at, "link", false, &link) < 0)
    return -1;
  if (!link)
    return 0; /* a container of before there were others: veth */
  for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
    if (strcmp(links[i].name, link) == 0) {
      net->kind = links[i].kind;
      net->mode = links[i].mode;
      return 0;
    }
  return cor_at_bad(at, "link", "is no kind of link");
}

static int read_rules(struct cor_at *endpoint, struct cor_shim_endpoint *ep) {
  struct cor_at at = {endpoint->spec, NULL, "network.endpoints.rules", endpoint->err};
  if (cor_at_member(endpoint, "rules", json_type_object, false, &at.json) < 0)
    return -1;
  if (!at.json || ep->net.kind != COR_LINK_VETH)
    return 0;
  ep->has_rules = true;
  ep->rules.table = endpoint->spec->table;
  ep->rules.bridge = ep->net.bridge;
  ep->rules.is_isolated = ep->net.is_isolated;
  return cor_at_string(&at, "subnet", true, &ep->rules.subnet) < 0 ||
                 cor_at_string(&at, "subnet6", false, &ep->rules.subnet6) < 0 ||
                 cor_at_bool(&at, "internal", &ep->rules.is_internal) < 0 ||
                 cor_at_bool(&at, "masquerade", &ep->rules.masquerades) < 0 ||
                 cor_at_bool(&at, "masquerade6", &ep->rules.masquerades6) < 0
             ? -1
             : 0;
}

static int read_endpoint(struct cor_at *at, struct cor_shim_endpoint *ep) {
  int64_t mtu = 0;
  if (cor_at_string(at, "network", true, &ep->net.network) < 0 ||
      cor_at_string(at, "bridge", true, &ep->net.bridge) < 0 ||
      cor_at_string(at, "hostName", true, &ep->net.host_name) < 0 ||
      cor_at_string(at, "interface", true, &ep->net.interface) < 0 ||
      cor_at_string(at, "address", true, &ep->net.address) < 0 ||
      cor_at_string(at, "gateway", false, &ep->net.gateway) < 0 ||
      cor_at_string(at, "address6", false, &ep->net.address6) < 0 ||
      cor_at_string(at, "gateway6", false, &ep->net.gateway6) < 0 ||
      cor_at_bool(at, "isolated", &ep->net.is_isolated) < 0 ||
      cor_at_strings(at, "extraAddresses", false, &ep->net.extra_addresses) < 0 ||
      get_pairs(at, "sysctls", &ep->net.sysctls) < 0 || read_link(at, &ep->net) < 0 ||
      cor_at_string(at, "mac", false, &ep->net.mac) < 0 ||
      cor_at_int(at, "mtu", 0, 65536, &mtu) < 0 ||
      cor_at_bool(at, "default", &ep->net.is_default) < 0 ||
      cor_at_string(at, "zone", true, &ep->zone) < 0 || read_rules(at, ep) < 0)
    return -1;
  ep->net.mtu = (int)mtu;
  return 0;
}

static int read_port(struct cor_at *at, struct cor_port *port) {
  const char *protocol;
  int64_t host, inside;
  if (cor_at_string(at, "protocol", true, &protocol) < 0 ||
      cor_at_string(at, "hostIp", true, &port->host_ip) < 0 ||
      cor_at_int(at, "hostPort", 0, 65535, &host) < 0 ||
      cor_at_string(at, "address", true, &port->address) < 0 ||
      cor_at_string(at, "address6", false, &port->address6) < 0 ||
      cor_at_bool(at, "routed6", &port->is_routed6) < 0 ||
      cor_at_int(at, "containerPort", 1, 65535, &inside) < 0)
    return -1;
  if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0)
    return cor_at_bad(at, "protocol", "must be tcp or udp");
  port->udp = protocol[0] == 'u';
  port->host_port = (uint16_t)host;
  port->container_port = (uint16_t)inside;
  port->hold_fd = -1;
  return 0;
}

/* All names of all endpoints share one block: the number of endpoints is not limited by the table
 * of blocks. */
static int read_endpoints(struct cor_at *net, struct json_object *array) {
  struct cor_shim_spec *spec = net->spec;
  size_t count = json_object_array_length(array), names = 0;
  for (size_t i = 0; i < count; i++) {
    struct json_object *list = NULL;
    json_object_object_get_ex(json_object_array_get_idx(array, i), "names", &list);
    names += 1 + (json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0);
  }
  spec->endpoints = cor_at_allocate(net, count, sizeof(*spec->endpoints));
  const char **slot = cor_at_allocate(net, names, sizeof(*slot));
  if (!spec->endpoints || !slot)
    return -1;
  for (size_t i = 0; i < count; i++, slot++) {
    struct json_object *list;
    struct cor_at at = {spec, json_object_array_get_idx(array, i), "network.endpoints", net->err};
    if (!json_object_is_type(at.json, json_type_object))
      return cor_at_bad(net, "endpoints", "must hold objects");
    if (read_endpoint(&at, &spec->endpoints[i]) < 0 ||
        cor_at_member(&at, "names", json_type_array, true, &list) < 0)
      return -1;
    spec->endpoints[i].names = slot;
    for (size_t n = 0; n < json_object_array_length(list); n++)
      if (!(*slot++ = json_object_get_string(json_object_array_get_idx(list, n))))
        return cor_at_bad(&at, "names", "must hold strings");
  }
  spec->endpoint_count = count;
  return 0;
}

int cor_shim_spec_network(struct cor_at *root) {
  struct cor_shim_spec *spec = root->spec;
  struct cor_at at = {spec, NULL, "network", root->err};
  const char *mode;
  struct json_object *endpoints, *ports, *resolver;
  static const char *const modes[] = {"bridge", "host", "none", "join"};
  if (cor_at_member(root, "network", json_type_object, true, &at.json) < 0 ||
      cor_at_string(&at, "mode", true, &mode) < 0 ||
      cor_at_string(&at, "table", true, &spec->table) < 0 ||
      cor_at_string(&at, "joinContainer", false, &spec->join_container) < 0 ||
      cor_at_string(&at, "project", false, &spec->project) < 0 ||
      cor_at_member(&at, "endpoints", json_type_array, true, &endpoints) < 0 ||
      cor_at_member(&at, "ports", json_type_array, true, &ports) < 0 ||
      cor_at_member(&at, "resolver", json_type_object, false, &resolver) < 0)
    return -1;
  size_t found = 0;
  while (found < 4 && strcmp(modes[found], mode) != 0)
    found++;
  if (found == 4)
    return cor_at_bad(&at, "mode", "must be bridge, host, none or join");
  spec->mode = (enum cor_net_mode)found;
  if (spec->mode == COR_NET_JOIN && !spec->join_container)
    return cor_at_bad(&at, "joinContainer", "missing");
  if (read_endpoints(&at, endpoints) < 0)
    return -1;
  spec->port_count = json_object_array_length(ports);
  spec->ports = cor_at_allocate(&at, spec->port_count, sizeof(*spec->ports));
  if (!spec->ports)
    return -1;
  for (size_t i = 0; i < spec->port_count; i++) {
    struct cor_at port = {spec, json_object_array_get_idx(ports, i), "network.ports", root->err};
    if (!json_object_is_type(port.json, json_type_object))
      return cor_at_bad(&at, "ports", "must hold objects");
    if (read_port(&port, &spec->ports[i]) < 0)
      return -1;
  }
  if (!resolver)
    return 0;
  spec->has_resolver = true;
  struct cor_at inner = {spec, resolver, "network.resolver", root->err};
  return cor_at_strings(&inner, "upstreams", true, &spec->upstreams) < 0
             ? -1
             : get_pairs(&inner, "hosts", &spec->hosts);
}
