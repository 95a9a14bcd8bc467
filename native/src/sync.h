/* What the caller and the init stage say to each other: messages on a SOCK_SEQPACKET socket pair,
 * closed by execve. */
#ifndef COR_SYNC_H
#define COR_SYNC_H

#include "err.h"

enum cor_sync {
  COR_SYNC_END = 0,       /* the other side is gone: to the caller, execve has succeeded */
  COR_SYNC_ERROR = 'E',   /* init → caller: a struct cor_err; init exits */
  COR_SYNC_CONSOLE = 'P', /* init → caller: the pty's master */
  COR_SYNC_HOOKS =
      'H', /* init → caller: run the hooks that come before pivot_root; and back: done */
  COR_SYNC_WAITING = 'W', /* init → caller: all done but execve */
  COR_SYNC_PID = 'N', /* stage between → caller: the pid that goes on (exec), or its pidfd (joined
                         user namespace) */
  COR_SYNC_MAPPED = 'U', /* caller → init: the user namespace's maps are written */
  COR_SYNC_START = 'S',  /* start → init: execve */
};

struct cor_sync_message {
  enum cor_sync kind;
  int pid;
  int fd; /* received with it; -1: none */
  struct cor_err err;
};

/* A connected pair, close-on-exec. */
int cor_sync_pair(int fds[2], struct cor_err *err);
/* Sends one message; `fd` goes with it where it is not -1. Returns 0, or -1 with errno. */
int cor_sync_send(int socket_fd, enum cor_sync kind, int fd);
int cor_sync_send_pid(int socket_fd, int pid);
int cor_sync_send_error(int socket_fd, const struct cor_err *err);
/* Waits for one. Returns 0, or -1 with errno. */
int cor_sync_receive(int socket_fd, struct cor_sync_message *message);

#endif
