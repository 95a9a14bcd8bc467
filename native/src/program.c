/* A program of the host's, run to its end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "firewall.h"

#define ENDED_BADLY 126

static _Noreturn void become(const char *const *argv, int output) {
  /* Ours may name anything; messages are read, so they come in English. */
  static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  sigset_t none;

  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
    _exit(ENDED_BADLY);
  execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
  _exit(ENDED_BADLY);
}

int cor_program_run(const char *const *argv, struct cor_sbuf *out, struct cor_err *err) {
  int ends[2], status;
  char part[1024];
  ssize_t got;

  if (access(argv[0], X_OK) < 0)
    return cor_fail(err, errno, "execve", argv[0], "cannot run it");
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe2", "", "cannot make a pipe");
  pid_t pid = fork();
  if (pid == 0)
    become(argv, ends[1]);
  int saved = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return cor_fail(err, saved, "fork", argv[0], "cannot start it");
  }
  while ((got = read(ends[0], part, sizeof(part))) > 0 || (got < 0 && errno == EINTR))
    if (out && got > 0 && out->len < 65536)
      cor_sbuf_add(out, part, (size_t)got);
  close(ends[0]);
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return cor_fail(err, errno, "waitpid", argv[0], "cannot wait for it");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
