#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shimspec.h"

static const struct {
  const char *name;
  int number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGIOT},   {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},    {"CONT", SIGCONT}, {"STOP", SIGSTOP},
    {"STKFLT", SIGSTKFLT}, {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

/* "RTMIN", "RTMIN+3", "RTMAX-1". The kernel's range starts at 34 for programs, as glibc and musl
 * keep the first two. */
static int realtime(const char *text) {
  int base = strncasecmp(text, "RTMIN", 5) == 0 ? 34 : strncasecmp(text, "RTMAX", 5) == 0 ? 64 : 0;
  if (base == 0 || text[5] == '\0')
    return base ? base : -1;
  if (text[5] != (base == 34 ? '+' : '-'))
    return -1;
  char *end;
  long offset = strtol(text + 6, &end, 10);
  if (end == text + 6 || *end || offset < 0 || offset > 30)
    return -1;
  return base == 34 ? 34 + (int)offset : 64 - (int)offset;
}

int cor_signal_number(const char *text) {
  if (text[0] >= '0' && text[0] <= '9') {
    char *end;
    long number = strtol(text, &end, 10);
    return *end == '\0' && number >= 1 && number <= 64 ? (int)number : -1;
  }
  if (strncasecmp(text, "SIG", 3) == 0)
    text += 3;
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
    if (strcasecmp(text, names[i].name) == 0)
      return names[i].number;
  return realtime(text);
}
