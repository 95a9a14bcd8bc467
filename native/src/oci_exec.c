/* exec: a process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "caps.h"
#include "commands.h"
#include "fd.h"
#include "oci.h"
#include "options.h"
#include "spawn.h"

#define PROCESS_MAX (4u << 20)

struct exec_options {
  const char *process_file, *console_socket, *pid_file, *cwd, *user, *preserve_fds;
  struct cor_list env, caps;
  bool tty, detach, no_new_privs, privileged;
};

static int read_options(int argc, char **argv, struct exec_options *out) {
  const struct cor_option table[] = {
      {"process", 'p', COR_OPTION_TEXT, &out->process_file},
      {"console-socket", 0, COR_OPTION_TEXT, &out->console_socket},
      {"pid-file", 0, COR_OPTION_TEXT, &out->pid_file},
      {"cwd", 0, COR_OPTION_TEXT, &out->cwd},
      {"user", 'u', COR_OPTION_TEXT, &out->user},
      {"preserve-fds", 0, COR_OPTION_TEXT, &out->preserve_fds},
      {"env", 'e', COR_OPTION_LIST, &out->env},
      {"cap", 'c', COR_OPTION_LIST, &out->caps},
      {"tty", 't', COR_OPTION_FLAG, &out->tty},
      {"detach", 'd', COR_OPTION_FLAG, &out->detach},
      {"no-new-privs", 0, COR_OPTION_FLAG, &out->no_new_privs},
      {"privileged", 0, COR_OPTION_FLAG, &out->privileged},
  };
  int at = COR_OPTIONS(argc, argv, table);
  if (at >= 0 && (at >= argc || (at + 1 == argc && !out->process_file))) {
    fprintf(stderr,
            "usage: coracle-runtime exec [--tty] [--env K=V] [--cwd DIR] [--user U] ID ARGV...\n");
    return -1;
  }
  return at;
}

/* The process to run: --process whole, or the container's own with the flags' changes. */
static int make_process(struct cor_oci_state *state, const struct exec_options *options,
                        struct cor_process *process, struct cor_err *err) {
  size_t size;
  *process = state->spec->process;
  if (options->process_file) {
    _cleanup_free_ char *text =
        cor_read_file(AT_FDCWD, options->process_file, PROCESS_MAX, &size, err);
    if (!text || cor_spec_parse_process(state->spec, text, size, process, err) < 0)
      return -1;
  } else {
    process->terminal = false;
  }
  process->no_new_privileges |= options->no_new_privs;
  for (size_t i = 0; i < options->caps.count; i++) {
    int number = cor_cap_number(options->caps.items[i]);
    if (number < 0)
      return cor_fail(err, 0, "exec", options->caps.items[i], "is not a capability");
    process->caps.present = true;
    process->caps.bounding |= UINT64_C(1) << number;
    process->caps.permitted |= UINT64_C(1) << number;
    process->caps.effective |= UINT64_C(1) << number;
  }
  return 0;
}

static int run(struct cor_oci_state *state, const struct exec_options *options, char **argv,
               struct cor_child *child, struct cor_err *err) {
  char cache[4200];
  struct cor_process process;
  const char *status = cor_oci_status(state);
  if (strcmp(status, "running") != 0 && strcmp(status, "created") != 0)
    return cor_fail(err, 0, "exec", state->id, "the container is %s, not running", status);
  if (make_process(state, options, &process, err) < 0)
    return -1;
  _cleanup_close_ int pidfd = cor_oci_pidfd(state);
  if (pidfd < 0)
    return cor_fail(err, ESRCH, "exec", state->id, "the container has just ended");
  snprintf(cache, sizeof(cache), "%s/.seccomp", cor_oci.root);
  struct cor_exec exec = {
      .init_pid = state->pid,
      .init_pidfd = pidfd,
      .spec = state->spec,
      .process = &process,
      .argv = argv[0] ? (const char *const *)argv : NULL,
      .env = options->env.items,
      .cwd = options->cwd,
      .user = options->user,
      .privileged = options->privileged,
      .seccomp_cache = cache,
      .stdio = {0, 1, 2},
      .console = options->tty || process.terminal,
      .rows = process.rows,
      .columns = process.columns,
      .preserve_fds = options->preserve_fds ? atoi(options->preserve_fds) : 0,
  };
  if (exec.console && options->detach && !options->console_socket)
    return cor_fail(err, 0, "console", "exec", "a detached terminal needs --console-socket");
  if (cor_container_exec(&exec, child, err) < 0)
    return -1;
  if ((options->console_socket &&
       cor_console_send(options->console_socket, child->console_fd, err) < 0) ||
      (options->pid_file && cor_oci_write_pid_file(options->pid_file, child->pid, err) < 0)) {
    cor_child_kill(child);
    return -1;
  }
  if (options->console_socket)
    cor_close_p(&child->console_fd), child->console_fd = -1;
  return 0;
}

int cor_cmd_exec(int argc, char **argv) {
  static struct cor_oci_state state;
  struct exec_options options = {0};
  struct cor_child child;
  struct cor_err err;
  bool of_engine = argc > 1 && (strcmp(argv[1], "--run") == 0 || strcmp(argv[1], "--dir") == 0);
  if (of_engine)
    return cor_cmd_exec_engine(argc, argv);
  int at = read_options(argc, argv, &options);
  if (at < 0)
    return 2;
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  char **command = argv + at + 1;
  if (*command && strcmp(*command, "--") == 0)
    command++;
  if (run(&state, &options, command, &child, &err) < 0)
    return cor_oci_fail(&err, cor_oci_exit_code(&err));
  return options.detach ? 0 : cor_foreground(&child);
}
