/* The table itself: sets, maps, chains and the rules in them, as nf_tables expressions.
 *
 * What a packet meets:
 *   guard        prerouting, before connection tracking: loopback addresses never come in by a
 * bridge of ours publish      prerouting: packets to a published port turn to their container
 *   publish-own  output: the same for the host's own programs, 127.0.0.1 included
 *   isolate      forward: only published ports lead into a network, internal networks have no way
 * out hide         postrouting: containers leave by the host's address
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>

#include "nft.h"
#include "nft_expr.h"

/* Raised with every change of the rules below; it names a chain that says which version is loaded.
 */
#define RULES_VERSION "version-3"

/* Data types as nft prints them; the kernel only stores them. A concatenation has 6 bits a part. */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_PROTO = 12, TYPE_PORT = 13, TYPE_IFNAME = 41 };
#define CONCAT2(a, b) ((a) << 6 | (b))
#define CONCAT3(a, b, c) ((a) << 12 | (b) << 6 | (c))

/* In a concatenated key every part takes a whole number of 32-bit registers. */
enum { REG = 4 };

static const struct {
  const char *name;
  uint32_t flags;
  uint32_t key_type, key_size;
  uint32_t data_type, data_size;
  uint32_t byte_order; /* of the key, for `nft list`: 1 the host's, 2 the network's, 0 mixed */
} sets[] = {
    {COR_SET_BRIDGES, 0, TYPE_IFNAME, IFNAMSIZ, 0, 0, 1},
    {COR_SET_PAIRS, 0, CONCAT2(TYPE_IFNAME, TYPE_IFNAME), 2 * IFNAMSIZ, 0, 0, 0},
    {COR_SET_INTERNAL, 0, TYPE_IFNAME, IFNAMSIZ, 0, 0, 1},
    {COR_SET_SUBNETS, NFT_SET_INTERVAL, TYPE_IPV4, REG, 0, 0, 2},
    {COR_MAP_PORTS, NFT_SET_MAP, CONCAT3(TYPE_PROTO, TYPE_IPV4, TYPE_PORT), 3 * REG,
     CONCAT2(TYPE_IPV4, TYPE_PORT), 2 * REG, 0},
    {COR_MAP_ANY, NFT_SET_MAP, CONCAT2(TYPE_PROTO, TYPE_PORT), 2 * REG,
     CONCAT2(TYPE_IPV4, TYPE_PORT), 2 * REG, 0},
    {COR_SET_PLAIN, 0, TYPE_IFNAME, IFNAMSIZ, 0, 0, 1},
    {COR_SET_PLAIN6, 0, TYPE_IFNAME, IFNAMSIZ, 0, 0, 1},
    {COR_SET_SUBNETS6, NFT_SET_INTERVAL, TYPE_IPV6, 4 * REG, 0, 0, 2},
    {COR_SET_ROUTED6, 0, CONCAT3(TYPE_PROTO, TYPE_IPV6, TYPE_PORT), 6 * REG, 0, 0, 0},
    {COR_MAP_PORTS6, NFT_SET_MAP, CONCAT3(TYPE_PROTO, TYPE_IPV6, TYPE_PORT), 6 * REG,
     CONCAT2(TYPE_IPV6, TYPE_PORT), 5 * REG, 0},
    {COR_MAP_ANY6, NFT_SET_MAP, CONCAT2(TYPE_PROTO, TYPE_PORT), 2 * REG,
     CONCAT2(TYPE_IPV6, TYPE_PORT), 5 * REG, 0},
};

#define CHAIN_GUARD "guard"
#define CHAIN_PUBLISH "publish"
#define CHAIN_OWN "publish-own"
#define CHAIN_ISOLATE "isolate"
#define CHAIN_HIDE "hide"

static const struct {
  const char *name;
  const char *type;
  uint32_t hook;
  int priority;
} chains[] = {
    {CHAIN_GUARD, "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW},
    {CHAIN_PUBLISH, "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
    {CHAIN_OWN, "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
    {CHAIN_ISOLATE, "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER},
    {CHAIN_HIDE, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
};

#define SOURCE_OFFSET 12
#define TARGET_OFFSET 16
#define MATCH_SET(set)                                                                             \
  { IN, 0, 0, 0, set }
#define NAME_IN(direction)                                                                         \
  { META, NFT_META_##direction##NAME, 0, 0, NULL }
#define FIRST_BYTE_IS_127(offset)                                                                  \
  {IP, offset, 0, 1, NULL}, {                                                                      \
    EQUAL, 127, 0, 1, NULL                                                                         \
  }
#define ONLY_IPV4                                                                                  \
  {META, NFT_META_NFPROTO, 0, 0, NULL}, {                                                          \
    EQUAL, NFPROTO_IPV4, 0, 1, NULL                                                                \
  }
#define SOURCE6_OFFSET 8
#define TARGET6_OFFSET 24
#define ONLY_IPV6                                                                                  \
  {META, NFT_META_NFPROTO, 0, 0, NULL}, {                                                          \
    EQUAL, NFPROTO_IPV6, 0, 1, NULL                                                                \
  }
#define SOURCE6_IN(set) {IP, SOURCE6_OFFSET, 0, 16, NULL}, MATCH_SET(set)
#define PORT_OF_ADDRESS6                                                                           \
  {META, NFT_META_L4PROTO, 0, 0, NULL}, {IP, TARGET6_OFFSET, 1, 16, NULL}, {                       \
    PORT, 0, 5, 0, NULL                                                                            \
  }
#define SOURCE_IN(set) {IP, SOURCE_OFFSET, 0, 4, NULL}, MATCH_SET(set)
#define WAS_TURNED                                                                                 \
  { CT, NFT_CT_STATUS, 0, IPS_DST_NAT, NULL }
#define KNOWN_FLOW                                                                                 \
  { CT, NFT_CT_STATE, 0, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED), NULL }
#define LOCAL(address)                                                                             \
  {FIB, address, 0, 0, NULL}, {                                                                    \
    EQUAL, RTN_LOCAL, 0, 4, NULL                                                                   \
  }
#define DO(verdict)                                                                                \
  { VERDICT, verdict, 0, 0, NULL }

#define TURN_BY_ADDRESS                                                                            \
  {META, NFT_META_L4PROTO, 0, 0, NULL}, {IP, TARGET_OFFSET, 1, 4, NULL}, {PORT, 0, 2, 0, NULL},    \
      {MAP, 0, 0, 0, COR_MAP_PORTS}, {                                                             \
    DNAT, 0, 0, 0, NULL                                                                            \
  }
#define TURN_BY_PORT                                                                               \
  {META, NFT_META_L4PROTO, 0, 0, NULL}, {PORT, 0, 1, 0, NULL}, {MAP, 0, 0, 0, COR_MAP_ANY}, {      \
    DNAT, 0, 0, 0, NULL                                                                            \
  }
#define TURN6_BY_ADDRESS                                                                           \
  PORT_OF_ADDRESS6, {MAP, 0, 0, 0, COR_MAP_PORTS6}, {                                              \
    DNAT6, 0, 0, 0, NULL                                                                           \
  }
#define TURN6_BY_PORT                                                                              \
  {META, NFT_META_L4PROTO, 0, 0, NULL}, {PORT, 0, 1, 0, NULL}, {MAP, 0, 0, 0, COR_MAP_ANY6}, {     \
    DNAT6, 0, 0, 0, NULL                                                                           \
  }

static const struct {
  const char *chain;
  struct cor_nft_expression expressions[10];
} rules[] = {
    /* Bridges have route_localnet on, so the kernel's own martian check lets 127/8 pass there
     * (CVE-2020-8558). At this priority answers to the host's 127.0.0.1 still carry the bridge's
     * address, so they are not hit. */
    {CHAIN_GUARD,
     {NAME_IN(IIF), MATCH_SET(COR_SET_BRIDGES), ONLY_IPV4, FIRST_BYTE_IS_127(TARGET_OFFSET),
      DO(NF_DROP)}},
    {CHAIN_GUARD,
     {NAME_IN(IIF), MATCH_SET(COR_SET_BRIDGES), ONLY_IPV4, FIRST_BYTE_IS_127(SOURCE_OFFSET),
      DO(NF_DROP)}},

    /* A neighbour that sends packets for 127.0.0.1 must not reach what is published there: turned
     * here, they would pass by the martian check, which comes after this hook. */
    {CHAIN_PUBLISH, {ONLY_IPV4, FIRST_BYTE_IS_127(TARGET_OFFSET), DO(NFT_RETURN)}},
    {CHAIN_PUBLISH, {ONLY_IPV4, TURN_BY_ADDRESS}},
    {CHAIN_PUBLISH, {ONLY_IPV4, LOCAL(NFTA_FIB_F_DADDR), TURN_BY_PORT}},

    {CHAIN_PUBLISH, {ONLY_IPV6, TURN6_BY_ADDRESS}},
    {CHAIN_PUBLISH, {ONLY_IPV6, LOCAL(NFTA_FIB_F_DADDR), TURN6_BY_PORT}},

    {CHAIN_OWN, {ONLY_IPV4, TURN_BY_ADDRESS}},
    {CHAIN_OWN, {ONLY_IPV4, LOCAL(NFTA_FIB_F_DADDR), TURN_BY_PORT}},
    /* IPv6 has no route_localnet: ::1 cannot leave the host, and is copied by coracle-proxy. */
    {CHAIN_OWN,
     {ONLY_IPV6, {IP, TARGET6_OFFSET, 0, 16, NULL}, {LOOPBACK6, 0, 0, 0, NULL}, DO(NFT_RETURN)}},
    {CHAIN_OWN, {ONLY_IPV6, TURN6_BY_ADDRESS}},
    {CHAIN_OWN, {ONLY_IPV6, LOCAL(NFTA_FIB_F_DADDR), TURN6_BY_PORT}},

    /* Where br_netfilter is loaded, traffic within one bridge comes by here too. */
    {CHAIN_ISOLATE, {KNOWN_FLOW, DO(NF_ACCEPT)}},
    {CHAIN_ISOLATE,
     {NAME_IN(IIF), {META, NFT_META_OIFNAME, 4, 0, NULL}, MATCH_SET(COR_SET_PAIRS), DO(NF_ACCEPT)}},
    {CHAIN_ISOLATE, {NAME_IN(IIF), MATCH_SET(COR_SET_INTERNAL), DO(NF_DROP)}},
    {CHAIN_ISOLATE, {NAME_IN(OIF), MATCH_SET(COR_SET_INTERNAL), DO(NF_DROP)}},
    {CHAIN_ISOLATE, {NAME_IN(OIF), MATCH_SET(COR_SET_BRIDGES), WAS_TURNED, DO(NF_ACCEPT)}},
    {CHAIN_ISOLATE, {ONLY_IPV6, PORT_OF_ADDRESS6, MATCH_SET(COR_SET_ROUTED6), DO(NF_ACCEPT)}},
    {CHAIN_ISOLATE, {NAME_IN(OIF), MATCH_SET(COR_SET_BRIDGES), DO(NF_DROP)}},

    {CHAIN_HIDE,
     {ONLY_IPV4,
      SOURCE_IN(COR_SET_SUBNETS),
      NAME_IN(OIF),
      {NOT_IN, 0, 0, 0, COR_SET_BRIDGES},
      NAME_IN(IIF),
      {NOT_IN, 0, 0, 0, COR_SET_PLAIN},
      {MASQUERADE, 0, 0, 0, NULL}}},
    {CHAIN_HIDE,
     {ONLY_IPV6,
      SOURCE6_IN(COR_SET_SUBNETS6),
      NAME_IN(OIF),
      {NOT_IN, 0, 0, 0, COR_SET_BRIDGES},
      NAME_IN(IIF),
      {NOT_IN, 0, 0, 0, COR_SET_PLAIN6},
      {MASQUERADE, 0, 0, 0, NULL}}},
    /* A container that uses a published port by the host's address: without this its answer would
     * come straight from a neighbour with an address it never asked. */
    {CHAIN_HIDE,
     {ONLY_IPV4,
      NAME_IN(OIF),
      MATCH_SET(COR_SET_BRIDGES),
      WAS_TURNED,
      SOURCE_IN(COR_SET_SUBNETS),
      {MASQUERADE, 0, 0, 0, NULL}}},
    {CHAIN_HIDE,
     {ONLY_IPV6,
      NAME_IN(OIF),
      MATCH_SET(COR_SET_BRIDGES),
      WAS_TURNED,
      SOURCE6_IN(COR_SET_SUBNETS6),
      {MASQUERADE, 0, 0, 0, NULL}}},
    /* The host itself, 127.0.0.1 included, shows the bridge's address: containers of an internal
     * network have no route to any other. */
    {CHAIN_HIDE,
     {NAME_IN(OIF),
      MATCH_SET(COR_SET_BRIDGES),
      WAS_TURNED,
      LOCAL(NFTA_FIB_F_SADDR),
      {MASQUERADE, 0, 0, 0, NULL}}},
};

static void put_set(struct cor_nlbuf *buf, const char *table, size_t i) {
  uint8_t userdata[6] = {0, 4}; /* libnftnl's record 0: byte order of the key, four bytes */

  cor_nft_msg(buf, NFT_MSG_NEWSET, NLM_F_CREATE, "create set", sets[i].name);
  cor_nl_put_str(buf, NFTA_SET_TABLE, table);
  cor_nl_put_str(buf, NFTA_SET_NAME, sets[i].name);
  cor_nl_put_be32(buf, NFTA_SET_FLAGS, sets[i].flags);
  cor_nl_put_be32(buf, NFTA_SET_KEY_TYPE, sets[i].key_type);
  cor_nl_put_be32(buf, NFTA_SET_KEY_LEN, sets[i].key_size);
  if (sets[i].data_size) {
    cor_nl_put_be32(buf, NFTA_SET_DATA_TYPE, sets[i].data_type);
    cor_nl_put_be32(buf, NFTA_SET_DATA_LEN, sets[i].data_size);
  }
  cor_nl_put_be32(buf, NFTA_SET_ID, (uint32_t)i + 1);
  memcpy(userdata + 2, &sets[i].byte_order, sizeof sets[i].byte_order);
  cor_nl_put(buf, NFTA_SET_USERDATA, userdata, sizeof userdata);
}

static void flush_chain(struct cor_nlbuf *buf, const char *table, const char *chain) {
  cor_nft_msg(buf, NFT_MSG_DELRULE, 0, "flush chain", chain);
  cor_nl_put_str(buf, NFTA_RULE_TABLE, table);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, chain);
}

static void put_rule(struct cor_nlbuf *buf, const char *table, const char *chain,
                     const struct cor_nft_expression *expressions) {
  size_t list;

  cor_nft_msg(buf, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule to chain", chain);
  cor_nl_put_str(buf, NFTA_RULE_TABLE, table);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, chain);
  list = cor_nl_begin(buf, NFTA_RULE_EXPRESSIONS);
  for (const struct cor_nft_expression *e = expressions; e->kind != END; e++)
    cor_nft_put_expression(buf, e);
  cor_nl_end(buf, list);
}

static void put_chain(struct cor_nlbuf *buf, const char *table, size_t i) {
  size_t hook;

  cor_nft_msg(buf, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "create chain", chains[i].name);
  cor_nl_put_str(buf, NFTA_CHAIN_TABLE, table);
  cor_nl_put_str(buf, NFTA_CHAIN_NAME, chains[i].name);
  hook = cor_nl_begin(buf, NFTA_CHAIN_HOOK);
  cor_nl_put_be32(buf, NFTA_HOOK_HOOKNUM, chains[i].hook);
  cor_nl_put_be32(buf, NFTA_HOOK_PRIORITY, (uint32_t)chains[i].priority);
  cor_nl_end(buf, hook);
  cor_nl_put_str(buf, NFTA_CHAIN_TYPE, chains[i].type);
  flush_chain(buf, table, chains[i].name);
}

/* No packet comes here. The chain's one rule goes where `nft flush table` takes all the others:
 * a chain that is there without it says that the rules are not. */
static void put_version(struct cor_nlbuf *buf, const char *table) {
  static const struct cor_nft_expression mark[] = {DO(NFT_RETURN), {END, 0, 0, 0, NULL}};

  cor_nft_msg(buf, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "create chain", RULES_VERSION);
  cor_nl_put_str(buf, NFTA_CHAIN_TABLE, table);
  cor_nl_put_str(buf, NFTA_CHAIN_NAME, RULES_VERSION);
  flush_chain(buf, table, RULES_VERSION);
  put_rule(buf, table, RULES_VERSION, mark);
}

void cor_nft_ruleset(struct cor_nlbuf *buf, const char *table) {
  cor_nft_msg(buf, NFT_MSG_NEWTABLE, NLM_F_CREATE, "create table", table);
  cor_nl_put_str(buf, NFTA_TABLE_NAME, table);
  cor_nl_put_be32(buf, NFTA_TABLE_FLAGS, 0);
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    put_set(buf, table, i);
  for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
    put_chain(buf, table, i);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    put_rule(buf, table, rules[i].chain, rules[i].expressions);
  put_version(buf, table);
}

const char *cor_nft_version_chain(void) {
  return RULES_VERSION;
}
