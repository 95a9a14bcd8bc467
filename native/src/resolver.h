/* The name service of one container: a process of its own that answers on 127.0.0.11:53 in the
 * container's namespace, from the zones of the container's networks and, for other names, from the
 * host's resolvers.
 */
#ifndef COR_RESOLVER_H
#define COR_RESOLVER_H

#include <sys/types.h>

#include "err.h"
#include "shimspec.h"

/* Forks the resolver and returns its pid; the zones' folders must be there. It dies with the
 * caller, who reaps it. */
pid_t cor_resolver_begin(int netns_fd, const struct cor_shim_spec *spec, int *ready_fd,
                         struct cor_err *err);
/* Waits until its sockets are bound. Closes ready_fd; on failure the process is gone. */
int cor_resolver_wait(pid_t pid, int ready_fd, struct cor_err *err);

#endif
