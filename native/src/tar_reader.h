/* Tar archives as a sequence of entries: ustar, pax (POSIX.1-2001), GNU long names and sparse
 * files, v7. Everything that it reads is hostile: numbers are checked, sizes are bounded, nothing
 * is trusted to end in NUL. It touches no file system.
 */
#ifndef COR_TAR_READER_H
#define COR_TAR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "err.h"

/* Where the bytes come from; tar_input.h in the program, memory in the fuzzer. */
struct cor_tar_source {
  void *context;
  int (*peek)(void *context, const uint8_t **data, size_t *size, struct cor_err *err);
  void (*consume)(void *context, size_t size);
};

enum cor_tar_type {
  COR_TAR_FILE,
  COR_TAR_HARD_LINK,
  COR_TAR_SYMLINK,
  COR_TAR_CHAR,
  COR_TAR_BLOCK,
  COR_TAR_FOLDER,
  COR_TAR_FIFO,
};

struct cor_tar_xattr {
  char *name;
  char *value; /* size bytes, NULs included */
  size_t size;
};

/* A piece of a sparse file that holds data; between them are holes. */
struct cor_tar_segment {
  uint64_t offset, size;
};

struct cor_tar_entry {
  enum cor_tar_type type;
  char *name;    /* as in the archive; at most 64 KiB, no NUL inside */
  char *link;    /* target of the links, "" otherwise */
  uint32_t mode; /* permission, setuid, setgid and sticky bits */
  uint32_t uid, gid;
  uint32_t device_major, device_minor;
  struct timespec mtime;
  uint64_t size; /* of the file as it will be, holes included */
  bool sparse;
  struct cor_tar_segment *segments;
  size_t segment_count;
  struct cor_tar_xattr *xattrs;
  size_t xattr_count;
};

struct cor_tar_reader;

struct cor_tar_reader *cor_tar_reader_new(const struct cor_tar_source *source, struct cor_err *err);
void cor_tar_reader_free(struct cor_tar_reader *reader);

/* The next entry, valid until the next call: 1, 0 at the end of the archive, -1 on failure. Data of
 * the previous one that was not read is skipped. */
int cor_tar_next(struct cor_tar_reader *reader, const struct cor_tar_entry **entry,
                 struct cor_err *err);

/* Stored bytes of the entry (of a sparse file: its segments, one after the other): 1 with at least
 * one byte, 0 at their end. *data is valid until the next call. */
int cor_tar_data(struct cor_tar_reader *reader, const uint8_t **data, size_t *size,
                 struct cor_err *err);

#endif
