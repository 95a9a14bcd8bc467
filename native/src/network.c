/* A network as a whole: its bridge, its elements, and the table they are in. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "firewall.h"
#include "net.h"
#include "nft.h"

enum { HEAD = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)), ATTEMPTS = 3 };

int cor_network_up(const struct cor_network *network, struct cor_err *err) {
  int rc = -1;

  if (network->address6 && cor_forward_ipv6(err) < 0)
    return -1;
  /* Again where the table went away in between, with what was the last network until then. */
  for (int attempt = 0; attempt < ATTEMPTS && rc < 0; attempt++) {
    if (cor_nft_ensure(network->table, err) < 0)
      return -1;
    rc = cor_nft_bridge(network, true, err);
    if (rc < 0 && err->errno_ != ENOENT)
      return -1;
  }
  if (rc < 0 || cor_firewall_open(network->bridge, err) < 0)
    return -1;
  return cor_bridge_create(network->bridge, network->address, network->address6, network->mtu, err);
}

static void look_for_element(const struct nlmsghdr *msg, void *arg) {
  const struct nlattr *list;

  if (msg->nlmsg_len <= HEAD)
    return;
  list = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_SET_ELEM_LIST_ELEMENTS);
  if (list && list->nla_len > NLA_HDRLEN)
    *(bool *)arg = true;
}

/* Removes the table if no bridge of ours is left: run folders of tests and of second installations
 * come and go, and their tables shall not stay. */
static int remove_unused(const char *table, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};

  if (!nl)
    return -1;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    bool used = false;
    uint32_t now = 0;

    if (cor_nft_generation(&now, err) < 0)
      return -1;
    cor_nft_msg(&buf, NFT_MSG_GETSETELEM, NLM_F_DUMP, "list elements of set", COR_SET_BRIDGES);
    cor_nl_put_str(&buf, NFTA_SET_ELEM_LIST_TABLE, table);
    cor_nl_put_str(&buf, NFTA_SET_ELEM_LIST_SET, COR_SET_BRIDGES);
    if (cor_nl_dump(nl, &buf, look_for_element, &used, err) < 0)
      return err->errno_ == ENOENT ? 0 : -1;
    if (used)
      return 0;
    cor_nft_begin_at(&buf, now);
    cor_nft_msg(&buf, NFT_MSG_DELTABLE, 0, "delete table", table);
    cor_nl_put_str(&buf, NFTA_TABLE_NAME, table);
    cor_nft_end(&buf);
    if (cor_nl_send(nl, &buf, err) == 0 || err->errno_ == ENOENT)
      return cor_firewall_close(err);
    if (err->errno_ != ERESTART)
      return -1;
  }
  return 0; /* others are busy with rules: an empty table does no harm, the next network takes it
               away */
}

int cor_network_down(const struct cor_network *network, struct cor_err *err) {
  if (cor_bridge_delete(network->bridge, err) < 0 || cor_nft_bridge(network, false, err) < 0)
    return -1;
  return remove_unused(network->table, err);
}

/* Everything in one transaction: in between, packets would pass a half-made table. */
static int restore_at_once(const char *table, const struct cor_network *networks,
                           size_t network_count, const struct cor_port *ports, size_t port_count,
                           struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  int has_rules = nl ? cor_nft_has_rules(table, err) : -1;

  if (has_rules < 0)
    return -1;
  cor_nft_begin(&buf);
  if (!has_rules)
    cor_nft_ruleset(&buf, table);
  for (size_t i = 0; i < network_count; i++)
    if (cor_nft_put_bridge(&buf, &networks[i], err) < 0)
      return -1;
  cor_ports_put(&buf, table, ports, port_count);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err);
}

int cor_network_restore(const char *table, const struct cor_network *networks, size_t network_count,
                        const struct cor_port *ports, size_t port_count, struct cor_err *err) {
  if (restore_at_once(table, networks, network_count, ports, port_count, err) == 0)
    return 0;
  /* An element is there and leads elsewhere, or the table went again: one after another. */
  if (cor_nft_ensure(table, err) < 0)
    return -1;
  for (size_t i = 0; i < network_count; i++)
    if (cor_nft_bridge(&networks[i], true, err) < 0)
      return -1;
  return cor_ports_restore(table, ports, port_count, err);
}
