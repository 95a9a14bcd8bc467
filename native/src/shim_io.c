/* The container's stdio: pipes or a pty to the log and to attached clients, and back. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fd.h"
#include "shim.h"

static char buffer[64 * 1024];

static void close_output(struct cor_shim *shim, struct cor_output *output) {
  if (output->source.fd < 0)
    return;
  cor_loop_remove(&shim->loop, &output->source);
  close(output->source.fd);
  output->source.fd = -1;
}

/* One read; false at the end of the stream, and where nothing is there now. */
static bool pump(struct cor_output *output) {
  ssize_t n;
  do
    n = read(output->source.fd, buffer, sizeof(buffer));
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    cor_log_data(&output->shim->log, output->stream, buffer, (size_t)n);
    cor_attach_output(output->shim, output->stream, buffer, (size_t)n);
    return true;
  }
  /* A pty's master answers EIO once no process has its slave open. */
  if (n == 0 || errno != EAGAIN)
    close_output(output->shim, output);
  return false;
}

static void output_ready(struct cor_source *source, uint32_t events) {
  struct cor_output *output = cor_container_of(source, struct cor_output, source);
  if (!pump(output) && (events & EPOLLHUP) && output->source.fd >= 0)
    close_output(output->shim, output);
}

static void input_ready(struct cor_source *source, uint32_t events) {
  struct cor_shim *shim = cor_container_of(source, struct cor_shim, input);
  if (events & EPOLLERR)
    cor_sbuf_free(&shim->input_queue);
  cor_shim_input(shim, NULL, 0);
  cor_attach_relieve(shim);
}

/* Read ends are made non-blocking; the container's ends must not be, as programs do not expect it.
 */
static int make_pipe(int *ours, int *theirs, bool we_read, struct cor_err *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe2", "", "cannot make a pipe for the container's output");
  *ours = ends[we_read ? 0 : 1];
  *theirs = ends[we_read ? 1 : 0];
  fcntl(*ours, F_SETFL, O_NONBLOCK);
  return 0;
}

int cor_shim_io_open(struct cor_shim *shim, int stdio[3], struct cor_err *err) {
  stdio[0] = stdio[1] = stdio[2] = -1;
  shim->input.fd = -1;
  shim->input_end = false;
  for (int i = 0; i < 2; i++)
    shim->outputs[i] = (struct cor_output){.source = {-1, output_ready}, .shim = shim, .stream = i};
  if (shim->spec->tty)
    return 0;
  for (int i = 0; i < 2; i++)
    if (make_pipe(&shim->outputs[i].source.fd, &stdio[i + 1], true, err) < 0)
      return -1;
  if (shim->spec->stdin_open)
    return make_pipe(&shim->input.fd, &stdio[0], false, err);
  stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return stdio[0] < 0 ? cor_fail(err, errno, "open", "/dev/null", "cannot open it") : 0;
}

int cor_shim_io_watch(struct cor_shim *shim, struct cor_err *err) {
  shim->input.ready = input_ready;
  shim->input_watched = false;
  if (shim->spec->tty) {
    shim->outputs[0].source.fd = shim->child.console_fd;
    /* A descriptor of its own: epoll keeps reading and writing apart by descriptor. */
    shim->input.fd = fcntl(shim->child.console_fd, F_DUPFD_CLOEXEC, 3);
    fcntl(shim->child.console_fd, F_SETFL, O_NONBLOCK);
    shim->child.console_fd = -1;
  }
  for (int i = 0; i < 2; i++)
    if (shim->outputs[i].source.fd >= 0 &&
        cor_loop_add(&shim->loop, &shim->outputs[i].source, EPOLLIN) < 0)
      return cor_fail(err, errno, "epoll_ctl", "", "cannot watch the container's output");
  cor_shim_input(shim, NULL, 0);
  return 0;
}

static void close_input(struct cor_shim *shim) {
  if (shim->input.fd < 0)
    return;
  if (shim->input_watched)
    cor_loop_remove(&shim->loop, &shim->input);
  shim->input_watched = false;
  close(shim->input.fd);
  shim->input.fd = -1;
  cor_sbuf_free(&shim->input_queue);
}

void cor_shim_input(struct cor_shim *shim, const char *data, size_t size) {
  struct cor_sbuf *queue = &shim->input_queue;
  if (size > 0)
    cor_sbuf_add(queue, data, size);
  while (shim->input.fd >= 0 && queue->len > 0) {
    ssize_t n = write(shim->input.fd, queue->data, queue->len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno != EAGAIN) {
      close_input(shim); /* the container closed its stdin: nobody will read the rest */
      return;
    }
    if (n < 0)
      break;
    cor_sbuf_drop(queue, (size_t)n);
  }
  if (shim->input.fd < 0)
    return;
  bool wanted = queue->len > 0;
  if (!wanted && shim->input_end)
    close_input(shim);
  else if (wanted && !shim->input_watched)
    shim->input_watched = cor_loop_add(&shim->loop, &shim->input, EPOLLOUT) == 0;
  else if (!wanted && shim->input_watched) {
    cor_loop_remove(&shim->loop, &shim->input);
    shim->input_watched = false;
  }
}

void cor_shim_input_end(struct cor_shim *shim) {
  if (shim->spec->tty)
    return;
  shim->input_end = true;
  cor_shim_input(shim, NULL, 0);
}

void cor_shim_io_pause(struct cor_shim *shim, bool paused) {
  for (int i = 0; i < 2; i++)
    if (shim->outputs[i].source.fd >= 0)
      cor_loop_change(&shim->loop, &shim->outputs[i].source, paused ? 0 : EPOLLIN);
}

void cor_shim_io_drain(struct cor_shim *shim) {
  for (int i = 0; i < 2; i++) {
    /* More than a pipe can hold (1 MiB), and an end to it where somebody outside goes on writing.
     */
    for (int reads = 0; reads < 64 && shim->outputs[i].source.fd >= 0; reads++)
      if (!pump(&shim->outputs[i]))
        break;
    close_output(shim, &shim->outputs[i]);
  }
  close_input(shim);
  cor_log_end(&shim->log);
}
