/* A container's files for whoever copies them in or out, from outside. */
#ifndef COR_ARCHIVE_H
#define COR_ARCHIVE_H

#include <stdbool.h>

#include "err.h"

struct cor_container_files {
  const char *dir, *run; /* the container's folders */
  bool image_only;       /* its own root without volumes and what else is mounted on it (export) */
};

/* Opens (O_PATH) the container's root: of the running container as its processes see it, of a
 * stopped one mounted anew in a mount namespace that this process gets for it. Never from a process
 * with threads. */
int cor_container_root(const struct cor_container_files *files, struct cor_err *err);

/* Pid and pidfd of the running container's init, checked against a reuse of the number; -1 where it
 * does not run. */
int cor_container_init(const char *run, int *pid, int *pidfd, bool *paused, struct cor_err *err);

#endif
