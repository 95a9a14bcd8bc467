/* Making a child process in new namespaces, and unmaking it. */
#ifndef COR_SPAWN_H
#define COR_SPAWN_H

#include "container.h"

/* clone3, or clone where that is not to be had, with the semantics of fork; cgroup_fd -1: in the
 * caller's. */
pid_t cor_spawn(unsigned long flags, int cgroup_fd, int *pidfd);
/* Kills, reaps, and closes what belongs to it. */
void cor_child_kill(struct cor_child *child);

#endif
