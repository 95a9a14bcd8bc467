/* Whether and when a container that ended is started again. */
#include <stddef.h>

#include "shim.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 60000
#define SETTLED_MS 10000 /* where the policy names no window, as in Docker */

static bool has_window(const struct cor_shim *shim) {
  return shim->spec->restart_window_ms >= 0;
}

/* Only a policy with a window gets its attempts back: Docker's `on-failure:3` is three, ever. */
static void settled(struct cor_timer *timer) {
  struct cor_shim *shim = cor_container_of(timer, struct cor_shim, settle_timer);
  shim->backoff_ms = 0;
  if (has_window(shim))
    shim->attempts = 0;
  if (shim->short_runs > 0) {
    shim->short_runs = 0;
    cor_shim_state_write(shim);
  }
}

void cor_restart_init(struct cor_shim *shim) {
  cor_loop_timer(&shim->loop, &shim->settle_timer, settled);
}

void cor_restart_begun(struct cor_shim *shim) {
  cor_timer_in(&shim->settle_timer, has_window(shim) ? shim->spec->restart_window_ms : SETTLED_MS);
}

void cor_restart_forget(struct cor_shim *shim) {
  shim->restart_count = shim->attempts = shim->short_runs = 0;
  shim->gave_up = false;
  shim->backoff_ms = 0;
}

static bool is_wanted(const struct cor_shim *shim) {
  switch (shim->spec->restart) {
  case COR_RESTART_ALWAYS:
  case COR_RESTART_UNLESS_STOPPED:
    return true;
  case COR_RESTART_ON_FAILURE:
    return shim->exit_code != 0;
  default:
    return false;
  }
}

/* Docker's pauses double from 100 ms to a minute; a delay that was asked for stays what it is. */
static int64_t next_pause(struct cor_shim *shim) {
  if (shim->spec->restart_delay_ms >= 0)
    return shim->spec->restart_delay_ms;
  shim->backoff_ms = shim->backoff_ms == 0 ? BACKOFF_FIRST_MS : shim->backoff_ms * 2;
  if (shim->backoff_ms > BACKOFF_MAX_MS)
    shim->backoff_ms = BACKOFF_MAX_MS;
  return shim->backoff_ms;
}

int64_t cor_restart_pause(struct cor_shim *shim) {
  bool was_short = shim->settle_timer.at_ms != 0;
  shim->settle_timer.at_ms = 0;
  if (shim->stopped_by_user || !is_wanted(shim))
    return -1;
  shim->short_runs += was_short;
  if (shim->spec->restart_max > 0 && shim->attempts >= shim->spec->restart_max) {
    shim->gave_up = true;
    return -1;
  }
  shim->attempts++;
  return next_pause(shim);
}
