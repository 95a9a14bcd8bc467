/* Who a process is: its number as the host counts, and when it began. */
#ifndef COR_PID_H
#define COR_PID_H

#include <sys/types.h>

/* Pids as /proc shows them. A shim is pid 1 of a namespace of its own, so what getpid and clone3
 * answer there is no name for anybody else. 0: the process is gone. */
pid_t cor_own_pid(void);
pid_t cor_pidfd_pid(int pidfd);

/* Field 22 of /proc/<pid>/stat, which tells a process from a later one of the same number; "" where
 * the process is gone. */
void cor_process_start(pid_t pid, char out[24]);

#endif
