/* SHA-256 (FIPS 180-4), with the processor's SHA instructions where it has them. */
#ifndef COR_SHA256_H
#define COR_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct cor_sha256 {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  uint8_t block[64];
};

/* 64 hex digits and the closing NUL. */
#define COR_SHA256_HEX 65

void cor_sha256_init(struct cor_sha256 *hash);
void cor_sha256_update(struct cor_sha256 *hash, const void *data, size_t size);
/* Writes the digest as lower-case hex; the hash may not be updated after it. */
void cor_sha256_hex(struct cor_sha256 *hash, char hex[COR_SHA256_HEX]);

#endif
