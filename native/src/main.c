/* coracle-runtime: chooses the part to play by its first argument (native/PROTOCOL.md). */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "oci.h"
#include "options.h"
#include "selfexe.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  bool starts_processes; /* of containers: the program's own file must be out of their hands */
} commands[] = {
    {"create", cor_cmd_create, true},
    {"start", cor_cmd_start, false},
    {"state", cor_cmd_state, false},
    {"kill", cor_cmd_kill, false},
    {"delete", cor_cmd_delete, false},
    {"run", cor_cmd_run, true},
    {"exec", cor_cmd_exec, true},
    {"pause", cor_cmd_pause, false},
    {"resume", cor_cmd_resume, false},
    {"list", cor_cmd_list, false},
    {"update", cor_cmd_update, false},
    {"ps", cor_cmd_ps, false},
    {"events", cor_cmd_events, false},
    {"spec", cor_cmd_spec, false},
    {"client", cor_cmd_client, true},
    {"features", cor_cmd_features, false},
    {"untar", cor_cmd_untar, false},
    {"seed", cor_cmd_seed, false},
    {"archive", cor_cmd_archive, false},
    {"watch", cor_cmd_watch, false},
    {"probe", cor_cmd_probe, false},
    {"tree-list", cor_cmd_tree_list, false},
    {"tree-apply", cor_cmd_tree_apply, false},
    {"layer-tar", cor_cmd_layer_tar, false},
};

/* The flags of an OCI runtime that stand before its command. Returns the command's index, or -1. */
static int read_globals(int argc, char **argv, bool *version) {
  const char *rootless = NULL;
  const struct cor_option table[] = {
      {"root", 0, COR_OPTION_TEXT, &cor_oci.root},
      {"log", 0, COR_OPTION_TEXT, &cor_oci.log},
      {"log-format", 0, COR_OPTION_TEXT, &cor_oci.log_format},
      {"log-level", 0, COR_OPTION_TEXT, &rootless},
      {"rootless", 0, COR_OPTION_TEXT, &rootless},
      {"debug", 0, COR_OPTION_FLAG, &cor_oci.debug},
      {"systemd-cgroup", 0, COR_OPTION_FLAG, &cor_oci.systemd_cgroup},
      {"version", 'v', COR_OPTION_FLAG, version},
  };
  return COR_OPTIONS(argc, argv, table);
}

int main(int argc, char **argv) {
  bool version = false;
  int at = read_globals(argc, argv, &version);
  if (at < 0)
    return 2;
  if (version) {
    printf("coracle-runtime version %s\nspec: 1.2.0\n", COR_VERSION);
    return 0;
  }
  if (at == argc) {
    fprintf(stderr, "usage: coracle-runtime [--root DIR] [--log FILE] COMMAND [ARGS]\n");
    return 2;
  }
  for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
    if (strcmp(argv[at], commands[i].name) != 0)
      continue;
    struct cor_err err;
    if (commands[i].starts_processes && cor_selfexe_protect(argv, &err) < 0)
      return cor_oci_fail(&err, 1);
    return commands[i].run(argc - at, argv + at);
  }
  fprintf(stderr, "coracle-runtime: unknown command \"%s\"\n", argv[at]);
  return 2;
}
