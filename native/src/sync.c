#include "sync.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fd.h"

/* On the wire. An error's stage and op are copied as text: start may come from another run of the
 * program. */
struct wire {
  int kind, pid, errno_;
  char stage[32], op[64], path[512], msg[512];
};

int cor_sync_pair(int fds[2], struct cor_err *err) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
    return cor_fail(err, errno, "socketpair", "", "cannot make a socket pair");
  return 0;
}

static int send_wire(int socket_fd, const struct wire *wire, size_t size, int fd) {
  union {
    char buf[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {0};
  struct iovec iov = {.iov_base = (void *)wire, .iov_len = size};
  struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
  if (fd >= 0) {
    header.msg_control = control.buf;
    header.msg_controllen = sizeof(control.buf);
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
  }
  ssize_t n;
  do
    n = sendmsg(socket_fd, &header, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -1 : 0;
}

int cor_sync_send(int socket_fd, enum cor_sync kind, int fd) {
  struct wire wire = {.kind = (int)kind};
  return send_wire(socket_fd, &wire, offsetof(struct wire, stage), fd);
}

int cor_sync_send_pid(int socket_fd, int pid) {
  struct wire wire = {.kind = COR_SYNC_PID, .pid = pid};
  return send_wire(socket_fd, &wire, offsetof(struct wire, stage), -1);
}

int cor_sync_send_error(int socket_fd, const struct cor_err *err) {
  struct wire wire = {.kind = COR_SYNC_ERROR, .errno_ = err->errno_};
  snprintf(wire.stage, sizeof(wire.stage), "%s", err->stage ? err->stage : "");
  snprintf(wire.op, sizeof(wire.op), "%s", err->op ? err->op : "");
  snprintf(wire.path, sizeof(wire.path), "%s", err->path);
  snprintf(wire.msg, sizeof(wire.msg), "%s", err->msg);
  return send_wire(socket_fd, &wire, sizeof(wire), -1);
}

int cor_sync_receive(int socket_fd, struct cor_sync_message *message) {
  /* struct cor_err points at its stage and op: they stay here until the next error is received. */
  static struct wire wire;
  union {
    char buf[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {0};
  struct iovec iov = {.iov_base = &wire, .iov_len = sizeof(wire)};
  struct msghdr header = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.buf,
                          .msg_controllen = sizeof(control.buf)};
  ssize_t n;
  do
    n = recvmsg(socket_fd, &header, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  memset(message, 0, sizeof(*message));
  message->fd = -1;
  for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header); n > 0 && cmsg;
       cmsg = CMSG_NXTHDR(&header, cmsg))
    if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
      memcpy(&message->fd, CMSG_DATA(cmsg), sizeof(int));
  /* A process killed with our message unread resets the connection; that is its end all the same.
   */
  if (n < 0)
    return errno == ECONNRESET ? 0 : -1;
  if (n < (ssize_t)offsetof(struct wire, stage))
    return 0;
  message->kind = (enum cor_sync)wire.kind;
  message->pid = wire.pid;
  if (message->kind == COR_SYNC_ERROR) {
    message->err.errno_ = wire.errno_;
    message->err.stage = wire.stage;
    message->err.op = wire.op;
    memcpy(message->err.path, wire.path, sizeof(wire.path));
    memcpy(message->err.msg, wire.msg, sizeof(wire.msg));
  }
  return 0;
}
