/* The resolver's inside: resolver.c makes it and takes its rights away, resolver_serve.c answers,
 * resolver_forward.c asks the host's resolvers, resolver_zone.c reads the zones' folders,
 * resolver_sandbox.c holds the filter. */
#ifndef COR_RESOLVER_PARTS_H
#define COR_RESOLVER_PARTS_H

#include <netinet/in.h>
#include <sys/stat.h>

#include "dns.h"
#include "loop.h"
#include "zone.h"

#define COR_UPSTREAM_MAX 8
#define COR_ZONE_MAX 64
#define COR_FORWARD_MAX 256 /* questions on their way at a time; more are refused */
#define COR_FORWARD_TIMEOUT_MS 2000
#define COR_TCP_MAX 64
#define COR_TCP_IDLE_MS 10000

union cor_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

struct cor_zone_folder {
  int fd;
  struct timespec changed; /* its mtime when it was read */
  bool settled;            /* read long enough after that change for a later one to show */
};

struct cor_resolver {
  struct cor_loop loop;
  struct cor_source udp, tcp;
  union cor_address upstreams[COR_UPSTREAM_MAX];
  size_t upstream_count;
  struct cor_zone_folder folders[COR_ZONE_MAX];
  size_t folder_count;
  struct cor_zone zone;
  char project[COR_ZONE_NAME];
  char hosts[4096]; /* names of the host itself, in the form of a zone's file */
  struct cor_dns_subnet subnets[2 * COR_ZONE_MAX];
  size_t subnet_count;
  uint32_t rotation;
  int forwards, tcp_clients;
  struct cor_timer sweep;
  struct cor_forward *forward_list;
  struct cor_tcp_client *tcp_list;
};

/* A connection of the container's; two bytes of length before each message. */
struct cor_tcp_client {
  struct cor_source source;
  struct cor_resolver *resolver;
  struct cor_tcp_client *next;
  uint8_t *in; /* COR_DNS_TCP_MAX + 2 bytes, grown as needed */
  size_t in_len, in_cap;
  uint8_t *out;
  size_t out_len, out_done;
  int64_t deadline_ms;
  bool ended; /* it has closed its side, and waits for what it asked */
  bool busy;  /* a question is on its way to the host's resolvers */
};

/* A question on its way. */
struct cor_forward {
  struct cor_source source; /* socket to the upstream, in the host's namespace */
  struct cor_resolver *resolver;
  struct cor_forward *next;
  size_t upstream;
  int64_t deadline_ms;
  struct cor_tcp_client *client; /* NULL: by UDP, to `peer` */
  struct sockaddr_in peer;
  uint8_t *reply; /* by TCP: what came so far */
  size_t reply_len;
  size_t sent, query_len; /* by TCP the query has its length before it */
  uint8_t query[];
};

/* Every function below runs without rights, under the filter. */
int cor_resolver_serve(struct cor_resolver *resolver);
/* Answers by whatever way the question came. */
void cor_resolver_reply(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                        struct cor_tcp_client *client, const uint8_t *answer, size_t size);
void cor_tcp_client_free(struct cor_tcp_client *client);

void cor_resolver_refresh(struct cor_resolver *resolver);

void cor_forward(struct cor_resolver *resolver, const struct sockaddr_in *peer,
                 struct cor_tcp_client *client, const uint8_t *query, size_t size);
/* Drops what was asked for a client that is gone. */
void cor_forward_cancel(struct cor_tcp_client *client);
void cor_forward_sweep(struct cor_resolver *resolver, int64_t now_ms);

/* Leaves only what the resolver needs: user nobody, no capability, an empty root, a system call
 * filter. */
int cor_resolver_sandbox(struct cor_err *err);

/* Sends what the container's processes ask 127.0.0.11:53 to the ports that the resolver really has,
 * by two rules in the caller's network namespace: so a service there may bind port 53 itself. -1:
 * the kernel cannot. */
int cor_resolver_redirect(uint16_t udp_port, uint16_t tcp_port, struct cor_err *err);

#endif
