/* A container's cgroup in every hierarchy that there is: version 1 (one per controller) or version
 * 2 (one).
 *
 * The path is the spec's linux.cgroupsPath below each hierarchy's root. Which version counts is
 * seen from what is mounted on /sys/fs/cgroup: with version 1 controllers beside a version 2 tree
 * without any ("hybrid"), version 1 does.
 */
#ifndef COR_CGROUP_H
#define COR_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "spec.h"

#define COR_CGROUP_ROOT "/sys/fs/cgroup"
#define COR_CGROUP_MAX 20

struct cor_hierarchy {
  char name[64]; /* its folder below the root: "memory", "cpu,cpuacct"; "" with version 2 */
  int fd;        /* the container's folder in it; -1 while not made */
};

struct cor_cgroup {
  int version;         /* 1 or 2; 0: the spec asks for none */
  char path[PATH_MAX]; /* "/coracle/<id>" */
  struct cor_hierarchy hierarchies[COR_CGROUP_MAX];
  size_t count;
};

/* Which hierarchies there are; nothing is made. Close with cor_cgroup_close. */
int cor_cgroup_find(struct cor_cgroup *cgroup, const struct cor_spec *spec, struct cor_err *err);
void cor_cgroup_close(struct cor_cgroup *cgroup);

/* Makes the folders and writes the limits. An empty cgroup of that path, left by a killed run, is
 * replaced. */
int cor_cgroup_create(struct cor_cgroup *cgroup, const struct cor_spec *spec, struct cor_err *err);
/* Opens the folders of a cgroup that is there; those missing stay -1. */
void cor_cgroup_open(struct cor_cgroup *cgroup);
/* Moves the calling process, which must have one thread, into the cgroup of every version 1
 * hierarchy. With version 2 it was born there (cor_spawn_in_pid_ns). */
int cor_cgroup_enter(const struct cor_cgroup *cgroup, struct cor_err *err);
/* Kills and waits for what is in it, then removes the folders. Missing is success. */
int cor_cgroup_destroy(struct cor_cgroup *cgroup, struct cor_err *err);
/* Writes limits of a cgroup that is in use. Devices are not touched: they are decided at create. */
int cor_cgroup_update(const struct cor_cgroup *cgroup, const struct cor_resources *resources,
                      struct cor_err *err);
int cor_cgroup_freeze(const struct cor_cgroup *cgroup, bool frozen, struct cor_err *err);
bool cor_cgroup_oom_killed(const struct cor_cgroup *cgroup);

/* The folder of the one hierarchy whose lists of processes count, as all hold the same; -1: none.
 */
int cor_cgroup_process_dir(const struct cor_cgroup *cgroup);
/* Calls `visit` for each process in the folder and below; returns how often it was true. */
int cor_cgroup_visit(int dirfd, bool (*visit)(pid_t pid, void *arg), void *arg);
/* Sends a signal to each of them; returns how many took it. */
int cor_cgroup_kill(int dirfd, int sig);

/* The folder of a version 1 controller ("memory"), or the one of version 2; -1 where there is none.
 */
int cor_cgroup_dir(const struct cor_cgroup *cgroup, const char *controller);

/* The limits, one file per version. `dirs` are made already. */
int cor_cgroup_v1_limit(const struct cor_cgroup *cgroup, const struct cor_resources *resources,
                        struct cor_err *err);
int cor_cgroup_v2_limit(const struct cor_cgroup *cgroup, const struct cor_resources *resources,
                        struct cor_err *err);
/* Lets the controllers act below a folder. Processes of a delegated root, which may not be beside
 * them, move to its "init"; `path` is for the message. */
int cor_cgroup_v2_hand_down(int parent, bool is_root, const char *path, struct cor_err *err);
/* Version 2 has no files for devices: a BPF program decides (needs CAP_BPF or CAP_SYS_ADMIN). */
int cor_cgroup_v2_devices(int cgroup_fd, const struct cor_resources *resources,
                          struct cor_err *err);

/* What every container may use or make whatever the spec denies (the specification's default
 * devices and their kin). */
extern const struct cor_device_rule cor_default_device_rules[];
extern const size_t cor_default_device_rule_count;

/* Writes one value; the message names the file and the value. */
int cor_cgroup_write(int dirfd, const char *file, const char *value, struct cor_err *err);
int cor_cgroup_write_num(int dirfd, const char *file, int64_t value, struct cor_err *err);

#endif
