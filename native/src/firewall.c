#include "firewall.h"

#include <string.h>

#include "net.h"

bool cor_firewall_covers(const char *bridge) {
  return strncmp(bridge, COR_BRIDGE_PREFIX, sizeof(COR_BRIDGE_PREFIX) - 1) == 0;
}

int cor_firewall_open(const char *bridge, struct cor_err *err) {
  if (cor_nft_accept_forward(err) < 0 || cor_legacy_accept(err) < 0)
    return -1;
  return cor_firewalld_trust(bridge, err);
}

int cor_firewall_close(struct cor_err *err) {
  int removed = cor_nft_withdraw_forward(err);

  /* Positive: another run folder still has networks. */
  return removed < 0 ? -1 : removed > 0 ? 0 : cor_legacy_withdraw(err);
}
