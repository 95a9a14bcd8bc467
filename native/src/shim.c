/* The life of one container: start, exit, restart, end. */
#include "shim.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "foreign.h"
#include "pid.h"
#include "spec.h"

#define ZERO_TIME "0001-01-01T00:00:00Z"

static bool say_ready(int fd, const char *key, const char *json) {
  cor_sbuf_auto line = {0};
  cor_sbuf_fmt(&line, "{\"%s\":%s}\n", key, json);
  return cor_write_full(fd, line.data, line.len) == 0;
}

static void say_error(int fd, const struct cor_err *err) {
  char json[2048];
  cor_err_json(err, json, sizeof(json));
  say_ready(fd, "error", json);
}

/* The spec is large (its seccomp profile) and needed for moments only: it is loaded for each launch
 * and given back to the kernel. */
static struct cor_spec *load_spec(const struct cor_shim *shim, struct cor_err *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/config.json", shim->dir);
  return cor_spec_load(path, err);
}

static void free_spec(struct cor_spec *spec) {
  if (spec)
    cor_spec_free(spec);
  malloc_trim(0);
}

static int launch_with(struct cor_shim *shim, const struct cor_spec *spec, struct cor_err *err) {
  int stdio[3];
  int result = cor_shim_io_open(shim, stdio, err);
  if (result == 0) {
    struct cor_launch launch = {
        .spec = spec,
        .id = shim->spec->id,
        .bundle = shim->dir,
        .seccomp_cache = shim->seccomp_cache,
        .start_listen_fd = -1,
        .overlay = shim->spec->has_overlay ? &shim->spec->overlay : NULL,
        .ns_owners = shim->ns_owners,
        .netns_fd = shim->netns_fd,
        .stdio = {stdio[0], stdio[1], stdio[2]},
        .console = shim->spec->tty,
        .pdeathsig = SIGKILL,
    };
    shim->child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
    const char *runtime = shim->spec->runtime;
    result = runtime ? cor_foreign_launch(&launch, runtime, shim->run, &shim->child, err)
                     : cor_container_launch(&launch, &shim->child, err);
  }
  for (int i = 0; i < 3; i++)
    if (stdio[i] >= 0)
      close(stdio[i]);
  if (result == 0)
    result = cor_shim_io_watch(shim, err);
  else
    shim->child.pid = 0;
  return result;
}

int cor_shim_launch(struct cor_shim *shim, struct cor_err *err) {
  struct cor_spec *spec = load_spec(shim, err);
  if (!spec)
    return -1;
  int result = launch_with(shim, spec, err);
  free_spec(spec);
  if (result < 0) {
    cor_shim_io_drain(shim);
    return -1;
  }
  shim->child_pid = cor_pidfd_pid(shim->child.pidfd);
  cor_process_start(shim->child_pid, shim->pid_start);
  shim->phase = COR_PHASE_RUNNING;
  shim->started_ms = cor_now_ms();
  shim->exit_code = 0;
  shim->oom_killed = shim->paused = false;
  shim->error[0] = '\0';
  cor_format_now(shim->started_at);
  cor_health_start(shim);
  cor_restart_begun(shim);
  cor_shim_state_write(shim);
  cor_shim_event(shim, "start", NULL);
  return 0;
}

/* The last words of a shim: after this nothing of the container is left but its record and log. */
static void finish(struct cor_shim *shim) {
  shim->phase = COR_PHASE_ENDED;
  cor_health_stop(shim);
  cor_shim_last_state_write(shim);
  cor_shim_state_write(shim);
  cor_attach_end(shim);
  cor_ctl_notify(shim, COR_CTL_FINAL_EXIT);
  cor_shim_net_down(shim);
  cor_log_close(&shim->log);
  cor_ctl_close(shim);
  shim->loop.end = true;
}

/* What failed outside the service: Docker's exit codes for a command that cannot be run. */
static void note_failure(struct cor_shim *shim, const struct cor_err *err) {
  cor_err_text(err, shim->error, sizeof(shim->error));
  bool exec = strcmp(err->op, "execve") == 0;
  shim->exit_code = exec && (err->errno_ == ENOENT || err->errno_ == ENOTDIR) ? 127
                    : exec                                                    ? 126
                                                                              : 128;
}

static void relaunch(struct cor_shim *shim) {
  struct cor_err err = {0};
  shim->restart_asked = shim->stopping = false;
  if (cor_shim_launch(shim, &err) == 0) {
    cor_ctl_notify(shim, COR_CTL_RUNNING);
    return;
  }
  note_failure(shim, &err);
  cor_format_now(shim->finished_at);
  finish(shim);
}

/* Also how a stop during the back-off ends the shim: not from inside a request, whose connection
 * goes with it. */
static void restart_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, restart_timer);
  if (!shim->stopped_by_user) {
    relaunch(shim);
    return;
  }
  cor_shim_event(shim, "stop", NULL);
  finish(shim);
}

static void exited(struct cor_shim *shim, int status) {
  struct cor_err ignored = {0};
  char attributes[64];
  shim->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  shim->kill_timer.at_ms = 0;
  cor_format_now(shim->finished_at);
  cor_health_stop(shim);
  struct cor_spec *spec = load_spec(shim, &ignored);
  if (spec) {
    shim->oom_killed = cor_container_oom_killed(spec);
    if (shim->spec->runtime)
      cor_foreign_delete(shim->spec->runtime, shim->run, shim->spec->id);
    /* Before the pipes are drained: with a shared pid namespace others may still hold them. */
    cor_container_cleanup(spec, &ignored);
    free_spec(spec);
  }
  cor_shim_io_drain(shim);
  if (shim->child.pidfd >= 0)
    close(shim->child.pidfd);
  shim->child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
  shim->paused = false;
  if (shim->oom_killed)
    cor_shim_event(shim, "oom", NULL);
  snprintf(attributes, sizeof(attributes), "\"exitCode\":\"%d\",\"execDuration\":\"%lld\"",
           shim->exit_code, (long long)((cor_now_ms() - shim->started_ms) / 1000));
  cor_shim_event(shim, "die", attributes);
  int64_t pause_ms;
  if (shim->restart_asked) {
    cor_restart_forget(shim);
    cor_shim_event(shim, "stop", NULL);
    cor_ctl_notify(shim, COR_CTL_EXIT);
    relaunch(shim);
    if (shim->phase == COR_PHASE_RUNNING)
      cor_shim_event(shim, "restart", NULL);
  } else if ((pause_ms = cor_restart_pause(shim)) >= 0) {
    shim->restart_count++;
    shim->phase = COR_PHASE_RESTARTING;
    cor_shim_state_write(shim);
    cor_ctl_notify(shim, COR_CTL_EXIT);
    cor_timer_in(&shim->restart_timer, pause_ms);
  } else {
    if (shim->stopped_by_user)
      cor_shim_event(shim, "stop", NULL);
    cor_ctl_notify(shim, COR_CTL_EXIT);
    finish(shim);
  }
}

int cor_shim_signal(struct cor_shim *shim, int signal, struct cor_err *err) {
  if (shim->child.pid <= 0)
    return cor_fail(err, ESRCH, "kill", shim->spec->name, "the container does not run");
  if (kill(shim->child.pid, signal) < 0)
    return cor_fail(err, errno, "kill", shim->spec->name, "cannot send signal %d", signal);
  return 0;
}

int cor_shim_freeze(struct cor_shim *shim, bool frozen, struct cor_err *err) {
  if (shim->child.pid <= 0)
    return cor_fail(err, ESRCH, "freeze", shim->spec->name, "the container does not run");
  if (shim->paused == frozen)
    return 0;
  /* A check that is running would be frozen with the rest and time out. */
  if (frozen)
    cor_health_stop(shim);
  struct cor_spec *spec = load_spec(shim, err);
  int result = spec ? cor_container_freeze(spec, frozen, err) : -1;
  free_spec(spec);
  if (result < 0)
    return -1;
  shim->paused = frozen;
  if (!frozen)
    cor_health_resume(shim);
  cor_shim_state_write(shim);
  cor_shim_event(shim, frozen ? "pause" : "unpause", NULL);
  return 0;
}

static void kill_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, kill_timer);
  struct cor_err ignored;
  cor_shim_signal(shim, SIGKILL, &ignored);
  cor_shim_event(shim, "kill", "\"signal\":\"9\"");
}

void cor_shim_stop(struct cor_shim *shim, int signal, int64_t timeout_ms) {
  struct cor_err ignored;
  if (shim->phase == COR_PHASE_RESTARTING) {
    cor_timer_in(&shim->restart_timer, 0);
    return;
  }
  if (shim->child.pid <= 0)
    return;
  if (!shim->stopping) {
    char attributes[32];
    snprintf(attributes, sizeof(attributes), "\"signal\":\"%d\"", signal);
    cor_shim_event(shim, "kill", attributes);
    cor_shim_signal(shim, signal, &ignored);
    if (shim->paused)
      cor_shim_freeze(shim, false, &ignored);
  }
  shim->stopping = true;
  int64_t at = cor_now_ms() + timeout_ms;
  if (timeout_ms == 0)
    kill_due(&shim->kill_timer);
  else if (timeout_ms > 0 && (shim->kill_timer.at_ms == 0 || at < shim->kill_timer.at_ms))
    shim->kill_timer.at_ms = at;
}

/* A resolver, or forwarder, that dies is started again, at most once a second. */
static void resolver_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, resolver_timer);
  struct cor_err ignored;
  if (cor_shim_resolver_start(shim, &ignored) < 0)
    cor_timer_in(timer, 1000);
}

static void reap(struct cor_shim *shim) {
  int status;
  pid_t pid;
  while (!shim->loop.end && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == shim->child.pid) {
      exited(shim, status);
    } else if (pid == shim->resolver_pid) {
      shim->resolver_pid = 0;
      cor_timer_in(&shim->resolver_timer,
                   cor_now_ms() - shim->resolver_started_ms >= 1000 ? 0 : 1000);
    } else if (pid == shim->forwarder_pid) {
      struct cor_err ignored;
      pid_t next = cor_forwarder_start(shim->spec->ports, shim->spec->port_count, &ignored);
      shim->forwarder_pid = next > 0 ? next : 0;
    } else {
      (void)(cor_log_reaped(&shim->log, pid) || cor_health_reaped(shim, pid, status));
    }
  }
}

static void signal_ready(struct cor_source *source, uint32_t events) {
  struct cor_shim *shim = cor_container_of(source, struct cor_shim, signals);
  struct signalfd_siginfo info;
  (void)events;
  while (!shim->loop.end && read(source->fd, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGCHLD) {
      reap(shim);
    } else {
      /* The machine shuts down. The restart policy is for the next boot to apply. */
      shim->stopped_by_user = shim->shutting_down = true;
      cor_shim_stop(shim, shim->spec->stop_signal, shim->spec->stop_timeout_ms);
    }
  }
}

static int set_up(struct cor_shim *shim, struct cor_err *err) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  sigaddset(&mask, SIGTERM);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  shim->spec = cor_shim_spec_load(shim->dir, err);
  if (!shim->spec || cor_shim_lock(shim->run, err) < 0)
    return -1;
  /* The client ends when its Node process does, however that was. One that has ended before this
   * line does not read our answer (say_ready). */
  if (shim->spec->dies_with_client)
    prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (cor_loop_open(&shim->loop) < 0)
    return cor_fail(err, errno, "epoll_create1", "", "cannot make the event loop");
  shim->signals =
      (struct cor_source){signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK), signal_ready};
  if (shim->signals.fd < 0 || cor_loop_add(&shim->loop, &shim->signals, EPOLLIN) < 0)
    return cor_fail(err, errno, "signalfd", "", "cannot watch signals");
  cor_loop_timer(&shim->loop, &shim->restart_timer, restart_due);
  cor_restart_init(shim);
  cor_loop_timer(&shim->loop, &shim->kill_timer, kill_due);
  cor_loop_timer(&shim->loop, &shim->resolver_timer, resolver_due);
  cor_health_init(shim);
  cor_seccomp_cache(shim->dir, shim->seccomp_cache, sizeof(shim->seccomp_cache));
  const char *log = shim->spec->has_log ? shim->spec->log_path : NULL;
  if (cor_log_open(&shim->log, log, shim->spec->log_max_size, shim->spec->log_max_files, err) < 0)
    return -1;
  shim->log.compress = shim->spec->log_compress;
  return cor_ctl_open(shim, err);
}

_Noreturn void cor_shim_main(const char *dir, const char *run, const struct cor_shim_attach *attach,
                             int ready_fd) {
  struct cor_err err = {0};
  static struct cor_shim shim;
  cor_shim_detach(&ready_fd);
  cor_stage("shim");
  shim = (struct cor_shim){
      .dir = dir, .run = run, .netns_fd = -1, .child = {.pidfd = -1}, .input = {.fd = -1}};
  shim.log.fd = shim.listener.fd = shim.rules.fd = -1;
  shim.outputs[0].source.fd = shim.outputs[1].source.fd = -1;
  strcpy(shim.started_at, ZERO_TIME);
  strcpy(shim.finished_at, ZERO_TIME);
  int result = set_up(&shim, &err);
  if (result == 0)
    cor_shim_last_state_drop(&shim);
  if (result == 0 && attach->wanted)
    result = cor_ctl_attach_out(&shim, attach->with_stdin, &err);
  if (result == 0 && (cor_shim_net_up(&shim, &err) < 0 || cor_shim_launch(&shim, &err) < 0)) {
    note_failure(&shim, &err);
    finish(&shim);
    result = -1;
  }
  if (result < 0) {
    say_error(ready_fd, &err);
    _exit(1);
  }
  cor_sbuf_auto answer = {0};
  cor_sbuf_fmt(&answer, "{\"pid\":%d,\"ports\":", (int)shim.child_pid);
  cor_shim_ports_json(&shim, &answer);
  cor_sbuf_str(&answer, "}");
  if (!say_ready(ready_fd, "ok", answer.data) && shim.spec->dies_with_client)
    cor_shim_stop(&shim, SIGKILL, 0);
  close(ready_fd);
  cor_sbuf_free(&answer);
  cor_loop_run(&shim.loop);
  _exit(0);
}
