/* The init stage: what runs in the new process between clone3 and execve (PROTOCOL.md has the
 * diagram).
 *
 * Order, each step for a reason that its own file tells:
 *   user namespace mapped → join namespaces → mounts → /dev, pty → masked and read-only paths →
 * hooks → pivot_root → names → cgroups joined (by the caller, meanwhile) → cgroup namespace →
 * process: limits, seccomp, capabilities, user, parent-death signal, cwd → wait for start → execve
 */
#ifndef COR_INIT_H
#define COR_INIT_H

#include <linux/filter.h>

#include "cgroup.h"
#include "container.h"
#include "spec.h"

struct cor_init {
  const struct cor_launch *launch;
  const struct cor_spec *spec;
  const struct cor_cgroup *cgroup;
  struct sock_fprog seccomp;
  int sync_fd;              /* to the caller, until execve closes it */
  int ns_fds[COR_NS_COUNT]; /* namespaces to join; -1: new, or the caller's */
  bool new_user_ns;
  unsigned long
      late_flags; /* namespaces to make once the user namespace, which is joined, owns them
                   */
  int *idmapped;  /* for each of the spec's mounts: the detached mount that idmap.c has made, or -1;
                     NULL: none of them maps ids */
  int root_fd;    /* the container's root mount */
  int proc_fd; /* the host's /proc, verified: what is written there must not land in a file of the
                  container's making */
  bool has_proc, has_own_dev;
};

/* Sends err to the caller and ends the process. */
_Noreturn void cor_init_die(int sync_fd, const struct cor_err *err);
_Noreturn void cor_init_main(struct cor_init *init);

/* ns.c: the namespaces that a launch makes with clone3 (flags), opens for joining, and joins. */
int cor_ns_plan(const struct cor_launch *launch, int ns_fds[COR_NS_COUNT],
                unsigned long *clone_flags, struct cor_err *err);
/* Joins those that are to be joined; `in_user_ns`: but for the user namespace, which it is in. */
int cor_ns_join(const int ns_fds[COR_NS_COUNT], bool in_user_ns, struct cor_err *err);
/* Joins the user namespace and makes the new ones in it, where there are both. */
int cor_ns_remake(struct cor_init *init, struct cor_err *err);
int cor_ns_write_maps(pid_t pid, const struct cor_spec *spec, struct cor_err *err);
int cor_ns_write_id_maps(pid_t pid, const struct cor_idmaps *uids, const struct cor_idmaps *gids,
                         struct cor_err *err);
/* Opens /proc and checks that it is one. */
int cor_proc_open(struct cor_err *err);

/* root.c: the container's root, with everything in it, up to pivot_root. */
int cor_root_setup(struct cor_init *init, struct cor_err *err);
int cor_root_enter(struct cor_init *init, struct cor_err *err);

/* The path that a bind mount's source names on the host. */
int cor_mount_source(const struct cor_launch *launch, const struct cor_mount *mount,
                     char path[4096], struct cor_err *err);

/* idmap.c */
int cor_idmap_prepare(struct cor_init *init, struct cor_err *err);
void cor_idmap_close(struct cor_init *init);

/* mask.c */
int cor_mask_paths(struct cor_init *init, struct cor_err *err);

#endif
