#include "tar_writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "fd.h"
#include "sbuf.h"
#include "tar_header.h"

/* POSIX.1-1988 ustar; the numbers are octal text. */
struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == COR_TAR_BLOCK_SIZE, "a header is one block");

static int flush(struct cor_tar_writer *tar, struct cor_err *err) {
  if (cor_write_full(tar->fd, tar->data, tar->len) < 0)
    return cor_fail(err, errno, "write", "archive", "cannot write the archive");
  tar->len = 0;
  return 0;
}

int cor_tar_write(struct cor_tar_writer *tar, const void *data, size_t size, struct cor_err *err) {
  const char *from = data;
  while (size > 0) {
    size_t room = sizeof(tar->data) - tar->len, take = size < room ? size : room;
    memcpy(tar->data + tar->len, from, take);
    tar->len += take;
    from += take;
    size -= take;
    if (tar->len == sizeof(tar->data) && flush(tar, err) < 0)
      return -1;
  }
  return 0;
}

int cor_tar_pad(struct cor_tar_writer *tar, uint64_t size, struct cor_err *err) {
  static const char zeros[COR_TAR_BLOCK_SIZE];
  size_t used = (size_t)(size % COR_TAR_BLOCK_SIZE);
  return used ? cor_tar_write(tar, zeros, COR_TAR_BLOCK_SIZE - used, err) : 0;
}

int cor_tar_end(struct cor_tar_writer *tar, struct cor_err *err) {
  static const char zeros[2 * COR_TAR_BLOCK_SIZE];
  return cor_tar_write(tar, zeros, sizeof(zeros), err) < 0 ? -1 : flush(tar, err);
}

/* Octal with a closing NUL. False where the number has too many digits: a pax record says it then,
 * and the field 0. */
static bool put_octal(char *field, size_t size, uint64_t value) {
  bool fits = value >> (3 * (size - 1)) == 0;
  if (!fits)
    value = 0;
  for (size_t i = size - 1; i-- > 0; value >>= 3)
    field[i] = (char)('0' + (value & 7));
  return fits;
}

/* A pax record counts its own length, digits and all. */
static void add_record(struct cor_sbuf *records, const char *key, const void *value, size_t size) {
  size_t rest = strlen(key) + size + 3, total = rest + 1; /* blank, '=', newline */
  for (size_t digits = 1;; digits++) {
    total = rest + digits;
    if ((size_t)snprintf(NULL, 0, "%zu", total) == digits)
      break;
  }
  cor_sbuf_fmt(records, "%zu %s=", total, key);
  cor_sbuf_add(records, value, size);
  cor_sbuf_add(records, "\n", 1);
}

static void add_number(struct cor_sbuf *records, const char *key, int64_t value) {
  char text[24];
  int size = snprintf(text, sizeof(text), "%lld", (long long)value);
  add_record(records, key, text, (size_t)size);
}

/* A name of up to 256 bytes goes into prefix and name where a slash allows it. */
static bool put_name(struct header *header, const char *name, size_t size) {
  if (size <= sizeof(header->name)) {
    memcpy(header->name, name, size);
    return true;
  }
  for (size_t at = size - 1; at > 0; at--) {
    if (name[at] != '/' || at == size - 1)
      continue;
    if (size - at - 1 > sizeof(header->name))
      return false;
    if (at <= sizeof(header->prefix)) {
      memcpy(header->prefix, name, at);
      memcpy(header->name, name + at + 1, size - at - 1);
      return true;
    }
  }
  return false;
}

static bool is_ascii(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80)
      return false;
  return true;
}

static int write_header(struct cor_tar_writer *tar, struct header *header, struct cor_err *err) {
  unsigned sum = 0;
  memcpy(header->magic, "ustar", 6);
  memcpy(header->version, "00", 2);
  memset(header->checksum, ' ', sizeof(header->checksum));
  for (size_t i = 0; i < sizeof(*header); i++)
    sum += ((const unsigned char *)header)[i];
  put_octal(header->checksum, 7, sum);
  return cor_tar_write(tar, header, sizeof(*header), err);
}

static int write_records(struct cor_tar_writer *tar, const struct cor_sbuf *records,
                         struct cor_err *err) {
  struct header header = {.name = "PaxHeaders.0/entry", .type = 'x'};
  put_octal(header.mode, sizeof(header.mode), 0644);
  put_octal(header.uid, sizeof(header.uid), 0);
  put_octal(header.gid, sizeof(header.gid), 0);
  put_octal(header.size, sizeof(header.size), records->len);
  put_octal(header.mtime, sizeof(header.mtime), 0);
  if (write_header(tar, &header, err) < 0 ||
      cor_tar_write(tar, records->data, records->len, err) < 0)
    return -1;
  return cor_tar_pad(tar, records->len, err);
}

static char type_of(const struct cor_tar_new *entry) {
  if (entry->hard_link)
    return '1';
  switch (entry->st->st_mode & S_IFMT) {
  case S_IFLNK:
    return '2';
  case S_IFCHR:
    return '3';
  case S_IFBLK:
    return '4';
  case S_IFDIR:
    return '5';
  case S_IFIFO:
    return '6';
  default:
    return '0';
  }
}

int cor_tar_head(struct cor_tar_writer *tar, const struct cor_tar_new *entry, struct cor_err *err) {
  const struct stat *st = entry->st;
  struct header header = {.type = type_of(entry)};
  cor_sbuf_auto name = {0}, records = {0};
  cor_sbuf_str(&name, entry->name);
  if (header.type == '5' && (name.len == 0 || name.data[name.len - 1] != '/'))
    cor_sbuf_str(&name, "/");
  if (name.failed)
    return cor_fail(err, ENOMEM, "malloc", entry->name, "cannot write the archive");
  if (!put_name(&header, name.data, name.len) || !is_ascii(name.data)) {
    add_record(&records, "path", name.data, name.len);
    memcpy(header.name, name.data, name.len < 100 ? name.len : 100);
  }
  if (entry->link) {
    size_t size = strlen(entry->link);
    if (size > sizeof(header.link) || !is_ascii(entry->link))
      add_record(&records, "linkpath", entry->link, size);
    memcpy(header.link, entry->link, size < 100 ? size : 100);
  }
  uint64_t size = header.type == '0' ? (uint64_t)st->st_size : 0;
  put_octal(header.mode, sizeof(header.mode), st->st_mode & 07777);
  if (!put_octal(header.uid, sizeof(header.uid), st->st_uid))
    add_number(&records, "uid", st->st_uid);
  if (!put_octal(header.gid, sizeof(header.gid), st->st_gid))
    add_number(&records, "gid", st->st_gid);
  if (!put_octal(header.size, sizeof(header.size), size))
    add_number(&records, "size", (int64_t)size);
  /* A time before 1970 has no octal form. */
  if (!put_octal(header.mtime, sizeof(header.mtime), (uint64_t)st->st_mtim.tv_sec))
    add_number(&records, "mtime", st->st_mtim.tv_sec);
  bool device = header.type == '3' || header.type == '4';
  put_octal(header.major, sizeof(header.major), device ? major(st->st_rdev) : 0);
  put_octal(header.minor, sizeof(header.minor), device ? minor(st->st_rdev) : 0);
  for (size_t i = 0; i < entry->xattr_count; i++) {
    char key[300];
    snprintf(key, sizeof(key), "SCHILY.xattr.%s", entry->xattrs[i].name);
    add_record(&records, key, entry->xattrs[i].value, entry->xattrs[i].size);
  }
  if (records.failed)
    return cor_fail(err, ENOMEM, "malloc", entry->name, "cannot write the archive");
  if (records.len > 0 && write_records(tar, &records, err) < 0)
    return -1;
  return write_header(tar, &header, err);
}
