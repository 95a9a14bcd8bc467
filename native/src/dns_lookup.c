#include "dns_lookup.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* An address in either family, as a subnet has it. */
struct address {
  bool v6;
  unsigned char bytes[16];
};

static bool is_named(const struct cor_zone_entry *entry, const char *name, size_t size,
                     const char *project) {
  return strncmp(entry->name, name, size) == 0 && entry->name[size] == '\0' &&
         (!project || strcmp(entry->project, project) == 0);
}

static bool is_known(const struct cor_zone_entry *const *found, size_t count,
                     const struct cor_zone_entry *entry) {
  for (size_t i = 0; i < count; i++)
    if (found[i]->address.s_addr == entry->address.s_addr)
      return true;
  return false;
}

/* project NULL: any. */
static size_t find_in(const struct cor_zone *zone, const char *name, size_t size,
                      const char *project, const struct cor_zone_entry *found[COR_DNS_FOUND_MAX]) {
  uint16_t network = UINT16_MAX;
  size_t count = 0;
  for (size_t i = 0; i < zone->count; i++)
    if (!zone->entries[i].is_stopped && zone->entries[i].zone < network &&
        is_named(&zone->entries[i], name, size, project))
      network = zone->entries[i].zone;
  for (size_t i = 0; i < zone->count && count < COR_DNS_FOUND_MAX; i++) {
    const struct cor_zone_entry *entry = &zone->entries[i];
    if (!entry->is_stopped && entry->zone == network && is_named(entry, name, size, project) &&
        !is_known(found, count, entry))
      found[count++] = entry;
  }
  return count;
}

size_t cor_dns_find(const struct cor_dns_zones *zones, const char *name,
                    const struct cor_zone_entry *found[COR_DNS_FOUND_MAX]) {
  size_t count = 0, size = strlen(name);
  const char *dot = strrchr(name, '.');
  if (zones->project && *zones->project)
    count = find_in(zones->entries, name, size, zones->project, found);
  if (count == 0)
    count = find_in(zones->entries, name, size, NULL, found);
  if (count == 0 && dot && dot[1])
    count = find_in(zones->entries, name, (size_t)(dot - name), dot + 1, found);
  return count;
}

bool cor_dns_is_stopped(const struct cor_dns_zones *zones, const char *name) {
  size_t size = strlen(name);
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; i < zones->entries->count; i++) {
    const struct cor_zone_entry *entry = &zones->entries->entries[i];
    if (entry->is_stopped &&
        (is_named(entry, name, size, NULL) ||
         (dot && dot[1] && is_named(entry, name, (size_t)(dot - name), dot + 1))))
      return true;
  }
  return false;
}

/* "5.0.200.10.in-addr.arpa" → 10.200.0.5 */
static bool reverse_v4(const char *name, struct address *address) {
  unsigned parts[4];
  int end = 0;
  if (sscanf(name, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &parts[0], &parts[1], &parts[2], &parts[3],
             &end) != 4 ||
      end == 0 || name[end] != '\0')
    return false;
  for (int i = 0; i < 4; i++) {
    if (parts[i] > 255)
      return false;
    address->bytes[3 - i] = (unsigned char)parts[i];
  }
  return true;
}

static int nibble(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits, the last one of the address first. */
static bool reverse_v6(const char *name, struct address *address) {
  if (strlen(name) != 64 + strlen("ip6.arpa") || strcmp(name + 64, "ip6.arpa") != 0)
    return false;
  for (int i = 0; i < 32; i++) {
    int digit = nibble(name[2 * i]);
    if (digit < 0 || name[2 * i + 1] != '.')
      return false;
    address->bytes[15 - i / 2] |= (unsigned char)(i % 2 ? digit << 4 : digit);
  }
  address->v6 = true;
  return true;
}

static bool is_inside(const struct address *address, const struct cor_dns_subnet *subnet) {
  if (address->v6 != subnet->v6)
    return false;
  unsigned whole = subnet->prefix / 8, rest = subnet->prefix % 8;
  return memcmp(address->bytes, subnet->base, whole) == 0 &&
         (rest == 0 || (address->bytes[whole] ^ subnet->base[whole]) >> (8 - rest) == 0);
}

const struct cor_zone_entry *cor_dns_reverse(const struct cor_dns_zones *zones, const char *name,
                                             bool *is_ours) {
  struct address address = {0};
  *is_ours = false;
  if (!reverse_v4(name, &address) && !reverse_v6(name, &address))
    return NULL;
  for (size_t i = 0; i < zones->subnet_count && !*is_ours; i++)
    *is_ours = is_inside(&address, &zones->subnets[i]);
  for (size_t i = 0; i < zones->entries->count; i++) {
    const struct cor_zone_entry *entry = &zones->entries->entries[i];
    if (entry->is_first && !entry->is_stopped &&
        (address.v6 ? entry->has_address6 && memcmp(&entry->address6, address.bytes, 16) == 0
                    : memcmp(&entry->address, address.bytes, 4) == 0))
      return entry;
  }
  return NULL;
}
