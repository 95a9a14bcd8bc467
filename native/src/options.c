#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cor_option *find(const struct cor_option *options, size_t count,
                                     const char *name, size_t length) {
  for (size_t i = 0; i < count; i++) {
    if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
      return &options[i];
    if (length == 1 && options[i].letter && options[i].letter == *name)
      return &options[i];
  }
  return NULL;
}

static int set(const struct cor_option *option, const char *value) {
  if (option->kind == COR_OPTION_TEXT) {
    *(const char **)option->out = value;
    return 0;
  }
  if (option->kind == COR_OPTION_FLAG) {
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
      return -1;
    *(bool *)option->out = *value == 't';
    return 0;
  }
  struct cor_list *list = option->out;
  const char **items = realloc(list->items, (list->count + 2) * sizeof(*items));
  if (!items)
    return -1;
  list->items = items;
  items[list->count++] = value;
  items[list->count] = NULL;
  return 0;
}

int cor_options(int argc, char **argv, const struct cor_option *options, size_t count) {
  int at = 1;
  for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
    if (strcmp(argv[at], "--") == 0)
      return at + 1;
    const char *name = argv[at] + 1 + (argv[at][1] == '-');
    size_t length = strcspn(name, "=");
    const struct cor_option *option = find(options, count, name, length);
    if (!option) {
      fprintf(stderr, "coracle-runtime %s: unknown option %s\n", argv[0], argv[at]);
      return -1;
    }
    const char *value = name[length] ? name + length + 1 : NULL;
    if (!value && option->kind == COR_OPTION_FLAG)
      value = "true";
    if (!value && at + 1 < argc)
      value = argv[++at];
    if (!value || set(option, value) < 0) {
      fprintf(stderr, "coracle-runtime %s: option --%s needs a %svalue\n", argv[0], option->name,
              value ? "valid " : "");
      return -1;
    }
  }
  return at;
}
