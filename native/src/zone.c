#include "zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "sbuf.h"

/* A label may hold what Docker lets names hold; blanks and control characters would break the
 * file's form. */
static bool is_name(const char *name) {
  size_t size = strlen(name);
  if (size == 0 || size >= COR_ZONE_NAME)
    return false;
  for (const unsigned char *c = (const unsigned char *)name; *c; c++)
    if (*c <= ' ' || *c >= 0x7f)
      return false;
  return true;
}

int cor_zone_make(const char *path, struct cor_err *err) {
  char part[4096];
  if (mkdir(path, 0755) == 0 || errno == EEXIST)
    return 0;
  size_t size = strlen(path);
  if (errno != ENOENT || size >= sizeof(part))
    return cor_fail(err, errno, "mkdir", path, "cannot make the zone's folder");
  for (size_t i = 1; i <= size; i++) {
    if (path[i] != '/' && path[i] != '\0')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (mkdir(part, 0755) < 0 && errno != EEXIST)
      return cor_fail(err, errno, "mkdir", part, "cannot make the zone's folder");
  }
  return 0;
}

int cor_zone_write(const char *folder, const char *id, const char *address,
                   const char *const *names, struct cor_err *err) {
  cor_sbuf_auto text = {0};
  cor_sbuf_fmt(&text, "address %.*s\n", (int)strcspn(address, "/"), address);
  for (size_t i = 0; names[i]; i++) {
    if (!is_name(names[i]))
      return cor_fail(err, EINVAL, "write zone", folder, "\"%.100s\" cannot be a host name",
                      names[i]);
    cor_sbuf_fmt(&text, "name %s\n", names[i]);
  }
  if (cor_zone_make(folder, err) < 0)
    return -1;
  _cleanup_close_ int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return cor_fail(err, errno, "open", folder, "cannot open the zone's folder");
  /* Readable by the resolvers, which run as nobody. */
  return cor_replace_file(dir, id, text.data, text.len, 0644, err);
}

int cor_zone_remove(const char *folder, const char *id, struct cor_err *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", folder, id);
  if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
    return cor_fail(err, errno, "unlink", path, "cannot remove the zone's file");
  return 0;
}

static int add_entry(struct cor_zone *zone, const struct cor_zone_entry *entry, const char *name,
                     size_t size) {
  if (zone->count == zone->cap) {
    size_t cap = zone->cap ? zone->cap * 2 : 32;
    struct cor_zone_entry *entries = realloc(zone->entries, cap * sizeof(*entries));
    if (!entries)
      return -1;
    zone->entries = entries;
    zone->cap = cap;
  }
  if (zone->text_len + size + 1 > zone->text_cap) {
    size_t cap = zone->text_cap ? zone->text_cap * 2 : 1024;
    char *text = malloc(cap);
    if (!text)
      return -1;
    /* The names move: entries point into the block. */
    memcpy(text, zone->text ? zone->text : "", zone->text_len);
    for (size_t i = 0; i < zone->count; i++)
      zone->entries[i].name = text + (zone->entries[i].name - zone->text);
    free(zone->text);
    zone->text = text;
    zone->text_cap = cap;
  }
  char *copy = zone->text + zone->text_len;
  for (size_t i = 0; i < size; i++)
    copy[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
  copy[size] = '\0';
  zone->text_len += size + 1;
  zone->entries[zone->count] = *entry;
  zone->entries[zone->count++].name = copy;
  return 0;
}

int cor_zone_parse(struct cor_zone *zone, uint16_t index, const char *text, size_t size) {
  struct cor_zone_entry entry = {.zone = index, .is_first = true};
  bool has_address = false;
  while (size > 0) {
    const char *end = memchr(text, '\n', size);
    size_t line = end ? (size_t)(end - text) : size;
    if (line > 8 && line < 8 + INET_ADDRSTRLEN && memcmp(text, "address ", 8) == 0) {
      char address[INET_ADDRSTRLEN];
      memcpy(address, text + 8, line - 8);
      address[line - 8] = '\0';
      has_address = inet_pton(AF_INET, address, &entry.address) == 1;
    } else if (has_address && line > 5 && line < 5 + COR_ZONE_NAME &&
               memcmp(text, "name ", 5) == 0) {
      if (add_entry(zone, &entry, text + 5, line - 5) < 0)
        return -1;
      entry.is_first = false;
    }
    size_t step = end ? line + 1 : line;
    text += step;
    size -= step;
  }
  return 0;
}

void cor_zone_clear(struct cor_zone *zone) {
  zone->count = 0;
  zone->text_len = 0;
}

void cor_zone_free(struct cor_zone *zone) {
  free(zone->entries);
  free(zone->text);
  *zone = (struct cor_zone){0};
}
