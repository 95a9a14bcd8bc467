/* Attached clients: frames of one byte stream (1 stdin, 2 stdout, 3 stderr, 4 resize), uint32
 * length little-endian, then the bytes; a resize carries rows and columns as two uint16
 * little-endian.
 *
 * Output is never dropped: while a client lags behind by COR_ATTACH_HIGH the container's output is
 * not read, so its writes block, as those of a program on a stopped terminal do.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"

#define FRAME_HEAD 5
#define FRAME_MAX 65536

enum { STREAM_STDIN = 1, STREAM_STDOUT, STREAM_STDERR, STREAM_RESIZE };

void cor_attach_begin(struct cor_conn *conn, bool with_stdin) {
  cor_conn_reply(conn, "{}");
  conn->attached = true;
  conn->attach_stdin = with_stdin;
}

void cor_attach_output(struct cor_shim *shim, int stream, const char *data, size_t size) {
  bool lagging = false;
  for (struct cor_conn *conn = shim->conns; conn; conn = conn->next) {
    if (!conn->attached || conn->closing)
      continue;
    char head[FRAME_HEAD] = {(char)(STREAM_STDOUT + stream), (char)(size & 0xff),
                             (char)((size >> 8) & 0xff), (char)((size >> 16) & 0xff),
                             (char)((size >> 24) & 0xff)};
    cor_sbuf_add(&conn->out, head, sizeof(head));
    cor_conn_send(conn, data, size);
    lagging = lagging || conn->out.len >= COR_ATTACH_HIGH;
  }
  if (lagging)
    cor_shim_io_pause(shim, true);
}

void cor_attach_relieve(struct cor_shim *shim) {
  for (struct cor_conn *conn = shim->conns; conn; conn = conn->next)
    if (conn->attached && conn->out.len >= COR_ATTACH_HIGH)
      return;
  cor_shim_io_pause(shim, false);
  for (struct cor_conn *conn = shim->conns; conn; conn = conn->next)
    if (conn->attached)
      cor_conn_watch(conn);
}

static void resize(struct cor_shim *shim, const unsigned char *data) {
  struct winsize size = {.ws_row = (unsigned short)(data[0] | data[1] << 8),
                         .ws_col = (unsigned short)(data[2] | data[3] << 8)};
  if (shim->spec->tty && shim->input.fd >= 0)
    ioctl(shim->input.fd, TIOCSWINSZ, &size);
}

int cor_attach_frames(struct cor_conn *conn) {
  struct cor_shim *shim = conn->shim;
  size_t at = 0;
  while (conn->in.len - at >= FRAME_HEAD) {
    const unsigned char *head = (const unsigned char *)conn->in.data + at;
    size_t size =
        (size_t)head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
    if (size > FRAME_MAX || (head[0] != STREAM_STDIN && head[0] != STREAM_RESIZE)) {
      /* Those before it are done: whoever looks again finds the broken one first. */
      cor_sbuf_drop(&conn->in, at);
      return -1;
    }
    if (conn->in.len - at - FRAME_HEAD < size)
      break;
    if (head[0] == STREAM_RESIZE && size == 4)
      resize(shim, head + FRAME_HEAD);
    else if (head[0] == STREAM_STDIN && conn->attach_stdin && size > 0)
      cor_shim_input(shim, (const char *)head + FRAME_HEAD, size);
    else if (head[0] == STREAM_STDIN && conn->attach_stdin && shim->spec->stdin_once)
      cor_shim_input_end(shim);
    at += FRAME_HEAD + size;
  }
  cor_sbuf_drop(&conn->in, at);
  return 0;
}

void cor_attach_end(struct cor_shim *shim) {
  for (struct cor_conn *conn = shim->conns; conn; conn = conn->next)
    if (conn->attached)
      conn->closing = true;
}
