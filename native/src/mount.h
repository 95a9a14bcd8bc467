/* Mounts by descriptor: made detached, given their attributes, and only then attached. Needs
 * Linux 5.12 (mount_setattr).
 */
#ifndef COR_MOUNT_H
#define COR_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "container.h"
#include "err.h"
#include "spec.h"

/* The options of one mount, sorted by who takes them. */
struct cor_mount_options {
  uint64_t set, clear;         /* MOUNT_ATTR_ bits of the mount itself */
  uint64_t rec_set, rec_clear; /* and of everything below it */
  uint64_t propagation;        /* MS_SHARED, …; 0: as it comes */
  bool propagation_rec;
  bool bind, recursive, remount, copy_up;
  bool idmap, idmap_rec;
  bool read_only;       /* "ro" stands there */
  const char *flags[8]; /* super block flags: "sync", "dirsync", … */
  size_t flag_count;
  const char *data[64]; /* the file system's own options */
  size_t data_count;
};

int cor_mount_options_parse(const struct cor_mount *mount, struct cor_mount_options *out,
                            struct cor_err *err);

/* A detached copy of what `path` under dirfd shows ("" : dirfd itself). Returns the mount's
 * descriptor. */
int cor_mount_clone(int dirfd, const char *path, bool recursive, struct cor_err *err);
/* The same of a path in the mount namespace of process `pid`, below that namespace's root. */
int cor_mount_clone_of(int pid, const char *path, bool recursive, struct cor_err *err);
/* The root of a process's mount namespace (O_PATH), whatever the process has made its own root. */
int cor_root_of(int pidfd, struct cor_err *err);
/* A new, detached file system with `source` and options "key=value" or "key". */
int cor_mount_new(const char *type, const char *source, const struct cor_mount_options *options,
                  struct cor_err *err);
/* Sets and clears MOUNT_ATTR_ bits; propagation 0 leaves it. */
int cor_mount_set(int mount_fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive,
                  struct cor_err *err);
/* Attaches a detached mount over target_fd; `name` is for messages. */
int cor_mount_attach(int mount_fd, int target_fd, const char *name, struct cor_err *err);

/* The overlay as a detached mount. Before Linux 6.7 it is mounted at `place` for a moment, in the
 * caller's mount namespace. */
int cor_overlay_mount(const struct cor_overlay *overlay, const char *place, struct cor_err *err);

#endif
