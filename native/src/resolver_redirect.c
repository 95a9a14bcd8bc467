/* Two rules in the container's namespace: what its processes send to 127.0.0.11 port 53 goes to the
 * resolver's ports. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "nft.h"
#include "resolver_parts.h"

#define TABLE "coracle-dns"
#define CHAIN "redirect"
#define TARGET_OFFSET 16 /* destination address in an IPv4 header */
#define PORT_OFFSET 2    /* destination port in a UDP or TCP header */

static size_t nests[2];

static void begin_expression(struct cor_nlbuf *buf, const char *name) {
  nests[0] = cor_nl_begin(buf, NFTA_LIST_ELEM);
  cor_nl_put_str(buf, NFTA_EXPR_NAME, name);
  nests[1] = cor_nl_begin(buf, NFTA_EXPR_DATA);
}

static void end_expression(struct cor_nlbuf *buf) {
  cor_nl_end(buf, nests[1]);
  cor_nl_end(buf, nests[0]);
}

static void put_data(struct cor_nlbuf *buf, uint16_t type, const void *value, size_t size) {
  size_t nest = cor_nl_begin(buf, type);
  cor_nl_put(buf, NFTA_DATA_VALUE, value, size);
  cor_nl_end(buf, nest);
}

static void equals(struct cor_nlbuf *buf, const void *value, size_t size) {
  begin_expression(buf, "cmp");
  cor_nl_put_be32(buf, NFTA_CMP_SREG, NFT_REG_1);
  cor_nl_put_be32(buf, NFTA_CMP_OP, NFT_CMP_EQ);
  put_data(buf, NFTA_CMP_DATA, value, size);
  end_expression(buf);
}

static void meta_equals(struct cor_nlbuf *buf, uint32_t key, uint8_t value) {
  begin_expression(buf, "meta");
  cor_nl_put_be32(buf, NFTA_META_DREG, NFT_REG_1);
  cor_nl_put_be32(buf, NFTA_META_KEY, key);
  end_expression(buf);
  equals(buf, &value, sizeof(value));
}

static void field_equals(struct cor_nlbuf *buf, uint32_t base, uint32_t offset, const void *value,
                         size_t size) {
  begin_expression(buf, "payload");
  cor_nl_put_be32(buf, NFTA_PAYLOAD_DREG, NFT_REG_1);
  cor_nl_put_be32(buf, NFTA_PAYLOAD_BASE, base);
  cor_nl_put_be32(buf, NFTA_PAYLOAD_OFFSET, offset);
  cor_nl_put_be32(buf, NFTA_PAYLOAD_LEN, (uint32_t)size);
  end_expression(buf);
  equals(buf, value, size);
}

static void load(struct cor_nlbuf *buf, uint32_t reg, const void *value, size_t size) {
  begin_expression(buf, "immediate");
  cor_nl_put_be32(buf, NFTA_IMMEDIATE_DREG, reg);
  put_data(buf, NFTA_IMMEDIATE_DATA, value, size);
  end_expression(buf);
}

static void put_rule(struct cor_nlbuf *buf, uint8_t protocol, uint16_t port) {
  uint32_t address = htonl(0x7f00000b);
  uint16_t dns = htons(53), to = htons(port);
  cor_nft_msg(buf, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule", TABLE);
  cor_nl_put_str(buf, NFTA_RULE_TABLE, TABLE);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, CHAIN);
  size_t list = cor_nl_begin(buf, NFTA_RULE_EXPRESSIONS);
  meta_equals(buf, NFT_META_NFPROTO, NFPROTO_IPV4);
  meta_equals(buf, NFT_META_L4PROTO, protocol);
  field_equals(buf, NFT_PAYLOAD_NETWORK_HEADER, TARGET_OFFSET, &address, sizeof(address));
  field_equals(buf, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_OFFSET, &dns, sizeof(dns));
  load(buf, NFT_REG_1, &address, sizeof(address));
  load(buf, NFT_REG_2, &to, sizeof(to));
  begin_expression(buf, "nat");
  cor_nl_put_be32(buf, NFTA_NAT_TYPE, NFT_NAT_DNAT);
  cor_nl_put_be32(buf, NFTA_NAT_FAMILY, NFPROTO_IPV4);
  cor_nl_put_be32(buf, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
  cor_nl_put_be32(buf, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
  end_expression(buf);
  cor_nl_end(buf, list);
}

static void put_table(struct cor_nlbuf *buf) {
  cor_nft_msg(buf, NFT_MSG_NEWTABLE, NLM_F_CREATE, "create table", TABLE);
  cor_nl_put_str(buf, NFTA_TABLE_NAME, TABLE);
  cor_nl_put_be32(buf, NFTA_TABLE_FLAGS, 0);
  cor_nft_msg(buf, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "create chain", TABLE);
  cor_nl_put_str(buf, NFTA_CHAIN_TABLE, TABLE);
  cor_nl_put_str(buf, NFTA_CHAIN_NAME, CHAIN);
  size_t hook = cor_nl_begin(buf, NFTA_CHAIN_HOOK);
  cor_nl_put_be32(buf, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  cor_nl_put_be32(buf, NFTA_HOOK_PRIORITY, (uint32_t)NF_IP_PRI_NAT_DST);
  cor_nl_end(buf, hook);
  cor_nl_put_str(buf, NFTA_CHAIN_TYPE, "nat");
  /* A resolver that was started again has other ports: the rules of the one before go. */
  cor_nft_msg(buf, NFT_MSG_DELRULE, 0, "flush chain", TABLE);
  cor_nl_put_str(buf, NFTA_RULE_TABLE, TABLE);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, CHAIN);
}

int cor_resolver_redirect(uint16_t udp_port, uint16_t tcp_port, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  cor_nl_auto nl = {.fd = -1};
  if (cor_nl_open(&nl, NETLINK_NETFILTER, err) < 0)
    return -1;
  cor_nft_begin(&buf);
  put_table(&buf);
  put_rule(&buf, IPPROTO_UDP, udp_port);
  put_rule(&buf, IPPROTO_TCP, tcp_port);
  cor_nft_end(&buf);
  return cor_nl_send(&nl, &buf, err);
}
