/* The root of a running container, from outside. */
#ifndef COR_LIVE_ROOT_H
#define COR_LIVE_ROOT_H

#include <sys/types.h>

#include "err.h"

struct cor_live_root {
  int fd; /* O_PATH; the caller closes */
  uid_t uid;
  gid_t gid; /* whom the service runs as, as the host counts */
};

/* Steps into the mount namespace of the engine's container (`<data>/containers/<id>`,
 * `<run>/containers/<id>`) for good and opens its root: the calling process must have opened what
 * it needs of the host before, have one thread, and be about to end. ESRCH where it does not run.
 */
int cor_live_root_enter(const char *dir, const char *run, struct cor_live_root *root,
                        struct cor_err *err);

#endif
