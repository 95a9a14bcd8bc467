/* Questions of the container's processes, by UDP and TCP. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver_parts.h"

static void question(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                     struct cor_tcp_client *client, const uint8_t *query, size_t size) {
  static uint8_t answer[COR_DNS_TCP_MAX];
  struct cor_dns_zones zones = {.entries = &resolver->zone,
                                .project = resolver->project,
                                .subnets = resolver->subnets,
                                .subnet_count = resolver->subnet_count,
                                .rotation = resolver->rotation++};
  int length =
      cor_dns_answer(query, size, &zones, client ? COR_DNS_TCP_MAX : 0, answer, sizeof(answer));
  if (length > 0)
    cor_resolver_reply(resolver, peer, client, answer, (size_t)length);
  else if (length == COR_DNS_FORWARD)
    cor_forward(resolver, peer, client, query, size);
}

/* Questions and answers of one turn: under load most of a question's cost is the system calls for
 * it. */
enum { BATCH = 16, QUERY_MAX = 1232, ANSWERS_SIZE = 16384 };

static struct {
  struct mmsghdr in[BATCH], out[BATCH];
  struct iovec in_data[BATCH], out_data[BATCH];
  struct sockaddr_in peers[BATCH], to[BATCH];
  uint8_t queries[BATCH][QUERY_MAX], answers[ANSWERS_SIZE];
  size_t used;
  unsigned count;
  bool collects;
} batch;

static void send_answers(struct cor_resolver *resolver) {
  for (unsigned done = 0; done < batch.count;) {
    int n = sendmmsg(resolver->udp.fd, batch.out + done, batch.count - done,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    /* The one that cannot be sent is left out, as a datagram may be. */
    done += n > 0 ? (unsigned)n : 1;
  }
  batch.count = 0;
  batch.used = 0;
}

static void add_answer(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                       const uint8_t *answer, size_t size) {
  if (batch.count == BATCH || size > ANSWERS_SIZE - batch.used)
    send_answers(resolver);
  unsigned i = batch.count++;
  memcpy(batch.answers + batch.used, answer, size);
  batch.to[i] = *peer;
  batch.out_data[i] = (struct iovec){batch.answers + batch.used, size};
  batch.out[i].msg_hdr = (struct msghdr){.msg_name = &batch.to[i],
                                         .msg_namelen = sizeof(batch.to[i]),
                                         .msg_iov = &batch.out_data[i],
                                         .msg_iovlen = 1};
  batch.used += size;
}

static void udp_ready(struct cor_source *source, uint32_t events) {
  struct cor_resolver *resolver = cor_container_of(source, struct cor_resolver, udp);
  (void)events;
  for (unsigned i = 0; i < BATCH; i++) {
    batch.in_data[i] = (struct iovec){batch.queries[i], QUERY_MAX};
    batch.in[i].msg_hdr = (struct msghdr){.msg_name = &batch.peers[i],
                                          .msg_namelen = sizeof(batch.peers[i]),
                                          .msg_iov = &batch.in_data[i],
                                          .msg_iovlen = 1};
  }
  int count = recvmmsg(source->fd, batch.in, BATCH, MSG_DONTWAIT, NULL);
  if (count <= 0)
    return;
  cor_resolver_refresh(resolver);
  batch.collects = true;
  for (int i = 0; i < count; i++)
    if (batch.in[i].msg_hdr.msg_namelen == sizeof(batch.peers[i]) &&
        !(batch.in[i].msg_hdr.msg_flags & MSG_TRUNC))
      question(resolver, &batch.peers[i], NULL, batch.queries[i], batch.in[i].msg_len);
  send_answers(resolver);
  batch.collects = false;
}

void cor_tcp_client_free(struct cor_tcp_client *client) {
  struct cor_resolver *resolver = client->resolver;
  cor_forward_cancel(client);
  for (struct cor_tcp_client **at = &resolver->tcp_list; *at; at = &(*at)->next)
    if (*at == client) {
      *at = client->next;
      break;
    }
  cor_loop_remove(&resolver->loop, &client->source);
  close(client->source.fd);
  free(client->in);
  free(client->out);
  free(client);
  resolver->tcp_clients--;
}

/* One question after the other: the next is taken when the last one's answer is sent. Returns -1
 * where it is over. */
static int tcp_step(struct cor_tcp_client *client) {
  while (client->out_done < client->out_len) {
    ssize_t n = send(client->source.fd, client->out + client->out_done,
                     client->out_len - client->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
      return errno == EAGAIN ? 0 : -1;
    client->out_done += (size_t)n;
  }
  free(client->out);
  client->out = NULL;
  client->out_len = client->out_done = 0;
  if (client->busy || client->in_len < 2)
    return 0;
  size_t size = (size_t)client->in[0] << 8 | client->in[1];
  if (client->in_len - 2 < size)
    return 0;
  uint8_t *query = malloc(size ? size : 1);
  if (!query)
    return -1;
  memcpy(query, client->in + 2, size);
  client->in_len -= 2 + size;
  memmove(client->in, client->in + 2 + size, client->in_len);
  client->busy = true;
  cor_resolver_refresh(client->resolver);
  question(client->resolver, NULL, client, query, size);
  free(query);
  return 0;
}

static void tcp_watch(struct cor_tcp_client *client) {
  bool writing = client->out_done < client->out_len;
  bool reading = !writing && !client->busy && !client->ended;
  cor_loop_change(&client->resolver->loop, &client->source,
                  writing   ? EPOLLOUT
                  : reading ? EPOLLIN
                            : 0);
}

/* Makes room for a whole message of the length that its first bytes tell. */
static int tcp_room(struct cor_tcp_client *client) {
  size_t need = client->in_len < 2 ? 514 : 2 + ((size_t)client->in[0] << 8 | client->in[1]);
  if (need < 514)
    need = 514;
  if (client->in_cap >= need)
    return 0;
  uint8_t *in = realloc(client->in, need);
  if (!in)
    return -1;
  client->in = in;
  client->in_cap = need;
  return 0;
}

static void client_ready(struct cor_source *source, uint32_t events) {
  struct cor_tcp_client *client = cor_container_of(source, struct cor_tcp_client, source);
  ssize_t n = 1;
  if (tcp_room(client) < 0) {
    cor_tcp_client_free(client);
    return;
  }
  if ((events & EPOLLIN) && !client->ended && client->in_len < client->in_cap) {
    n = recv(source->fd, client->in + client->in_len, client->in_cap - client->in_len,
             MSG_DONTWAIT);
    if (n > 0) {
      client->in_len += (size_t)n;
      client->deadline_ms = cor_now_ms() + COR_TCP_IDLE_MS;
    } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      n = 1;
    }
  }
  client->ended = client->ended || n == 0;
  bool broken = n < 0 || (events & (EPOLLERR | EPOLLHUP)) || tcp_step(client) < 0;
  if (broken || (client->ended && !client->busy && client->out_len == 0)) {
    cor_tcp_client_free(client);
    return;
  }
  tcp_watch(client);
}

static void tcp_ready(struct cor_source *source, uint32_t events) {
  struct cor_resolver *resolver = cor_container_of(source, struct cor_resolver, tcp);
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0)
    return;
  struct cor_tcp_client *client =
      resolver->tcp_clients < COR_TCP_MAX ? calloc(1, sizeof(*client)) : NULL;
  if (!client) {
    close(fd);
    return;
  }
  *client = (struct cor_tcp_client){.source = {fd, client_ready},
                                    .resolver = resolver,
                                    .next = resolver->tcp_list,
                                    .deadline_ms = cor_now_ms() + COR_TCP_IDLE_MS};
  resolver->tcp_list = client;
  resolver->tcp_clients++;
  if (!resolver->sweep.at_ms)
    cor_timer_in(&resolver->sweep, 1000);
  if (cor_loop_add(&resolver->loop, &client->source, EPOLLIN) < 0)
    cor_tcp_client_free(client);
}

void cor_resolver_reply(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                        struct cor_tcp_client *client, const uint8_t *answer, size_t size) {
  if (!client && batch.collects) {
    add_answer(resolver, peer, answer, size);
    return;
  }
  if (!client) {
    sendto(resolver->udp.fd, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL,
           (const struct sockaddr *)peer, sizeof(*peer));
    return;
  }
  client->busy = false;
  client->out = malloc(size + 2);
  if (!client->out) {
    shutdown(client->source.fd, SHUT_RDWR);
    return;
  }
  client->out[0] = (uint8_t)(size >> 8);
  client->out[1] = (uint8_t)size;
  memcpy(client->out + 2, answer, size);
  client->out_len = size + 2;
  client->out_done = 0;
  /* Sent by its own event: the caller may be in the middle of this client's question. */
  cor_loop_change(&resolver->loop, &client->source, EPOLLOUT);
}

/* Runs each second while something can time out, and not at all otherwise. */
static void sweep_due(struct cor_timer *timer) {
  struct cor_resolver *resolver = cor_container_of(timer, struct cor_resolver, sweep);
  int64_t now = cor_now_ms();
  for (struct cor_tcp_client *client = resolver->tcp_list, *next; client; client = next) {
    next = client->next;
    if (!client->busy && client->deadline_ms <= now)
      cor_tcp_client_free(client);
  }
  cor_forward_sweep(resolver, now);
  if (resolver->tcp_list || resolver->forward_list)
    cor_timer_in(timer, 250);
}

int cor_resolver_serve(struct cor_resolver *resolver) {
  resolver->udp.ready = udp_ready;
  resolver->tcp.ready = tcp_ready;
  cor_loop_timer(&resolver->loop, &resolver->sweep, sweep_due);
  if (cor_loop_add(&resolver->loop, &resolver->udp, EPOLLIN) < 0 ||
      cor_loop_add(&resolver->loop, &resolver->tcp, EPOLLIN) < 0)
    return -1;
  return cor_loop_run(&resolver->loop);
}
