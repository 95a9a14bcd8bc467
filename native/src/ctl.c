/* The control socket: connections, their queues, and who is told of what. */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"

#define REQUEST_MAX 65536
#define CONNECTIONS_MAX 256 /* further ones wait in the socket's queue */

/* A listener that cannot accept is not watched, as epoll would report it without end. */
static void listen_again(struct cor_shim *shim, bool accepting) {
  if (shim->listener.fd >= 0)
    cor_loop_change(&shim->loop, &shim->listener, accepting ? EPOLLIN : 0);
}

static void free_conn(struct cor_conn *conn) {
  struct cor_shim *shim = conn->shim;
  for (struct cor_conn **at = &shim->conns; *at; at = &(*at)->next)
    if (*at == conn) {
      *at = conn->next;
      break;
    }
  cor_loop_remove(&shim->loop, &conn->source);
  close(conn->source.fd);
  bool attached = conn->attached, once = conn->attach_stdin && shim->spec->stdin_once;
  cor_sbuf_free(&conn->in);
  cor_sbuf_free(&conn->out);
  free(conn);
  shim->conn_count--;
  listen_again(shim, true);
  if (once)
    cor_shim_input_end(shim);
  if (attached)
    cor_attach_relieve(shim);
}

void cor_conn_watch(struct cor_conn *conn) {
  /* Input is left in the socket while a request waits for its answer, while the client does not
   * take its answers, and while the container lags behind with its stdin. A client that goes away
   * is seen all the same (EPOLLHUP). */
  bool read = !conn->closing && conn->wait == COR_WAIT_NONE &&
              (conn->attached || conn->out.len < COR_ATTACH_HIGH) &&
              conn->shim->input_queue.len < COR_ATTACH_HIGH;
  cor_loop_change(&conn->shim->loop, &conn->source,
                  (conn->out.len ? EPOLLOUT : 0u) |
                      (conn->half_closed ? 0u : (read ? EPOLLIN : 0u) | EPOLLRDHUP));
}

static int send_queue(struct cor_conn *conn) {
  while (conn->out.len > 0) {
    ssize_t n = send(conn->source.fd, conn->out.data, conn->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno == EAGAIN ? 0 : -1;
    cor_sbuf_drop(&conn->out, (size_t)n);
  }
  return 0;
}

void cor_conn_send(struct cor_conn *conn, const char *data, size_t size) {
  cor_sbuf_add(&conn->out, data, size);
  if (send_queue(conn) < 0) {
    /* Freed by its own event, as the caller may stand in a loop over connections. */
    cor_sbuf_drop(&conn->out, conn->out.len);
    shutdown(conn->source.fd, SHUT_RDWR);
  }
  cor_conn_watch(conn);
}

void cor_conn_reply(struct cor_conn *conn, const char *json) {
  cor_sbuf_auto line = {0};
  cor_sbuf_fmt(&line, "{\"ok\":%s}\n", json);
  cor_conn_send(conn, line.data, line.len);
}

void cor_conn_fail(struct cor_conn *conn, const struct cor_err *err) {
  char json[2048];
  cor_sbuf_auto line = {0};
  cor_err_json(err, json, sizeof(json));
  cor_sbuf_fmt(&line, "{\"error\":%s}\n", json);
  cor_conn_send(conn, line.data, line.len);
}

/* Requests one after the other: one that waits holds back those behind it, and so do answers that
 * are not taken. */
static int take_requests(struct cor_conn *conn) {
  while (!conn->attached && conn->wait == COR_WAIT_NONE && conn->out.len < COR_ATTACH_HIGH) {
    char *end = conn->in.len ? memchr(conn->in.data, '\n', conn->in.len) : NULL;
    if (!end)
      return conn->in.len > REQUEST_MAX ? -1 : 0;
    size_t size = (size_t)(end - conn->in.data);
    char *line = strndup(conn->in.data, size);
    cor_sbuf_drop(&conn->in, size + 1);
    if (!line)
      return -1;
    cor_ctl_request(conn, line, size);
    free(line);
  }
  return conn->attached ? cor_attach_frames(conn) : 0;
}

/* What an attached client sent before it went away is the container's all the same. The socket
 * holds no more than its buffer, so this ends. */
static void take_last_input(struct cor_conn *conn) {
  char data[4096];
  ssize_t n;
  while ((n = recv(conn->source.fd, data, sizeof(data), MSG_DONTWAIT)) > 0 ||
         (n < 0 && errno == EINTR))
    if (n > 0)
      cor_sbuf_add(&conn->in, data, (size_t)n);
  cor_attach_frames(conn);
}

static void conn_ready(struct cor_source *source, uint32_t events) {
  struct cor_conn *conn = cor_container_of(source, struct cor_conn, source);
  struct cor_shim *shim = conn->shim;
  char data[4096];
  ssize_t n = 1;
  if (events & EPOLLIN) {
    n = recv(source->fd, data, sizeof(data), MSG_DONTWAIT);
    if (n > 0)
      cor_sbuf_add(&conn->in, data, (size_t)n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      n = 1;
  }
  bool gone =
      n <= 0 || (events & (EPOLLHUP | EPOLLERR)) || ((events & EPOLLRDHUP) && !(events & EPOLLIN));
  /* Half-closed by an attached client: its stdin has ended, the output goes on. */
  if (gone && conn->attached && !(events & (EPOLLHUP | EPOLLERR)) && n == 0) {
    if (conn->attach_stdin && shim->spec->stdin_once)
      cor_shim_input_end(shim);
    conn->attach_stdin = false;
    conn->half_closed = true;
    gone = false;
  } else if (!gone && (send_queue(conn) < 0 || take_requests(conn) < 0)) {
    gone = true;
  }
  if (gone || (conn->closing && conn->out.len == 0)) {
    if (conn->attached && conn->attach_stdin)
      take_last_input(conn);
    free_conn(conn);
    return;
  }
  if (conn->attached && conn->out.len < COR_ATTACH_HIGH)
    cor_attach_relieve(shim);
  cor_conn_watch(conn);
}

static struct cor_conn *add_conn(struct cor_shim *shim, int fd) {
  struct cor_conn *conn = calloc(1, sizeof(*conn));
  if (!conn) {
    close(fd);
    return NULL;
  }
  *conn = (struct cor_conn){.source = {fd, conn_ready}, .shim = shim, .next = shim->conns};
  shim->conns = conn;
  if (++shim->conn_count >= CONNECTIONS_MAX)
    listen_again(shim, false);
  if (cor_loop_add(&shim->loop, &conn->source, EPOLLIN | EPOLLRDHUP) < 0) {
    free_conn(conn);
    return NULL;
  }
  return conn;
}

static void listener_ready(struct cor_source *source, uint32_t events) {
  struct cor_shim *shim = cor_container_of(source, struct cor_shim, listener);
  (void)events;
  int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) && shim->conns)
      listen_again(shim, false);
    return;
  }
  add_conn(shim, fd);
}

int cor_ctl_attach_out(struct cor_shim *shim, bool with_stdin, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int dir = open(shim->run, O_PATH | O_DIRECTORY | O_CLOEXEC);
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (dir < 0 || fd < 0)
    return cor_fail(err, errno, "attach", shim->run, "cannot make a socket");
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/attach", dir);
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
    return cor_fail(err, errno, "attach", shim->run, "whoever asked for its output is gone");
  unlinkat(dir, "attach", 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  struct cor_conn *conn = add_conn(shim, steal_fd(&fd));
  if (!conn)
    return cor_fail(err, ENOMEM, "attach", shim->run, "cannot watch the socket");
  cor_attach_begin(conn, with_stdin);
  return 0;
}

int cor_ctl_open(struct cor_shim *shim, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int dir = open(shim->run, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return cor_fail(err, errno, "open", shim->run, "cannot open the container's run folder");
  /* <run> may be longer than a socket's address may be. */
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/ctl", dir);
  unlinkat(dir, "ctl", 0);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return cor_fail(err, errno, "socket", shim->run, "cannot make the control socket");
  mode_t mask = umask(0177);
  int result = bind(fd, (struct sockaddr *)&address, sizeof(address));
  int saved = errno;
  umask(mask);
  shim->listener = (struct cor_source){fd, listener_ready};
  if (result < 0)
    return cor_fail(err, saved, "bind", shim->run, "cannot bind the control socket");
  if (listen(fd, 512) < 0 || cor_loop_add(&shim->loop, &shim->listener, EPOLLIN) < 0)
    return cor_fail(err, errno, "listen", shim->run, "cannot listen on the control socket");
  return 0;
}

static void answer(struct cor_conn *conn, const char *json) {
  conn->wait = COR_WAIT_NONE;
  cor_conn_reply(conn, json);
}

void cor_ctl_notify(struct cor_shim *shim, enum cor_ctl_event event) {
  cor_sbuf_auto exit_json = {0};
  char text[128];
  cor_sbuf_fmt(&exit_json, "{\"exitCode\":%d,\"error\":", shim->exit_code);
  cor_sbuf_json_str(&exit_json, shim->error);
  cor_sbuf_str(&exit_json, "}");
  const char *health = shim->health.status;
  bool judged = health && strcmp(health, "starting") != 0;
  for (struct cor_conn *conn = shim->conns; conn; conn = conn->next) {
    if (event == COR_CTL_EXIT && conn->wait == COR_WAIT_NEXT_EXIT) {
      answer(conn, exit_json.data);
    } else if (event == COR_CTL_RUNNING && conn->wait == COR_WAIT_RESTART) {
      snprintf(text, sizeof(text), "{\"pid\":%d}", (int)shim->child_pid);
      answer(conn, text);
    } else if (event == COR_CTL_HEALTH && conn->wait == COR_WAIT_HEALTH && judged) {
      snprintf(text, sizeof(text), "{\"status\":\"%s\"}", health);
      answer(conn, text);
    } else if (event == COR_CTL_FINAL_EXIT && conn->wait == COR_WAIT_HEALTH) {
      snprintf(text, sizeof(text), "{\"status\":\"exited\",\"exitCode\":%d}", shim->exit_code);
      answer(conn, text);
    } else if (event == COR_CTL_FINAL_EXIT && conn->wait == COR_WAIT_RESTART) {
      struct cor_err err = {.stage = "shim", .op = "restart"};
      snprintf(err.msg, sizeof(err.msg), "%.500s", shim->error);
      conn->wait = COR_WAIT_NONE;
      cor_conn_fail(conn, &err);
    } else if (event == COR_CTL_FINAL_EXIT && conn->wait != COR_WAIT_NONE) {
      answer(conn, exit_json.data);
    }
  }
}

/* A queue that a client does not take within a second is given up. */
void cor_ctl_close(struct cor_shim *shim) {
  int64_t deadline = cor_now_ms() + 1000;
  char path[4096];
  snprintf(path, sizeof(path), "%s/ctl", shim->run);
  unlink(path);
  if (shim->listener.fd >= 0)
    close(shim->listener.fd);
  shim->listener.fd = -1;
  while (shim->conns) {
    struct cor_conn *conn = shim->conns;
    while (send_queue(conn) == 0 && conn->out.len > 0 && cor_now_ms() < deadline)
      usleep(2000);
    shim->conns = conn->next;
    close(conn->source.fd);
    cor_sbuf_free(&conn->in);
    cor_sbuf_free(&conn->out);
    free(conn);
  }
}
