/* Runs a command on a machine that lacks something, for the tests of what is said then.
 *
 *   without CALL[:ARG=VALUE] ERRNO ... -- COMMAND [ARG]...
 *
 * The system call (with this value of its argument 0 to 5) fails with the errno by number, for the
 * command and all that it starts.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(scmp_filter_ctx filter, char *call, int error) {
  char *colon = strchr(call, ':');
  unsigned argument = 0;
  unsigned long long value = 0;
  if (colon) {
    *colon = '\0';
    if (sscanf(colon + 1, "%u=%llu", &argument, &value) != 2)
      return -EINVAL;
  }
  int number = seccomp_syscall_resolve_name(call);
  if (number == __NR_SCMP_ERROR)
    return -ENOSYS;
  uint32_t action = SCMP_ACT_ERRNO((uint32_t)error);
  if (!colon)
    return seccomp_rule_add(filter, action, number, 0);
  return seccomp_rule_add(filter, action, number, 1, SCMP_CMP(argument, SCMP_CMP_EQ, value));
}

int main(int argc, char **argv) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  int at = 1;
  if (!filter)
    return 2;
  /* As root: no_new_privs would change what is tested. */
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
  for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2)
    if (add(filter, argv[at], atoi(argv[at + 1])) < 0) {
      fprintf(stderr, "without: cannot take %s away\n", argv[at]);
      return 2;
    }
  if (at + 1 >= argc || seccomp_load(filter) < 0) {
    fprintf(stderr, "without: cannot load the filter\n");
    return 2;
  }
  execvp(argv[at + 1], argv + at + 1);
  perror(argv[at + 1]);
  return 127;
}
