/* Who else refuses what the host forwards, as far as nf_tables can tell. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "firewall.h"
#include "nft.h"

enum {
  HEAD = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)),
  CHAINS_MAX = 32,
  NAME_SIZE = 64
};

struct found_chain {
  uint8_t family;
  char table[NAME_SIZE], chain[NAME_SIZE];
};

struct found {
  struct found_chain chains[CHAINS_MAX];
  size_t count;
};

static void family_message(struct cor_nlbuf *buf, uint8_t family, int op, const char *what,
                           const char *path) {
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

  cor_nl_msg(buf, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | op), NLM_F_DUMP, &header, sizeof header,
             what, path);
}

static const struct nlattr *attribute(const struct nlmsghdr *msg, uint16_t type) {
  return msg->nlmsg_len > HEAD ? cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, type)
                               : NULL;
}

/* A text of the kernel's, which ends in a zero. */
static bool copy_text(const struct nlattr *attr, char *out) {
  size_t size = attr ? attr->nla_len - (size_t)NLA_HDRLEN : 0;

  if (size < 1 || size > NAME_SIZE)
    return false;
  memcpy(out, attr + 1, size);
  out[size - 1] = '\0';
  return true;
}

static uint32_t number(const struct nlattr *attr) {
  uint32_t value = 0;

  if (attr && attr->nla_len >= NLA_HDRLEN + sizeof value)
    memcpy(&value, attr + 1, sizeof value);
  return ntohl(value);
}

/* A chain at the forward hook whose policy is to drop. */
static void look_at_chain(const struct nlmsghdr *msg, void *arg) {
  struct found *found = arg;
  const struct nlattr *hook = attribute(msg, NFTA_CHAIN_HOOK), *at;
  uint8_t family = ((const struct nfgenmsg *)NLMSG_DATA(msg))->nfgen_family;
  struct found_chain *chain = &found->chains[found->count];

  if (!hook || found->count == CHAINS_MAX ||
      (family != NFPROTO_INET && family != NFPROTO_IPV4 && family != NFPROTO_IPV6) ||
      !copy_text(attribute(msg, NFTA_CHAIN_TABLE), chain->table) ||
      !copy_text(attribute(msg, NFTA_CHAIN_NAME), chain->chain))
    return;
  at = cor_nl_attr(hook + 1, hook->nla_len - (size_t)NLA_HDRLEN, NFTA_HOOK_HOOKNUM);
  if (!at || number(at) != NF_INET_FORWARD)
    return;
  if (attribute(msg, NFTA_CHAIN_POLICY) && number(attribute(msg, NFTA_CHAIN_POLICY)) == NF_DROP) {
    chain->family = family;
    found->count++;
  }
}

struct mention {
  const char *prefix;
  bool found;
};

static void look_for_mention(const struct nlmsghdr *msg, void *arg) {
  struct mention *mention = arg;
  const struct nlattr *list = attribute(msg, NFTA_RULE_EXPRESSIONS);

  if (list && memmem(list + 1, list->nla_len - (size_t)NLA_HDRLEN, mention->prefix,
                     strlen(mention->prefix)))
    mention->found = true;
}

int cor_firewall_mentions(unsigned char family, const char *table, const char *prefix,
                          struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  struct mention mention = {prefix, false};
  cor_nlbuf_auto buf = {0};
  char reply[1024];

  if (!nl)
    return -1;
  /* A dump of a table that is not there is empty, and no error. */
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};
  cor_nl_msg(&buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0, &header, sizeof header,
             "look up table", table);
  cor_nl_put_str(&buf, NFTA_TABLE_NAME, table);
  if (cor_nl_query(nl, &buf, reply, sizeof reply, err) < 0)
    return -1;
  family_message(&buf, family, NFT_MSG_GETRULE, "list rules of table", table);
  cor_nl_put_str(&buf, NFTA_RULE_TABLE, table);
  if (cor_nl_dump(nl, &buf, look_for_mention, &mention, err) < 0)
    return -1;
  return mention.found;
}

static const char *family_name(uint8_t family) {
  return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

int cor_firewall_barriers(struct cor_sbuf *out, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  struct found found = {.count = 0};

  if (!nl)
    return -1;
  family_message(&buf, NFPROTO_UNSPEC, NFT_MSG_GETCHAIN, "list chains", "");
  if (cor_nl_dump(nl, &buf, look_at_chain, &found, err) < 0)
    return -1;
  for (size_t i = 0; i < found.count; i++) {
    const struct found_chain *chain = &found.chains[i];
    bool is_iptables = chain->family != NFPROTO_INET && strcmp(chain->table, "filter") == 0 &&
                       strcmp(chain->chain, "FORWARD") == 0;
    int mentions = is_iptables
                       ? 1
                       : cor_firewall_mentions(chain->family, chain->table, COR_BRIDGE_PREFIX, err);
    if (mentions < 0)
      return -1;
    if (mentions == 0)
      cor_sbuf_fmt(out, "%stable %s %s, chain %s", out->len ? "; " : "", family_name(chain->family),
                   chain->table, chain->chain);
  }
  return 0;
}
