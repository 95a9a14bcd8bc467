/* The bundle that another runtime is given; part of foreign.c. */
#ifndef COR_FOREIGN_BUNDLE_H
#define COR_FOREIGN_BUNDLE_H

#include "container.h"
#include "spec.h"

/* Gives the calling process, about to become the runtime, a mount namespace of its own with the
 * host's mounts as the runtime wants them. */
int cor_foreign_view(struct cor_err *err);

/* In a child process that is about to become the runtime: mounts the root in a mount namespace of
 * its own and writes <bundle>/config.json. `holder` is the process whose launch->netns_fd it is.
 * Changes the spec's JSON. */
int cor_foreign_bundle(const struct cor_launch *launch, const char *bundle, pid_t holder,
                       struct cor_err *err);

#endif
