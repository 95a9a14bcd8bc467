/* The host's packet filter belongs to others too: `nft flush ruleset`, a restart of nftables, a
 * firewall that loads its rules anew take a running container's networks and ports with them. Each
 * shim listens to what the kernel tells about changes and puts back what its container needs, in
 * one transaction. Several do it at once after a flush: each transaction is whole and repeats
 * nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "netlink.h"
#include "shim.h"

enum {
  HEAD = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)),
  NOTE_SIZE = 16384, /* the kernel puts at most 8 KiB into one */
  FORWARD_PAUSE_MS = 50,
  RETRY_MS = 1000,
};

#define TYPE(op) (NFNL_SUBSYS_NFTABLES << 8 | (op))

/* Containers that start and stop, ours and others', change elements alone: those notes never wake a
 * shim. The number is in the host's order, BPF loads in the network's. */
#define PASS_OVER(op)                                                                              \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap16(TYPE(op)), 0, 1),                          \
      BPF_STMT(BPF_RET | BPF_K, 0)

static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
    PASS_OVER(NFT_MSG_NEWSETELEM),
    PASS_OVER(NFT_MSG_DELSETELEM),
    PASS_OVER(NFT_MSG_NEWGEN),
    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
};

/* What of a note concerns a container. */
struct concern {
  bool table;   /* ours */
  bool forward; /* iptables' chain, which may drop what we forward */
};

static void look(const struct cor_shim *shim, const struct nlmsghdr *msg, struct concern *concern) {
  const struct nfgenmsg *header = NLMSG_DATA(msg);
  const struct nlattr *table;
  size_t size;

  if (msg->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || msg->nlmsg_len <= HEAD)
    return;
  /* The first attribute of everything but elements is the table's name, under the same number. */
  table = cor_nl_attr((const char *)msg + HEAD, msg->nlmsg_len - HEAD, NFTA_TABLE_NAME);
  if (!table || table->nla_len <= NLA_HDRLEN)
    return;
  size = table->nla_len - NLA_HDRLEN;
  if (header->nfgen_family == NFPROTO_INET)
    concern->table |=
        size == strlen(shim->spec->table) + 1 && memcmp(table + 1, shim->spec->table, size) == 0;
  else if (header->nfgen_family == NFPROTO_IPV4 || header->nfgen_family == NFPROTO_IPV6)
    concern->forward |= size == sizeof("filter") && memcmp(table + 1, "filter", size) == 0;
}

/* Reads all that has come: a hundred changes are answered once. */
static struct concern read_notes(const struct cor_shim *shim) {
  struct concern concern = {false, false};
  char note[NOTE_SIZE];

  for (;;) {
    ssize_t got = recv(shim->rules.fd, note, sizeof(note), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno != ENOBUFS)
      return concern;
    /* Notes were lost: anything may have happened. */
    if (got < 0 || got > (ssize_t)sizeof(note)) {
      concern.table = concern.forward = true;
      continue;
    }
    const struct nlmsghdr *msg = (const struct nlmsghdr *)(const void *)note;
    for (; NLMSG_OK(msg, (size_t)got); msg = NLMSG_NEXT(msg, got))
      look(shim, msg, &concern);
  }
}

static int restore(const struct cor_shim *shim, struct cor_err *err) {
  const struct cor_shim_spec *spec = shim->spec;
  struct cor_network *networks = calloc(spec->endpoint_count + 1, sizeof(*networks));
  size_t count = 0;

  if (!networks)
    return cor_fail(err, ENOMEM, "restore rules", spec->table, "out of memory");
  for (size_t i = 0; i < spec->endpoint_count; i++)
    if (spec->endpoints[i].has_rules)
      networks[count++] = spec->endpoints[i].rules;
  int result = cor_network_restore(spec->table, networks, count, spec->ports,
                                   shim->published ? spec->port_count : 0, err);
  free(networks);
  return result;
}

static void notes_ready(struct cor_source *source, uint32_t events) {
  struct cor_shim *shim = cor_container_of(source, struct cor_shim, rules);
  struct concern concern = read_notes(shim);
  struct cor_err ignored;

  (void)events;
  if (concern.table && restore(shim, &ignored) < 0)
    cor_timer_in(&shim->rules_timer, RETRY_MS);
  /* A firewall that loads its rules makes dozens of changes. */
  else if (concern.forward && shim->rules_timer.at_ms == 0)
    cor_timer_in(&shim->rules_timer, FORWARD_PAUSE_MS);
}

static void rules_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, rules_timer);
  struct cor_err ignored;

  if (restore(shim, &ignored) < 0 || cor_nft_accept_forward(&ignored) < 0)
    cor_timer_in(timer, RETRY_MS);
}

int cor_shim_rules_watch(struct cor_shim *shim, struct cor_err *err) {
  struct cor_nl nl = {.fd = -1};
  struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter),
                               .filter = (struct sock_filter *)(uintptr_t)filter};
  struct sockaddr_nl any = {.nl_family = AF_NETLINK};
  int group = NFNLGRP_NFTABLES;
  bool has_rules = false;

  if (shim->rules.fd >= 0)
    return 0;
  for (size_t i = 0; i < shim->spec->endpoint_count; i++)
    has_rules |= shim->spec->endpoints[i].has_rules;
  if (!has_rules)
    return 0;
  if (cor_nl_open(&nl, NETLINK_NETFILTER, err) < 0)
    return -1;
  shim->rules = (struct cor_source){nl.fd, notes_ready};
  if (setsockopt(nl.fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
      /* The kernel leaves sockets without an address of their own out. */
      bind(nl.fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
      setsockopt(nl.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ||
      cor_loop_add(&shim->loop, &shim->rules, EPOLLIN) < 0)
    return cor_fail(err, errno, "watch rules", shim->spec->table,
                    "cannot listen to changes of the packet filter");
  cor_loop_timer(&shim->loop, &shim->rules_timer, rules_due);
  return 0;
}
