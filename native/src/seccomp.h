/* The spec's system call filter, compiled by libseccomp and kept on disk, as compiling it costs
 * more than starting the container. */
#ifndef COR_SECCOMP_H
#define COR_SECCOMP_H

#include <linux/filter.h>

#include "err.h"
#include "spec.h"

/* Fills prog (prog->filter is malloc'ed, NULL where the spec has no filter). cache_dir may be NULL.
 */
int cor_seccomp_compile(const struct cor_seccomp *seccomp, const char *cache_dir,
                        struct sock_fprog *prog, struct cor_err *err);
/* Puts the filter on the calling process; nothing to do for a NULL filter. */
int cor_seccomp_load(const struct cor_seccomp *seccomp, const struct sock_fprog *prog,
                     struct cor_err *err);

#endif
