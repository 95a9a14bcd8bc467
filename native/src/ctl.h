/* Connections to the control socket; shared by ctl.c, ctl_ops.c and attach.c. */
#ifndef COR_CTL_H
#define COR_CTL_H

#include "shim.h"

enum cor_wait {
  COR_WAIT_NONE,
  COR_WAIT_EXIT,
  COR_WAIT_NEXT_EXIT,
  COR_WAIT_HEALTH,
  COR_WAIT_STOP,
  COR_WAIT_RESTART
};

struct cor_conn {
  struct cor_source source;
  struct cor_shim *shim;
  struct cor_conn *next;
  struct cor_sbuf in, out;
  enum cor_wait wait; /* a request that is not answered yet; the ones behind it wait in `in` */
  bool attached, attach_stdin;
  bool half_closed; /* an attached client that only listens */
  bool closing;     /* closed once `out` is empty */
};

/* Queues and sends as much as goes at once; may not free the connection. */
void cor_conn_send(struct cor_conn *conn, const char *data, size_t size);
void cor_conn_reply(struct cor_conn *conn, const char *json);
void cor_conn_fail(struct cor_conn *conn, const struct cor_err *err);
void cor_conn_watch(struct cor_conn *conn);

/* ctl_ops.c: carries out one request line. */
void cor_ctl_request(struct cor_conn *conn, const char *line, size_t size);

/* attach.c */
#define COR_ATTACH_HIGH (256 * 1024)
void cor_attach_begin(struct cor_conn *conn, bool with_stdin);
/* Takes whole frames out of conn->in; -1 where the client breaks the form. */
int cor_attach_frames(struct cor_conn *conn);

#endif
