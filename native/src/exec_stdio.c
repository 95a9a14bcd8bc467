/* A container must not have its caller's files and terminal. By /proc/self/fd/0 it could open a
 * file that was given to be read for writing, and it would keep a terminal beyond its own end, to
 * read what is typed there next. Pipes and sockets lead nowhere else, and are handed on. */
#include "exec_stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "rootfs.h"

/* A closed stream is left to fail where it is handed over. */
static bool harmless(int fd) {
  struct stat st;
  if (fstat(fd, &st) < 0)
    return true;
  return S_ISSOCK(st.st_mode) || (S_ISFIFO(st.st_mode) && cor_fd_is_fs(fd, PIPEFS_MAGIC)) ||
         (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

int cor_exec_stdio_open(struct cor_exec_stdio *stdio, int theirs[3], struct cor_err *err) {
  stdio->at = stdio->size = 0;
  for (int i = 0; i < 3; i++)
    stdio->ours[i] = -1, theirs[i] = i;
  for (int i = 0; i < 3; i++) {
    int ends[2];
    if (harmless(i))
      continue;
    if (pipe2(ends, O_CLOEXEC) < 0)
      return cor_fail(err, errno, "pipe2", "", "cannot make a pipe");
    stdio->ours[i] = ends[i == 0 ? 1 : 0];
    theirs[i] = ends[i == 0 ? 0 : 1];
    fcntl(stdio->ours[i], F_SETFL, O_NONBLOCK);
  }
  /* A write to whoever no longer reads is seen by its error. */
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

void cor_exec_stdio_given(const int theirs[3]) {
  for (int i = 0; i < 3; i++)
    if (theirs[i] > 2)
      close(theirs[i]);
}

void cor_exec_stdio_poll(const struct cor_exec_stdio *stdio,
                         struct pollfd fds[COR_EXEC_STDIO_POLLS]) {
  bool holds = stdio->size > 0;
  /* Its reader's end is told in any case (POLLERR). */
  fds[0] = (struct pollfd){stdio->ours[0] >= 0 && !holds ? STDIN_FILENO : -1, POLLIN, 0};
  fds[1] = (struct pollfd){stdio->ours[0], holds ? POLLOUT : 0, 0};
  fds[2] = (struct pollfd){stdio->ours[1], POLLIN, 0};
  fds[3] = (struct pollfd){stdio->ours[2], POLLIN, 0};
}

static void end(struct cor_exec_stdio *stdio, int i) {
  close(stdio->ours[i]);
  stdio->ours[i] = -1;
}

static void take_input(struct cor_exec_stdio *stdio) {
  ssize_t n = read(STDIN_FILENO, stdio->input, sizeof(stdio->input));
  if (n > 0)
    stdio->at = 0, stdio->size = (size_t)n;
  else if (n == 0 || (errno != EINTR && errno != EAGAIN))
    end(stdio, 0);
}

static void give_input(struct cor_exec_stdio *stdio) {
  ssize_t n = write(stdio->ours[0], stdio->input + stdio->at, stdio->size);
  if (n > 0)
    stdio->at += (size_t)n, stdio->size -= (size_t)n;
  else if (n < 0 && errno != EINTR && errno != EAGAIN)
    end(stdio, 0), stdio->size = 0;
}

/* Returns false where there is nothing more now. */
static bool copy_output(struct cor_exec_stdio *stdio, int i) {
  char data[65536];
  ssize_t n = read(stdio->ours[i], data, sizeof(data));
  if (n < 0 && errno == EINTR)
    return true;
  if (n < 0 && errno == EAGAIN)
    return false;
  if (n > 0 && cor_write_full(i, data, (size_t)n) == 0)
    return true;
  /* Its end, or the reader's of our own stream: that is passed on to the process. */
  end(stdio, i);
  return false;
}

void cor_exec_stdio_ready(struct cor_exec_stdio *stdio,
                          const struct pollfd fds[COR_EXEC_STDIO_POLLS]) {
  if (fds[1].revents & POLLOUT)
    give_input(stdio);
  else if (fds[1].revents)
    end(stdio, 0), stdio->size = 0;
  if (stdio->ours[0] >= 0 && fds[0].revents)
    take_input(stdio);
  for (int i = 1; i < 3; i++)
    if (fds[i + 1].revents)
      copy_output(stdio, i);
}

void cor_exec_stdio_rest(struct cor_exec_stdio *stdio) {
  for (int i = 1; i < 3; i++)
    while (stdio->ours[i] >= 0 && copy_output(stdio, i))
      ;
}
