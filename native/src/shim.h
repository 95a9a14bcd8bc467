/* The supervisor of one container; native/PROTOCOL.md.
 *
 * One process, one thread, one event loop. shim.c holds the life cycle, the other shim_*.c, ctl.c,
 * attach.c and health.c what hangs on it. The shim alone writes state.json and the log.
 */
#ifndef COR_SHIM_H
#define COR_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "container.h"
#include "health.h"
#include "log.h"
#include "loop.h"
#include "sbuf.h"
#include "shimspec.h"
#include "spec.h"

enum cor_phase {
  COR_PHASE_STARTING,
  COR_PHASE_RUNNING,
  COR_PHASE_RESTARTING, /* down, waits for its back-off */
  COR_PHASE_ENDED,
};

/* The container's end of stdout or stderr (or the pty's master, as stream 0). */
struct cor_output {
  struct cor_source source;
  struct cor_shim *shim;
  int stream; /* 0 stdout, 1 stderr */
};

struct cor_shim {
  const char *dir, *run;    /* absolute */
  char seccomp_cache[4096]; /* folder of compiled filters */
  struct cor_shim_spec *spec;
  struct cor_shim_spec *reloaded; /* lends its names to spec; NULL before the first reload */
  struct cor_loop loop;
  struct cor_source signals;
  struct cor_log log;

  int netns_fd;    /* -1: the host's */
  size_t attached; /* endpoints that are up */
  bool published;
  pid_t resolver_pid, forwarder_pid; /* 0: none */
  int64_t resolver_started_ms;
  struct cor_timer resolver_timer;
  struct cor_source rules; /* changes of the host's packet filter; fd -1: nothing there to keep */
  struct cor_timer rules_timer;

  enum cor_phase phase;
  struct cor_child child; /* pid, as the shim's own namespace counts, 0 where none runs */
  pid_t child_pid;        /* the same as the host counts */
  char pid_start[24];
  char ns_owners[COR_NS_COUNT][24]; /* cor_launch's */
  struct cor_output outputs[2];
  struct cor_source input; /* stdin's write end or the pty's master; fd -1 where closed */
  struct cor_sbuf input_queue;
  bool input_watched, input_end;

  bool paused, oom_killed;
  bool stopped_by_user, stopping, restart_asked;
  bool shutting_down; /* stopped with the machine, not by its user: the next boot wants it back */
  int exit_code;
  int restart_count;
  int attempts;   /* restarts that count for the policy's limit */
  int short_runs; /* in a row that ended before they had settled */
  bool gave_up;   /* the policy's limit is why it is not started again */
  int64_t started_ms, backoff_ms;
  struct cor_timer restart_timer, settle_timer, kill_timer;
  char error[512];
  char started_at[COR_TIME_SIZE], finished_at[COR_TIME_SIZE];
  struct cor_health health;

  struct cor_source listener;
  struct cor_conn *conns;
  int conn_count;
};

/* A client that listens on <run>/attach before the first launch: what the container writes first of
 * all is for it too. */
struct cor_shim_attach {
  bool wanted, with_stdin;
};

/* Forked by the client; never returns. One JSON line goes to ready_fd: {"ok":{"pid","ports"}} or
 * {"error":{…}}. */
_Noreturn void cor_shim_main(const char *dir, const char *run, const struct cor_shim_attach *attach,
                             int ready_fd);

/* shim.c */
int cor_shim_launch(struct cor_shim *shim, struct cor_err *err);
/* Begins to stop: the signal now, SIGKILL after the timeout (-1: never). */
void cor_shim_stop(struct cor_shim *shim, int signal, int64_t timeout_ms);
int cor_shim_signal(struct cor_shim *shim, int signal, struct cor_err *err);
int cor_shim_freeze(struct cor_shim *shim, bool frozen, struct cor_err *err);

/* shim_restart.c */
void cor_restart_init(struct cor_shim *shim);
/* The container runs: from some time on this run is none of a crash loop. */
void cor_restart_begun(struct cor_shim *shim);
/* It has ended: milliseconds until it is to be started again, or -1 where it is not. */
int64_t cor_restart_pause(struct cor_shim *shim);
/* Somebody asked for this start: all that was counted is forgotten. */
void cor_restart_forget(struct cor_shim *shim);

/* shim_reload.c */
/* Takes over what may change of shim.json and config.json: limits, names, labels, restart and stop.
 */
int cor_shim_reload(struct cor_shim *shim, struct cor_err *err);

/* shim_setup.c */
/* Leaves the client's session, terminal and descriptors but for ready_fd, which gets another
 * number. */
void cor_shim_detach(int *ready_fd);
/* Makes <run> and locks it for as long as the process lives. */
int cor_shim_lock(const char *run, struct cor_err *err);

/* shim_net.c */
int cor_shim_net_up(struct cor_shim *shim, struct cor_err *err);
void cor_shim_net_down(struct cor_shim *shim);
/* Takes over the endpoints of a spec that was loaded anew, which must live on: what is new is
 * attached, what is gone detached, ports and names follow. On failure everything is as it was. */
int cor_shim_reconnect(struct cor_shim *shim, struct cor_shim_spec *wanted, struct cor_err *err);
/* Tells the names of every endpoint to its network's zone. */
int cor_shim_zone_write(const struct cor_shim_spec *spec, struct cor_err *err);
/* Starts the resolver where shim.json asks for one. */
int cor_shim_resolver_start(struct cor_shim *shim, struct cor_err *err);
/* The same tear-down without a shim: what one that was killed left behind. */
int cor_shim_net_remove(struct cor_shim_spec *spec, struct cor_err *err);

/* shim_rules.c */
/* Brings rules, networks and published ports back whenever somebody else takes them from the host's
 * packet filter. Before anything is published: what is taken later is then seen. Once is
 * enough. */
int cor_shim_rules_watch(struct cor_shim *shim, struct cor_err *err);

/* shim_state.c */
void cor_shim_state_json(const struct cor_shim *shim, struct cor_sbuf *out);
void cor_shim_ports_json(const struct cor_shim *shim, struct cor_sbuf *out);
/* Replaces state.json. */
void cor_shim_state_write(const struct cor_shim *shim);
/* The final state as it outlives a reboot, which <run> does not: <dir>/last-state.json. A container
 * without one was running when the machine went down. */
void cor_shim_last_state_write(const struct cor_shim *shim);
void cor_shim_last_state_drop(const struct cor_shim *shim);
/* One line into the events file, in the form of Docker's events; attributes: further members of
 * Actor.Attributes as JSON text (`"exitCode":"0"`), or NULL. */
void cor_shim_event(const struct cor_shim *shim, const char *action, const char *attributes);

/* shim_io.c */
/* Makes the pipes; the ends for the container go to `stdio` and are closed by the caller after the
 * launch. */
int cor_shim_io_open(struct cor_shim *shim, int stdio[3], struct cor_err *err);
/* Watches what the launch handed back. */
int cor_shim_io_watch(struct cor_shim *shim, struct cor_err *err);
/* Reads what is left, without waiting for a process that still holds an end, and closes. */
void cor_shim_io_drain(struct cor_shim *shim);
void cor_shim_io_pause(struct cor_shim *shim, bool paused);
void cor_shim_input(struct cor_shim *shim, const char *data, size_t size);
void cor_shim_input_end(struct cor_shim *shim);

/* ctl.c: the control socket. */
int cor_ctl_open(struct cor_shim *shim, struct cor_err *err);
/* Connects to the client that waits at <run>/attach, and attaches it. */
int cor_ctl_attach_out(struct cor_shim *shim, bool with_stdin, struct cor_err *err);
enum cor_ctl_event { COR_CTL_EXIT, COR_CTL_FINAL_EXIT, COR_CTL_RUNNING, COR_CTL_HEALTH };
/* Answers whoever waits for it. */
void cor_ctl_notify(struct cor_shim *shim, enum cor_ctl_event event);
/* Sends what is still queued, for at most a second, and removes the socket. */
void cor_ctl_close(struct cor_shim *shim);

/* attach.c: frames of attached clients. */
struct cor_conn;
void cor_attach_output(struct cor_shim *shim, int stream, const char *data, size_t size);
/* Lets the container go on writing, and clients go on sending, once everybody has caught up. */
void cor_attach_relieve(struct cor_shim *shim);
void cor_attach_end(struct cor_shim *shim);

#endif
