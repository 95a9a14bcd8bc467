/* Beside other firewalls that speak iptables. An accept in our own table cannot overrule another
 * chain's drop, so where iptables' FORWARD chain refuses whatever nobody has accepted, it gets two
 * rules that accept packets from and to interfaces called cor-*. What may pass between them is
 * still up to our own table.
 *
 * They stand just before what refuses: Docker's daemon and ufw set the chain's policy to DROP,
 * which comes after its last rule; ufw's "reject" and many hand-written rule sets end in a rule
 * that refuses all. So what a user has denied in DOCKER-USER, or by `ufw route deny`, stays denied.
 * iptables-legacy keeps its rules elsewhere (iptables_legacy.c).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "firewall.h"
#include "net.h"
#include "nft.h"

#define FILTER "filter"
#define FORWARD "FORWARD"
#define PREFIX COR_BRIDGE_PREFIX
#define TABLES "coracle" /* our tables' names begin so */

enum { HEAD = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)), ATTEMPTS = 5, OURS_MAX = 16 };

/* libnftnl's record 0 of a rule's userdata: its comment, as `nft list` and `iptables -S` show it.
 */
static const char comment[] = "\0\x08"
                              "coracle";

/* ufw's chains for what it lets nobody else decide: the one that logs it as blocked, the one that
 * rejects it. */
static const char *const ufw_ends[] = {"ufw-after-logging-forward", "ufw-reject-forward",
                                       "ufw6-after-logging-forward", "ufw6-reject-forward"};

static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

/* What stands in the chain. */
struct chain {
  uint64_t gate;           /* handle of the first rule that refuses all; 0: none */
  bool refuses;            /* one does so by itself, whatever the policy is */
  uint64_t ours[OURS_MAX]; /* handles of our rules */
  size_t count;
};

static void ip_message(struct cor_nlbuf *buf, uint8_t family, int op, uint16_t flags,
                       const char *what) {
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

  cor_nl_msg(buf, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | op), flags, &header, sizeof header, what,
             family == NFPROTO_IPV4 ? "ip filter FORWARD" : "ip6 filter FORWARD");
}

static const void *content(const struct nlattr *attr) {
  return (const char *)attr + NLA_HDRLEN;
}

static size_t content_size(const struct nlattr *attr) {
  return attr->nla_len - (size_t)NLA_HDRLEN;
}

/* The attribute that these types lead to, each inside the one before it; NULL where one is missing.
 */
static const struct nlattr *inside(const struct nlattr *attr, const uint16_t *types, size_t count) {
  for (size_t i = 0; attr && i < count; i++)
    attr = cor_nl_attr(content(attr), content_size(attr), types[i]);
  return attr;
}

static bool says(const struct nlattr *attr, const char *text) {
  size_t size = strlen(text) + 1;

  return attr && content_size(attr) >= size && memcmp(content(attr), text, size) == 0;
}

/* 1: there and dropping; 0: not there or accepting. */
static int policy_drops(struct cor_nl *nl, uint8_t family, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  const struct nlattr *policy;
  char reply[1024];
  uint32_t value;
  int got;

  ip_message(&buf, family, NFT_MSG_GETCHAIN, 0, "look up chain");
  cor_nl_put_str(&buf, NFTA_CHAIN_TABLE, FILTER);
  cor_nl_put_str(&buf, NFTA_CHAIN_NAME, FORWARD);
  got = cor_nl_query(nl, &buf, reply, sizeof reply, err);
  if (got < 0)
    return err->errno_ == ENOENT ? 0 : -1;
  policy = got > HEAD ? cor_nl_attr(reply + HEAD, (size_t)(got - HEAD), NFTA_CHAIN_POLICY) : NULL;
  if (!policy || content_size(policy) < sizeof value)
    return 0;
  memcpy(&value, content(policy), sizeof value);
  return ntohl(value) == NF_DROP;
}

enum act { CONDITION, NEUTRAL, REFUSES, UFW_END };

/* What an expression of somebody's rule does. */
static enum act act_of(const struct nlattr *expression) {
  static const uint16_t name_way[] = {NFTA_EXPR_NAME};
  static const uint16_t code_way[] = {NFTA_EXPR_DATA, NFTA_IMMEDIATE_DATA, NFTA_DATA_VERDICT,
                                      NFTA_VERDICT_CODE};
  static const uint16_t chain_way[] = {NFTA_EXPR_DATA, NFTA_IMMEDIATE_DATA, NFTA_DATA_VERDICT,
                                       NFTA_VERDICT_CHAIN};
  static const uint16_t target_way[] = {NFTA_EXPR_DATA, NFTA_TARGET_NAME};
  const struct nlattr *name = inside(expression, name_way, 1), *attr;
  uint32_t code;

  if (says(name, "counter"))
    return NEUTRAL;
  if (says(name, "reject"))
    return REFUSES;
  if (says(name, "target"))
    return says(inside(expression, target_way, 2), "REJECT") ? REFUSES : CONDITION;
  if (!says(name, "immediate"))
    return CONDITION;
  attr = inside(expression, code_way, 4);
  if (!attr || content_size(attr) < sizeof code)
    return CONDITION;
  memcpy(&code, content(attr), sizeof code);
  if (ntohl(code) == NF_DROP)
    return REFUSES;
  attr = inside(expression, chain_way, 4);
  for (size_t i = 0; i < sizeof ufw_ends / sizeof *ufw_ends; i++)
    if (says(attr, ufw_ends[i]))
      return UFW_END;
  return CONDITION;
}

/* Whether every packet that comes to this rule is refused by it, or by ufw's chain that it leads
 * to.
 */
static enum act act_of_rule(const struct nlattr *list) {
  const char *at = content(list);
  size_t left = content_size(list);
  enum act act = NEUTRAL;

  while (left >= NLA_HDRLEN) {
    const struct nlattr *attr = (const struct nlattr *)(const void *)at;
    size_t step = NLA_ALIGN(attr->nla_len);
    enum act one;

    if (attr->nla_len < NLA_HDRLEN || attr->nla_len > left)
      return CONDITION;
    one = act_of(attr);
    if (one == CONDITION)
      return CONDITION;
    if (one != NEUTRAL)
      act = one;
    if (step >= left)
      break;
    at += step;
    left -= step;
  }
  return act;
}

static void look_at_rule(const struct nlmsghdr *msg, void *arg) {
  struct chain *chain = arg;
  const struct nlattr *handle, *userdata, *list;
  uint64_t number;

  if (msg->nlmsg_len <= HEAD)
    return;
  handle = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_RULE_HANDLE);
  userdata = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_RULE_USERDATA);
  list = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_RULE_EXPRESSIONS);
  if (!handle || content_size(handle) < sizeof number)
    return;
  memcpy(&number, content(handle), sizeof number);
  number = be64toh(number);
  if (userdata && content_size(userdata) == sizeof comment &&
      memcmp(content(userdata), comment, sizeof comment) == 0) {
    if (chain->count < OURS_MAX)
      chain->ours[chain->count++] = number;
    return;
  }
  switch (list ? act_of_rule(list) : CONDITION) {
  case REFUSES:
    chain->refuses = true;
    /* fall through */
  case UFW_END:
    if (!chain->gate)
      chain->gate = number;
    break;
  default:
    break;
  }
}

static int read_chain(struct cor_nl *nl, uint8_t family, struct chain *chain, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};

  memset(chain, 0, sizeof *chain);
  ip_message(&buf, family, NFT_MSG_GETRULE, NLM_F_DUMP, "list rules of chain");
  cor_nl_put_str(&buf, NFTA_RULE_TABLE, FILTER);
  cor_nl_put_str(&buf, NFTA_RULE_CHAIN, FORWARD);
  return cor_nl_dump(nl, &buf, look_at_rule, chain, err) < 0 && err->errno_ != ENOENT ? -1 : 0;
}

static void put_handle(struct cor_nlbuf *buf, uint16_t type, uint64_t handle) {
  uint64_t number = htobe64(handle);

  cor_nl_put(buf, type, &number, sizeof number);
}

static void put_rule(struct cor_nlbuf *buf, uint8_t family, uint32_t direction, uint64_t gate) {
  size_t list;

  ip_message(buf, family, NFT_MSG_NEWRULE, NLM_F_CREATE | (gate ? 0 : NLM_F_APPEND),
             "accept our bridges in chain");
  cor_nl_put_str(buf, NFTA_RULE_TABLE, FILTER);
  cor_nl_put_str(buf, NFTA_RULE_CHAIN, FORWARD);
  if (gate)
    put_handle(buf, NFTA_RULE_POSITION, gate);
  list = cor_nl_begin(buf, NFTA_RULE_EXPRESSIONS);
  cor_nft_accept_prefix(buf, direction, PREFIX, sizeof PREFIX - 1);
  cor_nl_end(buf, list);
  cor_nl_put(buf, NFTA_RULE_USERDATA, comment, sizeof comment);
}

/* The transaction holds only where nothing has changed since it was looked: shims that notice the
 * same change of a firewall all come here at once. */
static int accept_in(struct cor_nl *nl, uint8_t family, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  uint32_t now = 0;
  struct chain chain;
  int drops;

  if (cor_nft_generation(&now, err) < 0 || (drops = policy_drops(nl, family, err)) < 0 ||
      read_chain(nl, family, &chain, err) < 0)
    return -1;
  if (chain.count > 0 || (!drops && !chain.refuses))
    return 0;
  cor_nft_begin_at(&buf, now);
  put_rule(&buf, family, NFT_META_IIFNAME, chain.gate);
  put_rule(&buf, family, NFT_META_OIFNAME, chain.gate);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err);
}

int cor_nft_accept_forward(struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);

  for (size_t i = 0; nl && i < sizeof families; i++) {
    int attempts = ATTEMPTS, rc;

    while ((rc = accept_in(nl, families[i], err)) < 0 && err->errno_ == ERESTART && --attempts > 0)
      ;
    if (rc < 0)
      return -1;
  }
  return nl ? 0 : -1;
}

static void look_for_table(const struct nlmsghdr *msg, void *arg) {
  const struct nlattr *name;

  if (msg->nlmsg_len <= HEAD)
    return;
  name = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_TABLE_NAME);
  if (name && content_size(name) > sizeof TABLES - 1 &&
      memcmp(content(name), TABLES, sizeof TABLES - 1) == 0)
    *(bool *)arg = true;
}

static int withdraw_from(struct cor_nl *nl, uint8_t family, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  struct chain chain;

  if (read_chain(nl, family, &chain, err) < 0)
    return -1;
  if (!chain.count)
    return 0;
  cor_nft_begin(&buf);
  for (size_t i = 0; i < chain.count; i++) {
    ip_message(&buf, family, NFT_MSG_DELRULE, 0, "remove our rule from chain");
    cor_nl_put_str(&buf, NFTA_RULE_TABLE, FILTER);
    cor_nl_put_str(&buf, NFTA_RULE_CHAIN, FORWARD);
    put_handle(&buf, NFTA_RULE_HANDLE, chain.ours[i]);
  }
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err) < 0 && err->errno_ != ENOENT ? -1 : 0;
}

int cor_nft_withdraw_forward(struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  bool used = false;

  if (!nl)
    return -1;
  /* Another run folder's networks need them as well. */
  cor_nft_msg(&buf, NFT_MSG_GETTABLE, NLM_F_DUMP, "list tables", "");
  if (cor_nl_dump(nl, &buf, look_for_table, &used, err) < 0)
    return -1;
  for (size_t i = 0; !used && i < sizeof families; i++)
    if (withdraw_from(nl, families[i], err) < 0)
      return -1;
  return used;
}
