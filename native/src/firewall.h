/* Other programs that decide what the host forwards. An accept in a table of ours overrules nobody
 * else's refusal, so each is told in its own way that packets of bridges called cor-* may pass;
 * what of them does pass is up to our own table (nft_rules.c). */
#ifndef COR_FIREWALL_H
#define COR_FIREWALL_H

#include <stdbool.h>

#include "err.h"
#include "sbuf.h"

#define COR_BRIDGE_PREFIX "cor-"

/* Whether a bridge of this name is one of those that the prefix covers. */
bool cor_firewall_covers(const char *bridge);

/* Everything below for a bridge that comes up: iptables (nft_forward.c), iptables-legacy,
 * firewalld. Changes nothing where nothing is in the way. */
int cor_firewall_open(const char *bridge, struct cor_err *err);
/* Takes back what was added for the sake of all bridges where none is left. What firewalld was told
 * stays: it is its configuration. */
int cor_firewall_close(struct cor_err *err);

/* firewalld.c: adds the interface to the zone `trusted`, now and for good. Not there or told before
 * is success. */
int cor_firewalld_trust(const char *bridge, struct cor_err *err);

/* iptables_legacy.c: rules that xtables has by itself, which nf_tables does not see. */
int cor_legacy_accept(struct cor_err *err);
int cor_legacy_withdraw(struct cor_err *err);

/* firewall_barriers.c */
/* Names of the tables that refuse what is forwarded and say nothing of our bridges, `, ` between
 * them; those that cor_firewall_open opens are none. */
int cor_firewall_barriers(struct cor_sbuf *out, struct cor_err *err);
/* Whether any rule of a table of family inet names interfaces that begin like this: 1, 0, -1. */
int cor_firewall_mentions(unsigned char family, const char *table, const char *prefix,
                          struct cor_err *err);

/* program.c: runs a program to its end with an empty stdin, what it writes to stdout and stderr
 * going to `out` (NULL: nowhere). Returns its exit status, -1 where it could not be run (ENOENT: it
 * is not there). */
int cor_program_run(const char *const *argv, struct cor_sbuf *out, struct cor_err *err);

#endif
