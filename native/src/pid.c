#include "pid.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"

pid_t cor_own_pid(void) {
  char text[16];
  ssize_t size = readlink("/proc/self", text, sizeof(text) - 1);
  if (size <= 0)
    return getpid();
  text[size] = '\0';
  return (pid_t)strtol(text, NULL, 10);
}

pid_t cor_pidfd_pid(int pidfd) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
  _cleanup_close_ int fd = pidfd < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  if (size <= 0)
    return 0;
  text[size] = '\0';
  const char *at = strstr(text, "\nPid:");
  return at ? (pid_t)strtol(at + 5, NULL, 10) : 0;
}

void cor_process_start(pid_t pid, char out[24]) {
  char path[32], text[1024];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  out[0] = '\0';
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  if (size <= 0)
    return;
  text[size] = '\0';
  /* The name in parentheses may hold anything; fields are counted from the last one. Field 3
   * follows it. */
  const char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  if (at)
    sscanf(at + 1, "%23[0-9]", out);
}
