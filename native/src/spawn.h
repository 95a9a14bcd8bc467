/* Making a child process in new namespaces, and unmaking it. */
#ifndef COR_SPAWN_H
#define COR_SPAWN_H

#include "container.h"

/* A child with fork's semantics in new namespaces (`flags`); child->pid is 0 in the child itself.
 * cgroup_fd: born in that cgroup (version 2); -1: in the caller's. pid_ns_fd: a namespace, or a
 * pidfd, whose pid namespace it is born in; -1: as `flags` say. */
int cor_spawn_in_pid_ns(unsigned long flags, int cgroup_fd, int pid_ns_fd, struct cor_child *child,
                        struct cor_err *err);
/* Kills, reaps, and closes what belongs to it. */
void cor_child_kill(struct cor_child *child);

#endif
