/* A network's bridge, and what the host forwards for it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "net.h"
#include "net_link.h"

static int read_sysctl(const char *path) {
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  char value;

  return fd >= 0 && read(fd, &value, 1) == 1 ? value : -1;
}

/* Forwarding makes the kernel a router, and a router's interfaces stop listening to router
 * advertisements: a host that has its own address from them would lose it. 2 means: listen all the
 * same. */
static void keep_advertisements(void) {
  DIR *folder = opendir("/proc/sys/net/ipv6/conf");
  struct cor_err ignored;
  struct dirent *entry;

  while (folder && (entry = readdir(folder))) {
    char path[320], full[336];

    snprintf(path, sizeof path, "net/ipv6/conf/%s/accept_ra", entry->d_name);
    snprintf(full, sizeof full, "/proc/sys/%s", path);
    if (entry->d_name[0] != '.' && strcmp(entry->d_name, "default") && read_sysctl(full) == '1')
      (void)cor_sysctl_write(path, "2", &ignored);
  }
  if (folder)
    closedir(folder);
}

int cor_forward_ipv6(struct cor_err *err) {
  int on = read_sysctl("/proc/sys/net/ipv6/conf/all/forwarding");

  if (on == '1')
    return 0;
  if (on < 0)
    return cor_fail(err, EAFNOSUPPORT, "set sysctl", "net/ipv6/conf/all/forwarding",
                    "this kernel has no IPv6");
  keep_advertisements();
  return cor_sysctl_write("net/ipv6/conf/all/forwarding", "1", err);
}

/* A container may send router advertisements to its bridge, and the host would take an address and
 * a default route from it (CVE-2020-13401). */
static int ignore_advertisements(const char *name, bool has_ipv6, struct cor_err *err) {
  char path[64];

  snprintf(path, sizeof path, "net/ipv6/conf/%s/accept_ra", name);
  if (cor_sysctl_write(path, "0", err) < 0)
    return err->errno_ == ENOENT && !has_ipv6 ? 0 : -1;
  if (!has_ipv6)
    return 0;
  snprintf(path, sizeof path, "net/ipv6/conf/%s/disable_ipv6", name);
  return cor_sysctl_write(path, "0", err);
}

static void bridge_settings(struct cor_nlbuf *buf, unsigned index, const char *name) {
  size_t spec, inet, conf;

  cor_link_message(buf, RTM_SETLINK, 0, index, name, false, "configure bridge");
  spec = cor_nl_begin(buf, IFLA_AF_SPEC);
  /* route_localnet lets the host's own 127.0.0.1 be the source of what leaves by this bridge; the
   * rules in nft_rules.c keep containers from using it the other way round (CVE-2020-8558). */
  inet = cor_nl_begin(buf, AF_INET);
  conf = cor_nl_begin(buf, IFLA_INET_CONF);
  cor_nl_put_u32(buf, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
  cor_nl_end(buf, conf);
  cor_nl_end(buf, inet);
  inet = cor_nl_begin(buf, AF_INET6);
  cor_nl_put_u8(buf, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  cor_nl_end(buf, inet);
  cor_nl_end(buf, spec);
}

int cor_bridge_create(const char *name, const char *address, const char *address6, int mtu,
                      struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};
  /* Without a fixed one a bridge takes its lowest port's, and containers would meet a gateway whose
   * MAC changes whenever a neighbour comes or goes. */
  unsigned char mac[COR_MAC_SIZE];
  struct cor_cidr v4, v6;
  unsigned index;
  size_t info;

  if (cor_check_link_name(name, err) < 0 || cor_cidr_parse(address, &v4, err) < 0 ||
      (address6 && cor_cidr_parse(address6, &v6, err) < 0) ||
      cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  cor_mac_of(v4.at.v4, mac);
  cor_link_message(&buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, name, false, "create bridge");
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
  if (ignore_advertisements(name, address6 != NULL, err) < 0)
    return -1;
  bridge_settings(&buf, index, name);
  cor_address_message(&buf, index, &v4, address);
  if (address6) {
    cor_link_local_message(&buf, index, mac, name);
    cor_address_message(&buf, index, &v6, address6);
  }
  cor_link_message(&buf, RTM_NEWLINK, 0, index, name, true, "set bridge up");
  return cor_nl_send(&nl, &buf, err);
}

int cor_bridge_delete(const char *name, struct cor_err *err) {
  return cor_link_delete(name, err);
}
