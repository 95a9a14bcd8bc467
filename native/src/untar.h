/* Unpacks one layer into an empty folder, or files that are copied into one that has content. */
#ifndef COR_UNTAR_H
#define COR_UNTAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "tar_input.h"

enum { COR_SKIPPED_XATTRS_MAX = 8 };

struct cor_untar {
  int archive_fd;
  int root_fd; /* a folder that nobody else writes to meanwhile */
  int copy_fd; /* the archive's bytes go here too; -1: nowhere */
  enum cor_compression compression;
  /* Files that are copied, not a layer: into what is there already, whiteouts stay ordinary names,
   * a folder and what is none do not replace each other. */
  bool files;
  const char
      *prefix;    /* with files: folder below the root that the names start in; NULL: the root */
  bool harmless;  /* with files: everything the caller's own, nothing set-user-ID, devices for the
                     owner alone */
  bool has_owner; /* with files: everything uid's and gid's */
  uid_t uid;
  gid_t gid;
  /* Names and contents only: whiteouts stay ordinary names, owners, modes, devices and attributes
   * are not taken over. For archives of archives (docker save). */
  bool verbatim;
};

struct cor_untar_result {
  struct cor_tar_totals totals;
  uint64_t entries;
  /* Attributes that could not be kept: the overlay's own, which an archive may not set, and those
   * that this file system does not have. Names only, each once. */
  char skipped_xattrs[COR_SKIPPED_XATTRS_MAX][256];
  unsigned skipped_xattr_count;
};

/* Whiteouts become overlay's: a character device 0/0, or trusted.overlay.opaque on the folder.
 * Ownership is numeric. On failure the folder holds a part; the caller removes it. */
int cor_untar(const struct cor_untar *options, struct cor_untar_result *result,
              struct cor_err *err);

#endif
