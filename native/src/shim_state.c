/* state.json and event lines (docs/on-disk-layout.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "pid.h"
#include "shim.h"

static const char *status_name(const struct cor_shim *shim) {
  switch (shim->phase) {
  case COR_PHASE_STARTING:
    return "created";
  case COR_PHASE_RUNNING:
    return shim->paused ? "paused" : "running";
  case COR_PHASE_RESTARTING:
    return "restarting";
  default:
    return shim->started_ms ? "exited" : "created";
  }
}

void cor_shim_ports_json(const struct cor_shim *shim, struct cor_sbuf *out) {
  cor_sbuf_str(out, "[");
  for (size_t i = 0; shim->published && i < shim->spec->port_count; i++) {
    const struct cor_port *port = &shim->spec->ports[i];
    cor_sbuf_fmt(out, "%s{\"protocol\":\"%s\",\"hostIp\":", i ? "," : "",
                 port->udp ? "udp" : "tcp");
    cor_sbuf_json_str(out, port->host_ip);
    cor_sbuf_fmt(out, ",\"hostPort\":%u,\"containerPort\":%u}", port->host_port,
                 port->container_port);
  }
  cor_sbuf_str(out, "]");
}

void cor_shim_state_json(const struct cor_shim *shim, struct cor_sbuf *out) {
  char own_start[24];
  pid_t own = cor_own_pid();
  cor_process_start(own, own_start);
  cor_sbuf_str(out, "{\"version\":1,\"id\":");
  cor_sbuf_json_str(out, shim->spec->id);
  cor_sbuf_fmt(
      out, ",\"status\":\"%s\",\"pid\":%d,\"pidStart\":\"%s\",\"shimPid\":%d,\"shimStart\":\"%s\"",
      status_name(shim), shim->child.pid ? (int)shim->child_pid : 0,
      shim->child.pid ? shim->pid_start : "", (int)own, own_start);
  cor_sbuf_fmt(out, ",\"exitCode\":%d,\"oomKilled\":%s,\"error\":", shim->exit_code,
               shim->oom_killed ? "true" : "false");
  cor_sbuf_json_str(out, shim->error);
  cor_sbuf_fmt(out,
               ",\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"restartCount\":%d,\"shortRuns\":%d",
               shim->started_at, shim->finished_at, shim->restart_count, shim->short_runs);
  cor_sbuf_fmt(out,
               ",\"gaveUp\":%s,\"stoppedByUser\":%s,\"health\":", shim->gave_up ? "true" : "false",
               shim->stopped_by_user && !shim->shutting_down ? "true" : "false");
  cor_health_json(shim, out);
  cor_sbuf_fmt(out, ",\"netnsFd\":%d", shim->netns_fd);
  cor_sbuf_str(out, ",\"ports\":");
  cor_shim_ports_json(shim, out);
  cor_sbuf_str(out, "}");
}

/* On a full disk, in the pages that the old state has. One write, padded to the old length, so that
 * what a reader finds is JSON. Where there is no room even so, the old state stays, and the control
 * socket tells the truth. */
static void overwrite(const char *path, struct cor_sbuf *text) {
  struct stat st;
  _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || fstat(fd, &st) < 0)
    return;
  while (!text->failed && (off_t)text->len < st.st_size)
    cor_sbuf_str(text, " ");
  if (!text->failed && pwrite(fd, text->data, text->len, 0) < 0)
    return;
}

static void write_state(const struct cor_shim *shim, const char *folder, const char *name) {
  char path[4096];
  struct cor_err err;
  cor_sbuf_auto text = {0};
  cor_shim_state_json(shim, &text);
  cor_sbuf_str(&text, "\n");
  if (text.failed || snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
    return;
  if (cor_replace_file(AT_FDCWD, path, text.data, text.len, 0600, &err) < 0 &&
      (err.errno_ == ENOSPC || err.errno_ == EDQUOT))
    overwrite(path, &text);
}

void cor_shim_state_write(const struct cor_shim *shim) {
  write_state(shim, shim->run, "state.json");
}

void cor_shim_last_state_write(const struct cor_shim *shim) {
  write_state(shim, shim->dir, "last-state.json");
}

void cor_shim_last_state_drop(const struct cor_shim *shim) {
  char path[4096];
  if (snprintf(path, sizeof(path), "%s/last-state.json", shim->dir) < (int)sizeof(path))
    unlink(path);
}

void cor_shim_event(const struct cor_shim *shim, const char *action, const char *attributes) {
  if (!shim->spec->events)
    return;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  cor_sbuf_auto line = {0};
  cor_sbuf_str(&line, "{\"Type\":\"container\",\"Action\":");
  cor_sbuf_json_str(&line, action);
  cor_sbuf_str(&line, ",\"Actor\":{\"ID\":");
  cor_sbuf_json_str(&line, shim->spec->id);
  cor_sbuf_str(&line, ",\"Attributes\":{");
  if (shim->spec->labels_json[0])
    cor_sbuf_fmt(&line, "%s,", shim->spec->labels_json);
  if (attributes)
    cor_sbuf_fmt(&line, "%s,", attributes);
  cor_sbuf_str(&line, "\"name\":");
  cor_sbuf_json_str(&line, shim->spec->name);
  cor_sbuf_fmt(&line, "}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld%09ld}\n",
               (long long)now.tv_sec, (long long)now.tv_sec, now.tv_nsec);
  if (line.failed)
    return;
  _cleanup_close_ int fd =
      open(shim->spec->events, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd >= 0)
    cor_write_full(fd, line.data, line.len);
}
