#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "fd.h"

char *cor_state_json(const struct cor_spec *spec, const char *id, const char *bundle, pid_t pid,
                     const char *status) {
  struct json_object *state = json_object_new_object();
  json_object_object_add(state, "ociVersion", json_object_new_string("1.2.0"));
  json_object_object_add(state, "id", json_object_new_string(id ? id : ""));
  json_object_object_add(state, "status", json_object_new_string(status));
  if (pid > 0)
    json_object_object_add(state, "pid", json_object_new_int(pid));
  json_object_object_add(state, "bundle", json_object_new_string(bundle ? bundle : ""));
  struct json_object *annotations = json_object_new_object();
  for (size_t i = 0; i < spec->annotations.count; i++)
    json_object_object_add(annotations, spec->annotations.items[i].key,
                           json_object_new_string(spec->annotations.items[i].value));
  json_object_object_add(state, "annotations", annotations);
  char *text = strdup(json_object_to_json_string_ext(state, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
  json_object_put(state);
  return text;
}

/* Waits for the hook; one that takes longer than it may is killed. */
static int wait_hook(pid_t pid, const struct cor_hook *hook, const char *name,
                     struct cor_err *err) {
  int status;
  if (hook->timeout_s > 0) {
    _cleanup_close_ int pidfd = pidfd_open(pid, 0);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    if (pidfd >= 0 && poll(&end, 1, hook->timeout_s * 1000) == 0) {
      kill(pid, SIGKILL);
      while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
      return cor_fail(err, ETIMEDOUT, name, hook->path, "the hook took longer than %d s",
                      hook->timeout_s);
    }
  }
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return cor_fail(err, errno, name, hook->path, "cannot wait for the hook");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return 0;
  if (WIFSIGNALED(status))
    return cor_fail(err, 0, name, hook->path, "the hook was killed by signal %d", WTERMSIG(status));
  return cor_fail(err, 0, name, hook->path, "the hook ended with status %d", WEXITSTATUS(status));
}

static int run_hook(const struct cor_hook *hook, const char *name, const char *state,
                    struct cor_err *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return cor_fail(err, errno, "pipe2", hook->path, "cannot make a pipe");
  pid_t pid = fork();
  if (pid < 0) {
    int saved = errno;
    close(ends[0]);
    close(ends[1]);
    return cor_fail(err, saved, "fork", hook->path, "cannot start the hook");
  }
  if (pid == 0) {
    const char *const alone[] = {hook->path, NULL};
    if (dup2(ends[0], 0) < 0)
      _exit(126);
    execve(hook->path, (char *const *)(hook->args && hook->args[0] ? hook->args : alone),
           (char *const *)hook->env);
    _exit(errno == ENOENT ? 127 : 126);
  }
  close(ends[0]);
  /* A hook need not read its stdin: EPIPE is no failure, and must not be a signal. */
  struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
  sigaction(SIGPIPE, &ignore, &old);
  (void)cor_write_full(ends[1], state, strlen(state));
  sigaction(SIGPIPE, &old, NULL);
  close(ends[1]);
  return wait_hook(pid, hook, name, err);
}

int cor_hooks_run(const struct cor_hooks *hooks, const char *name, const struct cor_launch *launch,
                  pid_t pid, const char *status, struct cor_err *err) {
  if (!hooks->count)
    return 0;
  _cleanup_free_ char *state =
      cor_state_json(launch->spec, launch->id, launch->bundle, pid, status);
  if (!state)
    return cor_fail(err, ENOMEM, name, "", "out of memory");
  for (size_t i = 0; i < hooks->count; i++)
    if (run_hook(&hooks->items[i], name, state, err) < 0)
      return -1;
  return 0;
}
