#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

int64_t cor_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

int cor_loop_open(struct cor_loop *loop) {
  *loop = (struct cor_loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
  return loop->epoll_fd < 0 ? -1 : 0;
}

int cor_loop_add(struct cor_loop *loop, struct cor_source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event);
}

int cor_loop_change(struct cor_loop *loop, struct cor_source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void cor_loop_remove(struct cor_loop *loop, struct cor_source *source) {
  if (source->fd >= 0)
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

void cor_loop_timer(struct cor_loop *loop, struct cor_timer *timer,
                    void (*fire)(struct cor_timer *)) {
  timer->at_ms = 0;
  timer->fire = fire;
  timer->next = loop->timers;
  loop->timers = timer;
}

void cor_timer_in(struct cor_timer *timer, int64_t delay_ms) {
  timer->at_ms = cor_now_ms() + (delay_ms > 0 ? delay_ms : 0);
}

/* Milliseconds to the next timer, -1 where none is armed. */
static int next_timeout(const struct cor_loop *loop) {
  int64_t first = 0;
  for (const struct cor_timer *timer = loop->timers; timer; timer = timer->next)
    if (timer->at_ms && (first == 0 || timer->at_ms < first))
      first = timer->at_ms;
  if (first == 0)
    return -1;
  int64_t wait = first - cor_now_ms();
  return wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : (int)wait;
}

static void fire_due(struct cor_loop *loop) {
  int64_t now = cor_now_ms();
  for (struct cor_timer *timer = loop->timers; timer && !loop->end; timer = timer->next)
    if (timer->at_ms && timer->at_ms <= now) {
      timer->at_ms = 0;
      timer->fire(timer);
    }
}

int cor_loop_run(struct cor_loop *loop) {
  while (!loop->end) {
    struct epoll_event event;
    int n = epoll_wait(loop->epoll_fd, &event, 1, next_timeout(loop));
    if (n < 0 && errno != EINTR)
      return -1;
    if (n > 0) {
      struct cor_source *source = event.data.ptr;
      source->ready(source, event.events);
    }
    fire_due(loop);
  }
  return 0;
}

void cor_loop_close(struct cor_loop *loop) {
  if (loop->epoll_fd >= 0)
    close(loop->epoll_fd);
  loop->epoll_fd = -1;
}
