/* coracle-proxy: published ports on IPv6 host addresses. Address translation does not cross
 * families, so a small child process of the shim accepts on the held sockets and copies to the
 * container's IPv4 address.
 *
 * One thread, epoll, no memory that a client can make grow: a fixed number of connections at a
 * time, each with two fixed buffers; further ones wait in the kernel's backlog.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "net.h"

enum {
  MAX_CONNECTIONS = 512,
  BUFFER_SIZE = 16384,
  UDP_CLIENTS = 128,
  DATAGRAM_SIZE = 65536,
  NOBODY = 65534
};

struct end {
  struct connection *connection;
  struct listener *listener; /* set instead of connection on what we accept from */
  int fd;
  uint32_t watched; /* EPOLL events that epoll knows of */
};

/* Bytes on their way in one direction. */
struct flow {
  size_t start, size;
  bool ended;  /* the source has sent its end */
  bool closed; /* … and the target has been told */
  char bytes[BUFFER_SIZE];
};

struct connection {
  struct end client, service;
  struct flow to_service, to_client;
  struct connection *next;
  bool connecting, dead;
};

struct udp_client {
  struct end end; /* our socket towards the service, connected to it */
  struct sockaddr_in6 address;
  struct listener *listener;
  uint64_t last_used;
};

struct listener {
  struct end end;
  const struct cor_port *port;
  struct sockaddr_in target;
};

struct proxy {
  int epoll;
  size_t listener_count, connection_count;
  struct listener *listeners;
  struct connection *dead;
  struct udp_client udp[UDP_CLIENTS];
  uint64_t clock; /* counts datagrams: which client was heard longest ago */
  bool paused;    /* accepting, while every place is taken */
};

static bool wanted(const struct cor_port *port) {
  return port->hold_fd >= 0 && strchr(port->host_ip, ':') != NULL;
}

static void watch(struct proxy *proxy, struct end *end, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = end};

  if (events == end->watched)
    return;
  if (epoll_ctl(proxy->epoll,
                end->watched ? (events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL) : EPOLL_CTL_ADD, end->fd,
                &event) == 0)
    end->watched = events;
}

static void pause_accepting(struct proxy *proxy, bool paused) {
  if (proxy->paused == paused)
    return;
  proxy->paused = paused;
  for (size_t i = 0; i < proxy->listener_count; i++)
    if (!proxy->listeners[i].port->udp)
      watch(proxy, &proxy->listeners[i].end, paused ? 0 : EPOLLIN);
}

/* Freed only after the round of events, as a later event of the same round may still point here. */
static void drop(struct proxy *proxy, struct connection *connection) {
  if (connection->dead)
    return;
  connection->dead = true;
  close(connection->client.fd);
  close(connection->service.fd);
  connection->next = proxy->dead;
  proxy->dead = connection;
}

static void reap(struct proxy *proxy) {
  while (proxy->dead) {
    struct connection *connection = proxy->dead;

    proxy->dead = connection->next;
    free(connection);
    proxy->connection_count--;
    pause_accepting(proxy, false);
  }
}

/* Moves what can be moved without waiting, a few buffers at most: others wait for their turn.
 * Returns false where the connection is broken. */
static bool pump(struct flow *flow, int from, int to) {
  for (int round = 0; round < 8; round++) {
    ssize_t n;

    if (flow->size == 0 && !flow->ended) {
      n = recv(from, flow->bytes, sizeof flow->bytes, MSG_DONTWAIT);
      if (n < 0)
        return errno == EAGAIN || errno == EINTR;
      flow->start = 0;
      flow->size = (size_t)n;
      flow->ended = n == 0;
    }
    if (flow->size == 0) {
      if (!flow->closed)
        (void)shutdown(to, SHUT_WR);
      flow->closed = true;
      return true;
    }
    n = send(to, flow->bytes + flow->start, flow->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    flow->start += (size_t)n;
    flow->size -= (size_t)n;
  }
  return true;
}

static uint32_t interest(const struct flow *in, const struct flow *out) {
  return (!in->ended && in->size == 0 ? (uint32_t)EPOLLIN : 0) |
         (out->size ? (uint32_t)EPOLLOUT : 0);
}

static void serve(struct proxy *proxy, struct connection *c) {
  int error = 0;
  socklen_t size = sizeof error;

  if (c->dead)
    return;
  if (c->connecting) {
    struct pollfd writable = {.fd = c->service.fd, .events = POLLOUT};

    if (poll(&writable, 1, 0) == 0)
      return;
    if (getsockopt(c->service.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error) {
      drop(proxy, c);
      return;
    }
    c->connecting = false;
  }
  if (!pump(&c->to_service, c->client.fd, c->service.fd) ||
      !pump(&c->to_client, c->service.fd, c->client.fd) ||
      (c->to_service.closed && c->to_client.closed)) {
    drop(proxy, c);
    return;
  }
  watch(proxy, &c->client, interest(&c->to_service, &c->to_client));
  watch(proxy, &c->service, interest(&c->to_client, &c->to_service));
}

static void accept_one(struct proxy *proxy, struct listener *listener) {
  int client = accept4(listener->end.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), service;
  struct connection *c;

  if (client < 0) {
    /* Out of descriptors or memory: without a pause epoll would report the waiting client for ever.
     */
    if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
        proxy->connection_count > 0)
      pause_accepting(proxy, true);
    return;
  }
  service = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  c = service < 0 ? NULL : calloc(1, sizeof *c);
  if (!c || (connect(service, (struct sockaddr *)&listener->target, sizeof listener->target) < 0 &&
             errno != EINPROGRESS)) {
    cor_close_p(&service);
    close(client);
    free(c);
    return;
  }
  c->client = (struct end){.connection = c, .fd = client};
  c->service = (struct end){.connection = c, .fd = service};
  c->connecting = true;
  if (++proxy->connection_count == MAX_CONNECTIONS)
    pause_accepting(proxy, true);
  watch(proxy, &c->service, EPOLLOUT);
}

/* The client's own socket towards the service; the one that was silent longest makes room. */
static struct udp_client *udp_client(struct proxy *proxy, struct listener *listener,
                                     const struct sockaddr_in6 *address) {
  struct udp_client *oldest = &proxy->udp[0];

  for (size_t i = 0; i < UDP_CLIENTS; i++) {
    struct udp_client *client = &proxy->udp[i];

    if (client->listener == listener && client->address.sin6_port == address->sin6_port &&
        IN6_ARE_ADDR_EQUAL(&client->address.sin6_addr, &address->sin6_addr))
      return client;
    if (client->last_used < oldest->last_used)
      oldest = client;
  }
  if (oldest->listener)
    close(oldest->end.fd);
  memset(oldest, 0, sizeof *oldest);
  oldest->end.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (oldest->end.fd < 0)
    return NULL;
  if (connect(oldest->end.fd, (struct sockaddr *)&listener->target, sizeof listener->target) < 0) {
    close(oldest->end.fd);
    return NULL;
  }
  oldest->listener = listener;
  oldest->address = *address;
  watch(proxy, &oldest->end, EPOLLIN);
  return oldest;
}

static void udp_to_service(struct proxy *proxy, struct listener *listener) {
  static char datagram[DATAGRAM_SIZE];
  struct sockaddr_in6 from;
  socklen_t size = sizeof from;
  ssize_t n = recvfrom(listener->end.fd, datagram, sizeof datagram, MSG_DONTWAIT,
                       (struct sockaddr *)&from, &size);
  struct udp_client *client = n < 0 ? NULL : udp_client(proxy, listener, &from);

  if (!client)
    return;
  client->last_used = ++proxy->clock;
  (void)send(client->end.fd, datagram, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL); /* UDP may lose */
}

static void udp_to_client(struct proxy *proxy, struct udp_client *client) {
  static char datagram[DATAGRAM_SIZE];
  ssize_t n = recv(client->end.fd, datagram, sizeof datagram, MSG_DONTWAIT);

  if (n < 0 || !client->listener)
    return;
  client->last_used = ++proxy->clock;
  (void)sendto(client->listener->end.fd, datagram, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL,
               (struct sockaddr *)&client->address, sizeof client->address);
}

static void dispatch(struct proxy *proxy, struct end *end) {
  if (end->connection)
    serve(proxy, end->connection);
  else if (!end->listener)
    udp_to_client(proxy, (struct udp_client *)(void *)end);
  else if (end->listener->port->udp)
    udp_to_service(proxy, end->listener);
  else if (!proxy->paused)
    accept_one(proxy, end->listener);
}

__attribute__((noreturn)) static void run(const struct cor_port *ports, size_t count,
                                          size_t v6_count) {
  struct proxy *proxy = calloc(1, sizeof *proxy);
  struct epoll_event events[64];

  if (!proxy || !(proxy->listeners = calloc(v6_count, sizeof *proxy->listeners)))
    _exit(1);
  proxy->epoll = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < count; i++) {
    struct listener *listener = &proxy->listeners[proxy->listener_count];

    if (!wanted(&ports[i]))
      continue;
    proxy->listener_count++;
    listener->port = &ports[i];
    listener->end = (struct end){.listener = listener, .fd = ports[i].hold_fd};
    listener->target =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(ports[i].container_port)};
    (void)inet_pton(AF_INET, ports[i].address, &listener->target.sin_addr);
    (void)fcntl(listener->end.fd, F_SETFL, O_NONBLOCK);
    watch(proxy, &listener->end, EPOLLIN);
  }
  for (;;) {
    int n = epoll_wait(proxy->epoll, events, sizeof events / sizeof *events, -1);

    if (n < 0 && errno != EINTR)
      _exit(1);
    for (int i = 0; i < n; i++)
      dispatch(proxy, events[i].data.ptr);
    reap(proxy);
  }
}

/* The copy of the shim that the child is holds the container's stdio and control socket: nothing
 * but the held sockets must stay open in it. */
static void close_others(const struct cor_port *ports, size_t count) {
  unsigned from = 0;

  for (;;) {
    unsigned kept = UINT_MAX;

    for (size_t i = 0; i < count; i++)
      if (wanted(&ports[i]) && (unsigned)ports[i].hold_fd >= from &&
          (unsigned)ports[i].hold_fd < kept)
        kept = (unsigned)ports[i].hold_fd;
    if (kept > from && syscall(SYS_close_range, from, kept == UINT_MAX ? kept : kept - 1, 0) < 0)
      for (unsigned fd = from; fd < kept && fd < 4096; fd++) /* Linux before 5.9 */
        close((int)fd);
    if (kept == UINT_MAX)
      return;
    from = kept + 1;
  }
}

/* Nothing that the proxy does needs a privilege: the sockets are bound already. */
static void drop_privileges(void) {
  struct rlimit files;

  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                         setresuid(NOBODY, NOBODY, NOBODY) < 0))
    _exit(1);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

pid_t cor_forwarder_start(const struct cor_port *ports, size_t count, struct cor_err *err) {
  size_t v6_count = 0;
  sigset_t none;
  pid_t pid, parent = getpid();

  for (size_t i = 0; i < count; i++)
    v6_count += wanted(&ports[i]);
  if (v6_count == 0)
    return 0;
  pid = fork();
  if (pid < 0)
    return cor_fail(err, errno, "fork", "", "cannot start the forwarder for IPv6 ports");
  if (pid > 0)
    return pid;
  (void)prctl(PR_SET_NAME, "coracle-proxy");
  drop_privileges();
  /* After the change of user, which clears it. */
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) /* the shim died before the line above took effect */
    _exit(1);
  for (int number = 1; number < NSIG; number++)
    (void)signal(number, SIG_DFL);
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  close_others(ports, count);
  run(ports, count, v6_count);
}
