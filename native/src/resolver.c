#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "net_link.h"
#include "resolver_parts.h"

#define DNS_PORT 53
#define LISTEN_ADDRESS 0x7f00000b /* 127.0.0.11 */

static int bind_socket(int type, uint16_t port, struct cor_err *err) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(LISTEN_ADDRESS);
  int one = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0)
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
      (type == SOCK_STREAM && listen(fd, 64) < 0)) {
    int saved = errno;
    if (fd >= 0)
      close(fd);
    return cor_fail(err, saved, "bind", "127.0.0.11", "cannot bind the resolver's %s socket",
                    type == SOCK_STREAM ? "TCP" : "UDP");
  }
  return fd;
}

static uint16_t port_of(int fd) {
  struct sockaddr_in address = {0};
  socklen_t size = sizeof(address);
  getsockname(fd, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

static int bind_both(struct cor_resolver *resolver, uint16_t port, struct cor_err *err) {
  resolver->udp.fd = bind_socket(SOCK_DGRAM, port, err);
  resolver->tcp.fd = resolver->udp.fd < 0 ? -1 : bind_socket(SOCK_STREAM, port, err);
  if (resolver->tcp.fd >= 0)
    return 0;
  if (resolver->udp.fd >= 0)
    close(resolver->udp.fd);
  return -1;
}

/* The sockets that listen belong to the container's namespace, the process itself stays in the
 * host's: a socket keeps the namespace in which it was made. So questions are taken from inside and
 * asked outside, also for a network without a way out. */
static int listen_inside(struct cor_resolver *resolver, int netns_fd, struct cor_err *err) {
  _cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  struct cor_err ignored;
  if (own < 0 || setns(netns_fd, CLONE_NEWNET) < 0)
    return cor_fail(err, errno, "setns", "", "cannot enter the container's network namespace");
  int result = bind_both(resolver, 0, err);
  if (result == 0 &&
      cor_resolver_redirect(port_of(resolver->udp.fd), port_of(resolver->tcp.fd), &ignored) < 0) {
    /* No address translation in this kernel: port 53 itself, which a service then has to share. */
    close(resolver->udp.fd);
    close(resolver->tcp.fd);
    result = bind_both(resolver, DNS_PORT, err);
  }
  if (setns(own, CLONE_NEWNET) < 0)
    return cor_fail(err, errno, "setns", "", "cannot go back to the host's network namespace");
  return result;
}

static void read_upstreams(struct cor_resolver *resolver, const char *const *upstreams) {
  for (size_t i = 0; upstreams[i] && resolver->upstream_count < COR_UPSTREAM_MAX; i++) {
    union cor_address *to = &resolver->upstreams[resolver->upstream_count];
    *to = (union cor_address){.v4 = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)}};
    if (inet_pton(AF_INET, upstreams[i], &to->v4.sin_addr) == 1) {
      resolver->upstream_count++;
      continue;
    }
    *to = (union cor_address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)}};
    if (inet_pton(AF_INET6, upstreams[i], &to->v6.sin6_addr) == 1)
      resolver->upstream_count++;
  }
}

static int open_zones(struct cor_resolver *resolver, const struct cor_shim_spec *spec,
                      struct cor_err *err) {
  for (size_t i = 0; i < spec->endpoint_count && i < COR_ZONE_MAX; i++) {
    int fd = open(spec->endpoints[i].zone, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
      return cor_fail(err, errno, "open", spec->endpoints[i].zone, "cannot open the zone's folder");
    resolver->folders[resolver->folder_count++].fd = fd;
  }
  return 0;
}

static void add_subnet(struct cor_resolver *resolver, const char *text) {
  struct cor_dns_subnet *subnet = &resolver->subnets[resolver->subnet_count];
  struct cor_cidr cidr;
  struct cor_err ignored; /* cor_net_attach refuses what cannot be read */
  if (!text || resolver->subnet_count == sizeof(resolver->subnets) / sizeof(*resolver->subnets) ||
      cor_cidr_parse(text, &cidr, &ignored) < 0)
    return;
  *subnet = (struct cor_dns_subnet){.v6 = cidr.family == AF_INET6, .prefix = cidr.prefix};
  memcpy(subnet->base, cidr.at.bytes, cidr.size);
  resolver->subnet_count++;
}

/* What the resolver knows beside the zones: its networks' subnets, the asker's project, names of
 * the host. */
static void read_surroundings(struct cor_resolver *resolver, const struct cor_shim_spec *spec) {
  size_t used = 0;
  for (size_t i = 0; i < spec->endpoint_count; i++) {
    add_subnet(resolver, spec->endpoints[i].net.address);
    add_subnet(resolver, spec->endpoints[i].net.address6);
  }
  snprintf(resolver->project, sizeof(resolver->project), "%s", spec->project ? spec->project : "");
  for (char *c = resolver->project; *c; c++)
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
  for (const char *const *at = spec->hosts; at && at[0] && at[1]; at += 2) {
    int size = snprintf(resolver->hosts + used, sizeof(resolver->hosts) - used,
                        "address %s\nname %s\n", at[0], at[1]);
    if (size < 0 || (size_t)size >= sizeof(resolver->hosts) - used)
      break;
    used += (size_t)size;
  }
  resolver->hosts[used] = '\0';
}

/* Everything the shim had open is closed but for what the resolver keeps. */
static void keep_only(struct cor_resolver *resolver, int ready_fd) {
  unsigned next = 3;
  for (;;) {
    unsigned keep = ~0U;
    for (size_t i = 0; i < resolver->folder_count + 3; i++) {
      int fd = i == 0   ? resolver->udp.fd
               : i == 1 ? resolver->tcp.fd
               : i == 2 ? ready_fd
                        : resolver->folders[i - 3].fd;
      if ((unsigned)fd >= next && (unsigned)fd < keep)
        keep = (unsigned)fd;
    }
    if (keep > next)
      syscall(SYS_close_range, next, keep == ~0U ? keep : keep - 1, 0U);
    if (keep == ~0U)
      return;
    next = keep + 1;
  }
}

static int set_up(struct cor_resolver *resolver, int netns_fd, const struct cor_shim_spec *spec,
                  int ready_fd, struct cor_err *err) {
  if (open_zones(resolver, spec, err) < 0 || listen_inside(resolver, netns_fd, err) < 0)
    return -1;
  read_upstreams(resolver, spec->upstreams);
  read_surroundings(resolver, spec);
  keep_only(resolver, ready_fd);
  if (cor_loop_open(&resolver->loop) < 0)
    return cor_fail(err, errno, "epoll_create1", "", "cannot make the event loop");
  return cor_resolver_sandbox(err);
}

static _Noreturn void resolver_main(int netns_fd, const struct cor_shim_spec *spec, int ready_fd,
                                    pid_t parent) {
  static struct cor_resolver resolver;
  struct cor_err err = {0};
  sigset_t none;
  prctl(PR_SET_NAME, "coracle-dns");
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int result = set_up(&resolver, netns_fd, spec, ready_fd, &err);
  if (getppid() != parent)
    _exit(1); /* the shim died before the death signal was set */
  /* Without an operation that failed it says that the sockets are bound. */
  if (result == 0)
    err = (struct cor_err){0};
  cor_write_full(ready_fd, &err, sizeof(err));
  close(ready_fd);
  _exit(result < 0 || cor_resolver_serve(&resolver) < 0 ? 1 : 0);
}

pid_t cor_resolver_begin(int netns_fd, const struct cor_shim_spec *spec, int *ready_fd,
                         struct cor_err *err) {
  int ends[2];
  pid_t parent = getpid();
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe2", "", "cannot make a pipe");
  pid_t pid = fork();
  if (pid == 0)
    resolver_main(netns_fd, spec, ends[1], parent);
  int saved = errno;
  close(ends[1]);
  *ready_fd = ends[0];
  if (pid > 0)
    return pid;
  close(ends[0]);
  return cor_fail(err, saved, "fork", "", "cannot start the resolver");
}

int cor_resolver_wait(pid_t pid, int ready_fd, struct cor_err *err) {
  struct cor_err told;
  bool whole = cor_read_full(ready_fd, &told, sizeof(told)) == (ssize_t)sizeof(told);
  close(ready_fd);
  if (whole && !told.op)
    return 0;
  waitpid(pid, NULL, 0);
  if (!whole)
    return cor_fail(err, EIO, "resolver", "", "the resolver ended while starting");
  *err = told; /* its strings are literals of this very program */
  return -1;
}
