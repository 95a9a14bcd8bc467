/* What the shim and the client need of the network: a namespace with its interfaces, and published
 * ports.
 *
 * Rtnetlink and nf_tables are spoken directly: no `ip`, no `nft` on the way of a container's start.
 * Everything of nf_tables lives in one table of ours (family inet), whose name is a parameter,
 * `table`: shim.json's "network.table", the client operation's "table". Run folders that differ
 * have tables that differ.
 */
#ifndef COR_NET_H
#define COR_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* How a container hangs on a network. */
enum cor_link_kind { COR_LINK_VETH, COR_LINK_MACVLAN, COR_LINK_IPVLAN };

/* One attachment to a network, from shim.json's "network.endpoints". */
struct cor_endpoint {
  const char *network; /* network id, for messages */
  enum cor_link_kind kind;
  int mode;              /* MACVLAN_MODE_…, IPVLAN_MODE_… */
  const char *bridge;    /* interface name on the host: the bridge, or a macvlan's parent */
  const char *interface; /* name inside: "eth0" */
  const char *host_name; /* veth name on the host, made by the engine, at most 15 bytes */
  const char *address;   /* "10.200.0.2/26" */
  const char *gateway;   /* "10.200.0.1" or NULL (internal network) */
  const char *address6;  /* "fd00::2/64", NULL where the network has no IPv6 */
  const char *gateway6;
  const char *mac;                    /* "02:42:…" or NULL: made from the address */
  int mtu;                            /* 0: the bridge's */
  bool is_default;                    /* carries the default route */
  bool is_isolated;                   /* a port that reaches the bridge alone, no neighbour */
  const char *const *extra_addresses; /* "169.254.7.7/16", …, NULL; or NULL */
  const char *const *sysctls;         /* path below /proc/sys, value, …, NULL; or NULL */
};

/* A bridge network as the client's bridge.create asks for it. */
struct cor_network {
  const char *table, *bridge;
  const char *address, *subnet;   /* "10.200.0.1/26", "10.200.0.0/26" */
  const char *address6, *subnet6; /* NULL without IPv6 */
  int mtu;
  bool is_internal; /* no way out */
  bool is_isolated; /* containers do not reach each other */
  bool masquerades, masquerades6;
};

/* One published port, from shim.json's "network.ports". */
struct cor_port {
  bool udp;
  const char *host_ip;  /* "0.0.0.0", "127.0.0.1", "::", … */
  uint16_t host_port;   /* 0: an ephemeral one, filled in by cor_ports_publish */
  const char *address;  /* container's IPv4 address */
  const char *address6; /* and its IPv6 address, or NULL: IPv6 ports are then copied */
  bool is_routed6;      /* others may send to the container's own IPv6 address and port */
  uint16_t container_port;
  int hold_fd; /* socket bound to host_ip:host_port while published; -1 otherwise */
};

/* New network namespace with lo up; returns an fd for it. The caller's own namespace is not
 * changed. Only for callers with one thread. */
int cor_netns_new(struct cor_err *err);

/* veth pair, host end in the bridge, other end in netns with address, mac, mtu, routes, link up.
 * A stale host end of the same name (left by a killed shim) is replaced. */
int cor_net_attach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err);

/* Makes an attachment that is up the one with the default routes. */
int cor_net_default(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err);

/* Takes the host end out of its bridge and down, at once (0.3 ms): nothing behind it answers any
 * more. The pair itself goes with the namespace's last descriptor, in the background. Missing is
 * success. */
int cor_net_unplug(const struct cor_endpoint *ep, struct cor_err *err);

/* Removes the host end, and with it the pair. The kernel takes a grace period over it (10–25 ms).
 * A macvlan is removed in the namespace `netns_fd`; -1: that is gone. Missing is success. */
int cor_net_detach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err);

/* Bridge with address ("10.200.0.1/26"), up, STP off, a fixed MAC, route_localnet on for published
 * ports on 127.0.0.1, deaf to router advertisements. Existing is success: address and flags are set
 * again. `address6` NULL: no IPv6 address. `mtu` 0: 1500. */
int cor_bridge_create(const char *name, const char *address, const char *address6, int mtu,
                      struct cor_err *err);
/* Missing is success. */
int cor_bridge_delete(const char *name, struct cor_err *err);
/* Makes sure that the host forwards IPv6, without losing what it learned from its own router. */
int cor_forward_ipv6(struct cor_err *err);

/* Makes sure that the table with its maps, sets and chains is there (one request when it is) and
 * that net.ipv4.ip_forward is on. Rules of an older version are replaced, elements stay. */
int cor_nft_ensure(const char *table, struct cor_err *err);
/* Adds or removes a network's elements: masquerade of its subnets, isolation between networks,
 * internal (no way out). Idempotent both ways. */
int cor_nft_bridge(const struct cor_network *network, bool add, struct cor_err *err);
/* Where iptables' FORWARD chain refuses what nobody has accepted (beside Docker's daemon, ufw),
 * lets packets of bridges called cor-* by. */
int cor_nft_accept_forward(struct cor_err *err);
/* Takes that back where no table of ours is left: 0; 1: there is another. */
int cor_nft_withdraw_forward(struct cor_err *err);

/* The client's bridge.create and bridge.delete: table, bridge and its elements, in an order in
 * which no packet passes a bridge without rules. Idempotent. The last network that goes takes the
 * table with it. */
int cor_network_up(const struct cor_network *network, struct cor_err *err);
int cor_network_down(const struct cor_network *network, struct cor_err *err);
/* What a running container needs of the table, after somebody else has changed it: rules, the
 * elements of its networks and of its ports. One transaction where anything is missing, none
 * otherwise; any number of processes may do it at once. */
int cor_network_restore(const char *table, const struct cor_network *networks, size_t network_count,
                        const struct cor_port *ports, size_t port_count, struct cor_err *err);
/* Removes the whole table. Missing is success. */
int cor_nft_remove(const char *table, struct cor_err *err);

/* All or nothing: binds and holds every port's socket (errno_ = EADDRINUSE or EADDRNOTAVAIL names
 * the port in err->path as "tcp/0.0.0.0:8080"), then adds the map elements in one transaction. IPv6
 * ports are held as listening sockets and wait for cor_forwarder_start. */
int cor_ports_publish(const char *table, struct cor_port *ports, size_t count, struct cor_err *err);
/* Adds the elements of ports that are held again, where they are missing. */
int cor_ports_restore(const char *table, const struct cor_port *ports, size_t count,
                      struct cor_err *err);
/* Removes the elements and closes the sockets. Missing elements are success. */
int cor_ports_unpublish(const char *table, struct cor_port *ports, size_t count,
                        struct cor_err *err);
/* Leads ports that are published to the addresses that `wanted`, of as many ports, has; NULL: to
 * none, while they stay held. */
int cor_ports_turn(const char *table, struct cor_port *ports, const struct cor_port *wanted,
                   size_t count, struct cor_err *err);
/* Removes the elements of ports whose sockets died with their shim (container.delete). Leaves an
 * element alone that by now leads to another container. */
int cor_ports_forget(const char *table, const struct cor_port *ports, size_t count,
                     struct cor_err *err);

/* Address translation does not cross families, and IPv6 has none for [::1]: a child process,
 * `coracle-proxy`, copies what comes to the sockets of IPv6 ports. Returns its pid (a direct child,
 * killed by the caller's death), 0 where no port needs one, -1 on failure. The caller kills it
 * before it unpublishes. */
pid_t cor_forwarder_start(const struct cor_port *ports, size_t count, struct cor_err *err);

#endif
