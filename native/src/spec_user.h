/* The engine's way to name a container's user: annotations of config.json, as only the container's
 * own files know its users. coracle.user     "", "uid", "uid:gid", "name", "name:group"
 *   coracle.groups   supplementary groups, names or numbers, separated by commas
 *   coracle.init     "true": the program is coracle-init
 */
#ifndef COR_SPEC_USER_H
#define COR_SPEC_USER_H

#include "spec.h"

/* Puts the user, its groups and, for one who is not root, its loss of capabilities into `process`.
 * Without the annotation nothing changes. `root_fd` is the container's root. */
int cor_spec_user(int root_fd, const struct cor_spec *spec, struct cor_process *process,
                  struct cor_err *err);

/* True where the program is coracle-init (annotation coracle.init). */
bool cor_spec_has_init(const struct cor_spec *spec);

#endif
