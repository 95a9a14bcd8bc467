/* nf_tables expressions as table rows, for nft_rules.c. */
#ifndef COR_NFT_EXPR_H
#define COR_NFT_EXPR_H

#include <stdint.h>

#include "netlink.h"

/* One expression; what a, b and c mean stands beside each kind. Registers are 32 bits wide and
 * numbered from 0; a 16-byte interface name takes four. */
enum cor_nft_kind {
  END = 0,
  META,      /* a: key → register b */
  IP,        /* network header, offset a, c bytes → register b */
  PORT,      /* destination port → register b */
  FIB,       /* type of the address a (NFTA_FIB_F_…) → register b */
  CT,        /* key a → register 0, masked with c; matches where something is left */
  EQUAL,     /* register 0 equals a (c bytes) */
  DIFFERS,   /* register 0 differs from a (c bytes) */
  IN,        /* register 0 is in set `name` */
  NOT_IN,    /* … is not */
  MAP,       /* register 0 in map `name` → register 0 */
  LOOPBACK6, /* registers 0 to 3 hold ::1 */
  DNAT,      /* to the IPv4 address in register 0, port in register 1 */
  DNAT6,     /* to the IPv6 address in registers 0 to 3, port in register 4 */
  MASQUERADE,
  VERDICT, /* a: NF_ACCEPT, NF_DROP, NFT_RETURN */
};

struct cor_nft_expression {
  enum cor_nft_kind kind;
  int a;
  uint32_t b, c;
  const char *name;
};

/* Appends one expression to a rule's list. */
void cor_nft_put_expression(struct cor_nlbuf *buf, const struct cor_nft_expression *e);

#endif
