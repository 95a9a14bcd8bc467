/* What changes while a container runs: its limits, its networks, what follows its exit. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "spec.h"

/* The spec is loaded for the moment alone, as at a launch. */
static int apply_limits(const struct cor_shim *shim, struct cor_err *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/config.json", shim->dir);
  struct cor_spec *spec = cor_spec_load(path, err);
  if (!spec)
    return -1;
  int result = cor_container_update(spec, &spec->resources, err);
  cor_spec_free(spec);
  malloc_trim(0);
  return result;
}

int cor_shim_reload(struct cor_shim *shim, struct cor_err *err) {
  struct cor_shim_spec *now = shim->spec, *wanted = cor_shim_spec_load(shim->dir, err);
  if (!wanted)
    return -1;
  if ((shim->phase == COR_PHASE_RUNNING && apply_limits(shim, err) < 0) ||
      cor_shim_reconnect(shim, wanted, err) < 0) {
    cor_shim_spec_free(wanted);
    return -1;
  }
  char *labels = now->labels_json;
  now->labels_json = wanted->labels_json;
  wanted->labels_json = labels;
  now->restart = wanted->restart;
  now->restart_max = wanted->restart_max;
  now->restart_delay_ms = wanted->restart_delay_ms;
  now->restart_window_ms = wanted->restart_window_ms;
  now->stop_signal = wanted->stop_signal;
  now->stop_timeout_ms = wanted->stop_timeout_ms;
  /* The endpoints belong to it. The one before it has lent nothing any more. */
  cor_shim_spec_free(shim->reloaded);
  shim->reloaded = wanted;
  return 0;
}
