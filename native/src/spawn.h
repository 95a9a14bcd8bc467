/* Making a child process in new namespaces, and unmaking it. */
#ifndef COR_SPAWN_H
#define COR_SPAWN_H

#include "container.h"

/* A child of the caller's parent, with fork's semantics, in the pid namespace that the caller has
 * joined, and in new namespaces (`flags`). `pidfd`: NULL, or where its descriptor goes. Returns its
 * number, 0 in it, -1 on failure. */
pid_t cor_spawn_sibling(unsigned long flags, int *pidfd, struct cor_err *err);
/* A child with fork's semantics in new namespaces (`flags`); child->pid is 0 in the child itself.
 * cgroup_fd: born in that cgroup (version 2); -1: in the caller's. pid_ns_fd: a namespace, or a
 * pidfd, whose pid namespace it is born in; -1: as `flags` say. */
int cor_spawn_in_pid_ns(unsigned long flags, int cgroup_fd, int pid_ns_fd, struct cor_child *child,
                        struct cor_err *err);
/* Kills, reaps, and closes what belongs to it. */
void cor_child_kill(struct cor_child *child);

#endif
