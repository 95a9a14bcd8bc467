/* coracle-init: pid 1 of containers with `init: true`. Starts the service, hands signals on, reaps.
 *
 * coracle-init [-g] -- PROGRAM [ARGS]. With -g signals go to the service's whole process group.
 * Exit status: the service's own; 128 + n where signal n killed it; 127 not found, 126 not
 * executable.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, const char *why) {
  fprintf(stderr, "coracle-init: %s: %s\n", what, why);
}

/* The service leads its own process group, and the terminal's foreground one where there is a
 * terminal: Ctrl-C must reach the service and its children, not this process, which would hand it
 * on a second time. */
static void start_service(char **argv) {
  sigset_t none;
  setpgid(0, 0);
  /* tcsetpgrp from a background group raises SIGTTOU, which is still blocked here. ENOTTY: no
   * terminal. */
  tcsetpgrp(0, getpgrp());
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(argv[0], argv);
  int code = errno == ENOENT ? 127 : 126;
  say(argv[0], strerror(errno));
  _exit(code);
}

/* Reaps every child that has ended, adopted ones too; returns the service's exit status once it is
 * among them, else -1. */
static int reap(pid_t service) {
  int result = -1;
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR)
      continue;
    if (pid <= 0)
      return result;
    if (pid == service && WIFEXITED(status))
      result = WEXITSTATUS(status);
    else if (pid == service && WIFSIGNALED(status))
      result = 128 + WTERMSIG(status);
  }
}

int main(int argc, char **argv) {
  bool whole_group = false;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; at++) {
    if (strcmp(argv[at], "--") == 0) {
      at++;
      break;
    }
    if (strcmp(argv[at], "-g") == 0)
      whole_group = true;
    else if (strcmp(argv[at], "-s") != 0) { /* tini's subreaper flag: pid 1 is one anyway */
      say(argv[at], "unknown option");
      return 2;
    }
  }
  if (at >= argc) {
    fprintf(stderr, "usage: coracle-init [-g] -- PROGRAM [ARGS]\n");
    return 2;
  }

  /* Blocked already by whoever starts it: pid 1 without a handler would never be told of a signal
   * that came before this line. Taken by sigwaitinfo: no signal falls between. The ones that a
   * fault in this very process raises stay as they are. */
  sigset_t all;
  sigfillset(&all);
  const int own[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
    sigdelset(&all, own[i]);
  sigprocmask(SIG_SETMASK, &all, NULL);
  if (getpid() != 1)
    prctl(PR_SET_CHILD_SUBREAPER, 1);

  pid_t service = fork();
  if (service < 0) {
    say("fork", strerror(errno));
    return 126;
  }
  if (service == 0)
    start_service(argv + at);

  for (;;) {
    siginfo_t info;
    int sig = sigwaitinfo(&all, &info);
    if (sig < 0)
      continue;
    if (sig == SIGCHLD) {
      int code = reap(service);
      if (code >= 0)
        return code;
    } else if (sig != SIGTTIN && sig != SIGTTOU) {
      kill(whole_group ? -service : service, sig);
    }
  }
}
