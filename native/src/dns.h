/* DNS messages (RFC 1035, EDNS of RFC 6891): reads a query, answers it from the zones. Pure: no
 * clock, no I/O.
 *
 * Queries come from whatever runs in the container, so everything in them is hostile.
 */
#ifndef COR_DNS_H
#define COR_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zone.h"

#define COR_DNS_UDP_MAX 512   /* without EDNS */
#define COR_DNS_EDNS_MAX 4096 /* more is not sent in one datagram whatever the client offers */
#define COR_DNS_TCP_MAX 65535

enum cor_dns_result {
  COR_DNS_DROP = -1,  /* no query: nothing may be answered */
  COR_DNS_FORWARD = 0 /* not a name of ours; > 0: length of the answer in `out` */
};

/* A subnet of one of the asker's networks. */
struct cor_dns_subnet {
  bool v6;
  unsigned char base[16]; /* of an IPv4 subnet the first four */
  unsigned prefix;
};

struct cor_dns_zones {
  const struct cor_zone *entries;
  const char *project; /* the asker's, lower case; NULL or "" where it has none */
  const struct cor_dns_subnet *subnets;
  size_t subnet_count;
  uint32_t rotation; /* moves with every answer: replicas take turns in coming first */
};

/* Answers `query`, of `size` bytes, into `out`. `max` is the largest answer that the transport
 * takes: COR_DNS_TCP_MAX, or 0 for UDP, where the query itself says. A longer answer is cut, with
 * TC set. */
int cor_dns_answer(const uint8_t *query, size_t size, const struct cor_dns_zones *zones, size_t max,
                   uint8_t *out, size_t out_size);

/* An answer without records: SERVFAIL (2) and the like. 0 where the query is none. */
int cor_dns_refuse(const uint8_t *query, size_t size, int rcode, uint8_t *out, size_t out_size);

/* True where `reply` answers `query`: same id, opcode and question, and it is a response. */
int cor_dns_matches(const uint8_t *query, size_t query_size, const uint8_t *reply,
                    size_t reply_size);

/* The datagram size that a query takes answers of. */
size_t cor_dns_udp_limit(const uint8_t *query, size_t size);

/* Shortens an answer to its question, with TC set, where it is longer than max. Returns the new
 * length. */
size_t cor_dns_truncate(uint8_t *reply, size_t size, size_t max);

#endif
