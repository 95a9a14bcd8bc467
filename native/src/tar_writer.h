/* Writes a tar archive: ustar headers, with pax records for what they cannot hold. */
#ifndef COR_TAR_WRITER_H
#define COR_TAR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "err.h"
#include "tar_reader.h"

struct cor_tar_writer {
  int fd;
  size_t len; /* bytes that wait in `data` */
  char data[64 * 1024];
};

/* One entry; `name` without a leading slash. A folder's gets its closing slash here. */
struct cor_tar_new {
  const char *name;
  const char *link;      /* target of a symbolic or hard link, else NULL */
  bool hard_link;        /* `link` names an earlier entry */
  const struct stat *st; /* type, mode, owner, time (whole seconds), device; size of a file */
  const struct cor_tar_xattr *xattrs;
  size_t xattr_count;
};

/* The header. The st_size bytes of a regular file that is no hard link follow by cor_tar_write, and
 * then cor_tar_pad. */
int cor_tar_head(struct cor_tar_writer *tar, const struct cor_tar_new *entry, struct cor_err *err);
int cor_tar_write(struct cor_tar_writer *tar, const void *data, size_t size, struct cor_err *err);
/* Fills the last block of a file of `size` bytes. */
int cor_tar_pad(struct cor_tar_writer *tar, uint64_t size, struct cor_err *err);
/* The two empty blocks of the end, and what still waits. */
int cor_tar_end(struct cor_tar_writer *tar, struct cor_err *err);

#endif
