/* coracle-runtime: chooses the part to play by its first argument (native/PROTOCOL.md). */
#include <stdio.h>
#include <string.h>

#include "commands.h"

/* Parts that live in files of their own areas; absent ones answer as unknown commands. */
#pragma weak cor_cmd_create
#pragma weak cor_cmd_start
#pragma weak cor_cmd_state
#pragma weak cor_cmd_kill
#pragma weak cor_cmd_delete
#pragma weak cor_cmd_run
#pragma weak cor_cmd_exec
#pragma weak cor_cmd_list
#pragma weak cor_cmd_spec
#pragma weak cor_cmd_features
#pragma weak cor_cmd_client
#pragma weak cor_cmd_untar
#pragma weak cor_cmd_seed

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} commands[] = {
    {"create", cor_cmd_create},     {"start", cor_cmd_start},   {"state", cor_cmd_state},
    {"kill", cor_cmd_kill},         {"delete", cor_cmd_delete}, {"run", cor_cmd_run},
    {"exec", cor_cmd_exec},         {"list", cor_cmd_list},     {"spec", cor_cmd_spec},
    {"features", cor_cmd_features}, {"client", cor_cmd_client}, {"untar", cor_cmd_untar},
    {"seed", cor_cmd_seed},
};

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: coracle-runtime COMMAND [ARGS]\n");
    return 2;
  }
  for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
    if (commands[i].run && strcmp(argv[1], commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
  fprintf(stderr, "coracle-runtime: unknown command \"%s\"\n", argv[1]);
  return 2;
}
