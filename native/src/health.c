#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "shim.h"
#include "spec.h"

#define FAILED_TO_RUN (-1)

static void set_status(struct cor_shim *shim, const char *status) {
  if (shim->health.status && strcmp(shim->health.status, status) == 0)
    return;
  shim->health.status = status;
  char action[64];
  snprintf(action, sizeof(action), "health_status: %s", status);
  cor_shim_event(shim, action, NULL);
}

/* The start interval holds while the container is starting and its start period lasts. */
static void schedule(struct cor_shim *shim) {
  const struct cor_shim_spec *spec = shim->spec;
  bool in_start_period = cor_now_ms() - shim->started_ms < spec->health_start_period_ms;
  bool starting = strcmp(shim->health.status, "starting") == 0;
  cor_timer_in(&shim->health.next, in_start_period && starting ? spec->health_start_interval_ms
                                                               : spec->health_interval_ms);
}

static void add_result(struct cor_health *health) {
  if (health->result_count == COR_HEALTH_RESULTS) {
    cor_sbuf_free(&health->results[0].output);
    memmove(&health->results[0], &health->results[1],
            sizeof(health->results[0]) * (COR_HEALTH_RESULTS - 1));
    health->result_count--;
  }
  health->results[health->result_count++] = health->current;
  health->current = (struct cor_health_result){0};
}

/* A failure during the start period does not count, as long as no check has ever succeeded. */
static void conclude(struct cor_shim *shim, int exit_code) {
  struct cor_health *health = &shim->health;
  health->timeout.at_ms = 0;
  health->current.exit_code = exit_code;
  cor_format_now(health->current.end);
  add_result(health);
  if (exit_code == 0) {
    health->failing_streak = 0;
    set_status(shim, "healthy");
  } else if (strcmp(health->status, "starting") != 0 ||
             health->begun_ms - shim->started_ms >= shim->spec->health_start_period_ms) {
    health->failing_streak++;
    if (health->failing_streak >= shim->spec->health_retries)
      set_status(shim, "unhealthy");
  }
  cor_shim_state_write(shim);
  cor_ctl_notify(shim, COR_CTL_HEALTH);
  schedule(shim);
}

/* What is beyond the limit is read, so that the check is not stopped by a full pipe, and dropped.
 */
static void read_output(struct cor_shim *shim, int reads) {
  struct cor_health *health = &shim->health;
  char text[4096];
  for (ssize_t n; reads > 0 && health->output.fd >= 0; reads--) {
    n = read(health->output.fd, text, sizeof(text));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return;
    if (n <= 0) {
      cor_loop_remove(&shim->loop, &health->output);
      close(health->output.fd);
      health->output.fd = -1;
      return;
    }
    size_t room = COR_HEALTH_OUTPUT - health->current.output.len;
    cor_sbuf_add(&health->current.output, text, (size_t)n < room ? (size_t)n : room);
  }
}

static void output_ready(struct cor_source *source, uint32_t events) {
  (void)events;
  read_output(cor_container_of(source, struct cor_shim, health.output), 4);
}

static void end_output(struct cor_shim *shim) {
  struct cor_health *health = &shim->health;
  read_output(shim, 64);
  if (health->output.fd >= 0) {
    cor_loop_remove(&shim->loop, &health->output);
    close(health->output.fd);
    health->output.fd = -1;
  }
}

static int run_check(struct cor_shim *shim, int out, struct cor_err *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/config.json", shim->dir);
  _cleanup_close_ int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct cor_spec *spec = cor_spec_load(path, err);
  if (!spec)
    return -1;
  struct cor_exec exec = {
      .init_pid = shim->child.pid,
      .init_pidfd = shim->child.pidfd,
      .spec = spec,
      .argv = shim->spec->health_test,
      .seccomp_cache = shim->seccomp_cache,
      .stdio = {in, out, out},
      .pdeathsig = SIGKILL,
  };
  struct cor_child child = {.pidfd = -1, .start_fd = -1, .console_fd = -1};
  int result = cor_container_exec(&exec, &child, err);
  cor_spec_free(spec);
  malloc_trim(0);
  if (result < 0)
    return -1;
  if (child.pidfd >= 0)
    close(child.pidfd);
  shim->health.pid = child.pid;
  return 0;
}

static void check_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, health.next);
  struct cor_health *health = &shim->health;
  struct cor_err err = {0};
  int ends[2];
  if (shim->child.pid <= 0 || health->pid > 0)
    return;
  health->begun_ms = cor_now_ms();
  health->timed_out = false;
  cor_format_now(health->current.start);
  if (pipe2(ends, O_CLOEXEC) < 0) {
    schedule(shim);
    return;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  int result = run_check(shim, ends[1], &err);
  close(ends[1]);
  if (result < 0) {
    char text[1100];
    close(ends[0]);
    cor_err_text(&err, text, sizeof(text));
    cor_sbuf_str(&health->current.output, text);
    conclude(shim, FAILED_TO_RUN);
    return;
  }
  health->output = (struct cor_source){ends[0], output_ready};
  cor_loop_add(&shim->loop, &health->output, EPOLLIN);
  cor_timer_in(&health->timeout, shim->spec->health_timeout_ms);
}

/* "30s", "1m30s", "500ms": as Go writes a duration, for Docker's message. */
static void format_duration(int64_t ms, char out[48]) {
  if (ms < 1000) {
    snprintf(out, 48, "%lldms", (long long)ms);
    return;
  }
  size_t n = 0;
  if (ms >= 3600000)
    n += (size_t)snprintf(out + n, 48 - n, "%lldh", (long long)(ms / 3600000));
  if (ms >= 60000)
    n += (size_t)snprintf(out + n, 48 - n, "%lldm", (long long)(ms / 60000 % 60));
  if (ms % 1000 == 0)
    snprintf(out + n, 48 - n, "%llds", (long long)(ms / 1000 % 60));
  else
    snprintf(out + n, 48 - n, "%gs", (double)(ms % 60000) / 1000);
}

static void timeout_due(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, health.timeout);
  struct cor_health *health = &shim->health;
  if (health->pid <= 0)
    return;
  health->timed_out = true;
  kill(health->pid, SIGKILL);
}

bool cor_health_reaped(struct cor_shim *shim, pid_t pid, int status) {
  struct cor_health *health = &shim->health;
  if (pid != health->pid)
    return false;
  health->pid = 0;
  end_output(shim);
  if (health->timed_out) {
    char limit[48];
    format_duration(shim->spec->health_timeout_ms, limit);
    cor_sbuf_free(&health->current.output);
    cor_sbuf_fmt(&health->current.output, "Health check exceeded timeout (%s)", limit);
    conclude(shim, FAILED_TO_RUN);
  } else {
    conclude(shim, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
  return true;
}

void cor_health_init(struct cor_shim *shim) {
  shim->health.output.fd = -1;
  cor_loop_timer(&shim->loop, &shim->health.next, check_due);
  cor_loop_timer(&shim->loop, &shim->health.timeout, timeout_due);
}

void cor_health_start(struct cor_shim *shim) {
  struct cor_health *health = &shim->health;
  if (!shim->spec->has_health)
    return;
  for (int i = 0; i < health->result_count; i++)
    cor_sbuf_free(&health->results[i].output);
  health->result_count = 0;
  health->failing_streak = 0;
  health->status = "starting";
  schedule(shim);
}

void cor_health_resume(struct cor_shim *shim) {
  if (shim->spec->has_health)
    schedule(shim);
}

void cor_health_stop(struct cor_shim *shim) {
  struct cor_health *health = &shim->health;
  health->next.at_ms = 0;
  health->timeout.at_ms = 0;
  if (health->pid > 0) {
    kill(health->pid, SIGKILL);
    waitpid(health->pid, NULL, 0);
    health->pid = 0;
  }
  end_output(shim);
  cor_sbuf_free(&health->current.output);
}

void cor_health_json(const struct cor_shim *shim, struct cor_sbuf *out) {
  const struct cor_health *health = &shim->health;
  if (!health->status) {
    cor_sbuf_str(out, "null");
    return;
  }
  cor_sbuf_fmt(out, "{\"status\":\"%s\",\"failingStreak\":%d,\"log\":[", health->status,
               health->failing_streak);
  for (int i = 0; i < health->result_count; i++) {
    const struct cor_health_result *result = &health->results[i];
    cor_sbuf_fmt(out,
                 "%s{\"start\":\"%s\",\"end\":\"%s\",\"exitCode\":%d,\"output\":", i ? "," : "",
                 result->start, result->end, result->exit_code);
    cor_sbuf_json(out, result->output.data ? result->output.data : "", result->output.len);
    cor_sbuf_str(out, "}");
  }
  cor_sbuf_str(out, "]}");
}
