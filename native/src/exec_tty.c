#include "exec_tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"

static const int forwarded[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};

static void watched(sigset_t *set) {
  sigemptyset(set);
  for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
    sigaddset(set, forwarded[i]);
  sigaddset(set, SIGCHLD);
  sigaddset(set, SIGWINCH);
}

void cor_exec_block_signals(void) {
  sigset_t set;
  watched(&set);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

void cor_exec_tty_size(unsigned short *rows, unsigned short *columns) {
  struct winsize size = {0};
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  *rows = size.ws_row;
  *columns = size.ws_col;
}

static void follow_size(int console) {
  struct winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
    ioctl(console, TIOCSWINSZ, &size);
}

/* What the process wrote until its terminal was closed. */
static void copy_rest(int console) {
  char data[16384];
  ssize_t n;
  while ((n = read(console, data, sizeof(data))) > 0)
    if (cor_write_full(STDOUT_FILENO, data, (size_t)n) < 0)
      break;
}

/* True where a child was reaped and it was ours. */
static bool reap(pid_t pid, int *status) {
  pid_t got;
  while ((got = waitpid(-1, status, WNOHANG)) > 0)
    if (got == pid)
      return true;
  return false;
}

/* One signal from the queue; returns true at the process's end. */
static bool take_signal(int signals, const struct cor_child *child, int *status) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof(info)) != sizeof(info))
    return false;
  if (info.ssi_signo == SIGCHLD)
    return reap(child->pid, status);
  if (info.ssi_signo == SIGWINCH) {
    if (child->console_fd >= 0)
      follow_size(child->console_fd);
  } else {
    kill(child->pid, (int)info.ssi_signo);
  }
  return false;
}

static int run(const struct cor_child *child, struct cor_exec_stdio *stdio, int signals) {
  int status = 0, console = child->console_fd;
  struct pollfd fds[3 + COR_EXEC_STDIO_POLLS] = {
      {signals, POLLIN, 0}, {console, POLLIN, 0}, {console >= 0 ? STDIN_FILENO : -1, POLLIN, 0}};
  char data[16384];
  for (;;) {
    cor_exec_stdio_poll(stdio, fds + 3);
    if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0) {
      if (errno == EINTR)
        continue;
      return status;
    }
    if ((fds[0].revents & POLLIN) && take_signal(signals, child, &status))
      break;
    cor_exec_stdio_ready(stdio, fds + 3);
    if (fds[1].revents) {
      ssize_t n = read(console, data, sizeof(data));
      if (n <= 0 || cor_write_full(STDOUT_FILENO, data, (size_t)n) < 0)
        fds[1].fd = -1; /* EIO: all have closed it; the exit follows */
    }
    if (fds[2].revents) {
      ssize_t n = read(STDIN_FILENO, data, sizeof(data));
      char end = 4; /* ^D: our input has ended, so has the process's */
      if (n <= 0)
        fds[2].fd = -1;
      cor_write_full(console, n > 0 ? data : &end, n > 0 ? (size_t)n : 1);
    }
  }
  if (fds[1].fd >= 0) {
    fcntl(console, F_SETFL, O_NONBLOCK);
    copy_rest(console);
  }
  cor_exec_stdio_rest(stdio);
  return status;
}

int cor_exec_wait(struct cor_child *child, struct cor_exec_stdio *stdio) {
  struct termios saved, raw;
  sigset_t set;
  watched(&set);
  _cleanup_close_ int signals = signalfd(-1, &set, SFD_CLOEXEC);
  bool terminal = child->console_fd >= 0 && tcgetattr(STDIN_FILENO, &saved) == 0;
  if (terminal) {
    raw = saved;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    follow_size(child->console_fd);
  }
  int status = run(child, stdio, signals);
  if (terminal)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
