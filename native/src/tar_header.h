/* Parsers for the two kinds of tar headers: the 512-byte block, and pax records. Pure: bytes in,
 * values out. Reached by hostile input first, so fuzzed (test/native/fuzz_untar.c).
 */
#ifndef COR_TAR_HEADER_H
#define COR_TAR_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "err.h"
#include "tar_reader.h"

enum {
  COR_TAR_BLOCK_SIZE = 512,
  COR_TAR_EXTENSION_MAX = 1024 * 1024, /* pax records with xattrs of 64 KiB each */
  COR_TAR_NAME_MAX = 64 * 1024,
  COR_TAR_XATTRS_MAX = 256,
  COR_TAR_SEGMENTS_MAX = 1024 * 1024,
};

struct cor_tar_header {
  char name[257]; /* prefix, slash and name */
  char link[101];
  char type;
  uint32_t mode;
  uint64_t uid, gid, size, real_size;
  uint32_t device_major, device_minor;
  struct timespec mtime;
};

/* What the pax records before an entry say of it. Zeroed by the caller; strings are the parser's.
 */
struct cor_tar_pax {
  bool seen;
  char *path, *link, *sparse_name, *sparse_map;
  bool has_uid, has_gid, has_size, has_mtime, is_sparse;
  uint64_t uid, gid, size, sparse_size;
  int sparse_major;
  struct timespec mtime;
  struct cor_tar_xattr *xattrs;
  size_t xattr_count;
};

int cor_tar_header_parse(const uint8_t block[COR_TAR_BLOCK_SIZE], struct cor_tar_header *header,
                         struct cor_err *err);
bool cor_tar_block_is_empty(const uint8_t block[COR_TAR_BLOCK_SIZE]);

/* `text` holds `size` bytes and a NUL after them. Adds to what earlier headers of the same entry
 * said. */
int cor_tar_pax_parse(const char *text, size_t size, struct cor_tar_pax *pax, struct cor_err *err);
void cor_tar_pax_free(struct cor_tar_pax *pax);

/* A header field: octal text, or base 256 where its first bit is set. Negative numbers are refused.
 */
int cor_tar_number(const uint8_t *field, size_t size, uint64_t *value);
/* Decimal digits only. */
int cor_tar_decimal(const char *text, size_t size, uint64_t *value);

#endif
