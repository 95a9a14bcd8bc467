/* How a row of nft_expr.h is written for the kernel. */
#include "nft_expr.h"

/* First, as <linux/netfilter.h> would bring the kernel's own definitions of the same names. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>

#include "nft.h"

static uint32_t reg(uint32_t number) {
  return NFT_REG32_00 + number;
}

static void put_value(struct cor_nlbuf *buf, uint16_t type, const void *value, size_t size) {
  size_t data = cor_nl_begin(buf, type);

  cor_nl_put(buf, NFTA_DATA_VALUE, value, size);
  cor_nl_end(buf, data);
}

struct open_expression {
  size_t element, data;
};

static struct open_expression open_expression(struct cor_nlbuf *buf, const char *name) {
  struct open_expression open;

  open.element = cor_nl_begin(buf, NFTA_LIST_ELEM);
  cor_nl_put_str(buf, NFTA_EXPR_NAME, name);
  open.data = cor_nl_begin(buf, NFTA_EXPR_DATA);
  return open;
}

static void close_expression(struct cor_nlbuf *buf, struct open_expression open) {
  cor_nl_end(buf, open.data);
  cor_nl_end(buf, open.element);
}

static void put_payload(struct cor_nlbuf *buf, uint32_t base, uint32_t offset, uint32_t size,
                        uint32_t target) {
  struct open_expression open = open_expression(buf, "payload");

  cor_nl_put_be32(buf, NFTA_PAYLOAD_DREG, reg(target));
  cor_nl_put_be32(buf, NFTA_PAYLOAD_BASE, base);
  cor_nl_put_be32(buf, NFTA_PAYLOAD_OFFSET, offset);
  cor_nl_put_be32(buf, NFTA_PAYLOAD_LEN, size);
  close_expression(buf, open);
}

static void put_compare(struct cor_nlbuf *buf, uint32_t op, const void *value, size_t size) {
  struct open_expression open = open_expression(buf, "cmp");

  cor_nl_put_be32(buf, NFTA_CMP_SREG, reg(0));
  cor_nl_put_be32(buf, NFTA_CMP_OP, op);
  put_value(buf, NFTA_CMP_DATA, value, size);
  close_expression(buf, open);
}

static void put_compare_number(struct cor_nlbuf *buf, uint32_t op, int number, uint32_t size) {
  uint8_t byte = (uint8_t)number;
  uint32_t word = (uint32_t)number; /* meta, fib and ct keep numbers in the host's order */

  if (size == 1)
    put_compare(buf, op, &byte, sizeof byte);
  else
    put_compare(buf, op, &word, sizeof word);
}

static void put_ct_flags(struct cor_nlbuf *buf, uint32_t key, uint32_t mask) {
  struct open_expression open = open_expression(buf, "ct");
  uint32_t none = 0;

  cor_nl_put_be32(buf, NFTA_CT_DREG, reg(0));
  cor_nl_put_be32(buf, NFTA_CT_KEY, key);
  close_expression(buf, open);
  open = open_expression(buf, "bitwise");
  cor_nl_put_be32(buf, NFTA_BITWISE_SREG, reg(0));
  cor_nl_put_be32(buf, NFTA_BITWISE_DREG, reg(0));
  cor_nl_put_be32(buf, NFTA_BITWISE_LEN, sizeof mask);
  put_value(buf, NFTA_BITWISE_MASK, &mask, sizeof mask);
  put_value(buf, NFTA_BITWISE_XOR, &none, sizeof none);
  close_expression(buf, open);
  put_compare(buf, NFT_CMP_NEQ, &none, sizeof none);
}

static void put_lookup(struct cor_nlbuf *buf, const struct cor_nft_expression *e) {
  struct open_expression open = open_expression(buf, "lookup");

  cor_nl_put_str(buf, NFTA_LOOKUP_SET, e->name);
  cor_nl_put_be32(buf, NFTA_LOOKUP_SREG, reg(0));
  if (e->kind == MAP)
    cor_nl_put_be32(buf, NFTA_LOOKUP_DREG, reg(0));
  if (e->kind == NOT_IN)
    cor_nl_put_be32(buf, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  close_expression(buf, open);
}

static void put_load(struct cor_nlbuf *buf, const struct cor_nft_expression *e) {
  bool fib = e->kind == FIB;
  struct open_expression open = open_expression(buf, fib ? "fib" : "meta");

  cor_nl_put_be32(buf, fib ? NFTA_FIB_DREG : NFTA_META_DREG, reg(e->b));
  if (fib) {
    cor_nl_put_be32(buf, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    cor_nl_put_be32(buf, NFTA_FIB_FLAGS, (uint32_t)e->a);
  } else {
    cor_nl_put_be32(buf, NFTA_META_KEY, (uint32_t)e->a);
  }
  close_expression(buf, open);
}

static void put_verdict(struct cor_nlbuf *buf, int verdict) {
  struct open_expression open = open_expression(buf, "immediate");
  size_t data, code;

  cor_nl_put_be32(buf, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  data = cor_nl_begin(buf, NFTA_IMMEDIATE_DATA);
  code = cor_nl_begin(buf, NFTA_DATA_VERDICT);
  cor_nl_put_be32(buf, NFTA_VERDICT_CODE, (uint32_t)verdict);
  cor_nl_end(buf, code);
  cor_nl_end(buf, data);
  close_expression(buf, open);
}

static void put_dnat(struct cor_nlbuf *buf, uint32_t family) {
  struct open_expression open = open_expression(buf, "nat");

  cor_nl_put_be32(buf, NFTA_NAT_TYPE, NFT_NAT_DNAT);
  cor_nl_put_be32(buf, NFTA_NAT_FAMILY, family);
  cor_nl_put_be32(buf, NFTA_NAT_REG_ADDR_MIN, reg(0));
  cor_nl_put_be32(buf, NFTA_NAT_REG_PROTO_MIN, reg(family == NFPROTO_IPV6 ? 4 : 1));
  close_expression(buf, open);
}

void cor_nft_put_expression(struct cor_nlbuf *buf, const struct cor_nft_expression *e) {
  switch (e->kind) {
  case END:
    break;
  case META:
  case FIB:
    put_load(buf, e);
    break;
  case IP:
    put_payload(buf, NFT_PAYLOAD_NETWORK_HEADER, (uint32_t)e->a, e->c, e->b);
    break;
  case PORT:
    put_payload(buf, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, e->b);
    break;
  case CT:
    put_ct_flags(buf, (uint32_t)e->a, e->c);
    break;
  case EQUAL:
    put_compare_number(buf, NFT_CMP_EQ, e->a, e->c);
    break;
  case DIFFERS:
    put_compare_number(buf, NFT_CMP_NEQ, e->a, e->c);
    break;
  case IN:
  case NOT_IN:
  case MAP:
    put_lookup(buf, e);
    break;
  case LOOPBACK6:
    put_compare(buf, NFT_CMP_EQ, &in6addr_loopback, sizeof in6addr_loopback);
    break;
  case DNAT:
    put_dnat(buf, NFPROTO_IPV4);
    break;
  case DNAT6:
    put_dnat(buf, NFPROTO_IPV6);
    break;
  case MASQUERADE:
    close_expression(buf, open_expression(buf, "masq"));
    break;
  case VERDICT:
    put_verdict(buf, e->a);
    break;
  }
}

void cor_nft_accept_prefix(struct cor_nlbuf *buf, uint32_t key, const char *prefix, size_t size) {
  static const struct cor_nft_expression accept = {VERDICT, NF_ACCEPT, 0, 0, NULL};
  struct cor_nft_expression name = {META, (int)key, 0, 0, NULL};

  cor_nft_put_expression(buf, &name);
  put_compare(buf, NFT_CMP_EQ, prefix, size); /* shorter than the name: compares its beginning */
  cor_nft_put_expression(buf, &accept);
}
