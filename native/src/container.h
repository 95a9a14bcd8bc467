/* One container from its OCI bundle: everything between "a config.json" and "its process runs".
 *
 * Used by the OCI command line (create, run, exec) and by the shim. Knows nothing of logs,
 * restarts, networks' addresses or the engine's records.
 */
#ifndef COR_CONTAINER_H
#define COR_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct cor_spec;    /* parsed config.json, spec.h */
struct cor_process; /* its "process", spec.h */
struct cor_resources;

/* The overlay that becomes the root file system. It is mounted inside the container's mount
 * namespace, so nothing of it is ever seen, or left, on the host. */
struct cor_overlay {
  const char *const *lower; /* topmost layer first, NULL-terminated */
  const char *upper;
  const char *work;
};

/* A launch that leaves everything else at zero must set netns_fd and start_listen_fd to -1
 * (COR_LAUNCH_INIT does). */
struct cor_launch {
  const struct cor_spec *spec;
  const char *id;     /* for hooks; NULL: "" */
  const char *bundle; /* absolute; a relative root.path is taken from here */
  const struct cor_overlay
      *overlay; /* NULL: root.path is a ready root file system; else it is mounted over it */
  const char *
      seccomp_cache; /* folder for compiled filters, made where missing; NULL: compiled each time */
  char (*ns_owners)[24]; /* one for each kind, kept from launch to launch: start times of the
                            processes whose namespaces are joined; NULL: not checked */
  int netns_fd;          /* join this network namespace; -1: as the spec says */
  int stdio[3];          /* the process's 0, 1, 2; ignored where console is set */
  bool console;          /* allocate a pty inside; its master is handed back */
  bool wait_start;       /* stop before execve until cor_container_start (OCI create) */
  int start_listen_fd; /* with wait_start: a listening SOCK_SEQPACKET socket that the start comes in
                          by, from any process (cor_container_start_at); -1: from the caller alone
                        */
  int pdeathsig;       /* signal for init when the caller dies; 0: none (OCI run/create) */
  int preserve_fds;    /* number of descriptors from 3 on that the process inherits */
  bool no_pivot;       /* MS_MOVE and chroot instead of pivot_root (a root on the initramfs) */
  bool no_new_keyring;
};
#define COR_LAUNCH_INIT                                                                            \
  {                                                                                                \
    .netns_fd = -1, .start_listen_fd = -1, .stdio = { 0, 1, 2 }                                    \
  }

struct cor_child {
  pid_t pid;      /* in the caller's pid namespace; a direct child of the caller */
  int pidfd;      /* -1 where the kernel has none */
  int start_fd;   /* the caller's end for cor_container_start; -1 otherwise */
  int console_fd; /* pty master or -1 */
};

/* Starts init. Returns 0 once execve has succeeded (or, with wait_start, once init waits before
 * it). On failure nothing is left: no process, no mount, no cgroup. Never called from a threaded
 * process. */
int cor_container_launch(const struct cor_launch *launch, struct cor_child *child,
                         struct cor_err *err);

/* Lets a waiting init go on; returns 0 once its execve has succeeded. */
int cor_container_start(struct cor_child *child, struct cor_err *err);
/* Same for an init that listens on start_listen_fd, by a connected socket. */
int cor_container_start_at(int socket_fd, struct cor_err *err);

/* A process joining a running container (exec, healthcheck, hooks). */
struct cor_exec {
  pid_t init_pid;              /* pid of the container's init in our namespace */
  int init_pidfd;              /* guards against reuse of init_pid; -1: opened from init_pid */
  const struct cor_spec *spec; /* the container's spec (capabilities, seccomp, cgroup) */
  const struct cor_process *process; /* OCI process that replaces the spec's whole; NULL: the
                                        spec's, with the changes below */
  const char *const *argv;           /* NULL-terminated */
  const char *const *env;            /* added to, and winning over, the spec's; NULL: nothing */
  const char *cwd;                   /* NULL: the spec's */
  const char *user;                  /* "uid", "uid:gid", "name", "name:group"; NULL: the spec's */
  bool privileged;
  const char *seccomp_cache; /* as in cor_launch */
  int stdio[3];
  bool console;
  unsigned short rows, columns; /* of the console; 0: the kernel's */
  int pdeathsig;                /* signal for the process when the caller dies; 0: none */
  int preserve_fds;
  bool no_new_keyring;
};

/* Starts the process; returns 0 once execve has succeeded. The child is a direct child of the
 * caller. */
int cor_container_exec(const struct cor_exec *exec, struct cor_child *child, struct cor_err *err);

/* Kills whatever is left in the container's cgroup, waits for it, and removes the cgroup in every
 * hierarchy. Idempotent; a missing cgroup is success. */
int cor_container_cleanup(const struct cor_spec *spec, struct cor_err *err);

/* Stops, or lets go on, every process of the container (freezer). */
int cor_container_freeze(const struct cor_spec *spec, bool frozen, struct cor_err *err);

/* Replaces the limits of the running container, all or none. `resources` is complete: what it
 * leaves out is not reset. Devices stay as they were at the launch. */
int cor_container_update(const struct cor_spec *spec, const struct cor_resources *resources,
                         struct cor_err *err);

/* True where the kernel killed a process of this container for want of memory since launch. */
bool cor_container_oom_killed(const struct cor_spec *spec);

#endif
