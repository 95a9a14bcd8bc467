/* libFuzzer target: the first half of the input is a query, answered from a zone made of the
 * second; then both are a query and a reply of a host's resolver.
 *
 *   make -C native fuzz-dns && native/build/fuzz-dns -max_total_time=60 -max_len=1500 CORPUS
 */
#include <stdlib.h>
#include <string.h>

#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char fixed[] =
      "address 10.0.0.2\naddress6 fd00::2\nproject shop\nname web\nname a.b\n";
  size_t half = size / 2;
  /* Blocks of the exact size, so that a read beyond the end is seen. */
  uint8_t *query = malloc(half + 1), *rest = malloc(size - half + 1), *out = malloc(4096);
  struct cor_zone zone = {0};
  memcpy(query, data, half);
  memcpy(rest, data + half, size - half);
  cor_zone_parse(&zone, 0, fixed, sizeof(fixed) - 1);
  cor_zone_parse(&zone, 1, (const char *)rest, size - half);
  static const struct cor_dns_subnet subnets[] = {{.base = {10}, .prefix = 9},
                                                  {.v6 = true, .base = {0xfd}, .prefix = 64}};
  struct cor_dns_zones zones = {.entries = &zone,
                                .project = size % 3 ? "shop" : NULL,
                                .subnets = subnets,
                                .subnet_count = 2,
                                .rotation = (uint32_t)size};
  for (int tcp = 0; tcp < 2; tcp++) {
    int length = cor_dns_answer(query, half, &zones, tcp ? COR_DNS_TCP_MAX : 0, out, 4096);
    if (length > 4096 || (length > 0 && length < 12))
      abort();
  }
  if (cor_dns_refuse(query, half, 2, out, 600) > 600)
    abort();
  cor_dns_matches(query, half, rest, size - half);
  if (cor_dns_truncate(rest, size - half, 64) > size - half)
    abort();
  cor_zone_free(&zone);
  free(query);
  free(rest);
  free(out);
  return 0;
}
