#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

enum { MAC_SIZE = 6 };

int cor_parse_cidr(const char *text, struct in_addr *address, unsigned *prefix,
                   struct cor_err *err) {
  char host[INET_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  char *end = NULL;
  unsigned long bits;

  if (!slash || slash == text || (size_t)(slash - text) >= sizeof host)
    return cor_fail(err, 0, "parse address", text, "not an IPv4 address with a prefix length");
  memcpy(host, text, (size_t)(slash - text));
  host[slash - text] = '\0';
  bits = strtoul(slash + 1, &end, 10);
  if (inet_pton(AF_INET, host, address) != 1 || end == slash + 1 || *end || bits > 32)
    return cor_fail(err, 0, "parse address", text, "not an IPv4 address with a prefix length");
  *prefix = (unsigned)bits;
  return 0;
}

static int parse_mac(const char *text, unsigned char mac[MAC_SIZE], struct cor_err *err) {
  int end = 0;

  if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
             &mac[4], &mac[5], &end) != MAC_SIZE ||
      text[end] != '\0')
    return cor_fail(err, 0, "parse MAC address", text, "not a MAC address");
  if (mac[0] & 1)
    return cor_fail(err, 0, "parse MAC address", text,
                    "a multicast address cannot be an interface's");
  return 0;
}

static int check_name(const char *name, struct cor_err *err) {
  if (!*name || strlen(name) >= IFNAMSIZ || strchr(name, '/') || strchr(name, ' '))
    return cor_fail(err, 0, "check interface name", name, "not an interface name of 1 to 15 bytes");
  return 0;
}

static void link_message(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, unsigned index,
                         const char *name, bool up, const char *what) {
  struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};

  if (up) {
    info.ifi_flags = IFF_UP;
    info.ifi_change = IFF_UP;
  }
  cor_nl_msg(buf, type, flags, &info, sizeof info, what, name);
  if (!index)
    cor_nl_put_str(buf, IFLA_IFNAME, name);
}

/* No link-local IPv6 address: its duplicate detection and multicast joins cost more time than the
 * rest of the link, and our networks carry IPv4. Takes effect only while the link is down. */
static void without_ipv6(struct cor_nlbuf *buf) {
  size_t spec = cor_nl_begin(buf, IFLA_AF_SPEC);
  size_t inet6 = cor_nl_begin(buf, AF_INET6);

  cor_nl_put_u8(buf, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  cor_nl_end(buf, inet6);
  cor_nl_end(buf, spec);
}

static void address_message(struct cor_nlbuf *buf, unsigned index, struct in_addr address,
                            unsigned prefix, const char *text) {
  struct ifaddrmsg info = {.ifa_family = AF_INET,
                           .ifa_prefixlen = (uint8_t)prefix,
                           .ifa_scope = RT_SCOPE_UNIVERSE,
                           .ifa_index = index};
  struct in_addr broadcast = address;

  cor_nl_msg(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info, "set address",
             text);
  cor_nl_put(buf, IFA_LOCAL, &address, sizeof address);
  cor_nl_put(buf, IFA_ADDRESS, &address, sizeof address);
  if (prefix < 31) {
    broadcast.s_addr |= htonl(UINT32_MAX >> prefix);
    cor_nl_put(buf, IFA_BROADCAST, &broadcast, sizeof broadcast);
  }
}

static void default_route_message(struct cor_nlbuf *buf, unsigned index, struct in_addr gateway,
                                  const char *text) {
  struct rtmsg info = {.rtm_family = AF_INET,
                       .rtm_table = RT_TABLE_MAIN,
                       .rtm_protocol = RTPROT_BOOT,
                       .rtm_scope = RT_SCOPE_UNIVERSE,
                       .rtm_type = RTN_UNICAST};

  cor_nl_msg(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info,
             "set default route", text);
  cor_nl_put(buf, RTA_GATEWAY, &gateway, sizeof gateway);
  cor_nl_put_u32(buf, RTA_OIF, index);
}

int cor_netns_new(struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
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
  if (setns(own, CLONE_NEWNET) < 0)
    rc = cor_fail(err, errno, "setns", "", "cannot return to the own network namespace");
  close(own);
  if (rc == 0) {
    link_message(&buf, RTM_NEWLINK, 0, 0, "lo", true, "set loopback up");
    rc = cor_nl_send(&nl, &buf, err);
  }
  if (rc < 0 && fresh >= 0)
    close(fresh);
  return rc < 0 ? rc : fresh;
}

static void delete_link(struct cor_nlbuf *buf, const char *name) {
  link_message(buf, RTM_DELLINK, 0, 0, name, false, "delete link");
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

static void hairpin(struct cor_nlbuf *buf) {
  size_t info = cor_nl_begin(buf, IFLA_LINKINFO);
  size_t data;

  cor_nl_put(buf, IFLA_INFO_SLAVE_KIND, "bridge", 6);
  data = cor_nl_begin(buf, IFLA_INFO_SLAVE_DATA);
  cor_nl_put_u8(buf, IFLA_BRPORT_MODE, 1);
  cor_nl_end(buf, data);
  cor_nl_end(buf, info);
}

/* Host end: made down, so that IPv6 can be switched off before it comes up. The peer is born in the
 * container's namespace: nothing is ever moved, and a failure leaves nothing. */
static void veth_messages(struct cor_nlbuf *buf, const struct cor_endpoint *ep, int netns_fd,
                          unsigned bridge, int mtu, const unsigned char *mac) {
  struct ifinfomsg peer_info = {.ifi_family = AF_UNSPEC};
  size_t info, data, peer;

  link_message(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, ep->host_name, false,
               "create veth pair");
  cor_nl_put_u32(buf, IFLA_MTU, (uint32_t)mtu);
  cor_nl_put_u32(buf, IFLA_MASTER, bridge);
  info = cor_nl_begin(buf, IFLA_LINKINFO);
  cor_nl_put(buf, IFLA_INFO_KIND, "veth", 4);
  data = cor_nl_begin(buf, IFLA_INFO_DATA);
  peer = cor_nl_begin(buf, VETH_INFO_PEER);
  cor_nl_raw(buf, &peer_info, sizeof peer_info);
  cor_nl_put_str(buf, IFLA_IFNAME, ep->interface);
  cor_nl_put_u32(buf, IFLA_NET_NS_FD, (uint32_t)netns_fd);
  cor_nl_put_u32(buf, IFLA_MTU, (uint32_t)mtu);
  if (mac)
    cor_nl_put(buf, IFLA_ADDRESS, mac, MAC_SIZE);
  cor_nl_end(buf, peer);
  cor_nl_end(buf, data);
  cor_nl_end(buf, info);

  link_message(buf, RTM_SETLINK, 0, 0, ep->host_name, false, "switch off IPv6");
  without_ipv6(buf);
  link_message(buf, RTM_NEWLINK, 0, 0, ep->host_name, true, "set link up");
  if (bridge_calls_netfilter())
    hairpin(buf);
}

static int create_veth(struct cor_nl *nl, const struct cor_endpoint *ep, int netns_fd,
                       const unsigned char *mac, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  unsigned bridge = cor_nl_ifindex(nl, ep->bridge);
  int mtu = ep->mtu > 0 ? ep->mtu : cor_nl_mtu(nl, ep->bridge);
  int rc;

  if (!bridge)
    return cor_fail(err, ENODEV, "find bridge", ep->bridge,
                    "the bridge of network %.12s is missing", ep->network);
  veth_messages(&buf, ep, netns_fd, bridge, mtu, mac);
  rc = cor_nl_send(nl, &buf, err);
  /* EEXIST also stands for an interface of that name inside; only a stale host end is ours to
   * replace. */
  if (rc == 0 || err->errno_ != EEXIST || !cor_nl_ifindex(nl, ep->host_name))
    return rc;
  delete_link(&buf, ep->host_name);
  veth_messages(&buf, ep, netns_fd, bridge, mtu, mac);
  return cor_nl_send(nl, &buf, err);
}

static int configure_inside(struct cor_nl *nl, const struct cor_endpoint *ep,
                            struct in_addr address, unsigned prefix, const struct in_addr *gateway,
                            struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  unsigned index = cor_nl_ifindex(nl, ep->interface);

  if (!index)
    return cor_fail(err, ENODEV, "find interface", ep->interface,
                    "the interface is not in the container's namespace");
  link_message(&buf, RTM_SETLINK, 0, index, ep->interface, false, "switch off IPv6");
  without_ipv6(&buf);
  address_message(&buf, index, address, prefix, ep->address);
  link_message(&buf, RTM_NEWLINK, 0, index, ep->interface, true, "set link up");
  if (gateway)
    default_route_message(&buf, index, *gateway, ep->gateway);
  return cor_nl_send(nl, &buf, err);
}

int cor_net_attach(int netns_fd, const struct cor_endpoint *ep, struct cor_err *err) {
  cor_nl_auto host = {.fd = -1};
  cor_nl_auto inside = {.fd = -1};
  struct in_addr address, gateway;
  bool routed = ep->gateway && ep->is_default;
  unsigned char mac[MAC_SIZE];
  unsigned prefix;

  if (check_name(ep->host_name, err) < 0 || check_name(ep->interface, err) < 0 ||
      check_name(ep->bridge, err) < 0 || cor_parse_cidr(ep->address, &address, &prefix, err) < 0 ||
      (ep->mac && parse_mac(ep->mac, mac, err) < 0))
    return -1;
  if (routed && inet_pton(AF_INET, ep->gateway, &gateway) != 1)
    return cor_fail(err, 0, "parse gateway", ep->gateway, "not an IPv4 address");
  if (cor_nl_open(&host, NETLINK_ROUTE, err) < 0 ||
      cor_nl_open_in(&inside, NETLINK_ROUTE, netns_fd, err) < 0 ||
      create_veth(&host, ep, netns_fd, ep->mac ? mac : NULL, err) < 0)
    return -1;
  if (configure_inside(&inside, ep, address, prefix, routed ? &gateway : NULL, err) < 0) {
    struct cor_err ignored;

    cor_net_detach(ep, &ignored); /* the first failure is the one to report */
    return -1;
  }
  return 0;
}

static int delete_by_name(const char *name, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};

  if (check_name(name, err) < 0 || cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  delete_link(&buf, name);
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  return 0;
}

int cor_net_unplug(const struct cor_endpoint *ep, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  struct ifinfomsg down = {.ifi_family = AF_UNSPEC, .ifi_change = IFF_UP};

  if (check_name(ep->host_name, err) < 0 || cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  cor_nl_msg(&buf, RTM_SETLINK, 0, &down, sizeof down, "unplug link", ep->host_name);
  cor_nl_put_str(&buf, IFLA_IFNAME, ep->host_name);
  cor_nl_put_u32(&buf, IFLA_MASTER, 0);
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  return 0;
}

int cor_net_detach(const struct cor_endpoint *ep, struct cor_err *err) {
  return delete_by_name(ep->host_name, err);
}

int cor_bridge_delete(const char *name, struct cor_err *err) {
  return delete_by_name(name, err);
}

/* 02:42 and the four bytes of the address. Without a fixed one a bridge takes its lowest port's,
 * and containers would meet a gateway whose MAC changes whenever a neighbour comes or goes. */
static void mac_of(struct in_addr address, unsigned char mac[MAC_SIZE]) {
  mac[0] = 0x02;
  mac[1] = 0x42;
  memcpy(mac + 2, &address.s_addr, sizeof address.s_addr);
}

int cor_bridge_create(const char *name, const char *address_text, int mtu, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  unsigned char mac[MAC_SIZE];
  struct in_addr address;
  unsigned prefix, index;
  size_t info, spec, inet, conf;

  if (check_name(name, err) < 0 || cor_parse_cidr(address_text, &address, &prefix, err) < 0 ||
      cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  mac_of(address, mac);
  link_message(&buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, name, false, "create bridge");
  cor_nl_put_u32(&buf, IFLA_MTU, mtu > 0 ? (uint32_t)mtu : 1500);
  cor_nl_put(&buf, IFLA_ADDRESS, mac, sizeof mac);
  info = cor_nl_begin(&buf, IFLA_LINKINFO);
  cor_nl_put(&buf, IFLA_INFO_KIND, "bridge", 6);
  cor_nl_end(&buf, info);
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != EEXIST)
    return -1;

  index = cor_nl_ifindex(&nl, name);
  if (!index)
    return cor_fail(err, ENODEV, "find bridge", name, "the bridge went away while it was set up");
  link_message(&buf, RTM_SETLINK, 0, index, name, false, "configure bridge");
  spec = cor_nl_begin(&buf, IFLA_AF_SPEC);
  /* route_localnet lets the host's own 127.0.0.1 be the source of what leaves by this bridge; the
   * rules in nft_rules.c keep containers from using it the other way round (CVE-2020-8558). */
  inet = cor_nl_begin(&buf, AF_INET);
  conf = cor_nl_begin(&buf, IFLA_INET_CONF);
  cor_nl_put_u32(&buf, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
  cor_nl_end(&buf, conf);
  cor_nl_end(&buf, inet);
  inet = cor_nl_begin(&buf, AF_INET6);
  cor_nl_put_u8(&buf, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  cor_nl_end(&buf, inet);
  cor_nl_end(&buf, spec);
  address_message(&buf, index, address, prefix, address_text);
  link_message(&buf, RTM_NEWLINK, 0, index, name, true, "set bridge up");
  return cor_nl_send(&nl, &buf, err);
}
