/* create, start and run. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "commands.h"
#include "fd.h"
#include "hooks.h"
#include "oci.h"
#include "options.h"
#include "spawn.h"

struct run_options {
  const char *bundle, *pid_file, *console_socket, *preserve_fds;
  bool detach, keep, no_pivot, no_new_keyring, no_subreaper;
};

static int read_options(int argc, char **argv, struct run_options *out) {
  *out = (struct run_options){.bundle = "."};
  const struct cor_option table[] = {
      {"bundle", 'b', COR_OPTION_TEXT, &out->bundle},
      {"pid-file", 0, COR_OPTION_TEXT, &out->pid_file},
      {"console-socket", 0, COR_OPTION_TEXT, &out->console_socket},
      {"preserve-fds", 0, COR_OPTION_TEXT, &out->preserve_fds},
      {"detach", 'd', COR_OPTION_FLAG, &out->detach},
      {"keep", 0, COR_OPTION_FLAG, &out->keep},
      {"no-pivot", 0, COR_OPTION_FLAG, &out->no_pivot},
      {"no-new-keyring", 0, COR_OPTION_FLAG, &out->no_new_keyring},
      {"no-subreaper", 0, COR_OPTION_FLAG, &out->no_subreaper},
  };
  int at = COR_OPTIONS(argc, argv, table);
  if (at >= 0 && at + 1 != argc) {
    fprintf(
        stderr,
        "usage: coracle-runtime %s [--bundle DIR] [--pid-file FILE] [--console-socket PATH] ID\n",
        argv[0]);
    return -1;
  }
  return at;
}

/* Where a created container's init waits. The name goes by the folder's descriptor, as a socket's
 * path is short. */
static int listen_start(const struct cor_oci_state *state, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/start", state->dir_fd);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
    return cor_fail(err, errno, "bind", state->dir, "cannot make the start socket");
  return steal_fd(&fd);
}

static int start(const struct cor_oci_state *state, struct cor_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/start", state->dir_fd);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
    return cor_fail(err, errno, "connect", state->dir,
                    "the container is not waiting to be started");
  unlinkat(state->dir_fd, "start", 0);
  return cor_container_start_at(fd, err);
}

static int check_terminal(const struct cor_spec *spec, const struct run_options *options,
                          bool detached, struct cor_err *err) {
  if (spec->process.terminal && detached && !options->console_socket)
    return cor_fail(err, 0, "console", "process.terminal",
                    "a detached terminal needs --console-socket");
  if (!spec->process.terminal && options->console_socket)
    return cor_fail(err, 0, "console", options->console_socket,
                    "--console-socket needs process.terminal");
  return 0;
}

/* Common to create and run. On failure nothing is left. */
static int create(struct cor_oci_state *state, const char *id, const struct run_options *options,
                  bool wait, struct cor_child *child, struct cor_err *err) {
  char cache[PATH_MAX + 32];
  _cleanup_close_ int listen_fd = -1;
  if (cor_oci_new(state, id, options->bundle, err) < 0)
    return -1;
  snprintf(cache, sizeof(cache), "%s/.seccomp", cor_oci.root);
  struct cor_launch launch = COR_LAUNCH_INIT;
  launch.spec = state->spec;
  launch.id = state->id;
  launch.bundle = state->bundle;
  launch.seccomp_cache = cache;
  launch.console = state->spec->process.terminal;
  launch.wait_start = wait;
  launch.preserve_fds = options->preserve_fds ? atoi(options->preserve_fds) : 0;
  launch.no_pivot = options->no_pivot;
  launch.no_new_keyring = options->no_new_keyring;
  int result = check_terminal(state->spec, options, wait || options->detach, err);
  if (result == 0)
    result = cor_oci_save_spec(state, err);
  if (result == 0 && wait && (launch.start_listen_fd = listen_fd = listen_start(state, err)) < 0)
    result = -1;
  if (result < 0 || cor_container_launch(&launch, child, err) < 0) {
    (void)cor_oci_remove(state, NULL);
    return -1;
  }
  state->pid = child->pid;
  state->pid_start = cor_pid_start(child->pid);
  result = cor_oci_save(state, err);
  if (result == 0 && options->console_socket)
    result = cor_console_send(options->console_socket, child->console_fd, err);
  if (result == 0 && options->pid_file)
    result = cor_oci_write_pid_file(options->pid_file, child->pid, err);
  if (result < 0) {
    cor_child_kill(child);
    (void)cor_container_cleanup(state->spec, NULL);
    (void)cor_oci_remove(state, NULL);
  }
  return result;
}

int cor_cmd_create(int argc, char **argv) {
  static struct cor_oci_state state;
  struct run_options options;
  struct cor_child child;
  struct cor_err err;
  int at = read_options(argc, argv, &options);
  if (at < 0)
    return 2;
  if (create(&state, argv[at], &options, true, &child, &err) < 0)
    return cor_oci_fail(&err, 1);
  return 0;
}

static void run_poststart(const struct cor_oci_state *state) {
  struct cor_launch launch = {.spec = state->spec, .id = state->id, .bundle = state->bundle};
  struct cor_err err;
  /* The specification has these fail loudly without undoing the start. */
  if (cor_hooks_run(&state->spec->hooks.poststart, "poststart", &launch, state->pid, "running",
                    &err) < 0)
    (void)cor_oci_fail(&err, 0);
}

int cor_cmd_start(int argc, char **argv) {
  static struct cor_oci_state state;
  struct cor_err err;
  int at = cor_options(argc, argv, NULL, 0);
  if (at < 0 || at + 1 != argc) {
    fprintf(stderr, "usage: coracle-runtime start ID\n");
    return 2;
  }
  if (cor_oci_load(&state, argv[at], &err) < 0)
    return cor_oci_fail(&err, 1);
  const char *status = cor_oci_status(&state);
  if (strcmp(status, "created") != 0) {
    cor_fail(&err, 0, "start", argv[at], "the container is %s, not created", status);
    return cor_oci_fail(&err, 1);
  }
  if (start(&state, &err) < 0)
    return cor_oci_fail(&err, cor_oci_exit_code(&err));
  run_poststart(&state);
  return 0;
}

int cor_cmd_run(int argc, char **argv) {
  static struct cor_oci_state state;
  struct run_options options;
  struct cor_child child;
  struct cor_err err;
  int at = read_options(argc, argv, &options);
  if (at < 0)
    return 2;
  if (create(&state, argv[at], &options, false, &child, &err) < 0)
    return cor_oci_fail(&err, cor_oci_exit_code(&err));
  run_poststart(&state);
  if (options.detach)
    return 0;
  int code = cor_foreground(&child);
  if (options.keep)
    return code;
  struct cor_launch launch = {.spec = state.spec, .id = state.id, .bundle = state.bundle};
  if (cor_container_cleanup(state.spec, &err) < 0)
    (void)cor_oci_fail(&err, 1);
  if (cor_hooks_run(&state.spec->hooks.poststop, "poststop", &launch, 0, "stopped", &err) < 0)
    (void)cor_oci_fail(&err, 1);
  if (cor_oci_remove(&state, &err) < 0)
    return cor_oci_fail(&err, 1);
  return code;
}
