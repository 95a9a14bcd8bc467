/* Published ports: a socket that holds each one on the host, and the map elements that turn its
 * packets.
 *
 * The socket never carries data over IPv4. It makes the port taken for every other program, and
 * says at once and by name when it is taken already; address translation happens before a packet
 * would reach it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conntrack.h"
#include "fd.h"
#include "net.h"
#include "nft.h"

/* A host address in either family; `size` 0 before it is parsed. */
struct host {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } at;
  socklen_t size;
  bool is_v6;
};

/* Key and data of a map element as nf_tables lays them out: each part in a 32-bit register. */
struct port_element {
  uint8_t protocol[4];
  uint32_t words[5]; /* address and port, or only the port */
  uint32_t target[5];
};

static const char *label(const struct cor_port *port, char *buf, size_t size) {
  bool v6 = strchr(port->host_ip, ':') != NULL;

  snprintf(buf, size, "%s/%s%s%s:%u", port->udp ? "udp" : "tcp", v6 ? "[" : "", port->host_ip,
           v6 ? "]" : "", port->host_port);
  return buf;
}

static int fail(struct cor_err *err, int errno_, const struct cor_port *port, const char *text) {
  char name[96];

  return cor_fail(err, errno_, "publish port", label(port, name, sizeof name), "%s", text);
}

static int parse_host(const struct cor_port *port, struct host *host, struct cor_err *err) {
  memset(host, 0, sizeof *host);
  host->is_v6 = strchr(port->host_ip, ':') != NULL;
  if (host->is_v6) {
    host->at.v6.sin6_family = AF_INET6;
    host->at.v6.sin6_port = htons(port->host_port);
    host->size = sizeof host->at.v6;
    if (inet_pton(AF_INET6, port->host_ip, &host->at.v6.sin6_addr) == 1)
      return 0;
  } else {
    host->at.v4.sin_family = AF_INET;
    host->at.v4.sin_port = htons(port->host_port);
    host->size = sizeof host->at.v4;
    if (inet_pton(AF_INET, port->host_ip, &host->at.v4.sin_addr) == 1)
      return 0;
  }
  return fail(err, 0, port, "the host address is not an IP address");
}

static int set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

/* Takes a TCP port so that nobody else can bind it, whatever options they set, and so that a
 * program which ended a moment ago with connections in TIME_WAIT does not keep us out.
 *
 * SO_REUSEADDR gets past TIME_WAIT, but leaves the port open to other sockets that set it.
 * Listening ends that: it marks the port as not shared. A listening socket would in turn swallow
 * connections that come while our rules are missing (somebody ran `nft flush ruleset`) instead of
 * refusing them, so shutdown() takes it back: the port stays bound. */
static int take_tcp(int fd, const struct host *host) {
  if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 || bind(fd, &host->at.any, host->size) < 0 ||
      listen(fd, host->is_v6 ? SOMAXCONN : 0) < 0)
    return -1;
  if (host->is_v6)
    return 0;
  if (shutdown(fd, SHUT_RDWR) < 0)
    return -1;
  return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 0);
}

/* Lets the kernel choose, and keeps the choice until take_tcp has it: a port that the kernel chose,
 * unlike one that bind(2) named (SOCK_BINDPORT_LOCK), does not stay bound over shutdown(). Two
 * sockets that set SO_REUSEADDR and do not listen may share it for that moment. */
static int choose_tcp(struct host *host, int *fd) {
  socklen_t size = host->size;
  *fd = socket(host->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*fd < 0 || set_option(*fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
      bind(*fd, &host->at.any, host->size) < 0 || getsockname(*fd, &host->at.any, &size) < 0)
    return -1;
  return 0;
}

/* UDP has no states: bound without SO_REUSEADDR is exclusive. Over IPv4 everything that still
 * arrives here is dropped. */
static int take_udp(int fd, const struct host *host) {
  struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  struct sock_fprog program = {.len = 1, .filter = &drop};

  if (bind(fd, &host->at.any, host->size) < 0)
    return -1;
  return host->is_v6 ? 0 : setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int hold(struct cor_port *port, struct host *host, struct cor_err *err) {
  _cleanup_close_ int fd = -1, chosen = -1;
  socklen_t size = host->size;
  bool any_v6 = host->is_v6 && IN6_IS_ADDR_UNSPECIFIED(&host->at.v6.sin6_addr);

  fd = socket(host->at.any.sa_family, (port->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (fd < 0 && errno == EAFNOSUPPORT && any_v6)
    return 0; /* "every address" on a host without IPv6 */
  if (fd < 0)
    return fail(err, errno, port, "cannot make a socket");
  if (host->is_v6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
    return fail(err, errno, port, "cannot restrict the socket to IPv6");
  if (!port->udp && !host->is_v6 && port->host_port == 0 && choose_tcp(host, &chosen) < 0)
    return fail(err, errno, port, "no port could be chosen");
  if ((port->udp ? take_udp(fd, host) : take_tcp(fd, host)) < 0) {
    if (errno == EADDRNOTAVAIL && any_v6)
      return 0; /* IPv6 is compiled in and switched off */
    return fail(err, errno, port,
                errno == EADDRINUSE      ? "the port is already in use"
                : errno == EADDRNOTAVAIL ? "no interface of this host has that address"
                                         : "cannot take the port");
  }
  if (getsockname(fd, &host->at.any, &size) < 0)
    return fail(err, errno, port, "cannot read which port was assigned");
  port->host_port = ntohs(host->is_v6 ? host->at.v6.sin6_port : host->at.v4.sin_port);
  port->hold_fd = steal_fd(&fd);
  return 0;
}

/* "3000" published on every address is two ports, IPv4 and IPv6: both shall get the same number
 * where one was left to us. */
static uint16_t twin_port(const struct cor_port *ports, const bool *ephemeral, size_t i) {
  bool v6 = strchr(ports[i].host_ip, ':') != NULL;

  for (size_t j = 0; j < i; j++)
    if (ephemeral[j] && ports[j].udp == ports[i].udp &&
        ports[j].container_port == ports[i].container_port &&
        v6 != (strchr(ports[j].host_ip, ':') != NULL))
      return ports[j].host_port;
  return 0;
}

static void release(struct cor_port *ports, size_t count) {
  for (size_t i = 0; i < count; i++) {
    cor_close_p(&ports[i].hold_fd);
    ports[i].hold_fd = -1;
  }
}

/* Fills the element of a port; false for an IPv6 port of a container without an IPv6 address, which
 * has none. */
static bool element_of(const struct cor_port *port, struct port_element *store,
                       struct cor_nft_element *element, const char **set) {
  bool v6 = strchr(port->host_ip, ':') != NULL;
  size_t words = v6 ? 4 : 1; /* of an address */
  struct in6_addr host;
  bool any;

  memset(store, 0, sizeof *store);
  if ((v6 && !port->address6) || inet_pton(v6 ? AF_INET6 : AF_INET, port->host_ip, &host) != 1 ||
      inet_pton(v6 ? AF_INET6 : AF_INET, v6 ? port->address6 : port->address, store->target) != 1)
    return false;
  any = v6 ? IN6_IS_ADDR_UNSPECIFIED(&host) : host.s6_addr32[0] == htonl(INADDR_ANY);
  store->protocol[0] = port->udp ? IPPROTO_UDP : IPPROTO_TCP;
  if (!any)
    memcpy(store->words, &host, words * 4);
  store->words[any ? 0 : words] = htons(port->host_port);
  store->target[words] = htons(port->container_port);
  *element = (struct cor_nft_element){.key = store,
                                      .key_size = any ? 8 : 8 + words * 4,
                                      .data = store->target,
                                      .data_size = (words + 1) * 4};
  *set = v6 ? (any ? COR_MAP_ANY6 : COR_MAP_PORTS6) : (any ? COR_MAP_ANY : COR_MAP_PORTS);
  return true;
}

/* Where an IPv6 network is routed, others send to the container itself. */
static bool routed_of(const struct cor_port *port, struct port_element *store,
                      struct cor_nft_element *element) {
  memset(store, 0, sizeof *store);
  if (!port->is_routed6 || !port->address6 || !strchr(port->host_ip, ':') ||
      inet_pton(AF_INET6, port->address6, store->words) != 1)
    return false;
  store->protocol[0] = port->udp ? IPPROTO_UDP : IPPROTO_TCP;
  store->words[4] = htons(port->container_port);
  *element = (struct cor_nft_element){.key = store, .key_size = 24};
  return true;
}

static size_t put_elements(struct cor_nlbuf *buf, const char *table, const struct cor_port *ports,
                           size_t count) {
  struct cor_nft_element element;
  struct port_element store;
  const char *set;
  size_t added = 0;

  for (size_t i = 0; i < count; i++)
    if (ports[i].hold_fd >= 0 && element_of(&ports[i], &store, &element, &set)) {
      cor_nft_element(buf, true, table, set, &element);
      added++;
      if (routed_of(&ports[i], &store, &element))
        cor_nft_element(buf, true, table, COR_SET_ROUTED6, &element);
    }
  return added;
}

void cor_ports_put(struct cor_nlbuf *buf, const char *table, const struct cor_port *ports,
                   size_t count) {
  put_elements(buf, table, ports, count);
}

static int add_elements(struct cor_nl *nl, const char *table, const struct cor_port *ports,
                        size_t count, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  size_t added;

  cor_nft_begin(&buf);
  added = put_elements(&buf, table, ports, count);
  cor_nft_end(&buf);
  return added ? cor_nl_send(nl, &buf, err) : 0;
}

static int remove_one(struct cor_nl *nl, const char *table, const struct cor_port *port,
                      struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  struct cor_nft_element element;
  struct port_element store;
  const char *set;

  if (!element_of(port, &store, &element, &set))
    return 0;
  cor_nft_begin(&buf);
  cor_nft_element(&buf, false, table, set, &element);
  cor_nft_end(&buf);
  if (cor_nl_send(nl, &buf, err) < 0 && err->errno_ != ENOENT)
    return -1;
  if (!routed_of(port, &store, &element))
    return 0;
  cor_nft_begin(&buf);
  cor_nft_element(&buf, false, table, COR_SET_ROUTED6, &element);
  cor_nft_end(&buf);
  return cor_nl_send(nl, &buf, err) < 0 && err->errno_ != ENOENT ? -1 : 0;
}

static int remove_elements(struct cor_nl *nl, const char *table, const struct cor_port *ports,
                           size_t count, struct cor_err *err) {
  cor_nlbuf_auto buf = {0};
  struct cor_nft_element element;
  struct port_element store;
  const char *set;
  size_t removed = 0;

  cor_nft_begin(&buf);
  for (size_t i = 0; i < count; i++)
    if (ports[i].hold_fd >= 0 && element_of(&ports[i], &store, &element, &set)) {
      cor_nft_element(&buf, false, table, set, &element);
      removed++;
      if (routed_of(&ports[i], &store, &element))
        cor_nft_element(&buf, false, table, COR_SET_ROUTED6, &element);
    }
  cor_nft_end(&buf);
  if (!removed || cor_nl_send(nl, &buf, err) == 0)
    return 0;
  if (err->errno_ != ENOENT)
    return -1;
  for (size_t i = 0; i < count; i++)
    if (ports[i].hold_fd >= 0 && remove_one(nl, table, &ports[i], err) < 0)
      return -1;
  return 0;
}

/* We hold the sockets, so an element that is in the way was left by a shim that was killed. */
static int replace_elements(struct cor_nl *nl, const char *table, const struct cor_port *ports,
                            size_t count, struct cor_err *err) {
  for (size_t i = 0; i < count; i++)
    if (ports[i].hold_fd >= 0 && remove_one(nl, table, &ports[i], err) < 0)
      return -1;
  return add_elements(nl, table, ports, count, err);
}

static int publish_elements(const char *table, const struct cor_port *ports, size_t count,
                            struct cor_err *err) {
  struct cor_nl *nl = count ? cor_nft_socket(err) : NULL;

  if (!nl)
    return count ? -1 : 0;
  if (add_elements(nl, table, ports, count, err) == 0)
    return 0;
  if (err->errno_ ==
      ENOENT) /* the table is gone: first start after a boot, or somebody flushed the rule set */
    return cor_nft_ensure(table, err) < 0 ? -1 : add_elements(nl, table, ports, count, err);
  if (err->errno_ == EBUSY || err->errno_ == EEXIST)
    return replace_elements(nl, table, ports, count, err);
  return -1;
}

int cor_ports_publish(const char *table, struct cor_port *ports, size_t count,
                      struct cor_err *err) {
  _cleanup_free_ bool *ephemeral = calloc(count ? count : 1, sizeof *ephemeral);
  size_t held = 0;
  int rc = 0;

  if (!ephemeral)
    return cor_fail(err, ENOMEM, "publish ports", "", "no memory");
  for (size_t i = 0; i < count; i++)
    ports[i].hold_fd = -1;
  for (; held < count && rc == 0; held++) {
    struct cor_port *port = &ports[held];
    struct host host;

    ephemeral[held] = port->host_port == 0;
    if (ephemeral[held])
      port->host_port = twin_port(ports, ephemeral, held);
    rc = parse_host(port, &host, err);
    if (rc == 0)
      rc = hold(port, &host, err);
  }
  if (rc == 0)
    rc = publish_elements(table, ports, count, err);
  if (rc < 0) {
    release(ports, count);
    for (size_t i = 0; i < held; i++)
      if (ephemeral[i])
        ports[i].host_port = 0;
    return rc;
  }
  /* A client that sent before the port was published has a flow that leads to the host itself. */
  cor_conntrack_forget_udp(ports, count);
  return 0;
}

int cor_ports_restore(const char *table, const struct cor_port *ports, size_t count,
                      struct cor_err *err) {
  return publish_elements(table, ports, count, err);
}

int cor_ports_unpublish(const char *table, struct cor_port *ports, size_t count,
                        struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);
  int rc = 0;

  if (count) {
    rc = !nl ? -1 : remove_elements(nl, table, ports, count, err);
    cor_conntrack_forget_udp(ports, count);
  }
  /* Also after a failure: an element without its socket is replaced by the next one who takes the
   * port. */
  release(ports, count);
  return rc;
}

int cor_ports_turn(const char *table, struct cor_port *ports, const struct cor_port *wanted,
                   size_t count, struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);

  if (!nl || remove_elements(nl, table, ports, count, err) < 0)
    return -1;
  for (size_t i = 0; i < count; i++) {
    ports[i].address = wanted ? wanted[i].address : "";
    ports[i].address6 = wanted ? wanted[i].address6 : NULL;
    ports[i].is_routed6 = wanted && wanted[i].is_routed6;
  }
  cor_conntrack_forget_udp(ports, count);
  return wanted ? replace_elements(nl, table, ports, count, err) : 0;
}

/* Whether the map still leads to this container: 1, 0, or -1. */
static int leads_to(struct cor_nl *nl, const char *table, const struct cor_port *port,
                    struct cor_err *err) {
  static const uint16_t way[] = {NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_LIST_ELEM, NFTA_SET_ELEM_DATA,
                                 NFTA_DATA_VALUE};
  cor_nlbuf_auto buf = {0};
  struct cor_nft_element element;
  struct port_element store;
  const struct nlattr *attr = NULL;
  const char *set, *at;
  char reply[1024];
  size_t size;
  int got;

  if (!element_of(port, &store, &element, &set))
    return 0;
  cor_nft_ask_element(&buf, table, set, &element);
  got = cor_nl_query(nl, &buf, reply, sizeof reply, err);
  if (got < 0)
    return err->errno_ == ENOENT ? 0 : -1;
  at = reply + NLMSG_HDRLEN + 4; /* struct nfgenmsg */
  size = (size_t)got > NLMSG_HDRLEN + 4 ? (size_t)got - NLMSG_HDRLEN - 4 : 0;
  for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
    attr = cor_nl_attr(at, size, way[i]);
    if (!attr)
      return 0;
    at = (const char *)attr + NLA_HDRLEN;
    size = attr->nla_len - (size_t)NLA_HDRLEN;
  }
  return size == element.data_size && memcmp(at, store.target, size) == 0;
}

int cor_ports_forget(const char *table, const struct cor_port *ports, size_t count,
                     struct cor_err *err) {
  struct cor_nl *nl = cor_nft_socket(err);

  if (!count)
    return 0;
  if (!nl)
    return -1;
  for (size_t i = 0; i < count; i++) {
    int ours = ports[i].host_port ? leads_to(nl, table, &ports[i], err) : 0;

    if (ours < 0 || (ours && remove_one(nl, table, &ports[i], err) < 0))
      return -1;
  }
  cor_conntrack_forget_udp(ports, count);
  return 0;
}
