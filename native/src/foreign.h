/* A container under another OCI runtime (crun, youki, …), driven by the command line that they all
 * have. Its process becomes a child of the caller, which goes on as with one of its own: the
 * runtimes leave namespaces, a cgroup at linux.cgroupsPath and a process behind, and nothing else.
 */
#ifndef COR_FOREIGN_H
#define COR_FOREIGN_H

#include "container.h"

/* As cor_container_launch. `program` is the runtime's absolute path; its state, log and the bundle
 * lie in <run>/oci. The caller must be in the pid namespace of its /proc, which the runtime reads.
 */
int cor_foreign_launch(const struct cor_launch *launch, const char *program, const char *run,
                       struct cor_child *child, struct cor_err *err);
/* Has the runtime forget the container, whose process has ended. */
void cor_foreign_delete(const char *program, const char *run, const char *id);

#endif
