/* What the zones say: addresses of a name, the name of an address. Pure. */
#ifndef COR_DNS_LOOKUP_H
#define COR_DNS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "dns.h"

#define COR_DNS_FOUND_MAX 256

/* Containers of this name (lower case, no dot at its end), each address once: those of the asker's
 * own project if there are any, and of those the ones on its first network. `web.shop` also finds
 * `web` of project `shop`. */
size_t cor_dns_find(const struct cor_dns_zones *zones, const char *name,
                    const struct cor_zone_entry *found[COR_DNS_FOUND_MAX]);

/* Whether it is the name of containers that do not run. */
bool cor_dns_is_stopped(const struct cor_dns_zones *zones, const char *name);

/* The entry whose address `5.0.200.10.in-addr.arpa` or `….ip6.arpa` stands for, or NULL; `is_ours`
 * says whether the address is of one of the asker's networks, so that nobody else can know it. */
const struct cor_zone_entry *cor_dns_reverse(const struct cor_dns_zones *zones, const char *name,
                                             bool *is_ours);

#endif
