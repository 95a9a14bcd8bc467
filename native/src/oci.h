/* The OCI command line: containers by id, each with a folder <root>/<id> that holds
 *   config.json   copy of the bundle's, so that later commands do not depend on the bundle
 *   state.json    pid, its start time, bundle, time of creation
 *   start         socket that a created container's init waits on; gone once it was started
 */
#ifndef COR_OCI_H
#define COR_OCI_H

#include <stdbool.h>
#include <sys/types.h>

#include "container.h"
#include "err.h"
#include "spec.h"

/* Flags that stand before the command. */
struct cor_oci_globals {
  const char *root;       /* --root; /run/coracle-oci */
  const char *log;        /* --log; NULL: none */
  const char *log_format; /* --log-format text|json */
  bool debug, systemd_cgroup;
};
extern struct cor_oci_globals cor_oci;

struct cor_oci_state {
  char id[256];
  char dir[4096]; /* <root>/<id> */
  int dir_fd;
  char bundle[4096];
  char created[40]; /* RFC 3339 */
  pid_t pid;
  unsigned long long pid_start; /* field 22 of /proc/PID/stat */
  struct cor_spec *spec;
};

/* Where the container's cgroup is: as linux.cgroupsPath says ("slice:prefix:name" with
 * --systemd-cgroup), else one by its id. The spec holds a plain path from then on. */
int cor_oci_cgroup_path(struct cor_spec *spec, const char *id, struct cor_err *err);

/* Makes the folder of a new container; fails where the id is taken. */
int cor_oci_new(struct cor_oci_state *state, const char *id, const char *bundle,
                struct cor_err *err);
/* config.json, before anything of the container is made: whoever finds a folder that was left by a
 * killed create knows by it what to clean up. */
int cor_oci_save_spec(const struct cor_oci_state *state, struct cor_err *err);
/* state.json: from here on the container exists. */
int cor_oci_save(const struct cor_oci_state *state, struct cor_err *err);
/* Loads a container with its spec; errno_ ENOENT where there is none. */
int cor_oci_load(struct cor_oci_state *state, const char *id, struct cor_err *err);
/* Loads what a create that was killed has left: no state, and spec NULL where there is not even a
 * config.json. */
int cor_oci_load_unfinished(struct cor_oci_state *state, const char *id, struct cor_err *err);
/* Removes the folder. */
int cor_oci_remove(struct cor_oci_state *state, struct cor_err *err);
void cor_oci_free(struct cor_oci_state *state);

/* "created", "running", "paused" or "stopped". */
const char *cor_oci_status(const struct cor_oci_state *state);
/* A descriptor of its init, checked to be that very process; -1 where it is gone. */
int cor_oci_pidfd(const struct cor_oci_state *state);
/* Start time of a process, 0 where there is none. */
unsigned long long cor_pid_start(pid_t pid);

/* Writes the error to stderr and to --log; returns `code`. */
int cor_oci_fail(const struct cor_err *err, int code);
/* 127 not found, 126 not executable, else 1. */
int cor_oci_exit_code(const struct cor_err *err);
int cor_oci_write_pid_file(const char *path, pid_t pid, struct cor_err *err);

/* tty.c: stays in the foreground of a process: hands signals on, copies between this terminal and
 * the console (where there is one), and returns its exit status, 128 + n for signal n. */
int cor_foreground(struct cor_child *child);
/* Sends the console's master to the receiver that listens at `path` (--console-socket). */
int cor_console_send(const char *path, int console_fd, struct cor_err *err);

#endif
