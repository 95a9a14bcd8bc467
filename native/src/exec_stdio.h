/* Pipes between an exec'd process and its caller's standard streams. */
#ifndef COR_EXEC_STDIO_H
#define COR_EXEC_STDIO_H

#include <poll.h>
#include <stddef.h>

#include "err.h"

#define COR_EXEC_STDIO_POLLS 4

struct cor_exec_stdio {
  int ours[3];       /* -1: the process has the caller's stream itself, or this one has ended */
  char input[16384]; /* read from the caller, not yet taken by the process */
  size_t at, size;
};

/* Makes a pipe for each stream that the process must not have itself. What it gets is in theirs;
 * cor_exec_stdio_given closes what was made for it, once it has it. */
int cor_exec_stdio_open(struct cor_exec_stdio *stdio, int theirs[3], struct cor_err *err);
void cor_exec_stdio_given(const int theirs[3]);
/* What to wait for, and what to do when it has come. */
void cor_exec_stdio_poll(const struct cor_exec_stdio *stdio,
                         struct pollfd fds[COR_EXEC_STDIO_POLLS]);
void cor_exec_stdio_ready(struct cor_exec_stdio *stdio,
                          const struct pollfd fds[COR_EXEC_STDIO_POLLS]);
/* After the process's end: what it wrote, without waiting for others that hold its streams. */
void cor_exec_stdio_rest(struct cor_exec_stdio *stdio);

#endif
