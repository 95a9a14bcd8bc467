#include "tar_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tar_header.h"

struct cor_tar_reader {
  struct cor_tar_source source;
  struct cor_tar_entry entry;
  struct cor_tar_pax pax;
  char *long_name, *long_link;
  uint64_t remaining; /* stored bytes of the entry not yet handed out */
  unsigned padding;   /* after them, up to the next block */
  size_t handed_out;  /* of the source's buffer; consumed at the next call */
};

struct cor_tar_reader *cor_tar_reader_new(const struct cor_tar_source *source,
                                          struct cor_err *err) {
  struct cor_tar_reader *r = calloc(1, sizeof(*r));
  if (r == NULL) {
    cor_fail(err, ENOMEM, "malloc", "", "no memory to read the archive");
    return NULL;
  }
  r->source = *source;
  return r;
}

static void forget_entry(struct cor_tar_reader *r) {
  free(r->entry.name);
  free(r->entry.link);
  free(r->entry.segments);
  cor_tar_pax_free(&r->pax);
  free(r->long_name);
  free(r->long_link);
  r->long_name = r->long_link = NULL;
  memset(&r->entry, 0, sizeof(r->entry));
}

void cor_tar_reader_free(struct cor_tar_reader *r) {
  if (r == NULL)
    return;
  forget_entry(r);
  free(r);
}

static const char *what(const struct cor_tar_reader *r) {
  return r->entry.name != NULL ? r->entry.name : "";
}

static int truncated(struct cor_tar_reader *r, struct cor_err *err) {
  return cor_fail(err, 0, "read tar", what(r), "the archive is truncated");
}

/* Fills buf; returns how much there was, less than `size` only at the end of the stream. */
static ssize_t read_bytes(struct cor_tar_reader *r, void *buf, size_t size, struct cor_err *err) {
  size_t done = 0;
  while (done < size) {
    const uint8_t *data;
    size_t ready;
    if (r->source.peek(r->source.context, &data, &ready, err) < 0)
      return -1;
    if (ready == 0)
      break;
    size_t take = ready < size - done ? ready : size - done;
    memcpy((uint8_t *)buf + done, data, take);
    r->source.consume(r->source.context, take);
    done += take;
  }
  return (ssize_t)done;
}

static int skip_bytes(struct cor_tar_reader *r, uint64_t size, struct cor_err *err) {
  while (size > 0) {
    const uint8_t *data;
    size_t ready;
    if (r->source.peek(r->source.context, &data, &ready, err) < 0)
      return -1;
    if (ready == 0)
      return truncated(r, err);
    size_t take = ready < size ? ready : (size_t)size;
    r->source.consume(r->source.context, take);
    size -= take;
  }
  return 0;
}

/* Skips the rest of a block. At the end of the archive it may be missing, as umoci leaves it out;
 * what was lost on the way shows in the digest. */
static int skip_padding(struct cor_tar_reader *r, unsigned size, struct cor_err *err) {
  uint8_t block[COR_TAR_BLOCK_SIZE];
  return read_bytes(r, block, size, err) < 0 ? -1 : 0;
}

/* The data of an extension header, NUL-terminated. */
static int read_extension(struct cor_tar_reader *r, uint64_t size, char **text,
                          struct cor_err *err) {
  if (size > COR_TAR_EXTENSION_MAX)
    return cor_fail(err, 0, "read tar", what(r), "an extended header of %llu bytes is too large",
                    (unsigned long long)size);
  char *buf = malloc(size + 1);
  if (buf == NULL)
    return cor_fail(err, ENOMEM, "malloc", "", "no memory for an extended header");
  ssize_t n = read_bytes(r, buf, size, err);
  int result = n < 0 ? -1 : (uint64_t)n < size ? truncated(r, err) : 0;
  if (result == 0)
    result = skip_bytes(r, -size % COR_TAR_BLOCK_SIZE, err);
  if (result < 0) {
    free(buf);
    return -1;
  }
  buf[size] = '\0';
  free(*text);
  *text = buf;
  return 0;
}

static int add_segment(struct cor_tar_reader *r, uint64_t offset, uint64_t size, size_t *room,
                       struct cor_err *err) {
  struct cor_tar_entry *e = &r->entry;
  uint64_t end;
  uint64_t before = e->segment_count == 0 ? 0
                                          : e->segments[e->segment_count - 1].offset +
                                                e->segments[e->segment_count - 1].size;
  if (__builtin_add_overflow(offset, size, &end) || end > e->size || offset < before)
    return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
  if (e->segment_count == COR_TAR_SEGMENTS_MAX)
    return cor_fail(err, 0, "read tar", what(r), "the sparse file has too many pieces");
  if (e->segment_count == *room) {
    size_t more = *room == 0 ? 16 : *room * 2;
    void *grown = realloc(e->segments, more * sizeof(*e->segments));
    if (grown == NULL)
      return cor_fail(err, ENOMEM, "malloc", "", "no memory for the map of a sparse file");
    e->segments = grown;
    *room = more;
  }
  e->segments[e->segment_count++] = (struct cor_tar_segment){offset, size};
  return 0;
}

/* Old GNU format: four pieces in the header, 21 in each block that follows. */
static int read_gnu_map(struct cor_tar_reader *r, const uint8_t *header, struct cor_err *err) {
  uint8_t block[COR_TAR_BLOCK_SIZE];
  const uint8_t *pieces = header + 386;
  int count = 4;
  bool more = header[482] != 0;
  size_t room = 0;
  for (;;) {
    for (int i = 0; i < count; i++) {
      uint64_t offset, size;
      if (pieces[24 * i] == 0)
        break;
      if (cor_tar_number(pieces + 24 * i, 12, &offset) < 0 ||
          cor_tar_number(pieces + 24 * i + 12, 12, &size) < 0)
        return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
      if (add_segment(r, offset, size, &room, err) < 0)
        return -1;
    }
    if (!more)
      return 0;
    ssize_t n = read_bytes(r, block, sizeof(block), err);
    if (n < (ssize_t)sizeof(block))
      return n < 0 ? -1 : truncated(r, err);
    pieces = block;
    count = 21;
    more = block[504] != 0;
  }
}

/* One decimal line of a pax 1.0 map, which stands before the data. */
static int read_map_line(struct cor_tar_reader *r, uint64_t *value, uint64_t *used,
                         struct cor_err *err) {
  *value = 0;
  for (int digits = 0;; digits++) {
    char c;
    if (*used == r->remaining)
      return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
    ssize_t n = read_bytes(r, &c, 1, err);
    if (n < 1)
      return n < 0 ? -1 : truncated(r, err);
    *used += 1;
    if (c == '\n' && digits > 0)
      return 0;
    if (c < '0' || c > '9' || digits > 18)
      return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
    *value = *value * 10 + (uint64_t)(c - '0');
  }
}

static int read_pax_1_map(struct cor_tar_reader *r, struct cor_err *err) {
  uint64_t count, used = 0;
  size_t room = 0;
  if (read_map_line(r, &count, &used, err) < 0)
    return -1;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t offset, size;
    if (read_map_line(r, &offset, &used, err) < 0 || read_map_line(r, &size, &used, err) < 0)
      return -1;
    if (add_segment(r, offset, size, &room, err) < 0)
      return -1;
  }
  uint64_t rest = -used % COR_TAR_BLOCK_SIZE;
  if (used + rest > r->remaining)
    return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
  r->remaining -= used + rest;
  return skip_bytes(r, rest, err);
}

/* pax 0.0 and 0.1: the map came as records, "offset,size,offset,size,…". */
static int read_pax_0_map(struct cor_tar_reader *r, struct cor_err *err) {
  size_t room = 0;
  const char *p = r->pax.sparse_map;
  while (*p != '\0') {
    uint64_t pair[2];
    for (int i = 0; i < 2; i++) {
      size_t length = strcspn(p, ",");
      if (cor_tar_decimal(p, length, &pair[i]) < 0)
        return cor_fail(err, 0, "read tar", what(r), "the map of the sparse file is damaged");
      p += length;
      if (*p == ',')
        p++;
    }
    if (add_segment(r, pair[0], pair[1], &room, err) < 0)
      return -1;
  }
  return 0;
}

static int read_sparse_map(struct cor_tar_reader *r, const struct cor_tar_header *h,
                           const uint8_t *block, struct cor_err *err) {
  struct cor_tar_entry *e = &r->entry;
  e->sparse = true;
  e->size = h->type == 'S' ? h->real_size : r->pax.sparse_size;
  int result = h->type == 'S'              ? read_gnu_map(r, block, err)
               : r->pax.sparse_major == 1  ? read_pax_1_map(r, err)
               : r->pax.sparse_map != NULL ? read_pax_0_map(r, err)
                                           : 0;
  if (result < 0)
    return -1;
  uint64_t stored = 0;
  for (size_t i = 0; i < e->segment_count; i++)
    stored += e->segments[i].size; /* bounded by e->size, as the pieces do not overlap */
  if (stored != r->remaining)
    return cor_fail(err, 0, "read tar", what(r), "the sparse file's map does not fit its data");
  return 0;
}

static char *first_copy(const char *a, const char *b, const char *c) {
  return strdup(a != NULL ? a : b != NULL ? b : c);
}

/* Header + what came before it = entry. */
static int fill_entry(struct cor_tar_reader *r, const struct cor_tar_header *h,
                      const uint8_t *block, struct cor_err *err) {
  struct cor_tar_entry *e = &r->entry;
  const struct cor_tar_pax *pax = &r->pax;
  const char *pax_name = pax->sparse_name != NULL ? pax->sparse_name : pax->path;
  e->name = first_copy(pax_name, r->long_name, h->name);
  e->link = first_copy(pax->link, r->long_link, h->link);
  if (e->name == NULL || e->link == NULL)
    return cor_fail(err, ENOMEM, "malloc", "", "no memory for a name");
  uint64_t uid = pax->has_uid ? pax->uid : h->uid, gid = pax->has_gid ? pax->gid : h->gid;
  /* The highest value means "leave it" to chown. */
  if (uid >= UINT32_MAX || gid >= UINT32_MAX)
    return cor_fail(err, 0, "read tar", e->name, "owner %llu:%llu is out of range",
                    (unsigned long long)uid, (unsigned long long)gid);
  e->uid = (uint32_t)uid;
  e->gid = (uint32_t)gid;
  e->mode = h->mode & 07777;
  e->mtime = pax->has_mtime ? pax->mtime : h->mtime;
  e->device_major = h->device_major;
  e->device_minor = h->device_minor;
  e->xattrs = pax->xattrs;
  e->xattr_count = pax->xattr_count;

  size_t length = strlen(e->name);
  uint64_t size = pax->has_size ? pax->size : h->size;
  bool stored = false;
  switch (h->type) {
  case '\0': /* v7 has no type for folders */
  case '0':
  case '7':
  case 'S':
    e->type =
        h->type != '7' && length > 0 && e->name[length - 1] == '/' ? COR_TAR_FOLDER : COR_TAR_FILE;
    stored = true;
    break;
  case '1':
    /* A size here is the linked file's, and pax archivers may store its data again. */
    e->type = COR_TAR_HARD_LINK;
    stored = size > 0 && pax->has_size;
    break;
  case '2':
    e->type = COR_TAR_SYMLINK;
    break;
  case '3':
    e->type = COR_TAR_CHAR;
    break;
  case '4':
    e->type = COR_TAR_BLOCK;
    break;
  case '5':
    e->type = COR_TAR_FOLDER;
    break;
  case '6':
    e->type = COR_TAR_FIFO;
    break;
  default:
    return cor_fail(err, 0, "read tar", e->name, "entries of type \"%c\" are not supported",
                    h->type >= 0x20 && h->type < 0x7f ? h->type : '?');
  }
  r->remaining = stored ? size : 0;
  if (size > INT64_MAX)
    return cor_fail(err, 0, "read tar", e->name, "its size is out of range");
  r->padding = (unsigned)(-r->remaining % COR_TAR_BLOCK_SIZE);
  e->size = e->type == COR_TAR_FILE ? size : 0;
  if (e->type == COR_TAR_FILE && (h->type == 'S' || pax->is_sparse))
    return read_sparse_map(r, h, block, err);
  return 0;
}

int cor_tar_next(struct cor_tar_reader *r, const struct cor_tar_entry **entry,
                 struct cor_err *err) {
  if (r->handed_out > 0) {
    r->source.consume(r->source.context, r->handed_out);
    r->handed_out = 0;
  }
  uint64_t rest = r->remaining;
  unsigned padding = r->padding;
  r->remaining = r->padding = 0;
  if (skip_bytes(r, rest, err) < 0 || skip_padding(r, padding, err) < 0)
    return -1;
  forget_entry(r);

  uint8_t block[COR_TAR_BLOCK_SIZE];
  for (;;) {
    ssize_t n = read_bytes(r, block, sizeof(block), err);
    if (n < 0)
      return -1;
    bool extended = r->long_name != NULL || r->long_link != NULL || r->pax.seen;
    if (n == 0 && !extended)
      return 0; /* some writers leave out the two empty blocks */
    if (n < (ssize_t)sizeof(block))
      return truncated(r, err);
    if (cor_tar_block_is_empty(block)) {
      /* What follows the end is digested by the source and means nothing. */
      return extended ? truncated(r, err) : 0;
    }
    struct cor_tar_header h;
    char *text = NULL;
    if (cor_tar_header_parse(block, &h, err) < 0)
      return -1;
    switch (h.type) {
    case 'L':
    case 'K':
      if (read_extension(r, h.size, h.type == 'L' ? &r->long_name : &r->long_link, err) < 0)
        return -1;
      continue;
    case 'g': /* comments of git and the like; none of its records is about one file */
      if (h.size > COR_TAR_EXTENSION_MAX)
        return cor_fail(err, 0, "read tar", "", "a global header is too large");
      if (skip_bytes(r, h.size + -h.size % COR_TAR_BLOCK_SIZE, err) < 0)
        return -1;
      continue;
    case 'x':
    case 'X': {
      if (read_extension(r, h.size, &text, err) < 0)
        return -1;
      int result = cor_tar_pax_parse(text, h.size, &r->pax, err);
      free(text);
      if (result < 0)
        return -1;
      continue;
    }
    default:
      if (fill_entry(r, &h, block, err) < 0)
        return -1;
      *entry = &r->entry;
      return 1;
    }
  }
}

int cor_tar_data(struct cor_tar_reader *r, const uint8_t **data, size_t *size,
                 struct cor_err *err) {
  if (r->handed_out > 0) {
    r->source.consume(r->source.context, r->handed_out);
    r->handed_out = 0;
  }
  if (r->remaining == 0)
    return 0;
  size_t ready;
  if (r->source.peek(r->source.context, data, &ready, err) < 0)
    return -1;
  if (ready == 0)
    return truncated(r, err);
  if (ready > r->remaining)
    ready = (size_t)r->remaining;
  r->remaining -= ready;
  r->handed_out = ready;
  *size = ready;
  return 1;
}
