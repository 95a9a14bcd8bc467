/* Beside Docker: its daemon sets the policy of iptables' FORWARD chain to DROP, and an accept in
 * our own table cannot overrule another chain's drop. So where that chain has that policy, it gets
 * two rules at its end, which accept what would otherwise meet the policy: packets from and to
 * interfaces called cor-*. What may pass between them is still up to our own table. iptables-legacy
 * keeps its rules elsewhere and is not reached (docs/networks.md).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "net.h"
#include "nft.h"

#define FILTER "filter"
#define FORWARD "FORWARD"
#define PREFIX "cor-"
/* libnftnl's record 0 of a rule's userdata: its comment, as `nft list` and `iptables -S` show it.
 */
static const char comment[] = "\0\x08"
                              "coracle";

static void ip_message(struct cor_nlbuf *buf, int op, uint16_t flags, const char *what) {
  struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};

  cor_nl_msg(buf, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | op), flags, &header, sizeof header, what,
             "ip filter FORWARD");
}

/* 1: there and dropping; 0: not there or accepting. */
static int policy_drops(struct cor_nl *nl, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
  const struct nlattr *policy;
  char reply[1024];
  uint32_t value;
  int got;

  ip_message(&buf, NFT_MSG_GETCHAIN, 0, "look up chain");
  cor_nl_put_str(&buf, NFTA_CHAIN_TABLE, FILTER);
  cor_nl_put_str(&buf, NFTA_CHAIN_NAME, FORWARD);
  got = cor_nl_query(nl, &buf, reply, sizeof reply, err);
  if (got < 0)
    return err->errno_ == ENOENT ? 0 : -1;
  policy =
      (size_t)got > head ? cor_nl_attr(reply + head, (size_t)got - head, NFTA_CHAIN_POLICY) : NULL;
  if (!policy || policy->nla_len < NLA_HDRLEN + sizeof value)
    return 0;
  memcpy(&value, (const char *)policy + NLA_HDRLEN, sizeof value);
  return ntohl(value) == NF_DROP;
}

static void look_for_ours(const struct nlmsghdr *msg, void *arg) {
  size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
  const struct nlattr *userdata;

  if (msg->nlmsg_len <= head)
    return;
  userdata = cor_nl_attr((const char *)msg + head, msg->nlmsg_len - head, NFTA_RULE_USERDATA);
  if (userdata && userdata->nla_len == NLA_HDRLEN + sizeof comment &&
      memcmp((const char *)userdata + NLA_HDRLEN, comment, sizeof comment) == 0)
    *(bool *)arg = true;
}

static void put_rule(struct cor_nlbuf *buf, uint32_t direction) {
  size_t list;

  ip_message(buf, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "accept our bridges in chain");
  cor_nl_put_str(buf, NFTA_RULE_TABLE, FILTER);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, FORWARD);
  list = cor_nl_begin(buf, NFTA_RULE_EXPRESSIONS);
  cor_nft_accept_prefix(buf, direction, PREFIX, sizeof PREFIX - 1);
  cor_nl_end(buf, list);
  cor_nl_put(buf, NFTA_RULE_USERDATA, comment, sizeof comment);
}

int cor_nft_accept_forward(struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  bool present = false;
  int drops;

  if (!nl)
    return -1;
  drops = policy_drops(nl, err);
  if (drops <= 0)
    return drops;
  ip_message(&buf, NFT_MSG_GETRULE, NLM_F_DUMP, "list rules of chain");
  cor_nl_put_str(&buf, NFTA_RULE_TABLE, FILTER);
  cor_nl_put_str(&buf, NFTA_RULE_CHAIN, FORWARD);
  if (cor_nl_dump(nl, &buf, look_for_ours, &present, err) < 0)
    return -1;
  if (present)
    return 0;
  cor_nft_begin(&buf);
  put_rule(&buf, NFT_META_IIFNAME);
  put_rule(&buf, NFT_META_OIFNAME);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err);
}
