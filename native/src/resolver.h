/* The name service of one container: a process of its own that answers on 127.0.0.11:53 in the
 * container's namespace, from the zones of the container's networks and, for other names, from the
 * host's resolvers.
 */
#ifndef COR_RESOLVER_H
#define COR_RESOLVER_H

#include <sys/types.h>

#include "err.h"
#include "shimspec.h"

/* Forks the resolver and returns its pid once its sockets are bound; the caller reaps it. It dies
 * with the caller. */
pid_t cor_resolver_start(int netns_fd, const struct cor_shim_spec *spec, struct cor_err *err);

#endif
