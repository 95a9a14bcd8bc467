#include "net_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"

int cor_host_parse(const char *text, struct cor_cidr *cidr, struct cor_err *err) {
  memset(cidr, 0, sizeof *cidr);
  cidr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
  cidr->size = cidr->family == AF_INET6 ? sizeof cidr->at.v6 : sizeof cidr->at.v4;
  cidr->prefix = (unsigned)cidr->size * 8;
  if (inet_pton(cidr->family, text, &cidr->at) != 1)
    return cor_fail(err, 0, "parse address", text, "not an IP address");
  return 0;
}

int cor_cidr_parse(const char *text, struct cor_cidr *cidr, struct cor_err *err) {
  char host[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  char *end = NULL;
  unsigned long bits;

  if (!slash || slash == text || (size_t)(slash - text) >= sizeof host)
    return cor_fail(err, 0, "parse address", text, "not an IP address with a prefix length");
  memcpy(host, text, (size_t)(slash - text));
  host[slash - text] = '\0';
  bits = strtoul(slash + 1, &end, 10);
  if (cor_host_parse(host, cidr, err) < 0 || end == slash + 1 || *end || bits > cidr->prefix)
    return cor_fail(err, 0, "parse address", text, "not an IP address with a prefix length");
  cidr->prefix = (unsigned)bits;
  return 0;
}

int cor_mac_parse(const char *text, unsigned char mac[COR_MAC_SIZE], struct cor_err *err) {
  int end = 0;

  if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
             &mac[4], &mac[5], &end) != COR_MAC_SIZE ||
      text[end] != '\0')
    return cor_fail(err, 0, "parse MAC address", text, "not a MAC address");
  if (mac[0] & 1)
    return cor_fail(err, 0, "parse MAC address", text,
                    "a multicast address cannot be an interface's");
  return 0;
}

void cor_mac_of(struct in_addr address, unsigned char mac[COR_MAC_SIZE]) {
  mac[0] = 0x02;
  mac[1] = 0x42;
  memcpy(mac + 2, &address.s_addr, sizeof address.s_addr);
}

int cor_check_link_name(const char *name, struct cor_err *err) {
  if (!*name || strlen(name) >= IFNAMSIZ || strchr(name, '/') || strchr(name, ' ') ||
      !strcmp(name, ".") || !strcmp(name, ".."))
    return cor_fail(err, 0, "check interface name", name, "not an interface name of 1 to 15 bytes");
  return 0;
}

void cor_link_message(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, unsigned index,
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

void cor_link_without_autoconf(struct cor_nlbuf *buf) {
  size_t spec = cor_nl_begin(buf, IFLA_AF_SPEC);
  size_t inet6 = cor_nl_begin(buf, AF_INET6);

  cor_nl_put_u8(buf, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  cor_nl_end(buf, inet6);
  cor_nl_end(buf, spec);
}

void cor_address_message(struct cor_nlbuf *buf, unsigned index, const struct cor_cidr *cidr,
                         const char *text) {
  bool v6 = cidr->family == AF_INET6;
  struct ifaddrmsg info = {.ifa_family = (uint8_t)cidr->family,
                           .ifa_prefixlen = (uint8_t)cidr->prefix,
                           .ifa_flags = v6 ? IFA_F_NODAD : 0,
                           .ifa_scope = RT_SCOPE_UNIVERSE,
                           .ifa_index = index};
  struct in_addr broadcast = cidr->at.v4;

  cor_nl_msg(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info, "set address",
             text);
  cor_nl_put(buf, IFA_LOCAL, cidr->at.bytes, cidr->size);
  cor_nl_put(buf, IFA_ADDRESS, cidr->at.bytes, cidr->size);
  if (!v6 && cidr->prefix < 31) {
    broadcast.s_addr |= htonl(UINT32_MAX >> cidr->prefix);
    cor_nl_put(buf, IFA_BROADCAST, &broadcast, sizeof broadcast);
  }
}

void cor_link_local_message(struct cor_nlbuf *buf, unsigned index,
                            const unsigned char mac[COR_MAC_SIZE], const char *text) {
  struct cor_cidr cidr = {.family = AF_INET6, .size = 16, .prefix = 64};
  unsigned char *bytes = cidr.at.bytes;

  bytes[0] = 0xfe;
  bytes[1] = 0x80;
  memcpy(bytes + 8, mac, 3);
  bytes[8] ^= 0x02;
  bytes[11] = 0xff;
  bytes[12] = 0xfe;
  memcpy(bytes + 13, mac + 3, 3);
  cor_address_message(buf, index, &cidr, text);
}

void cor_default_route_message(struct cor_nlbuf *buf, unsigned index,
                               const struct cor_cidr *gateway, const char *text) {
  struct rtmsg info = {.rtm_family = (uint8_t)gateway->family,
                       .rtm_table = RT_TABLE_MAIN,
                       .rtm_protocol = RTPROT_BOOT,
                       .rtm_scope = RT_SCOPE_UNIVERSE,
                       .rtm_type = RTN_UNICAST};

  cor_nl_msg(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info,
             "set default route", text);
  cor_nl_put(buf, RTA_GATEWAY, gateway->at.bytes, gateway->size);
  cor_nl_put_u32(buf, RTA_OIF, index);
}

int cor_link_delete(const char *name, struct cor_err *err) {
  cor_nl_auto nl = {.fd = -1};
  cor_nlbuf_auto buf = {0};

  if (cor_check_link_name(name, err) < 0 || cor_nl_open(&nl, NETLINK_ROUTE, err) < 0)
    return -1;
  cor_link_message(&buf, RTM_DELLINK, 0, 0, name, false, "delete link");
  if (cor_nl_send(&nl, &buf, err) < 0 && err->errno_ != ENODEV)
    return -1;
  return 0;
}

int cor_sysctl_write(const char *path, const char *value, struct cor_err *err) {
  char full[256];
  ssize_t size = (ssize_t)strlen(value);

  if (strstr(path, "..") || snprintf(full, sizeof full, "/proc/sys/%s", path) >= (int)sizeof full)
    return cor_fail(err, EINVAL, "set sysctl", path, "not the name of a sysctl");
  _cleanup_close_ int fd = open(full, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return cor_fail(err, errno, "set sysctl", path, "there is no such sysctl");
  if (write(fd, value, (size_t)size) != size)
    return cor_fail(err, errno, "set sysctl", path, "the kernel refuses the value \"%.40s\"",
                    value);
  return 0;
}
