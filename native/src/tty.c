/* Terminals of the command line: raw mode, copying, console sockets. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

#include "fd.h"
#include "oci.h"

int cor_console_send(const char *path, int console_fd, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (strlen(path) >= sizeof(address.sun_path))
    return cor_fail(err, ENAMETOOLONG, "connect", path, "the console socket's path is too long");
  strcpy(address.sun_path, path);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
    return cor_fail(err, errno, "connect", path, "cannot reach the console socket");
  union {
    char buf[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {0};
  /* The message's text is the name that the other runtimes send too; receivers only show it. */
  struct iovec iov = {.iov_base = (char[]){"/dev/ptmx"}, .iov_len = strlen("/dev/ptmx")};
  struct msghdr header = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.buf,
                          .msg_controllen = sizeof(control.buf)};
  struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(cmsg), &console_fd, sizeof(int));
  if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
    return cor_fail(err, errno, "sendmsg", path, "cannot send the console");
  return 0;
}

/* Reads once; returns the bytes copied, 0 at the end. EIO is how a pty says that its last slave was
 * closed. */
static ssize_t copy(int from, int to) {
  char buf[16384];
  ssize_t n;
  do
    n = read(from, buf, sizeof(buf));
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return 0;
  return cor_write_full(to, buf, (size_t)n) < 0 ? 0 : n;
}

static void resize(int console_fd) {
  struct winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0)
    (void)ioctl(console_fd, TIOCSWINSZ, &size);
}

/* Hands every signal on but those about this process's own children and terminal. Returns true once
 * the child has ended. */
static bool take_signal(int signal_fd, const struct cor_child *child, int *status) {
  struct signalfd_siginfo info;
  if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
    return false;
  if (info.ssi_signo == SIGWINCH && child->console_fd >= 0)
    resize(child->console_fd);
  else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGTTIN && info.ssi_signo != SIGTTOU)
    (void)kill(child->pid, (int)info.ssi_signo);
  return info.ssi_signo == SIGCHLD && waitpid(child->pid, status, WNOHANG) == child->pid;
}

static int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cor_foreground(struct cor_child *child) {
  sigset_t all, old;
  struct termios saved, raw;
  int status = 0;
  sigfillset(&all);
  for (int sig = 1; sig < 32; sig++)
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT ||
        sig == SIGTRAP)
      sigdelset(&all, sig);
  sigprocmask(SIG_BLOCK, &all, &old);
  _cleanup_close_ int signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  bool is_raw = child->console_fd >= 0 && tcgetattr(0, &saved) == 0;
  if (is_raw) {
    raw = saved;
    cfmakeraw(&raw);
    tcsetattr(0, TCSANOW, &raw);
    resize(child->console_fd);
  }
  struct pollfd fds[3] = {
      {.fd = signal_fd, .events = POLLIN},
      {.fd = child->console_fd, .events = POLLIN},
      {.fd = child->console_fd >= 0 ? 0 : -1, .events = POLLIN},
  };
  /* It may have ended before the signal was blocked. */
  bool ended = waitpid(child->pid, &status, WNOHANG) == child->pid;
  while (!ended) {
    if (poll(fds, 3, -1) < 0 && errno != EINTR)
      break;
    if (fds[1].revents && copy(child->console_fd, 1) == 0)
      fds[1].fd = -1;
    if (fds[2].revents && copy(0, child->console_fd) == 0)
      fds[2].fd = -1;
    if (fds[0].revents)
      ended = take_signal(signal_fd, child, &status);
  }
  /* What the program wrote last is still in the pty. */
  while (fds[1].fd >= 0 && poll(&fds[1], 1, 0) > 0 && copy(child->console_fd, 1) > 0)
    ;
  if (is_raw)
    tcsetattr(0, TCSANOW, &saved);
  sigprocmask(SIG_SETMASK, &old, NULL);
  child->pid = 0;
  cor_close_p(&child->console_fd);
  child->console_fd = -1;
  return exit_code(status);
}
