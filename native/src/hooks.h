/* The specification's hooks: programs of whoever made the bundle, run at points of a container's
 * life with its state on their stdin. */
#ifndef COR_HOOKS_H
#define COR_HOOKS_H

#include <sys/types.h>

#include "container.h"
#include "spec.h"

/* Runs a list in order; the first that fails ends it. `status` is the state's: "creating",
 * "created", "running", "stopped". */
int cor_hooks_run(const struct cor_hooks *hooks, const char *name, const struct cor_launch *launch,
                  pid_t pid, const char *status, struct cor_err *err);

/* True where the caller has hooks to run between the mounts and pivot_root. */
static inline bool cor_hooks_before_pivot(const struct cor_spec *spec) {
  return spec->hooks.prestart.count || spec->hooks.create_runtime.count;
}

/* The container's state as the specification has it, one JSON object; the caller frees. */
char *cor_state_json(const struct cor_spec *spec, const char *id, const char *bundle, pid_t pid,
                     const char *status);

#endif
