/* libFuzzer target: the input is what clients of a shim's control socket send, requests and frames
 * of attached ones, in pieces; between them the container writes, ends and is started again. The
 * container itself is made of nothing.
 *
 *   make -C native fuzz-control && native/build/fuzz-control -max_total_time=60 CORPUS
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cor_shim shim;
static struct cor_shim_spec spec = {.id = "i", .name = "n", .stop_signal = 15};
static size_t taken; /* bytes that reached the container's stdin */

void cor_shim_event(const struct cor_shim *s, const char *action, const char *attributes) {
  (void)s, (void)action, (void)attributes;
}
void cor_shim_state_json(const struct cor_shim *s, struct cor_sbuf *out) {
  (void)s;
  cor_sbuf_str(out, "{}");
}
int cor_shim_freeze(struct cor_shim *s, bool frozen, struct cor_err *err) {
  return s->paused == frozen ? cor_fail(err, EBUSY, "freeze", "", "so already")
                             : (s->paused = frozen, 0);
}
int cor_shim_reload(struct cor_shim *s, struct cor_err *err) {
  (void)s;
  return cor_fail(err, ENOENT, "reload", "", "nothing to load");
}
int cor_shim_signal(struct cor_shim *s, int signal, struct cor_err *err) {
  (void)s;
  return signal == 0 ? cor_fail(err, ESRCH, "kill", "", "gone") : 0;
}
void cor_shim_stop(struct cor_shim *s, int signal, int64_t timeout_ms) {
  (void)signal, (void)timeout_ms;
  s->stopping = true;
}
void cor_shim_input(struct cor_shim *s, const char *data, size_t size) {
  (void)s;
  volatile char last = size ? data[size - 1] : 0;
  (void)last;
  taken += size;
}
void cor_shim_input_end(struct cor_shim *s) {
  s->input_end = true;
}
void cor_shim_io_pause(struct cor_shim *s, bool paused) {
  (void)s, (void)paused;
}

static void step(void) {
  struct epoll_event event;
  for (int turns = 0; turns < 64 && epoll_wait(shim.loop.epoll_fd, &event, 1, 0) > 0; turns++) {
    struct cor_source *source = event.data.ptr;
    source->ready(source, event.events);
  }
}

static void set_up(void) {
  static char folder[] = "/tmp/coracle-fuzz-XXXXXX";
  struct cor_err err;
  shim = (struct cor_shim){.spec = &spec, .input = {.fd = -1}, .listener = {.fd = -1}};
  if (!mkdtemp(folder) || cor_loop_open(&shim.loop) < 0)
    abort();
  shim.run = folder;
  if (cor_ctl_open(&shim, &err) < 0)
    abort();
}

static int connect_client(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl", shim.run);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
    abort();
  step();
  return fd;
}

/* Of each piece's first byte the low bits choose what happens, the others its length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool is_set_up;
  char drain[65536];
  if (!is_set_up)
    set_up();
  is_set_up = true;
  taken = 0;
  shim.stopping = shim.paused = false;
  spec.stdin_once = size & 1;
  int clients[2] = {connect_client(), connect_client()};
  for (size_t at = 0; at < size;) {
    size_t length = (size_t)(data[at] >> 3) * 40;
    unsigned what = data[at++] & 7;
    if (length > size - at)
      length = size - at;
    if (what < 4) {
      if (send(clients[what & 1], data + at, length, MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
          errno != EPIPE && errno != ECONNRESET)
        abort();
    } else if (what == 4) {
      cor_attach_output(&shim, length & 1, (const char *)data + at, length);
    } else if (what == 5) {
      cor_ctl_notify(&shim, (enum cor_ctl_event)(length % 4));
    } else {
      shutdown(clients[what & 1], length & 1 ? SHUT_WR : SHUT_RDWR);
    }
    at += length;
    step();
    for (int i = 0; i < 2; i++)
      while (recv(clients[i], drain, sizeof(drain), MSG_DONTWAIT) > 0)
        ;
  }
  /* Nothing is made up of what was sent. */
  if (taken > size)
    abort();
  close(clients[0]);
  close(clients[1]);
  step();
  if (shim.conns || shim.conn_count != 0)
    abort();
  return 0;
}
