/* What the shim needs of the network: a namespace with its interfaces, and published ports.
 *
 * Rtnetlink and nf_tables are spoken directly: no `ip`, no `nft` on the way of a container's start.
 */
#ifndef COR_NET_H
#define COR_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* One attachment to a bridge network, from shim.json's "network.endpoints". */
struct cor_endpoint {
  const char *network;   /* network id, for messages */
  const char *bridge;    /* interface name on the host */
  const char *interface; /* name inside: "eth0" */
  const char *host_name; /* veth name on the host, made by the engine, at most 15 bytes */
  const char *address;   /* "10.200.0.2/26" */
  const char *gateway;   /* "10.200.0.1" or NULL (internal network) */
  const char *mac;       /* "02:42:…" or NULL: the kernel chooses */
  int mtu;               /* 0: the bridge's */
  bool is_default;       /* carries the default route */
};

/* One published port, from shim.json's "network.ports". */
struct cor_port {
  bool udp;
  const char *host_ip; /* "0.0.0.0", "127.0.0.1", "::", … */
  uint16_t host_port;  /* 0: an ephemeral one, filled in by cor_ports_publish */
  const char *address; /* container's IPv4 address */
  uint16_t container_port;
  int hold_fd; /* socket bound to host_ip:host_port while published; -1 otherwise */
};

/* New network namespace with lo up; returns an fd for it. The caller's own namespace is not changed. */
int cor_netns_new(struct cor_err *err);

/* veth pair, host end in the bridge, other end in netns with address, mac, mtu, routes, link up.
 * A stale host end of the same name (left by a killed shim) is replaced. */
int cor_net_attach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err);

/* Removes the host end (which removes the pair). Missing is success. */
int cor_net_detach(const struct cor_endpoint *ep, struct cor_err *err);

/* Bridge with address ("10.200.0.1/26"), up, STP off, route_localnet on for published ports on 127.0.0.1.
 * Existing and equal is success. */
int cor_bridge_create(const char *name, const char *address, int mtu, struct cor_err *err);
int cor_bridge_delete(const char *name, struct cor_err *err);

/* Makes sure that our nf_tables table with its maps, sets and chains is there (cheap when it is) and ip_forward is on. */
int cor_nft_ensure(struct cor_err *err);
/* Adds/removes a bridge's elements: masquerade, isolation between networks, internal (no way out). */
int cor_nft_bridge(const char *name, const char *subnet, bool internal, bool add, struct cor_err *err);

/* All or nothing: binds and holds every port's socket (errno_ = EADDRINUSE names the port in err->path as
 * "tcp/0.0.0.0:8080"), then adds the map elements in one transaction. */
int cor_ports_publish(struct cor_port *ports, size_t count, struct cor_err *err);
/* Removes the elements and closes the sockets. Missing elements are success. */
int cor_ports_unpublish(struct cor_port *ports, size_t count, struct cor_err *err);

#endif
