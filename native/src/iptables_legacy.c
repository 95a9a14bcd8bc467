/* iptables-legacy keeps its rules in xtables' own tables, which have a FORWARD chain of their own:
 * a Docker daemon on an older distribution sets its policy to DROP. Only its own program changes
 * them. Nothing is run where no such table is loaded. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "firewall.h"

static const struct {
  const char *names;       /* the tables that are loaded */
  const char *programs[3]; /* where it goes by the older name, that is the one */
} families[] = {
    {"/proc/net/ip_tables_names",
     {"/usr/sbin/iptables-legacy", "/sbin/iptables-legacy", "/sbin/iptables"}},
    {"/proc/net/ip6_tables_names",
     {"/usr/sbin/ip6tables-legacy", "/sbin/ip6tables-legacy", "/sbin/ip6tables"}},
};

enum { DOUBLES_MAX = 16 };

static const char *const directions[] = {"-i", "-o"};

/* The program for a family whose filter table is loaded; NULL: there is nothing to do. */
static const char *program_of(size_t family) {
  struct cor_err ignored;
  _cleanup_free_ char *names =
      cor_read_file(AT_FDCWD, families[family].names, 4096, NULL, &ignored);

  if (!names || !strstr(names, "filter\n"))
    return NULL;
  for (size_t i = 0; i < sizeof(families[family].programs) / sizeof(char *); i++)
    if (access(families[family].programs[i], X_OK) == 0)
      return families[family].programs[i];
  return NULL;
}

static int rule(const char *program, const char *action, const char *direction,
                struct cor_err *err) {
  const char *argv[] = {
      program,     "-w",      action, "FORWARD", direction, COR_BRIDGE_PREFIX "+", "-m", "comment",
      "--comment", "coracle", "-j",   "ACCEPT",  NULL};

  return cor_program_run(argv, NULL, err);
}

static int accept_in(const char *program, struct cor_err *err) {
  const char *list[] = {program, "-w", "-S", "FORWARD", NULL};
  cor_sbuf_auto rules = {0};
  int status = cor_program_run(list, &rules, err);

  if (status < 0)
    return -1;
  if (status > 0 || !rules.data || !strstr(rules.data, "-P FORWARD DROP"))
    return 0;
  for (size_t i = 0; i < sizeof(directions) / sizeof(*directions); i++) {
    status = rule(program, "-C", directions[i], err);
    if (status > 0)
      status = rule(program, "-A", directions[i], err);
    if (status)
      return status < 0 ? -1
                        : cor_fail(err, 0, "accept our bridges", program,
                                   "iptables-legacy does not take a rule for " COR_BRIDGE_PREFIX
                                   "+ in chain FORWARD");
  }
  return 0;
}

int cor_legacy_accept(struct cor_err *err) {
  for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
    const char *program = program_of(i);
    if (program && accept_in(program, err) < 0)
      return -1;
  }
  return 0;
}

int cor_legacy_withdraw(struct cor_err *err) {
  for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
    const char *program = program_of(i);
    for (size_t d = 0; program && d < sizeof(directions) / sizeof(*directions); d++) {
      /* Two networks that came up at once may have added it twice. */
      int status = 0;
      for (int attempt = 0; status == 0 && attempt < DOUBLES_MAX; attempt++)
        status = rule(program, "-D", directions[d], err);
      if (status < 0)
        return -1;
    }
  }
  return 0;
}
