/* A network's zone: a folder with one file per endpoint, named by its container's id.
 *
 * A file holds lines: `address 10.200.0.2`, `address6 fd00::2` and `project shop` where there are
 * such, then `name mysql` once for each name. That of a container which does not run has the line
 * `stopped` in place of addresses: its names are still ours, and nobody else is asked for them. The
 * shim writes it, resolvers read.
 */
#ifndef COR_ZONE_H
#define COR_ZONE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define COR_ZONE_NAME 254 /* longest name and its NUL */

/* Makes a zone's folder; one that is there is success. */
int cor_zone_make(const char *folder, struct cor_err *err);

/* A container as its network's zone knows it. Addresses may carry a prefix length, which is left
 * out. */
struct cor_zone_host {
  const char *address;
  const char *address6;     /* or NULL */
  const char *project;      /* or NULL */
  const char *const *names; /* NULL-terminated */
};
/* Writes `folder`/`id`; makes the folder. */
int cor_zone_write(const char *folder, const char *id, const struct cor_zone_host *host,
                   struct cor_err *err);
/* Says of a container that it does not run, where the folder is still there. */
int cor_zone_stop(const char *folder, const char *id, const struct cor_zone_host *host,
                  struct cor_err *err);
/* Missing is success. */
int cor_zone_remove(const char *folder, const char *id, struct cor_err *err);

/* One name of one endpoint. */
struct cor_zone_entry {
  struct in_addr address;
  struct in6_addr address6;
  bool has_address6;
  bool is_stopped;     /* no address at all */
  uint16_t zone;       /* which of the resolver's zones, in their order */
  bool is_first;       /* the endpoint's first name: what its address resolves to */
  const char *name;    /* lower case */
  const char *project; /* lower case; "" where there is none */
};

struct cor_zone {
  struct cor_zone_entry *entries;
  size_t count, cap;
  char *text; /* names and projects */
  size_t text_len, text_cap;
};

/* Adds the entries of one file's text; lines that it does not understand are passed over. -1: out
 * of memory. */
int cor_zone_parse(struct cor_zone *zone, uint16_t index, const char *text, size_t size);
void cor_zone_clear(struct cor_zone *zone);
void cor_zone_free(struct cor_zone *zone);

#endif
