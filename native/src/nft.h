/* Our nf_tables table: its objects by name, and the messages that fill them. Inside the network
 * module only. */
#ifndef COR_NFT_H
#define COR_NFT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "netlink.h"

/* Sets and maps. A rule looks into one of them however many containers and ports there are. */
#define COR_SET_BRIDGES "bridges"   /* ifname: our bridges */
#define COR_SET_PAIRS "same-bridge" /* ifname . ifname: each bridge with itself */
#define COR_SET_INTERNAL "internal" /* ifname: bridges without a way out */
#define COR_SET_SUBNETS "subnets"   /* ipv4_addr ranges: our containers' addresses */
#define COR_SET_SUBNETS6 "subnets6" /* ipv6_addr ranges: the same */
#define COR_SET_PLAIN "plain"   /* ifname: bridges whose IPv4 addresses the host does not hide */
#define COR_SET_PLAIN6 "plain6" /* ifname: the same for IPv6 */
#define COR_SET_ROUTED6                                                                            \
  "routed6" /* inet_proto . ipv6_addr . inet_service: open to all by route                         \
             */
#define COR_MAP_PORTS                                                                              \
  "ports" /* inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service                      \
           */
#define COR_MAP_ANY "ports-any" /* inet_proto . inet_service : ipv4_addr . inet_service */
#define COR_MAP_PORTS6 "ports6" /* the same two for IPv6 */
#define COR_MAP_ANY6 "ports6-any"

/* The process's one netfilter socket; NULL where it cannot be opened. Never closed: the kernel lets
 * close() wait for an RCU grace period (10–30 ms) after something was removed. Not for callers that
 * change their network namespace. */
struct cor_nl *cor_nft_socket(struct cor_err *err);

/* An nf_tables transaction: begin, messages, commit. */
void cor_nft_begin(struct cor_nlbuf *buf);
/* The same for a decision that rests on what was read: fails with ERESTART where anything has
 * changed since `generation`. */
void cor_nft_begin_at(struct cor_nlbuf *buf, uint32_t generation);
void cor_nft_end(struct cor_nlbuf *buf);
/* One message of it, `op` being NFT_MSG_…; the caller adds attributes. */
void cor_nft_msg(struct cor_nlbuf *buf, int op, uint16_t flags, const char *what, const char *path);

/* The messages that make table, sets, maps, chains and rules, or bring an older version's rules up
 * to date. */
void cor_nft_ruleset(struct cor_nlbuf *buf, const char *table);
/* Name of a chain that has a rule only where the rules are of this version and all there. */
const char *cor_nft_version_chain(void);
/* Whether they are: 1, 0, or -1. */
int cor_nft_has_rules(const char *table, struct cor_err *err);

/* The messages that add a network's elements, and those of ports that are held. */
int cor_nft_put_bridge(struct cor_nlbuf *buf, const struct cor_network *network,
                       struct cor_err *err);
void cor_ports_put(struct cor_nlbuf *buf, const char *table, const struct cor_port *ports,
                   size_t count);

/* Number of the rule set as a whole, which every change raises. */
int cor_nft_generation(uint32_t *value, struct cor_err *err);

/* Expressions: accept where an interface's name (`key`: NFT_META_IIFNAME, NFT_META_OIFNAME) begins
 * like this. */
void cor_nft_accept_prefix(struct cor_nlbuf *buf, uint32_t key, const char *prefix, size_t size);

/* One element of one set: `data` NULL for a set, `size`s in bytes as the set declares them; a range
 * is [key, end). */
struct cor_nft_element {
  const void *key;
  size_t key_size;
  const void *data;
  size_t data_size;
  const void *end;
};
void cor_nft_element(struct cor_nlbuf *buf, bool add, const char *table, const char *set,
                     const struct cor_nft_element *element);

/* A request for one element; ENOENT where it is missing. */
void cor_nft_ask_element(struct cor_nlbuf *buf, const char *table, const char *set,
                         const struct cor_nft_element *element);

#endif
