#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net_link.h"

/* An endpoint's texts, read. */
struct plan {
  const struct cor_endpoint *ep;
  int netns_fd, mtu;
  unsigned parent; /* index of the bridge, or of the interface that a macvlan hangs on */
  unsigned char mac[COR_MAC_SIZE];
  struct cor_cidr address, address6, gateway, gateway6;
};

int cor_netns_new(struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  struct cor_err ignored;
  int own, fresh, rc;

  own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own < 0)
    return cor_fail(err, errno, "open", "/proc/thread-self/ns/net",
                    "cannot remember the own network namespace");
  if (unshare(CLONE_NEWNET) < 0) {
    rc = cor_fail(err, errno, "unshare", "", "cannot make a network namespace");
    close(own);
    return rc;
  }
  rc = cor_nl_open(&nl, NETLINK_ROUTE, err);
  fresh = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fresh < 0 && rc == 0)
    rc = cor_fail(err, errno, "open", "/proc/thread-self/ns/net",
                  "cannot keep the new network namespace");
  /* A neighbour on a bridge may send router advertisements (it has CAP_NET_RAW): what comes up here
   * believes none (CVE-2020-13401). Without IPv6 there is no such file. */
  (void)cor_sysctl_write("net/ipv6/conf/default/accept_ra", "0", &ignored);
  if (setns(own, CLONE_NEWNET) < 0)
    rc = cor_fail(err, errno, "setns", "", "cannot return to the own network namespace");
  close(own);
  if (rc == 0) {
    cor_link_message(&buf, RTM_NEWLINK, 0, 0, "lo", true, "set loopback up");
    rc = cor_nl_send(&nl, &buf, err);
  }
  if (rc < 0 && fresh >= 0)
    close(fresh);
  return rc < 0 ? rc : fresh;
}

/* Where br_netfilter hands bridged frames to the IP rules, a container's packet to its own
 * published port is turned while it is still in the bridge, and has to leave by the port it came
 * from: only then do ports need hairpin mode, which otherwise would just reflect every broadcast to
 * its sender. */
static bool bridge_calls_netfilter(void) {
  char value = '0';
  int fd = open("/proc/sys/net/bridge/bridge-nf-call-iptables", O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return false;
  if (read(fd, &value, 1) != 1)
    value = '0';
  close(fd);
  return value == '1';
}

/* Ports that are isolated reach the bridge itself and nobody beside them. */
static void port_settings(struct cor_nlbuf *buf, bool is_hairpin, bool is_isolated) {
  size_t info = cor_nl_begin(buf, IFLA_LINKINFO);
  size_t data;

  cor_nl_put(buf, IFLA_INFO_SLAVE_KIND, "bridge", 6);
  data = cor_nl_begin(buf, IFLA_INFO_SLAVE_DATA);
  cor_nl_put_u8(buf, IFLA_BRPORT_MODE, is_hairpin);
  cor_nl_put_u8(buf, IFLA_BRPORT_ISOLATED, is_isolated);
  cor_nl_end(buf, data);
  cor_nl_end(buf, info);
}

/* Host end: made down, so that IPv6 can be switched off before it comes up. The peer is born in the
 * container's namespace: nothing is ever moved, and a failure leaves nothing. */
static void veth_messages(struct cor_nlbuf *buf, const struct plan *plan) {
  struct ifinfomsg peer_info = {.ifi_family = AF_UNSPEC};
  const struct cor_endpoint *ep = plan->ep;
  bool is_hairpin = bridge_calls_netfilter();
  size_t info, data, peer;

  cor_link_message(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, ep->host_name, false,
                   "create veth pair");
  cor_nl_put_u32(buf, IFLA_MTU, (uint32_t)plan->mtu);
  cor_nl_put_u32(buf, IFLA_MASTER, plan->parent);
  info = cor_nl_begin(buf, IFLA_LINKINFO);
  cor_nl_put(buf, IFLA_INFO_KIND, "veth", 4);
  data = cor_nl_begin(buf, IFLA_INFO_DATA);
  peer = cor_nl_begin(buf, VETH_INFO_PEER);
  cor_nl_raw(buf, &peer_info, sizeof peer_info);
  cor_nl_put_str(buf, IFLA_IFNAME, ep->interface);
  cor_nl_put_u32(buf, IFLA_NET_NS_FD, (uint32_t)plan->netns_fd);
  cor_nl_put_u32(buf, IFLA_MTU, (uint32_t)plan->mtu);
  cor_nl_put(buf, IFLA_ADDRESS, plan->mac, COR_MAC_SIZE);
  cor_nl_end(buf, peer);
  cor_nl_end(buf, data);
  cor_nl_end(buf, info);

  cor_link_message(buf, RTM_SETLINK, 0, 0, ep->host_name, false, "switch off IPv6");
  cor_link_without_autoconf(buf);
  /* Before it is up: a port must not pass a frame to a neighbour that it may not reach. */
  if (is_hairpin || ep->is_isolated) {
    cor_link_message(buf, RTM_NEWLINK, 0, 0, ep->host_name, false, "set bridge port");
    port_settings(buf, is_hairpin, ep->is_isolated);
  }
  cor_link_message(buf, RTM_NEWLINK, 0, 0, ep->host_name, true, "set link up");
}

/* One interface, born in the container's namespace on top of one of the host's: no host end. */
static void macvlan_messages(struct cor_nlbuf *buf, const struct plan *plan) {
  const struct cor_endpoint *ep = plan->ep;
  bool is_ipvlan = ep->kind == COR_LINK_IPVLAN;
  size_t info, data;

  cor_link_message(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, ep->interface, false,
                   is_ipvlan ? "create ipvlan" : "create macvlan");
  cor_nl_put_u32(buf, IFLA_LINK, plan->parent);
  cor_nl_put_u32(buf, IFLA_NET_NS_FD, (uint32_t)plan->netns_fd);
  cor_nl_put_u32(buf, IFLA_MTU, (uint32_t)plan->mtu);
  if (!is_ipvlan) /* an ipvlan shares its parent's */
    cor_nl_put(buf, IFLA_ADDRESS, plan->mac, COR_MAC_SIZE);
  info = cor_nl_begin(buf, IFLA_LINKINFO);
  cor_nl_put_str(buf, IFLA_INFO_KIND, is_ipvlan ? "ipvlan" : "macvlan");
  data = cor_nl_begin(buf, IFLA_INFO_DATA);
  if (is_ipvlan)
    cor_nl_put_u16(buf, IFLA_IPVLAN_MODE, (uint16_t)ep->mode);
  else
    cor_nl_put_u32(buf, IFLA_MACVLAN_MODE, (uint32_t)ep->mode);
  cor_nl_end(buf, data);
  cor_nl_end(buf, info);
}

static int create_link(struct cor_nl *nl, const struct plan *plan, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  const struct cor_endpoint *ep = plan->ep;
  int rc;

  if (ep->kind != COR_LINK_VETH) {
    macvlan_messages(&buf, plan);
    return cor_nl_send(nl, &buf, err);
  }
  veth_messages(&buf, plan);
  rc = cor_nl_send(nl, &buf, err);
  if (rc == 0 || err->errno_ != EEXIST)
    return rc;
  /* A stale host end, which the kernel may be taking away itself just now: it is not asked for
   * first, as the answer could be out of date. An interface of that name inside fails again. */
  cor_link_message(&buf, RTM_DELLINK, 0, 0, ep->host_name, false, "delete link");
  if (cor_nl_send(nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  veth_messages(&buf, plan);
  return cor_nl_send(nl, &buf, err);
}

/* Sysctls of the container's namespace; those of an interface exist from its creation on. */
static int set_sysctls(const struct plan *plan, struct cor_err *err) {
  const struct cor_endpoint *ep = plan->ep;
  int own, rc = 0;
  char path[64];

  if (!ep->address6 && (!ep->sysctls || !ep->sysctls[0]))
    return 0;
  own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own < 0 || setns(plan->netns_fd, CLONE_NEWNET) < 0) {
    rc = cor_fail(err, errno, "setns", "", "cannot enter the container's network namespace");
    if (own >= 0)
      close(own);
    return rc;
  }
  if (ep->address6) { /* a host that has IPv6 off by default hands that down */
    snprintf(path, sizeof path, "net/ipv6/conf/%s/disable_ipv6", ep->interface);
    rc = cor_sysctl_write(path, "0", err);
  }
  for (const char *const *at = ep->sysctls; rc == 0 && at && at[0]; at += 2)
    rc = cor_sysctl_write(at[0], at[1], err);
  if (setns(own, CLONE_NEWNET) < 0)
    rc = cor_fail(err, errno, "setns", "", "cannot return to the own network namespace");
  close(own);
  return rc;
}

static int configure_inside(struct cor_nl *nl, const struct plan *plan, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  const struct cor_endpoint *ep = plan->ep;
  unsigned index = cor_nl_ifindex(nl, ep->interface);

  if (!index)
    return cor_fail(err, ENODEV, "find interface", ep->interface,
                    "the interface is not in the container's namespace");
  cor_link_message(&buf, RTM_SETLINK, 0, index, ep->interface, false, "switch off IPv6");
  cor_link_without_autoconf(&buf);
  cor_address_message(&buf, index, &plan->address, ep->address);
  if (ep->address6) {
    cor_link_local_message(&buf, index, plan->mac, ep->interface);
    cor_address_message(&buf, index, &plan->address6, ep->address6);
  }
  for (const char *const *extra = ep->extra_addresses; extra && *extra; extra++) {
    struct cor_cidr cidr;

    if (cor_cidr_parse(*extra, &cidr, err) < 0)
      return -1;
    cor_address_message(&buf, index, &cidr, *extra);
  }
  cor_link_message(&buf, RTM_NEWLINK, 0, index, ep->interface, true, "set link up");
  if (ep->gateway && ep->is_default)
    cor_default_route_message(&buf, index, &plan->gateway, ep->gateway);
  if (ep->gateway6 && ep->is_default)
    cor_default_route_message(&buf, index, &plan->gateway6, ep->gateway6);
  return cor_nl_send(nl, &buf, err);
}

static int read_plan(struct plan *plan, struct cor_err *err) {
  const struct cor_endpoint *ep = plan->ep;

  if (cor_check_link_name(ep->interface, err) < 0 || cor_check_link_name(ep->bridge, err) < 0 ||
      (ep->kind == COR_LINK_VETH && cor_check_link_name(ep->host_name, err) < 0) ||
      cor_cidr_parse(ep->address, &plan->address, err) < 0 ||
      (ep->address6 && cor_cidr_parse(ep->address6, &plan->address6, err) < 0) ||
      (ep->gateway && cor_host_parse(ep->gateway, &plan->gateway, err) < 0) ||
      (ep->gateway6 && cor_host_parse(ep->gateway6, &plan->gateway6, err) < 0) ||
      (ep->mac && cor_mac_parse(ep->mac, plan->mac, err) < 0))
    return -1;
  if (plan->address.family != AF_INET)
    return cor_fail(err, 0, "parse address", ep->address, "not an IPv4 address");
  if (!ep->mac)
    cor_mac_of(plan->address.at.v4, plan->mac);
  return 0;
}

int cor_net_attach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err) {
  cor_nl_auto host = {.fd = -1};
  cor_nl_auto inside = {.fd = -1};
  struct plan plan = {.ep = ep, .netns_fd = netns_fd};

  if (read_plan(&plan, err) < 0 || cor_nl_open(&host, NETLINK_ROUTE, err) < 0 ||
      cor_nl_open_in(&inside, NETLINK_ROUTE, netns_fd, err) < 0)
    return -1;
  plan.parent = cor_nl_ifindex(&host, ep->bridge);
  if (!plan.parent)
    return cor_fail(err, ENODEV, "find interface", ep->bridge,
                    "the interface that network %.12s is on is missing", ep->network);
  plan.mtu = ep->mtu > 0 ? ep->mtu : cor_nl_mtu(&host, ep->bridge);
  if (create_link(&host, &plan, err) < 0)
    return -1;
  if (set_sysctls(&plan, err) < 0 || configure_inside(&inside, &plan, err) < 0) {
    struct cor_err ignored;

    cor_net_detach(netns_fd, ep, &ignored); /* the first failure is the one to report */
    return -1;
  }
  return 0;
}

int cor_net_default(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err) {
  cor_nl_auto inside = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  struct plan plan = {.ep = ep, .netns_fd = netns_fd};
  unsigned index;

  if (read_plan(&plan, err) < 0 || cor_nl_open_in(&inside, NETLINK_ROUTE, netns_fd, err) < 0)
    return -1;
  index = cor_nl_ifindex(&inside, ep->interface);
  if (ep->gateway)
    cor_default_route_message(&buf, index, &plan.gateway, ep->gateway);
  if (ep->gateway6)
    cor_default_route_message(&buf, index, &plan.gateway6, ep->gateway6);
  return ep->gateway || ep->gateway6 ? cor_nl_send(&inside, &buf, err) : 0;
}

int cor_net_unplug(const struct cor_endpoint *ep, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  struct ifinfomsg down = {.ifi_family = AF_UNSPEC, .ifi_change = IFF_UP};

  if (ep->kind != COR_LINK_VETH)
    return 0; /* nothing of it is on the host */
  if (cor_check_link_name(ep->host_name, err) < 0 || cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  cor_nl_msg(&buf, RTM_SETLINK, 0, &down, sizeof down, "unplug link", ep->host_name);
  cor_nl_put_str(&buf, IFLA_IFNAME, ep->host_name);
  cor_nl_put_u32(&buf, IFLA_MASTER, 0);
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  return 0;
}

/* The end inside, where there is none on the host. */
static int delete_inside(int netns_fd, const char *name, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};

  if (netns_fd < 0)
    return 0; /* it went with its namespace */
  if (cor_nl_open_in(&nl, NETLINK_ROUTE, netns_fd, err) < 0)
    return -1;
  cor_link_message(&buf, RTM_DELLINK, 0, 0, name, false, "delete link");
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  return 0;
}

int cor_net_detach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err) {
  if (ep->kind != COR_LINK_VETH)
    return delete_inside(netns_fd, ep->interface, err);
  return cor_link_delete(ep->host_name, err);
}
