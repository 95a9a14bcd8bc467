/* `coracle-runtime exec --run DIR --dir DIR …`: a process inside a container of the engine, with
 * this program's own stdio. PROTOCOL.md, "exec". */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "container.h"
#include "exec_stdio.h"
#include "exec_tty.h"
#include "fd.h"
#include "pid.h"
#include "shim.h"
#include "spec.h"

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127
#define EXIT_FAILED 125

struct options {
  const char *dir, *run, *cwd, *user;
  const char **env;
  size_t env_count;
  bool tty, detach, privileged;
  char **argv;
};

static int usage(const char *problem, const char *what) {
  fprintf(stderr, "coracle-runtime exec: %s%s\n", problem, what);
  fprintf(stderr, "usage: coracle-runtime exec --dir DIR --run DIR [--tty] [--env K=V]... [--cwd "
                  "DIR] [--user U] "
                  "[--privileged] [--detach] -- ARGV...\n");
  return -1;
}

static int parse(int argc, char **argv, struct options *options) {
  options->env = calloc((size_t)argc + 1, sizeof(*options->env));
  if (!options->env)
    return usage("out of memory", "");
  int i = 1;
  for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    const char **text = strcmp(argv[i], "--dir") == 0    ? &options->dir
                        : strcmp(argv[i], "--run") == 0  ? &options->run
                        : strcmp(argv[i], "--cwd") == 0  ? &options->cwd
                        : strcmp(argv[i], "--user") == 0 ? &options->user
                        : strcmp(argv[i], "--env") == 0  ? &options->env[options->env_count]
                                                         : NULL;
    bool *flag = strcmp(argv[i], "--tty") == 0          ? &options->tty
                 : strcmp(argv[i], "--detach") == 0     ? &options->detach
                 : strcmp(argv[i], "--privileged") == 0 ? &options->privileged
                                                        : NULL;
    if (flag) {
      *flag = true;
      continue;
    }
    if (!text || !value)
      return usage(text ? "no value for " : "unknown option ", argv[i]);
    if (text == &options->env[options->env_count])
      options->env_count++;
    *text = value;
    i++;
  }
  if (i >= argc - 1 || !options->dir || !options->run)
    return usage("--dir, --run and a command are needed", "");
  options->argv = argv + i + 1;
  return 0;
}

/* Pid and pidfd of the container's init, checked against a reuse of the number. */
static int find_init(const char *run, pid_t *pid, int *pidfd, struct cor_err *err) {
  char path[4096], start[24];
  if (snprintf(path, sizeof(path), "%s/state.json", run) >= (int)sizeof(path))
    return cor_fail(err, ENAMETOOLONG, "connect", run, "the path is too long");
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, path, 1 << 20, NULL, err);
  if (!text)
    return cor_fail(err, ENOENT, "connect", run, "the container is not running");
  struct json_object *state = json_tokener_parse(text), *number = NULL, *expected = NULL,
                     *status = NULL;
  json_object_object_get_ex(state, "pid", &number);
  json_object_object_get_ex(state, "pidStart", &expected);
  json_object_object_get_ex(state, "status", &status);
  const char *name = status ? json_object_get_string(status) : "";
  bool paused = strcmp(name, "paused") == 0;
  *pid = number ? json_object_get_int(number) : 0;
  *pidfd = *pid > 0 ? (int)syscall(SYS_pidfd_open, *pid, 0) : -1;
  if (*pidfd >= 0)
    cor_process_start(*pid, start);
  bool same = *pidfd >= 0 && expected && strcmp(start, json_object_get_string(expected)) == 0;
  json_object_put(state);
  if (paused)
    return cor_fail(err, EBUSY, "exec", run, "the container is paused, resume it before exec");
  return same ? 0 : cor_fail(err, ESRCH, "connect", run, "the container is not running");
}

static int start(const struct options *options, struct cor_child *child,
                 struct cor_exec_stdio *stdio, struct cor_err *err) {
  char path[4096], cache[4096];
  pid_t init = 0;
  _cleanup_close_ int pidfd = -1;
  if (find_init(options->run, &init, &pidfd, err) < 0)
    return -1;
  snprintf(path, sizeof(path), "%s/config.json", options->dir);
  cor_seccomp_cache(options->dir, cache, sizeof(cache));
  struct cor_spec *spec = cor_spec_load(path, err);
  if (!spec)
    return -1;
  int null = options->detach ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
  bool console = options->tty && !options->detach;
  int theirs[3] = {null, null, null};
  if (!options->detach && !console && cor_exec_stdio_open(stdio, theirs, err) < 0) {
    cor_spec_free(spec);
    return -1;
  }
  struct cor_exec exec = {
      .init_pid = init,
      .init_pidfd = pidfd,
      .spec = spec,
      .argv = (const char *const *)options->argv,
      .env = options->env,
      .cwd = options->cwd,
      .user = options->user,
      .privileged = options->privileged,
      .seccomp_cache = cache,
      .stdio = {theirs[0], theirs[1], theirs[2]},
      .console = console,
      /* A client that is killed takes its process along, unless it was told to leave it behind. */
      .pdeathsig = options->detach ? 0 : SIGKILL,
  };
  cor_exec_tty_size(&exec.rows, &exec.columns);
  int result = cor_container_exec(&exec, child, err);
  cor_spec_free(spec);
  if (!options->detach)
    cor_exec_stdio_given(theirs);
  return result;
}

static int failure_code(const struct cor_err *err) {
  if (!err->op || strcmp(err->op, "execve") != 0)
    return EXIT_FAILED;
  return err->errno_ == ENOENT || err->errno_ == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

int cor_cmd_exec_engine(int argc, char **argv) {
  struct options options = {0};
  struct cor_err err = {0};
  struct cor_child child = {.pidfd = -1, .start_fd = -1, .console_fd = -1};
  static struct cor_exec_stdio stdio = {.ours = {-1, -1, -1}};
  char text[1200];
  if (parse(argc, argv, &options) < 0)
    return EXIT_FAILED;
  cor_stage("exec");
  prctl(PR_SET_NAME, "coracle-exec");
  cor_exec_block_signals();
  if (start(&options, &child, &stdio, &err) < 0) {
    cor_err_text(&err, text, sizeof(text));
    fprintf(stderr, "%s\n", text);
    return failure_code(&err);
  }
  return options.detach ? 0 : cor_exec_wait(&child, &stdio);
}
