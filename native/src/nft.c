#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "net.h"
#include "net_link.h"

static void netfilter_message(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, uint8_t family,
                              uint16_t resource, const char *what, const char *path) {
  struct nfgenmsg header = {
      .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};

  cor_nl_msg(buf, type, flags, &header, sizeof header, what, path);
}

void cor_nft_begin(struct cor_nlbuf *buf) {
  netfilter_message(buf, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES,
                    "commit nf_tables transaction", "");
}

void cor_nft_begin_at(struct cor_nlbuf *buf, uint32_t generation) {
  cor_nft_begin(buf);
  cor_nl_put_be32(buf, NFNL_BATCH_GENID, generation);
}

void cor_nft_end(struct cor_nlbuf *buf) {
  size_t ack = buf->ack;
  uint32_t ack_seq = buf->ack_seq;

  netfilter_message(buf, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES,
                    "commit nf_tables transaction", "");
  /* Kernels before 6.10 never acknowledge the end of a batch; the message before it answers for the
   * commit. */
  buf->ack = ack;
  buf->ack_seq = ack_seq;
}

struct cor_nl *cor_nft_socket(struct cor_err *err) {
  static struct cor_nl shared = {.fd = -1};
  static pid_t owner;

  /* A forked child must not read answers to its parent's questions: it opens its own. The inherited
   * number is left alone, as the child may have closed it and given it to something else. */
  if (shared.fd < 0 || owner != getpid()) {
    owner = getpid();
    shared.fd = -1;
    if (cor_nl_open(&shared, NETLINK_NETFILTER, err) < 0)
      return NULL;
  }
  return &shared;
}

void cor_nft_msg(struct cor_nlbuf *buf, int op, uint16_t flags, const char *what,
                 const char *path) {
  netfilter_message(buf, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | op), flags, NFPROTO_INET, 0, what,
                    path);
}

static void put_key(struct cor_nlbuf *buf, uint16_t type, const void *value, size_t size) {
  size_t nest = cor_nl_begin(buf, type);

  cor_nl_put(buf, NFTA_DATA_VALUE, value, size);
  cor_nl_end(buf, nest);
}

static void element_message(struct cor_nlbuf *buf, int op, uint16_t flags, const char *what,
                            const char *table, const char *set,
                            const struct cor_nft_element *element) {
  size_t list, item;

  cor_nft_msg(buf, op, flags, what, set);
  cor_nl_put_str(buf, NFTA_SET_ELEM_LIST_TABLE, table);
  cor_nl_put_str(buf, NFTA_SET_ELEM_LIST_SET, set);
  list = cor_nl_begin(buf, NFTA_SET_ELEM_LIST_ELEMENTS);
  item = cor_nl_begin(buf, NFTA_LIST_ELEM);
  put_key(buf, NFTA_SET_ELEM_KEY, element->key, element->key_size);
  if (element->data && op == NFT_MSG_NEWSETELEM)
    put_key(buf, NFTA_SET_ELEM_DATA, element->data, element->data_size);
  cor_nl_end(buf, item);
  if (element->end) {
    /* The end of a range is an element of its own, one behind the last address. */
    item = cor_nl_begin(buf, NFTA_LIST_ELEM);
    put_key(buf, NFTA_SET_ELEM_KEY, element->end, element->key_size);
    cor_nl_put_be32(buf, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    cor_nl_end(buf, item);
  }
  cor_nl_end(buf, list);
}

void cor_nft_element(struct cor_nlbuf *buf, bool add, const char *table, const char *set,
                     const struct cor_nft_element *element) {
  if (add)
    element_message(buf, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add element to set", table, set,
                    element);
  else
    element_message(buf, NFT_MSG_DELSETELEM, 0, "remove element from set", table, set, element);
}

void cor_nft_ask_element(struct cor_nlbuf *buf, const char *table, const char *set,
                         const struct cor_nft_element *element) {
  element_message(buf, NFT_MSG_GETSETELEM, 0, "look up element of set", table, set, element);
}

static int enable_forwarding(struct cor_err *err) {
  static const char path[] = "/proc/sys/net/ipv4/ip_forward";
  _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
  char value = '0';

  if (fd < 0)
    return cor_fail(err, errno, "open", path, "cannot read whether IP forwarding is on");
  if (pread(fd, &value, 1, 0) != 1)
    return cor_fail(err, errno, "read", path, "cannot read whether IP forwarding is on");
  if (value != '1' && pwrite(fd, "1", 1, 0) != 1)
    return cor_fail(err, errno, "write", path, "cannot switch on IP forwarding");
  return 0;
}

static const struct nlattr *attribute(const char *reply, int size, uint16_t type) {
  enum { HEAD = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)) };
  const struct nlattr *attr =
      size > HEAD ? cor_nl_attr(reply + HEAD, (size_t)(size - HEAD), type) : NULL;

  return attr && attr->nla_len >= NLA_HDRLEN + sizeof(uint32_t) ? attr : NULL;
}

static uint32_t number(const struct nlattr *attr) {
  uint32_t value;

  memcpy(&value, (const char *)attr + NLA_HDRLEN, sizeof value);
  return ntohl(value);
}

int cor_nft_has_rules(const char *table, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  const struct nlattr *uses;
  char reply[1024];
  int got;

  if (!nl)
    return -1;
  cor_nft_msg(&buf, NFT_MSG_GETCHAIN, 0, "look up table", table);
  cor_nl_put_str(&buf, NFTA_CHAIN_TABLE, table);
  cor_nl_put_str(&buf, NFTA_CHAIN_NAME, cor_nft_version_chain());
  got = cor_nl_query(nl, &buf, reply, sizeof reply, err);
  if (got < 0)
    return err->errno_ == ENOENT ? 0 : -1;
  uses = attribute(reply, got, NFTA_CHAIN_USE);
  return uses && number(uses) > 0;
}

int cor_nft_generation(uint32_t *value, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  const struct nlattr *id;
  char reply[512];
  int got;

  if (!nl)
    return -1;
  cor_nft_msg(&buf, NFT_MSG_GETGEN, 0, "read rule set generation", "");
  got = cor_nl_query(nl, &buf, reply, sizeof reply, err);
  if (got < 0)
    return -1;
  id = attribute(reply, got, NFTA_GEN_ID);
  if (!id)
    return cor_fail(err, EPROTO, "read rule set generation", "",
                    "the kernel's answer has no number");
  *value = number(id);
  return 0;
}

int cor_nft_ensure(const char *table, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};
  int present;

  if (!nl || enable_forwarding(err) < 0)
    return -1;
  present = cor_nft_has_rules(table, err);
  if (present)
    return present < 0 ? -1 : 0;
  /* Two that arrive here at once both commit the same content: each transaction is whole and
   * repeats nothing. */
  cor_nft_begin(&buf);
  cor_nft_ruleset(&buf, table);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err);
}

int cor_nft_remove(const char *table, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  cor_nlbuf_auto buf = {0};

  if (!nl)
    return -1;
  cor_nft_begin(&buf);
  cor_nft_msg(&buf, NFT_MSG_DELTABLE, 0, "delete table", table);
  cor_nl_put_str(&buf, NFTA_TABLE_NAME, table);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err) < 0 && err->errno_ != ENOENT ? -1 : 0;
}

/* One transaction; where a part of it is there already (add) or gone already (remove), each by
 * itself. */
static int change(struct cor_nl *nl, const char *table, bool add, const char *const *set_names,
                  const struct cor_nft_element *elements, size_t count, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};

  cor_nft_begin(&buf);
  for (size_t i = 0; i < count; i++)
    cor_nft_element(&buf, add, table, set_names[i], &elements[i]);
  cor_nft_end(&buf);
  if (cor_nl_send(nl, &buf, err) == 0)
    return 0;
  if (err->errno_ != (add ? EEXIST : ENOENT))
    return -1;
  for (size_t i = 0; i < count; i++) {
    cor_nft_begin(&buf);
    cor_nft_element(&buf, add, table, set_names[i], &elements[i]);
    cor_nft_end(&buf);
    if (cor_nl_send(nl, &buf, err) < 0 && err->errno_ != (add ? EEXIST : ENOENT))
      return -1;
  }
  return 0;
}

/* First address of a subnet and the one behind its last, as a range of an interval set has them. */
static int range_of(const char *text, struct cor_cidr *first, struct cor_cidr *behind,
                    struct cor_err *err) {
  if (cor_cidr_parse(text, first, err) < 0)
    return -1;
  *behind = *first;
  for (unsigned bit = first->prefix; bit < first->size * 8; bit++) {
    unsigned char mask = (unsigned char)(0x80 >> bit % 8);

    if (first->at.bytes[bit / 8] & mask)
      return cor_fail(err, 0, "parse subnet", text, "not a subnet: it has host bits");
    behind->at.bytes[bit / 8] |= mask;
  }
  if (first->prefix < 1 || first->prefix > first->size * 8 - 1)
    return cor_fail(err, 0, "parse subnet", text, "not a subnet: it has no hosts");
  for (size_t i = first->size; i-- > 0 && ++behind->at.bytes[i] == 0;)
    ;
  return 0;
}

/* A network's elements. Keys lie in the store, which must outlive them. */
struct bridge_store {
  char pair[2 * IFNAMSIZ];
  struct cor_cidr first, behind, first6, behind6;
  const char *names[7];
  struct cor_nft_element elements[7];
  size_t count;
};

static void add_element(struct bridge_store *store, const char *set,
                        struct cor_nft_element element) {
  store->names[store->count] = set;
  store->elements[store->count++] = element;
}

/* Removing does not ask what the network was: an element that is not there is passed over. */
static int bridge_elements(const struct cor_network *network, bool add, struct bridge_store *store,
                           struct cor_err *err) {
  struct cor_nft_element name = {.key = store->pair, .key_size = IFNAMSIZ};

  memset(store, 0, sizeof *store);
  if (cor_check_link_name(network->bridge, err) < 0 ||
      range_of(network->subnet, &store->first, &store->behind, err) < 0 ||
      (network->subnet6 && range_of(network->subnet6, &store->first6, &store->behind6, err) < 0))
    return -1;
  memcpy(store->pair, network->bridge, strlen(network->bridge));
  memcpy(store->pair + IFNAMSIZ, network->bridge, strlen(network->bridge));
  add_element(store, COR_SET_BRIDGES, name);
  if (!add || !network->is_isolated)
    add_element(store, COR_SET_PAIRS,
                (struct cor_nft_element){.key = store->pair, .key_size = sizeof store->pair});
  if (!add || network->is_internal)
    add_element(store, COR_SET_INTERNAL, name);
  if (!add || !network->masquerades)
    add_element(store, COR_SET_PLAIN, name);
  if (!add || !network->masquerades6)
    add_element(store, COR_SET_PLAIN6, name);
  add_element(store, COR_SET_SUBNETS,
              (struct cor_nft_element){.key = store->first.at.bytes,
                                       .key_size = store->first.size,
                                       .end = store->behind.at.bytes});
  if (network->subnet6)
    add_element(store, COR_SET_SUBNETS6,
                (struct cor_nft_element){.key = store->first6.at.bytes,
                                         .key_size = store->first6.size,
                                         .end = store->behind6.at.bytes});
  return 0;
}

int cor_nft_bridge(const struct cor_network *network, bool add, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  struct bridge_store store;

  if (!nl || bridge_elements(network, add, &store, err) < 0)
    return -1;
  return change(nl, network->table, add, store.names, store.elements, store.count, err);
}

int cor_nft_put_bridge(struct cor_nlbuf *buf, const struct cor_network *network,
                       struct cor_err *err) {
  struct bridge_store store;

  if (bridge_elements(network, true, &store, err) < 0)
    return -1;
  for (size_t i = 0; i < store.count; i++)
    cor_nft_element(buf, true, network->table, store.names[i], &store.elements[i]);
  return 0;
}
