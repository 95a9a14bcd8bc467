#include "conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "nft.h"

/* What of a flow is needed to delete it: its original direction, as the kernel wrote it. */
struct flow {
  char tuple[128];
  size_t tuple_size;
  char id[4];
};

struct search {
  const struct cor_port *ports;
  size_t count;
  struct flow *found;
  size_t found_count;
};

static void conntrack_message(struct cor_nlbuf *buf, int op, uint16_t flags, const char *what) {
  struct nfgenmsg header = {.nfgen_family = AF_INET, .version = NFNETLINK_V0};

  cor_nl_msg(buf, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | op), flags, &header, sizeof header, what,
             "conntrack");
}

static const struct nlattr *inside(const struct nlattr *attr, uint16_t type) {
  return attr ? cor_nl_attr((const char *)attr + NLA_HDRLEN, attr->nla_len - (size_t)NLA_HDRLEN,
                            type)
              : NULL;
}

static const char *value(const struct nlattr *attr, size_t size) {
  return attr && attr->nla_len >= NLA_HDRLEN + size ? (const char *)attr + NLA_HDRLEN : NULL;
}

static bool wanted(const struct search *search, uint16_t port) {
  for (size_t i = 0; i < search->count; i++)
    if (search->ports[i].udp && htons(search->ports[i].host_port) == port)
      return true;
  return false;
}

static void look_at(const struct nlmsghdr *msg, void *arg) {
  size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
  struct search *search = arg;
  const struct nlattr *tuple, *id;
  const char *protocol, *port;
  struct flow *grown;

  if (msg->nlmsg_len <= head)
    return;
  tuple = cor_nl_attr((const char *)msg + head, msg->nlmsg_len - head, CTA_TUPLE_ORIG);
  id = cor_nl_attr((const char *)msg + head, msg->nlmsg_len - head, CTA_ID);
  protocol = value(inside(inside(tuple, CTA_TUPLE_PROTO), CTA_PROTO_NUM), 1);
  port = value(inside(inside(tuple, CTA_TUPLE_PROTO), CTA_PROTO_DST_PORT), 2);
  if (!protocol || *protocol != IPPROTO_UDP || !port || !value(id, 4))
    return;
  if (!wanted(search, (uint16_t)((unsigned char)port[0] | (unsigned char)port[1] << 8)))
    return;
  if (tuple->nla_len - (size_t)NLA_HDRLEN > sizeof grown->tuple)
    return;
  grown = realloc(search->found, (search->found_count + 1) * sizeof *grown);
  if (!grown)
    return;
  search->found = grown;
  grown += search->found_count++;
  grown->tuple_size = tuple->nla_len - (size_t)NLA_HDRLEN;
  memcpy(grown->tuple, (const char *)tuple + NLA_HDRLEN, grown->tuple_size);
  memcpy(grown->id, value(id, 4), sizeof grown->id);
}

void cor_conntrack_forget_udp(const struct cor_port *ports, size_t count) {
  struct cor_nl *nl;
  cor_nlbuf_auto buf = {0};
  struct search search = {.ports = ports, .count = count};
  struct cor_err ignored; /* best effort, see conntrack.h */
  bool any = false;

  for (size_t i = 0; i < count; i++)
    any = any || (ports[i].udp && ports[i].host_port && !strchr(ports[i].host_ip, ':'));
  nl = any ? cor_nft_socket(&ignored) : NULL;
  if (!nl)
    return;
  conntrack_message(&buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, "list flows");
  (void)cor_nl_dump(nl, &buf, look_at, &search, &ignored);
  for (size_t i = 0; i < search.found_count; i++) {
    conntrack_message(&buf, IPCTNL_MSG_CT_DELETE, 0, "end flow");
    cor_nl_put(&buf, CTA_TUPLE_ORIG | NLA_F_NESTED, search.found[i].tuple,
               search.found[i].tuple_size);
    cor_nl_put(&buf, CTA_ID, search.found[i].id, sizeof search.found[i].id);
    (void)cor_nl_send(nl, &buf, &ignored); /* gone in the meantime is fine */
  }
  free(search.found);
}
