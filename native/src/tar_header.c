#include "tar_header.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Field offsets of the block, POSIX.1-1988 and later. */
enum {
  NAME = 0,
  MODE = 100,
  UID = 108,
  GID = 116,
  SIZE = 124,
  MTIME = 136,
  CHECKSUM = 148,
  TYPE = 156,
  LINK = 157,
  MAGIC = 257,
  DEVICE_MAJOR = 329,
  DEVICE_MINOR = 337,
  PREFIX = 345,
  GNU_REAL_SIZE = 483,
};

/* Base 256 is two's complement; only times may be negative. */
static int base256(const uint8_t *field, size_t size, int64_t *value) {
  uint8_t fill = field[0] & 0x40 ? 0xff : 0;
  uint64_t bits = fill == 0 ? 0 : UINT64_MAX;
  for (size_t i = 0; i < size; i++) {
    uint8_t byte = i > 0 ? field[i] : (uint8_t)(fill == 0 ? field[0] & 0x7f : field[0]);
    if (size - i > 8 ? byte != fill : false)
      return -1;
    bits = bits << 8 | byte;
  }
  *value = (int64_t)bits;
  return (fill != 0) == (*value < 0) ? 0 : -1;
}

int cor_tar_number(const uint8_t *field, size_t size, uint64_t *value) {
  if (field[0] & 0x80) {
    int64_t number;
    if (base256(field, size, &number) < 0 || number < 0)
      return -1;
    *value = (uint64_t)number;
    return 0;
  }
  size_t i = 0;
  while (i < size && field[i] == ' ')
    i++;
  *value = 0;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++) {
    if (*value >> 61 != 0)
      return -1;
    *value = *value << 3 | (uint64_t)(field[i] - '0');
  }
  return i == size || field[i] == ' ' || field[i] == '\0' ? 0 : -1;
}

int cor_tar_decimal(const char *text, size_t size, uint64_t *value) {
  if (size == 0 || size > 19)
    return -1;
  *value = 0;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    *value = *value * 10 + (uint64_t)(text[i] - '0');
  }
  return 0;
}

bool cor_tar_block_is_empty(const uint8_t block[COR_TAR_BLOCK_SIZE]) {
  for (int i = 0; i < COR_TAR_BLOCK_SIZE; i++)
    if (block[i] != 0)
      return false;
  return true;
}

/* The field itself counts as spaces. Some old writers summed signed bytes. */
static bool checksum_fits(const uint8_t *block) {
  uint64_t stated;
  if (cor_tar_number(block + CHECKSUM, 8, &stated) < 0)
    return false;
  uint64_t plain = 8 * ' ';
  int64_t with_sign = 8 * ' ';
  for (int i = 0; i < COR_TAR_BLOCK_SIZE; i++) {
    if (i >= CHECKSUM && i < CHECKSUM + 8)
      continue;
    plain += block[i];
    with_sign += (int8_t)block[i];
  }
  return stated == plain || (int64_t)stated == with_sign;
}

static void copy_field(char *to, const uint8_t *field, size_t size) {
  size_t length = strnlen((const char *)field, size);
  memcpy(to, field, length);
  to[length] = '\0';
}

static int damaged(const struct cor_tar_header *h, const char *field, struct cor_err *err) {
  return cor_fail(err, 0, "read tar", h->name, "its header is damaged: %s", field);
}

int cor_tar_header_parse(const uint8_t block[COR_TAR_BLOCK_SIZE], struct cor_tar_header *h,
                         struct cor_err *err) {
  memset(h, 0, sizeof(*h));
  if (!checksum_fits(block))
    return cor_fail(err, 0, "read tar", "",
                    "not a tar archive, or damaged: a header's checksum differs");
  bool posix = memcmp(block + MAGIC, "ustar\0", 6) == 0;
  bool gnu = memcmp(block + MAGIC, "ustar  ", 8) == 0;
  if (posix && block[PREFIX] != 0) {
    copy_field(h->name, block + PREFIX, 155);
    strcat(h->name, "/");
  }
  copy_field(h->name + strlen(h->name), block + NAME, 100);
  copy_field(h->link, block + LINK, 100);
  h->type = (char)block[TYPE];

  uint64_t mode, major = 0, minor = 0;
  if (cor_tar_number(block + MODE, 8, &mode) < 0)
    return damaged(h, "mode", err);
  if (cor_tar_number(block + UID, 8, &h->uid) < 0 || cor_tar_number(block + GID, 8, &h->gid) < 0)
    return damaged(h, "owner", err);
  if (cor_tar_number(block + SIZE, 12, &h->size) < 0)
    return damaged(h, "size", err);
  /* The device fields mean something in devices only; some writers leave rubbish elsewhere. */
  if (h->type == '3' || h->type == '4') {
    if ((posix || gnu) && (cor_tar_number(block + DEVICE_MAJOR, 8, &major) < 0 ||
                           cor_tar_number(block + DEVICE_MINOR, 8, &minor) < 0))
      return damaged(h, "device number", err);
    if (major > UINT32_MAX || minor > UINT32_MAX)
      return damaged(h, "device number", err);
  }
  if (h->type == 'S' && cor_tar_number(block + GNU_REAL_SIZE, 12, &h->real_size) < 0)
    return damaged(h, "size of the sparse file", err);
  int64_t seconds;
  if (block[MTIME] & 0x80) {
    if (base256(block + MTIME, 12, &seconds) < 0)
      return damaged(h, "time", err);
  } else {
    uint64_t number;
    if (cor_tar_number(block + MTIME, 12, &number) < 0)
      return damaged(h, "time", err);
    seconds = (int64_t)number;
  }
  h->mtime.tv_sec = seconds;
  h->mode = (uint32_t)(mode & 07777);
  h->device_major = (uint32_t)major;
  h->device_minor = (uint32_t)minor;
  return 0;
}

/* "-12.345": seconds with a fraction of any length. */
static int parse_time(const char *text, size_t size, struct timespec *time) {
  bool negative = size > 0 && text[0] == '-';
  size_t at = negative, digits = 0;
  while (at + digits < size && text[at + digits] != '.')
    digits++;
  uint64_t seconds;
  if (cor_tar_decimal(text + at, digits, &seconds) < 0 || seconds > INT64_MAX)
    return -1;
  long nanoseconds = 0;
  at += digits;
  if (at < size) {
    at++;
    long unit = 100000000;
    for (; at < size; at++, unit /= 10) {
      if (text[at] < '0' || text[at] > '9')
        return -1;
      nanoseconds += unit * (text[at] - '0');
    }
  }
  time->tv_sec = negative ? -(int64_t)seconds : (int64_t)seconds;
  time->tv_nsec = nanoseconds;
  if (negative && nanoseconds > 0) {
    time->tv_sec -= 1;
    time->tv_nsec = 1000000000 - nanoseconds;
  }
  return 0;
}

static int bad_record(const char *key, struct cor_err *err) {
  return cor_fail(err, 0, "read tar", "", "the extended header's record \"%.64s\" is damaged", key);
}

static int copy_string(char **to, const char *key, const char *value, size_t size,
                       struct cor_err *err) {
  if (memchr(value, '\0', size) != NULL)
    return bad_record(key, err);
  if (size > COR_TAR_NAME_MAX)
    return cor_fail(err, ENAMETOOLONG, "read tar", "", "a name of %zu bytes is too long", size);
  free(*to);
  *to = strndup(value, size);
  return *to != NULL ? 0 : cor_fail(err, ENOMEM, "malloc", "", "no memory for a name");
}

static int add_xattr(struct cor_tar_pax *pax, const char *name, const char *value, size_t size,
                     struct cor_err *err) {
  if (pax->xattr_count == COR_TAR_XATTRS_MAX)
    return cor_fail(err, 0, "read tar", "", "more than %d extended attributes", COR_TAR_XATTRS_MAX);
  if (pax->xattrs == NULL)
    pax->xattrs = calloc(COR_TAR_XATTRS_MAX, sizeof(*pax->xattrs));
  struct cor_tar_xattr xattr = {strdup(name), malloc(size + 1), size};
  if (pax->xattrs == NULL || xattr.name == NULL || xattr.value == NULL) {
    free(xattr.name);
    free(xattr.value);
    return cor_fail(err, ENOMEM, "malloc", "", "no memory for an extended attribute");
  }
  memcpy(xattr.value, value, size);
  pax->xattrs[pax->xattr_count++] = xattr;
  return 0;
}

/* GNU.sparse.offset and .numbytes come in pairs, once a piece: written down as format 0.1's map. */
static int append_to_map(struct cor_tar_pax *pax, const char *value, size_t size,
                         struct cor_err *err) {
  size_t before = pax->sparse_map != NULL ? strlen(pax->sparse_map) : 0;
  if (before + size + 2 > COR_TAR_EXTENSION_MAX)
    return cor_fail(err, 0, "read tar", "", "the map of a sparse file is too large");
  char *map = realloc(pax->sparse_map, before + size + 2);
  if (map == NULL)
    return cor_fail(err, ENOMEM, "malloc", "", "no memory for the map of a sparse file");
  if (before > 0)
    map[before++] = ',';
  memcpy(map + before, value, size);
  map[before + size] = '\0';
  pax->sparse_map = map;
  return 0;
}

static int sparse_record(struct cor_tar_pax *pax, const char *key, const char *value, size_t size,
                         struct cor_err *err) {
  uint64_t number;
  pax->is_sparse = true;
  if (strcmp(key, "name") == 0)
    return copy_string(&pax->sparse_name, key, value, size, err);
  if (strcmp(key, "map") == 0) {
    if (memchr(value, '\0', size) != NULL)
      return bad_record(key, err);
    free(pax->sparse_map);
    pax->sparse_map = strndup(value, size);
    return pax->sparse_map != NULL ? 0 : cor_fail(err, ENOMEM, "malloc", "", "no memory");
  }
  if (cor_tar_decimal(value, size, &number) < 0)
    return bad_record(key, err);
  if (strcmp(key, "size") == 0 || strcmp(key, "realsize") == 0)
    pax->sparse_size = number;
  else if (strcmp(key, "major") == 0)
    pax->sparse_major = number > 1 ? 2 : (int)number;
  else if (strcmp(key, "offset") == 0 || strcmp(key, "numbytes") == 0)
    return append_to_map(pax, value, size, err);
  if (pax->sparse_major > 1)
    return cor_fail(err, 0, "read tar", "",
                    "sparse files of a later format than 1.0 are not supported");
  return 0;
}

static int record(struct cor_tar_pax *pax, const char *key, const char *value, size_t size,
                  struct cor_err *err) {
  if (strcmp(key, "path") == 0)
    return copy_string(&pax->path, key, value, size, err);
  if (strcmp(key, "linkpath") == 0)
    return copy_string(&pax->link, key, value, size, err);
  if (strcmp(key, "uid") == 0) {
    pax->has_uid = true;
    return cor_tar_decimal(value, size, &pax->uid) < 0 ? bad_record(key, err) : 0;
  }
  if (strcmp(key, "gid") == 0) {
    pax->has_gid = true;
    return cor_tar_decimal(value, size, &pax->gid) < 0 ? bad_record(key, err) : 0;
  }
  if (strcmp(key, "size") == 0) {
    pax->has_size = true;
    return cor_tar_decimal(value, size, &pax->size) < 0 ? bad_record(key, err) : 0;
  }
  if (strcmp(key, "mtime") == 0) {
    pax->has_mtime = true;
    return parse_time(value, size, &pax->mtime) < 0 ? bad_record(key, err) : 0;
  }
  if (strncmp(key, "SCHILY.xattr.", 13) == 0)
    return add_xattr(pax, key + 13, value, size, err);
  if (strncmp(key, "GNU.sparse.", 11) == 0)
    return sparse_record(pax, key + 11, value, size, err);
  return 0; /* POSIX: keywords that are not known are ignored */
}

int cor_tar_pax_parse(const char *text, size_t size, struct cor_tar_pax *pax, struct cor_err *err) {
  pax->seen = true;
  for (size_t at = 0; at < size;) {
    /* "LENGTH KEY=VALUE\n", where LENGTH counts all of it. */
    const char *space = memchr(text + at, ' ', size - at < 20 ? size - at : 20);
    uint64_t length;
    if (space == NULL || cor_tar_decimal(text + at, (size_t)(space - (text + at)), &length) < 0 ||
        length > size - at || length < (size_t)(space - (text + at)) + 3 ||
        text[at + length - 1] != '\n')
      return cor_fail(err, 0, "read tar", "", "an extended header is damaged");
    const char *end = text + at + length - 1, *key = space + 1;
    const char *equals = memchr(key, '=', (size_t)(end - key));
    char name[320];
    if (equals == NULL || equals == key || memchr(key, '\0', (size_t)(equals - key)) != NULL)
      return cor_fail(err, 0, "read tar", "", "an extended header is damaged");
    at += length;
    /* A keyword longer than an attribute's name may be (255) is none that we know. */
    if ((size_t)(equals - key) >= sizeof(name))
      continue;
    memcpy(name, key, (size_t)(equals - key));
    name[equals - key] = '\0';
    if (record(pax, name, equals + 1, (size_t)(end - equals - 1), err) < 0)
      return -1;
  }
  return 0;
}

void cor_tar_pax_free(struct cor_tar_pax *pax) {
  free(pax->path);
  free(pax->link);
  free(pax->sparse_name);
  free(pax->sparse_map);
  for (size_t i = 0; i < pax->xattr_count; i++) {
    free(pax->xattrs[i].name);
    free(pax->xattrs[i].value);
  }
  free(pax->xattrs);
  memset(pax, 0, sizeof(*pax));
}
