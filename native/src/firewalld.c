/* firewalld's own chains end in a reject, and `firewall-cmd` is the only way in that lasts: it
 * makes the chains anew whenever its configuration is loaded. */
#include <errno.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "firewall.h"

#define TABLE "firewalld"

static int tell(const char *interface, bool for_good, struct cor_err *err) {
  cor_sbuf_auto said = {0};
  char add[sizeof("--add-interface=") + IFNAMSIZ];
  const char *argv[] = {"/usr/bin/firewall-cmd", "--zone=trusted", add,
                        for_good ? "--permanent" : NULL, NULL};

  snprintf(add, sizeof(add), "--add-interface=%s", interface);
  int status = cor_program_run(argv, &said, err);
  if (status == 0)
    return 0;
  if (status > 0)
    cor_fail(err, 0, "firewall-cmd", add, "%.*s", said.data ? (int)strcspn(said.data, "\n") : 0,
             said.data ? said.data : "");
  return cor_fail(
      err, err->errno_, "open firewalld", interface,
      "firewalld refuses what containers send, and `%s --zone=trusted %s` failed: %.200s", argv[0],
      add, err->msg);
}

int cor_firewalld_trust(const char *bridge, struct cor_err *err) {
  bool covered = cor_firewall_covers(bridge);
  /* "+" is firewalld's wildcard. */
  const char *interface = covered ? COR_BRIDGE_PREFIX "+" : bridge;
  int told = cor_firewall_mentions(NFPROTO_INET, TABLE, covered ? COR_BRIDGE_PREFIX : bridge, err);

  if (told < 0)
    return err->errno_ == ENOENT ? 0 : -1;
  /* For good first: a reload in between then brings it, too. */
  return told || (tell(interface, true, err) == 0 && tell(interface, false, err) == 0) ? 0 : -1;
}
