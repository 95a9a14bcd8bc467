/* The byte stream under a tar archive: read, digested, decompressed by a thread of its own, so that
 * the thread that makes files hardly ever waits for it.
 *
 *   fd ─► digest of the raw bytes, optional copy to a blob file ─► gunzip | unzstd | as it is ─►
 * digest ─► ring of buffers
 */
#ifndef COR_TAR_INPUT_H
#define COR_TAR_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "sha256.h"

enum cor_compression { COR_AUTO, COR_PLAIN, COR_GZIP, COR_ZSTD };

const char *cor_compression_name(enum cor_compression compression);

struct cor_tar_input;

struct cor_tar_totals {
  char diff_digest[COR_SHA256_HEX]; /* of the uncompressed stream, what follows the archive included
                                     */
  char raw_digest[COR_SHA256_HEX];  /* of the bytes as read */
  uint64_t size;                    /* uncompressed */
  uint64_t raw_size;
  enum cor_compression compression; /* as found */
};

/* Starts reading `fd`, which stays the caller's. COR_AUTO goes by the first bytes. The raw bytes
 * are also written to `copy_fd` unless it is -1. Returns NULL on failure. */
struct cor_tar_input *cor_tar_input_open(int fd, enum cor_compression compression, int copy_fd,
                                         struct cor_err *err);

/* Bytes that are ready, at least one, without consuming them: *data points into the input until the
 * next call. *size is 0 at the end of the stream. */
int cor_tar_input_peek(struct cor_tar_input *input, const uint8_t **data, size_t *size,
                       struct cor_err *err);
void cor_tar_input_consume(struct cor_tar_input *input, size_t size);

/* Reads what is left, so that the digests cover all of it, and tells them. */
int cor_tar_input_finish(struct cor_tar_input *input, struct cor_tar_totals *totals,
                         struct cor_err *err);

void cor_tar_input_close(struct cor_tar_input *input);

#endif
