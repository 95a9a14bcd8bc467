/* coracle-runtime seed: fills a new volume by hand, as the client does for the engine. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "seed.h"

int cor_cmd_seed(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: coracle-runtime seed TARGET PATH LAYER…    topmost layer first\n");
    return 2;
  }
  struct cor_err err = {0};
  if (cor_volume_seed((const char *const *)argv + 3, argv[2], argv[1], &err) == 0)
    return 0;
  char line[2048];
  cor_err_json(&err, line, sizeof(line));
  fprintf(stderr, "%s\n", line);
  return 1;
}
