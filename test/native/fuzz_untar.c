/* libFuzzer target: whole archives through the tar reader. It touches no file system, so what can
 * go wrong is memory and endless loops.
 *
 *   make -C native fuzz-untar && native/build/fuzz-untar -max_total_time=60 -max_len=8192 CORPUS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tar_reader.h"
#include "untar_place.h"

struct memory {
  const uint8_t *data;
  size_t size;
};

/* In small pieces, so that every read in the reader meets a boundary. */
static int peek(void *context, const uint8_t **data, size_t *size, struct cor_err *err) {
  struct memory *m = context;
  (void)err;
  *data = m->data;
  *size = m->size < 100 ? m->size : 100;
  return 0;
}

static void consume(void *context, size_t size) {
  struct memory *m = context;
  if (size > m->size)
    abort();
  m->data += size;
  m->size -= size;
}

/* Whatever looks like a header gets the checksum that it needs: else next to no input would get
 * past its first block. */
static void repair(uint8_t *data, size_t size) {
  for (size_t at = 0; at + 512 <= size; at += 512) {
    uint8_t *block = data + at;
    unsigned sum = 0;
    if (memcmp(block + 257, "ustar", 5) != 0)
      continue;
    memset(block + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
      sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *repaired = malloc(size + 1);
  if (repaired == NULL)
    return 0;
  memcpy(repaired, data, size);
  repair(repaired, size);
  struct memory memory = {repaired, size};
  struct cor_tar_source source = {&memory, peek, consume};
  struct cor_err err = {0};
  struct cor_tar_reader *reader = cor_tar_reader_new(&source, &err);
  const struct cor_tar_entry *entry;
  static char clean[PATH_MAX];
  while (reader != NULL && cor_tar_next(reader, &entry, &err) > 0) {
    const uint8_t *bytes;
    size_t ready;
    uint64_t stored = 0, mapped = 0;
    if (cor_place_clean(entry->name, clean, &err) == 0 && clean[0] == '/')
      abort();
    while (cor_tar_data(reader, &bytes, &ready, &err) > 0) {
      if (ready == 0)
        abort();
      stored += ready;
    }
    /* What untar relies on when it spreads the bytes over the pieces. */
    for (size_t i = 0; i < entry->segment_count; i++)
      mapped += entry->segments[i].size;
    if (entry->sparse && stored > mapped)
      abort();
  }
  cor_tar_reader_free(reader);
  free(repaired);
  return 0;
}
