/* Command-line flags as the OCI runtimes have them: "--flag value", "--flag=value", "-f value", one
 * or two dashes. */
#ifndef COR_OPTIONS_H
#define COR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum cor_option_kind { COR_OPTION_FLAG, COR_OPTION_TEXT, COR_OPTION_LIST };

struct cor_list {
  const char **items; /* NULL-terminated once something was added */
  size_t count;
};

struct cor_option {
  const char *name; /* without dashes */
  char letter;      /* 0: none */
  enum cor_option_kind kind;
  void *out; /* bool, const char *, struct cor_list */
};

/* Reads flags up to the first argument that is none, or behind "--"; returns its index, or -1 after
 * a message on stderr. */
int cor_options(int argc, char **argv, const struct cor_option *options, size_t count);

#define COR_OPTIONS(argc, argv, table)                                                             \
  cor_options(argc, argv, table, sizeof(table) / sizeof(*(table)))

#endif
