/* Asks a name server over UDP for one name's address, again and again, with a number of questions in flight, from one
 * socket. Prints one JSON line: answers per second, and the time from a question to its answer in microseconds.
 *
 *   dns-load SERVER NAME COUNT IN_FLIGHT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double sent_at[65536];

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t make_query(const char *name, uint8_t *out) {
  static const uint8_t head[12] = {0, 0, 1, 0, 0, 1};
  size_t end = sizeof head;
  memcpy(out, head, sizeof head);
  while (*name) {
    size_t label = strcspn(name, ".");
    out[end++] = (uint8_t)label;
    memcpy(out + end, name, label);
    end += label;
    name += label + (name[label] == '.');
  }
  memcpy(out + end, "\0\0\1\0\1", 5);
  return end + 5;
}

static int by_size(const void *a, const void *b) {
  double one = *(const double *)a, other = *(const double *)b;
  return one < other ? -1 : one > other;
}

int main(int argc, char **argv) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
  struct timeval patience = {.tv_sec = 1};
  uint8_t query[300], answer[1500];
  if (argc != 5 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
    return 2;
  size_t size = make_query(argv[2], query);
  long count = atol(argv[3]), flight = atol(argv[4]), sent = 0, got = 0, lost = 0;
  double *times = calloc((size_t)count, sizeof *times);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!times || fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
    return 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  double started = now_us();
  while (got + lost < count) {
    for (; sent < count && sent - got - lost < flight; sent++) {
      query[0] = (uint8_t)(sent >> 8);
      query[1] = (uint8_t)sent;
      sent_at[sent & 0xffff] = now_us();
      if (send(fd, query, size, 0) < 0)
        return 1;
    }
    ssize_t n = recv(fd, answer, sizeof answer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      lost = sent - got; /* nothing for a second: what is out there will not come */
      continue;
    }
    if (n < 12 || (answer[3] & 15) != 0 || answer[7] == 0)
      return 3; /* not the answer that is measured */
    times[got++] = now_us() - sent_at[answer[0] << 8 | answer[1]];
  }
  double seconds = (now_us() - started) / 1e6;
  qsort(times, (size_t)got, sizeof *times, by_size);
  printf("{\"perSecond\":%.0f,\"medianUs\":%.1f,\"p99Us\":%.1f,\"lost\":%ld}\n", (double)got / seconds,
         times[got / 2], times[got * 99 / 100], lost);
  return 0;
}
