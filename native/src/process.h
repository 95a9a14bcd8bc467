/* The last steps before execve, the same for a container's init and for a process that joins it. */
#ifndef COR_PROCESS_H
#define COR_PROCESS_H

#include <linux/filter.h>

#include "spec.h"

struct cor_process_setup {
  const struct cor_process *process;
  const struct cor_seccomp *seccomp;
  const struct sock_fprog *filter;
  const char *const *argv; /* of the process */
  const char *const *env;  /* complete, NULL-terminated */
  bool has_personality;
  unsigned long personality;
  int sync_fd;   /* its end tells that the caller has died */
  int pdeathsig; /* 0: none */
  int preserve_fds;
  bool no_new_keyring;
  bool block_signals; /* it starts with all signals blocked: coracle-init, which takes them off the
                         queue; as pid 1 without handlers it would lose those that come before */
};

/* What is written through `proc_fd`, the host's /proc, and inherited over fork: the security
 * modules' labels, the score of the out-of-memory killer. */
int cor_process_label(const struct cor_process *process, int proc_fd, struct cor_err *err);
/* What the process gets while still root. */
int cor_process_limits(const struct cor_process_setup *setup, struct cor_err *err);
/* Seccomp, capabilities, user, parent-death signal, working directory. */
int cor_process_become(const struct cor_process_setup *setup, struct cor_err *err);
/* The file that argv[0] names, by the container's own PATH. */
int cor_process_find(const struct cor_process_setup *setup, char path[4096], struct cor_err *err);
/* Returns only on failure. */
int cor_process_execute(const struct cor_process_setup *setup, const char *path,
                        struct cor_err *err);

/* Makes the pty the process's terminal and its stdio. */
int cor_process_terminal(int peer_fd, const struct cor_process *process, unsigned short rows,
                         unsigned short columns, struct cor_err *err);
/* Puts stdio[0..2] on 0, 1, 2. */
int cor_process_stdio(const int stdio[3], struct cor_err *err);

/* The environment with changes put over it, and HOME added where it is missing; NULL without
 * memory. */
const char *const *cor_process_env(const char *const *base, const char *const *changes,
                                   const char *home);
/* Value of a variable in an environment list, the last one that stands there; NULL where it is not
 * set. */
const char *cor_env_get(const char *const *env, const char *name);

#endif
