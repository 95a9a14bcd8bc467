/* Questions about names that are not ours go to the host's resolvers, from the host's namespace,
 * each by a socket of its own: a port that nobody can foresee, and answers that cannot be mixed up.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver_parts.h"

enum { RCODE_SERVFAIL = 2, RCODE_NOTIMP = 4, RCODE_REFUSED = 5 };

static const uint8_t *query_of(const struct cor_forward *forward, size_t *size) {
  size_t head = forward->client ? 2 : 0;
  *size = forward->query_len - head;
  return forward->query + head;
}

static void close_socket(struct cor_forward *forward) {
  if (forward->source.fd < 0)
    return;
  cor_loop_remove(&forward->resolver->loop, &forward->source);
  close(forward->source.fd);
  forward->source.fd = -1;
}

static void free_forward(struct cor_forward *forward) {
  struct cor_resolver *resolver = forward->resolver;
  for (struct cor_forward **at = &resolver->forward_list; *at; at = &(*at)->next)
    if (*at == forward) {
      *at = forward->next;
      break;
    }
  close_socket(forward);
  free(forward->reply);
  free(forward);
  resolver->forwards--;
}

static void refuse(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                   struct cor_tcp_client *client, const uint8_t *query, size_t size) {
  uint8_t answer[600];
  int length = cor_dns_refuse(query, size, RCODE_SERVFAIL, answer, sizeof(answer));
  if (length > 0)
    cor_resolver_reply(resolver, peer, client, answer, (size_t)length);
}

static void forward_ready(struct cor_source *source, uint32_t events);

static int open_socket(struct cor_forward *forward) {
  const union cor_address *to = &forward->resolver->upstreams[forward->upstream];
  int type = (forward->client ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  int fd = socket(to->any.sa_family, type, 0);
  if (fd < 0)
    return -1;
  forward->source = (struct cor_source){fd, forward_ready};
  forward->sent = forward->reply_len = 0;
  forward->deadline_ms = cor_now_ms() + COR_FORWARD_TIMEOUT_MS;
  socklen_t size = to->any.sa_family == AF_INET ? sizeof(to->v4) : sizeof(to->v6);
  if ((connect(fd, &to->any, size) < 0 && errno != EINPROGRESS) ||
      cor_loop_add(&forward->resolver->loop, &forward->source,
                   forward->client ? EPOLLOUT : EPOLLIN) < 0) {
    close(fd);
    forward->source.fd = -1;
    return -1;
  }
  if (!forward->client && send(fd, forward->query, forward->query_len, MSG_NOSIGNAL) < 0) {
    close_socket(forward);
    return -1;
  }
  return 0;
}

/* Asks the upstreams in their order, beginning with forward->upstream, until one can be asked. */
static void ask(struct cor_forward *forward) {
  struct cor_resolver *resolver = forward->resolver;
  close_socket(forward);
  for (; forward->upstream < resolver->upstream_count; forward->upstream++)
    if (open_socket(forward) == 0)
      return;
  size_t size;
  const uint8_t *query = query_of(forward, &size);
  refuse(resolver, &forward->peer, forward->client, query, size);
  free_forward(forward);
}

static void ask_next(struct cor_forward *forward) {
  forward->upstream++;
  ask(forward);
}

/* Returns true where `reply` was taken as the answer, or given up for the next upstream: `forward`
 * is gone or moved on. */
static bool take_reply(struct cor_forward *forward, uint8_t *reply, size_t size) {
  size_t query_size;
  const uint8_t *query = query_of(forward, &query_size);
  if (!cor_dns_matches(query, query_size, reply, size))
    return false;
  int rcode = reply[3] & 0x0f;
  bool last = forward->upstream + 1 >= forward->resolver->upstream_count;
  if (!last && (rcode == RCODE_SERVFAIL || rcode == RCODE_NOTIMP || rcode == RCODE_REFUSED)) {
    ask_next(forward);
    return true;
  }
  if (!forward->client)
    size = cor_dns_truncate(reply, size, cor_dns_udp_limit(query, query_size));
  cor_resolver_reply(forward->resolver, &forward->peer, forward->client, reply, size);
  free_forward(forward);
  return true;
}

static void udp_answer(struct cor_forward *forward) {
  static uint8_t reply[COR_DNS_TCP_MAX];
  for (;;) {
    ssize_t n = recv(forward->source.fd, reply, sizeof(reply), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n < 0) {
      ask_next(forward); /* ECONNREFUSED: nobody listens there */
      return;
    }
    if (take_reply(forward, reply, (size_t)n))
      return;
  }
}

static void tcp_send(struct cor_forward *forward) {
  ssize_t n = send(forward->source.fd, forward->query + forward->sent,
                   forward->query_len - forward->sent, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) {
    ask_next(forward);
    return;
  }
  if (n > 0)
    forward->sent += (size_t)n;
  if (forward->sent == forward->query_len)
    cor_loop_change(&forward->resolver->loop, &forward->source, EPOLLIN);
}

static void tcp_answer(struct cor_forward *forward) {
  size_t room = COR_DNS_TCP_MAX + 2;
  if (!forward->reply && !(forward->reply = malloc(room))) {
    ask_next(forward);
    return;
  }
  ssize_t n =
      recv(forward->source.fd, forward->reply + forward->reply_len, room - forward->reply_len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    ask_next(forward);
    return;
  }
  forward->reply_len += (size_t)n;
  if (forward->reply_len < 2)
    return;
  size_t size = (size_t)forward->reply[0] << 8 | forward->reply[1];
  if (forward->reply_len - 2 >= size && !take_reply(forward, forward->reply + 2, size))
    ask_next(forward);
}

static void forward_ready(struct cor_source *source, uint32_t events) {
  struct cor_forward *forward = cor_container_of(source, struct cor_forward, source);
  if (!forward->client)
    udp_answer(forward);
  else if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN))
    ask_next(forward);
  else if (events & EPOLLOUT)
    tcp_send(forward);
  else
    tcp_answer(forward);
}

void cor_forward(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                 struct cor_tcp_client *client, const uint8_t *query, size_t size) {
  size_t head = client ? 2 : 0;
  struct cor_forward *forward =
      resolver->forwards < COR_FORWARD_MAX ? calloc(1, sizeof(*forward) + head + size) : NULL;
  if (!forward) {
    refuse(resolver, peer, client, query, size);
    return;
  }
  *forward = (struct cor_forward){.source = {-1, forward_ready},
                                  .resolver = resolver,
                                  .next = resolver->forward_list,
                                  .client = client,
                                  .query_len = head + size};
  if (peer)
    forward->peer = *peer;
  if (client) {
    forward->query[0] = (uint8_t)(size >> 8);
    forward->query[1] = (uint8_t)size;
  }
  memcpy(forward->query + head, query, size);
  resolver->forward_list = forward;
  resolver->forwards++;
  if (!resolver->sweep.at_ms)
    cor_timer_in(&resolver->sweep, 250);
  ask(forward);
}

void cor_forward_cancel(struct cor_tcp_client *client) {
  for (struct cor_forward *forward = client->resolver->forward_list, *next; forward;
       forward = next) {
    next = forward->next;
    if (forward->client == client)
      free_forward(forward);
  }
}

void cor_forward_sweep(struct cor_resolver *resolver, int64_t now_ms) {
  for (struct cor_forward *forward = resolver->forward_list, *next; forward; forward = next) {
    next = forward->next;
    if (forward->deadline_ms <= now_ms)
      ask_next(forward);
  }
}
