/* One thread's event loop: file descriptors and timers. Used by the client, the shim and the
 * resolver. */
#ifndef COR_LOOP_H
#define COR_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* A watched descriptor, embedded in what it belongs to. A source may remove and free itself, or any
 * other source, from inside `ready`: events are taken from the kernel one at a time. */
struct cor_source {
  int fd;
  void (*ready)(struct cor_source *source, uint32_t events);
};

/* Fires once at `at_ms`; off where that is 0. */
struct cor_timer {
  int64_t at_ms;
  void (*fire)(struct cor_timer *timer);
  struct cor_timer *next;
};

struct cor_loop {
  int epoll_fd;
  struct cor_timer *timers;
  bool end; /* set to leave cor_loop_run */
};

/* Each returns 0, or -1 with errno. */
int cor_loop_open(struct cor_loop *loop);
int cor_loop_add(struct cor_loop *loop, struct cor_source *source, uint32_t events);
int cor_loop_change(struct cor_loop *loop, struct cor_source *source, uint32_t events);
void cor_loop_remove(struct cor_loop *loop, struct cor_source *source);
int cor_loop_run(struct cor_loop *loop);
void cor_loop_close(struct cor_loop *loop);

/* Adds the timer to the loop's list once; arming and disarming is setting at_ms. */
void cor_loop_timer(struct cor_loop *loop, struct cor_timer *timer,
                    void (*fire)(struct cor_timer *));
void cor_timer_in(struct cor_timer *timer, int64_t delay_ms);

/* CLOCK_MONOTONIC in milliseconds, never 0. */
int64_t cor_now_ms(void);

/* The structure that a source or timer is embedded in. */
#define cor_container_of(pointer, type, member)                                                    \
  ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
