/* Healthchecks: run inside the container by the shim, judged as by Docker Engine. */
#ifndef COR_HEALTH_H
#define COR_HEALTH_H

#include <stdbool.h>
#include <sys/types.h>

#include "log.h"
#include "loop.h"
#include "sbuf.h"

#define COR_HEALTH_RESULTS 5
#define COR_HEALTH_OUTPUT 4096

struct cor_shim;

struct cor_health_result {
  char start[COR_TIME_SIZE], end[COR_TIME_SIZE];
  int exit_code;
  struct cor_sbuf output;
};

struct cor_health {
  const char *status; /* starting, healthy, unhealthy; NULL without a healthcheck */
  int failing_streak;
  struct cor_health_result results[COR_HEALTH_RESULTS]; /* oldest first */
  int result_count;

  struct cor_timer next, timeout;
  struct cor_source output; /* read end of the running check's stdout and stderr */
  pid_t pid;                /* of the running check; 0: none */
  struct cor_health_result current;
  int64_t begun_ms;
  bool timed_out;
};

void cor_health_init(struct cor_shim *shim);
/* The container has started: status starting, first check due. */
void cor_health_start(struct cor_shim *shim);
/* The container has ended or is frozen: no check runs, none is due. */
void cor_health_stop(struct cor_shim *shim);
/* Checks go on after a pause, with the status that they had. */
void cor_health_resume(struct cor_shim *shim);
/* True where `pid` was the running check. */
bool cor_health_reaped(struct cor_shim *shim, pid_t pid, int status);
void cor_health_json(const struct cor_shim *shim, struct cor_sbuf *out);

#endif
