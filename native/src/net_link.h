/* Rtnetlink messages and addresses, for net.c and net_bridge.c. Inside the network module only. */
#ifndef COR_NET_LINK_H
#define COR_NET_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "netlink.h"

enum { COR_MAC_SIZE = 6 };

/* An address of either family with its prefix length. */
struct cor_cidr {
  int family;
  union {
    struct in_addr v4;
    struct in6_addr v6;
    unsigned char bytes[16];
  } at;
  size_t size; /* of the address: 4 or 16 */
  unsigned prefix;
};

/* "10.200.0.2/26" or "fd00::2/64". */
int cor_cidr_parse(const char *text, struct cor_cidr *cidr, struct cor_err *err);
/* The same without a prefix length, which becomes the whole address. */
int cor_host_parse(const char *text, struct cor_cidr *cidr, struct cor_err *err);
int cor_mac_parse(const char *text, unsigned char mac[COR_MAC_SIZE], struct cor_err *err);
/* 02:42 and the four bytes of the address. */
void cor_mac_of(struct in_addr address, unsigned char mac[COR_MAC_SIZE]);
int cor_check_link_name(const char *name, struct cor_err *err);

/* RTM_NEWLINK, RTM_SETLINK or RTM_DELLINK; by name where `index` is 0. */
void cor_link_message(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, unsigned index,
                      const char *name, bool up, const char *what);
/* No link-local IPv6 address of the kernel's making: its duplicate detection and multicast joins
 * cost more time than the rest of the link. Takes effect only while the link is down. */
void cor_link_without_autoconf(struct cor_nlbuf *buf);
/* IPv6 addresses are usable at once: ours are unique by reservation, and a detection takes a second
 * in which a service could not bind. */
void cor_address_message(struct cor_nlbuf *buf, unsigned index, const struct cor_cidr *cidr,
                         const char *text);
/* fe80:: and the interface id that RFC 4291 makes of a MAC address. Without one of these a
 * neighbour cannot be asked for on behalf of somebody else. */
void cor_link_local_message(struct cor_nlbuf *buf, unsigned index,
                            const unsigned char mac[COR_MAC_SIZE], const char *text);
void cor_default_route_message(struct cor_nlbuf *buf, unsigned index,
                               const struct cor_cidr *gateway, const char *text);
/* Missing is success. */
int cor_link_delete(const char *name, struct cor_err *err);

/* Writes /proc/sys/`path` of the caller's network namespace. A path that is not there is an error
 * with errno ENOENT. */
int cor_sysctl_write(const char *path, const char *value, struct cor_err *err);

#endif
