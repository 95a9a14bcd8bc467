/* /dev as every container has it. */
#ifndef COR_DEV_H
#define COR_DEV_H

#include "err.h"
#include "spec.h"

/* Makes the default nodes and links, and the spec's devices, in the root's /dev. */
int cor_dev_populate(int root_fd, const struct cor_spec *spec, bool dev_is_own,
                     struct cor_err *err);

/* The host's /dev/null, checked to be the null device; what masked files are covered with. */
int cor_dev_open_null(struct cor_err *err);

/* Opens a new pty in the container's devpts: returns the master, *peer_fd gets the slave. */
int cor_dev_open_pty(int root_fd, int *peer_fd, struct cor_err *err);

#endif
