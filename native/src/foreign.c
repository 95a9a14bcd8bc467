#include "foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "foreign_bundle.h"
#include "process.h"
#include "tree.h"

/* <run>/oci, the bundle, and what lies in it. */
struct place {
  char bundle[4096], state[4160], log[4160], pid[4160];
  /* By a descriptor of the bundle's, as a socket's path is short. */
  char console[64];
};

static int set_place(struct place *place, const char *run, struct cor_err *err) {
  if (snprintf(place->bundle, sizeof(place->bundle), "%s/oci", run) >= (int)sizeof(place->bundle))
    return cor_fail(err, ENAMETOOLONG, "open", run, "the path is too long");
  snprintf(place->state, sizeof(place->state), "%s/state", place->bundle);
  snprintf(place->log, sizeof(place->log), "%s/log", place->bundle);
  snprintf(place->pid, sizeof(place->pid), "%s/pid", place->bundle);
  return 0;
}

static int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Replaces the calling process, a child of the shim's, by the runtime. */
static int become(const char *program, const char *const *args, const int stdio[3],
                  struct cor_err *err) {
  static const char *const env[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number <= SIGRTMAX; number++)
    (void)signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (cor_process_stdio(stdio, err) < 0)
    return -1;
  execve(program, (char *const *)args, (char *const *)env);
  return cor_fail(err, errno, "start runtime", program, "cannot run it");
}

static _Noreturn void runtime_main(const struct cor_launch *launch, const char *program,
                                   const struct place *place, pid_t shim, int error_fd) {
  static struct cor_err err;
  const char *args[] = {program,        "--root",     place->state, "--log",    place->log,
                        "--log-format", "json",       "run",        "--detach", "--bundle",
                        place->bundle,  "--pid-file", place->pid,   launch->id, NULL,
                        NULL,           NULL};
  int null = launch->console ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
  const int console[3] = {null, null, null};
  if (launch->console) {
    args[13] = "--console-socket";
    args[14] = place->console;
    args[15] = launch->id;
  }
  if (cor_foreign_bundle(launch, place->bundle, shim, &err) == 0)
    (void)become(program, args, launch->console ? console : launch->stdio, &err);
  (void)cor_write_full(error_fd, &err, sizeof(err));
  _exit(1);
}

static int listen_console(struct place *place, int bundle_fd, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  snprintf(place->console, sizeof(place->console), "/proc/%d/fd/%d/console", (int)getpid(),
           bundle_fd);
  strcpy(address.sun_path, place->console);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
    return cor_fail(err, errno, "bind", place->bundle, "cannot make the console's socket");
  return steal_fd(&fd);
}

/* What the runtime has sent before it ended. */
static int receive_console(int listen_fd, struct cor_err *err) {
  union {
    char buf[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {0};
  char name[4096];
  struct iovec iov = {.iov_base = name, .iov_len = sizeof(name)};
  struct msghdr header = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.buf,
                          .msg_controllen = sizeof(control.buf)};
  _cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 || recvmsg(fd, &header, MSG_CMSG_CLOEXEC) < 0)
    return cor_fail(err, errno, "recvmsg", "console", "the runtime has not sent the terminal");
  struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
  int console;
  if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS || cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
    return cor_fail(err, 0, "recvmsg", "console", "the runtime has not sent the terminal");
  memcpy(&console, CMSG_DATA(cmsg), sizeof(console));
  return console;
}

/* The last line of the runtime's log has its reason; a program that is not there is told from
 * other failures by its words, as the exit code of the runtime tells nothing. */
static int runtime_failed(const char *program, const struct place *place, int status,
                          struct cor_err *err) {
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, place->log, 1 << 20, NULL, NULL);
  size_t length = text ? strlen(text) : 0;
  while (length && text[length - 1] == '\n')
    text[--length] = '\0';
  char *line = length ? strrchr(text, '\n') : NULL;
  struct json_object *json = length ? json_tokener_parse(line ? line + 1 : text) : NULL, *msg;
  const char *reason = json_object_object_get_ex(json, "msg", &msg) ? json_object_get_string(msg)
                       : length                                     ? (line ? line + 1 : text)
                                                                    : "it gives no reason";
  bool missing = strstr(reason, "executable file") && strstr(reason, "not found");
  bool denied = strstr(reason, "exec") && strcasestr(reason, "permission denied");
  cor_fail(err,
           missing  ? ENOENT
           : denied ? EACCES
                    : 0,
           missing || denied ? "execve" : "run", program, "the runtime ended with status %d: %s",
           status, reason);
  json_object_put(json);
  return -1;
}

/* Takes the container along when the shim is killed: the process is not of the shim's making, so no
 * parent-death signal was set in it. */
static void guard(int pidfd) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return;
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NAME, "coracle-guard");
    setsid();
    dup2(ends[0], 0);
    dup2(pidfd, 1);
    syscall(SYS_close_range, 2, ~0u, 0);
    struct pollfd either[2] = {{.fd = 0}, {.fd = 1, .events = POLLIN}};
    while (poll(either, 2, -1) < 0 && errno == EINTR)
      ;
    if (either[0].revents)
      (void)pidfd_send_signal(1, SIGKILL, NULL, 0);
    _exit(0);
  }
  /* The writing end stays open until the shim ends, however it does. */
  close(ends[0]);
}

static int find_process(const struct place *place, struct cor_child *child, struct cor_err *err) {
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, place->pid, 32, NULL, err);
  if (!text)
    return -1;
  child->pid = (pid_t)strtol(text, NULL, 10);
  child->pidfd = child->pid > 0 ? pidfd_open(child->pid, 0) : -1;
  if (child->pidfd < 0)
    return cor_fail(err, errno, "pidfd_open", place->pid, "the runtime names no process");
  guard(child->pidfd);
  return 0;
}

int cor_foreign_launch(const struct cor_launch *launch, const char *program, const char *run,
                       struct cor_child *child, struct cor_err *err) {
  static struct place place;
  int ends[2];
  *child = (struct cor_child){.pidfd = -1, .start_fd = -1, .console_fd = -1};
  if (set_place(&place, run, err) < 0 ||
      (access(place.bundle, F_OK) == 0 && cor_tree_remove(place.bundle, err) < 0))
    return -1;
  if (mkdir(place.bundle, 0700) < 0 || mkdir(place.state, 0700) < 0)
    return cor_fail(err, errno, "mkdir", place.bundle, "cannot make the bundle");
  /* What the runtime leaves running becomes a child of this process. */
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  _cleanup_close_ int bundle_fd = open(place.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
  _cleanup_close_ int console = launch->console ? listen_console(&place, bundle_fd, err) : -1;
  if (launch->console && console < 0)
    return -1;
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe2", "", "cannot make a pipe");
  pid_t shim = getpid(), pid = fork();
  if (pid == 0)
    runtime_main(launch, program, &place, shim, ends[1]);
  close(ends[1]);
  _cleanup_close_ int errors = ends[0];
  if (pid < 0)
    return cor_fail(err, errno, "fork", program, "cannot start the runtime");
  struct cor_err failure;
  bool failed = cor_read_full(errors, &failure, sizeof(failure)) == (ssize_t)sizeof(failure);
  int status = wait_for(pid);
  if (failed)
    *err = failure;
  else if (status != 0)
    runtime_failed(program, &place, status, err);
  if (failed || status != 0 || find_process(&place, child, err) < 0 ||
      (launch->console && (child->console_fd = receive_console(console, err)) < 0)) {
    if (child->pid > 0)
      kill(child->pid, SIGKILL);
    cor_foreign_delete(program, run, launch->id);
    return -1;
  }
  return 0;
}

void cor_foreign_delete(const char *program, const char *run, const char *id) {
  static struct place place;
  struct cor_err ignored;
  if (set_place(&place, run, &ignored) < 0)
    return;
  pid_t pid = fork();
  if (pid == 0) {
    const char *args[] = {program, "--root", place.state, "delete", "--force", id, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int stdio[3] = {null, null, null};
    if (cor_foreign_view(&ignored) == 0)
      (void)become(program, args, stdio, &ignored);
    _exit(1);
  }
  if (pid > 0)
    (void)wait_for(pid);
  (void)cor_tree_remove(place.bundle, &ignored);
}
