/* Kills one process of a command at one of its system calls, for the crash tests.
 *
 *   crash-at ROLE POINT [-c] [-p PID]... -- COMMAND [ARG]...
 *
 * ROLE is the kernel's name of a process (coracle-client, coracle-shim, coracle-init; "cli" for the
 * command itself), POINT which of the system calls of all such processes it is killed before,
 * counted from 1; 0 kills nothing. With -c only calls count that change something. -p also follows
 * a process that runs already. Everybody else is let go at that moment and lives on. The last line
 * on standard output is how many calls were seen; exit status 0 where somebody was killed, 3 where
 * the point was never reached.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                    \
  (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |        \
   PTRACE_O_TRACEEXEC)
#define TRACEES_MAX 4096

static const char *role;
static long point, seen;
static bool changing, killed;
static pid_t command, tracees[TRACEES_MAX];
static int tracee_count;

static void add(pid_t pid) {
  for (int i = 0; i < tracee_count; i++)
    if (tracees[i] == pid)
      return;
  if (tracee_count < TRACEES_MAX)
    tracees[tracee_count++] = pid;
}

static void drop(pid_t pid) {
  for (int i = 0; i < tracee_count; i++)
    if (tracees[i] == pid) {
      tracees[i] = tracees[--tracee_count];
      return;
    }
}

static bool plays_role(pid_t pid) {
  if (strcmp(role, "cli") == 0)
    return pid == command;
  char path[64], name[32] = "";
  snprintf(path, sizeof(path), "/proc/%d/comm", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);
  if (fd >= 0)
    close(fd);
  return n > 0 && strncmp(name, role, strlen(role)) == 0 && name[strlen(role)] == '\n';
}

static bool changes(const struct __ptrace_syscall_info *info) {
  switch (info->entry.nr) {
  case SYS_openat:
    return info->entry.args[2] & (O_CREAT | O_TRUNC);
#ifdef SYS_open
  case SYS_open:
    return info->entry.args[1] & (O_CREAT | O_TRUNC);
  case SYS_mkdir:
  case SYS_rename:
  case SYS_symlink:
  case SYS_unlink:
  case SYS_rmdir:
  case SYS_link:
  case SYS_fork:
  case SYS_vfork:
#endif
  case SYS_write:
  case SYS_writev:
  case SYS_pwrite64:
    return info->entry.args[0] > 2;
  case SYS_mkdirat:
  case SYS_renameat:
  case SYS_renameat2:
  case SYS_symlinkat:
  case SYS_unlinkat:
  case SYS_linkat:
  case SYS_sendto:
  case SYS_sendmsg:
  case SYS_connect:
  case SYS_bind:
  case SYS_clone:
  case SYS_clone3:
  case SYS_execve:
  case SYS_ftruncate:
  case SYS_fsync:
  case SYS_kill:
    return true;
  default:
    return false;
  }
}

static bool is_the_point(pid_t pid) {
  struct __ptrace_syscall_info info;
  if (killed || !plays_role(pid) ||
      ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY || (changing && !changes(&info)))
    return false;
  return ++seen == point;
}

/* Whoever is stopped now is let go; the others are stopped first. */
static void let_all_go(void) {
  for (int i = 0; i < tracee_count; i++)
    ptrace(PTRACE_INTERRUPT, tracees[i], 0, 0);
}

static void stopped(pid_t pid, int status) {
  int signal = WSTOPSIG(status), event = status >> 16;
  add(pid);
  if (signal == (SIGTRAP | 0x80)) {
    if (is_the_point(pid)) {
      kill(pid, SIGKILL);
      killed = true;
      let_all_go();
      return;
    }
    signal = 0;
  } else if (event) {
    /* A new child's first stop, a fork, an exec: no signal of its own. A group stop stays one. */
    signal = 0;
  }
  ptrace(killed ? PTRACE_DETACH : PTRACE_SYSCALL, pid, 0, signal);
  if (killed)
    drop(pid);
}

static int start(char **argv) {
  int ends[2];
  if (pipe(ends) < 0)
    return -1;
  command = fork();
  if (command == 0) {
    char go;
    close(ends[1]);
    if (read(ends[0], &go, 1) != 1)
      _exit(127);
    close(ends[0]);
    execvp(argv[0], argv);
    _exit(127);
  }
  if (command < 0 || ptrace(PTRACE_SEIZE, command, 0, OPTIONS) < 0)
    return -1;
  ptrace(PTRACE_INTERRUPT, command, 0, 0);
  add(command);
  int result = write(ends[1], "x", 1) == 1 ? 0 : -1;
  close(ends[0]);
  close(ends[1]);
  return result;
}

int main(int argc, char **argv) {
  int at = 3;
  if (argc < 5)
    return 2;
  role = argv[1];
  point = atol(argv[2]);
  for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
    if (strcmp(argv[at], "-c") == 0) {
      changing = true;
    } else if (strcmp(argv[at], "-p") == 0 && at + 1 < argc) {
      pid_t pid = atoi(argv[++at]);
      if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0) {
        perror("ptrace");
        return 2;
      }
      ptrace(PTRACE_INTERRUPT, pid, 0, 0);
      add(pid);
    }
  }
  if (at + 1 >= argc || start(argv + at + 1) < 0) {
    perror("crash-at");
    return 2;
  }
  bool ended = false;
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR)
      continue;
    if (pid < 0)
      break;
    if (WIFSTOPPED(status)) {
      stopped(pid, status);
    } else {
      drop(pid);
      if (pid == command) {
        /* The others, a shim for example, go on without being watched. */
        ended = killed = true;
        let_all_go();
      }
    }
    if (ended && tracee_count == 0)
      break;
  }
  printf("%ld\n", seen);
  return point > 0 && seen >= point ? 0 : 3;
}
