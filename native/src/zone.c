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

static int put_names(struct cor_sbuf *text, const char *folder, const struct cor_zone_host *host,
                     struct cor_err *err) {
  const char *const *names = host->names;
  if (host->project) {
    if (!is_name(host->project))
      return cor_fail(err, EINVAL, "write zone", folder, "\"%.100s\" cannot be a project's name",
                      host->project);
    cor_sbuf_fmt(text, "project %s\n", host->project);
  }
  for (size_t i = 0; names[i]; i++) {
    if (!is_name(names[i]))
      return cor_fail(err, EINVAL, "write zone", folder, "\"%.100s\" cannot be a host name",
                      names[i]);
    cor_sbuf_fmt(text, "name %s\n", names[i]);
  }
  return 0;
}

/* Readable by the resolvers, which run as nobody. */
static int replace(const char *folder, const char *id, const struct cor_sbuf *text,
                   struct cor_err *err) {
  _cleanup_close_ int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return cor_fail(err, errno, "open", folder, "cannot open the zone's folder");
  return cor_replace_file(dir, id, text->data, text->len, 0644, err);
}

int cor_zone_write(const char *folder, const char *id, const struct cor_zone_host *host,
                   struct cor_err *err) {
  cor_sbuf_auto text = {0};
  cor_sbuf_fmt(&text, "address %.*s\n", (int)strcspn(host->address, "/"), host->address);
  if (host->address6)
    cor_sbuf_fmt(&text, "address6 %.*s\n", (int)strcspn(host->address6, "/"), host->address6);
  return put_names(&text, folder, host, err) < 0 || cor_zone_make(folder, err) < 0
             ? -1
             : replace(folder, id, &text, err);
}

int cor_zone_stop(const char *folder, const char *id, const struct cor_zone_host *host,
                  struct cor_err *err) {
  cor_sbuf_auto text = {0};
  cor_sbuf_str(&text, "stopped\n");
  if (put_names(&text, folder, host, err) == 0 && replace(folder, id, &text, err) == 0)
    return 0;
  return err->errno_ == ENOENT ? 0 : -1; /* the network is gone */
}

int cor_zone_remove(const char *folder, const char *id, struct cor_err *err) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", folder, id);
  if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
    return cor_fail(err, errno, "unlink", path, "cannot remove the zone's file");
  return 0;
}

/* Room for one more entry and `size` bytes of text, their NULs included. */
static int grow(struct cor_zone *zone, size_t size) {
  if (zone->count == zone->cap) {
    size_t cap = zone->cap ? zone->cap * 2 : 32;
    struct cor_zone_entry *entries = realloc(zone->entries, cap * sizeof(*entries));
    if (!entries)
      return -1;
    zone->entries = entries;
    zone->cap = cap;
  }
  if (zone->text_len + size <= zone->text_cap)
    return 0;
  size_t cap = zone->text_cap ? zone->text_cap * 2 : 1024;
  char *text = malloc(cap);
  if (!text)
    return -1;
  /* The texts move: entries point into the block. */
  memcpy(text, zone->text ? zone->text : "", zone->text_len);
  for (size_t i = 0; i < zone->count; i++) {
    zone->entries[i].name = text + (zone->entries[i].name - zone->text);
    zone->entries[i].project = text + (zone->entries[i].project - zone->text);
  }
  free(zone->text);
  zone->text = text;
  zone->text_cap = cap;
  return 0;
}

static const char *add_text(struct cor_zone *zone, const char *text, size_t size) {
  char *copy = zone->text + zone->text_len;
  for (size_t i = 0; i < size; i++)
    copy[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  copy[size] = '\0';
  zone->text_len += size + 1;
  return copy;
}

static int add_entry(struct cor_zone *zone, const struct cor_zone_entry *entry, const char *name,
                     size_t size) {
  size_t project = strlen(entry->project);
  if (grow(zone, size + project + 2) < 0)
    return -1;
  struct cor_zone_entry *added = &zone->entries[zone->count];
  *added = *entry;
  added->name = add_text(zone, name, size);
  added->project = add_text(zone, entry->project, project);
  zone->count++;
  return 0;
}

/* The value of a line `KEY VALUE` as text; false where the line is another, or does not fit. */
static bool value_of(const char *line, size_t size, const char *key, char *value, size_t room) {
  size_t head = strlen(key);
  if (size <= head + 1 || size - head - 1 >= room || memcmp(line, key, head) != 0 ||
      line[head] != ' ' || memchr(line, '\0', size))
    return false;
  memcpy(value, line + head + 1, size - head - 1);
  value[size - head - 1] = '\0';
  return true;
}

int cor_zone_parse(struct cor_zone *zone, uint16_t index, const char *text, size_t size) {
  struct cor_zone_entry entry = {.zone = index, .is_first = true};
  char value[COR_ZONE_NAME], project[COR_ZONE_NAME] = "";
  bool has_address = false;
  entry.project = project;
  while (size > 0) {
    const char *end = memchr(text, '\n', size);
    size_t line = end ? (size_t)(end - text) : size;
    if (line == strlen("stopped") && memcmp(text, "stopped", line) == 0) {
      entry.is_stopped = has_address = true;
    } else if (value_of(text, line, "address", value, sizeof(value))) {
      has_address = inet_pton(AF_INET, value, &entry.address) == 1;
    } else if (value_of(text, line, "address6", value, sizeof(value))) {
      entry.has_address6 = inet_pton(AF_INET6, value, &entry.address6) == 1;
    } else if (value_of(text, line, "project", value, sizeof(value))) {
      memcpy(project, value, sizeof(project));
    } else if (has_address && value_of(text, line, "name", value, sizeof(value))) {
      if (add_entry(zone, &entry, value, strlen(value)) < 0)
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
