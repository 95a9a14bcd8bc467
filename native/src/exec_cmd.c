/* `coracle-runtime exec --run DIR --dir DIR …`: a process inside a container of the engine, with
 * this program's own stdio. PROTOCOL.md, "exec". */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "commands.h"
#include "container.h"
#include "exec_stdio.h"
#include "exec_tty.h"
#include "fd.h"
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

static int start(const struct options *options, struct cor_child *child,
                 struct cor_exec_stdio *stdio, struct cor_err *err) {
  char path[4096], cache[4096];
  pid_t init = 0;
  bool paused = false;
  _cleanup_close_ int pidfd = -1;
  if (cor_container_init(options->run, &init, &pidfd, &paused, err) < 0)
    return -1;
  if (paused)
    return cor_fail(err, EBUSY, "exec", options->run,
                    "the container is paused, resume it before exec");
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
