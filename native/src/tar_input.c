#include "tar_input.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#if __has_include(<zstd.h>)
#include <zstd.h>
#define HAVE_ZSTD 1
#else
#define HAVE_ZSTD 0
#endif

enum { SLOTS = 8, SLOT_SIZE = 256 * 1024, RAW_SIZE = 128 * 1024 };

struct slot {
  uint8_t *bytes;
  size_t size;
};

struct cor_tar_input {
  int fd, copy_fd;
  struct cor_tar_totals totals;
  struct cor_sha256 raw_hash, diff_hash;

  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  /* Slots first … first + filled - 1 (modulo SLOTS) belong to the consumer, the rest to the thread.
   */
  struct slot slots[SLOTS];
  unsigned first, filled;
  bool ended, failed, abandoned;
  struct cor_err err; /* the thread's, valid once failed */

  size_t offset; /* consumed of the first slot; the consumer's alone */

  /* The thread's alone. */
  struct slot *current;
  uint8_t *raw;
};

const char *cor_compression_name(enum cor_compression compression) {
  switch (compression) {
  case COR_GZIP:
    return "gzip";
  case COR_ZSTD:
    return "zstd";
  default:
    return "none";
  }
}

/* ---- the thread ---- */

/* The next empty slot, waited for; NULL once the consumer has gone. */
static struct slot *claim_slot(struct cor_tar_input *in) {
  pthread_mutex_lock(&in->lock);
  while (in->filled == SLOTS && !in->abandoned)
    pthread_cond_wait(&in->changed, &in->lock);
  struct slot *slot = in->abandoned ? NULL : &in->slots[(in->first + in->filled) % SLOTS];
  pthread_mutex_unlock(&in->lock);
  if (slot != NULL)
    slot->size = 0;
  return slot;
}

static void publish_slot(struct cor_tar_input *in, struct slot *slot) {
  cor_sha256_update(&in->diff_hash, slot->bytes, slot->size);
  in->totals.size += slot->size;
  pthread_mutex_lock(&in->lock);
  in->filled++;
  pthread_cond_signal(&in->changed);
  pthread_mutex_unlock(&in->lock);
}

/* Room in the current slot, publishing a full one. 0: the consumer has gone. */
static size_t output_room(struct cor_tar_input *in, uint8_t **out) {
  if (in->current != NULL && in->current->size == SLOT_SIZE) {
    publish_slot(in, in->current);
    in->current = NULL;
  }
  if (in->current == NULL && (in->current = claim_slot(in)) == NULL)
    return 0;
  *out = in->current->bytes + in->current->size;
  return SLOT_SIZE - in->current->size;
}

static int copy_out(struct cor_tar_input *in, const uint8_t *data, size_t size) {
  while (size > 0) {
    ssize_t n = write(in->copy_fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return cor_fail(&in->err, errno, "write", "", "cannot keep a copy of the archive");
    data += n, size -= (size_t)n;
  }
  return 0;
}

/* Raw bytes into `buf`; 0 at the end of the file. */
static ssize_t read_raw(struct cor_tar_input *in, uint8_t *buf, size_t size) {
  ssize_t n;
  do
    n = read(in->fd, buf, size);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return cor_fail(&in->err, errno, "read", "", "cannot read the archive");
  in->totals.raw_size += (uint64_t)n;
  if (in->copy_fd >= 0 && copy_out(in, buf, (size_t)n) < 0)
    return -1;
  return n;
}

/* `raw` holds `size` bytes already read when a decoder starts. */
static int pump_plain(struct cor_tar_input *in, size_t size) {
  uint8_t *out;
  size_t room;
  for (size_t done = 0; done < size;) {
    if ((room = output_room(in, &out)) == 0)
      return 0;
    size_t take = size - done < room ? size - done : room;
    memcpy(out, in->raw + done, take);
    in->current->size += take, done += take;
  }
  while ((room = output_room(in, &out)) > 0) {
    ssize_t n = read_raw(in, out, room);
    if (n <= 0)
      return (int)n;
    in->current->size += (size_t)n;
  }
  return 0;
}

static int refill(struct cor_tar_input *in, z_stream *z) {
  ssize_t n = read_raw(in, in->raw, RAW_SIZE);
  if (n < 0)
    return -1;
  cor_sha256_update(&in->raw_hash, in->raw, (size_t)n);
  z->next_in = in->raw;
  z->avail_in = (uInt)n;
  return n > 0;
}

/* After a gzip member: 1 where another begins, 0 at the end (zeros pad tapes and blocks), -1 on
 * anything else, which would otherwise be part of the blob but not of the layer. */
static int next_gzip_member(struct cor_tar_input *in, z_stream *z) {
  for (;;) {
    if (z->avail_in == 0) {
      int more = refill(in, z);
      if (more <= 0)
        return more;
    }
    if (*z->next_in == 0x1f)
      return 1;
    if (*z->next_in != 0)
      return cor_fail(&in->err, 0, "inflate", "", "garbage follows the gzip stream");
    z->next_in++, z->avail_in--;
  }
}

static int pump_gzip(struct cor_tar_input *in, size_t size) {
  z_stream z = {.next_in = in->raw, .avail_in = (uInt)size};
  cor_sha256_update(&in->raw_hash, in->raw, size);
  if (inflateInit2(&z, 15 + 16) != Z_OK)
    return cor_fail(&in->err, ENOMEM, "inflate", "", "no memory for the gzip decoder");
  int result = 0;
  for (;;) {
    uint8_t *out;
    size_t room = output_room(in, &out);
    if (room == 0)
      break;
    if (z.avail_in == 0) {
      int more = refill(in, &z);
      if (more == 0)
        result = cor_fail(&in->err, 0, "inflate", "", "the gzip stream is truncated");
      if (more <= 0) {
        result = -1;
        break;
      }
    }
    z.next_out = out;
    z.avail_out = (uInt)room;
    int status = inflate(&z, Z_NO_FLUSH);
    in->current->size += room - z.avail_out;
    if (status == Z_STREAM_END) {
      result = next_gzip_member(in, &z);
      if (result <= 0)
        break;
      result = 0;
      inflateReset(&z);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      result = cor_fail(&in->err, 0, "inflate", "", "the gzip stream is damaged: %s",
                        z.msg != NULL ? z.msg : "data error");
      break;
    }
  }
  inflateEnd(&z);
  return result;
}

#if HAVE_ZSTD
static int pump_zstd(struct cor_tar_input *in, size_t size) {
  ZSTD_DStream *decoder = ZSTD_createDStream();
  if (decoder == NULL)
    return cor_fail(&in->err, ENOMEM, "unzstd", "", "no memory for the zstd decoder");
  cor_sha256_update(&in->raw_hash, in->raw, size);
  ZSTD_inBuffer from = {in->raw, size, 0};
  size_t pending = 1; /* 0: between two frames */
  int result = 0;
  for (;;) {
    uint8_t *out;
    size_t room = output_room(in, &out);
    if (room == 0)
      break;
    /* A decoder that filled the last buffer may hold more output without more input. */
    if (from.pos == from.size) {
      ssize_t n = read_raw(in, in->raw, RAW_SIZE);
      if (n < 0) {
        result = -1;
        break;
      }
      cor_sha256_update(&in->raw_hash, in->raw, (size_t)n);
      from = (ZSTD_inBuffer){in->raw, (size_t)n, 0};
      if (n == 0 && pending == 0)
        break;
    }
    ZSTD_outBuffer to = {out, room, 0};
    bool at_end = from.size == 0;
    pending = ZSTD_decompressStream(decoder, &to, &from);
    in->current->size += to.pos;
    if (ZSTD_isError(pending)) {
      result = cor_fail(&in->err, 0, "unzstd", "", "the zstd stream is damaged: %s",
                        ZSTD_getErrorName(pending));
      break;
    }
    if (at_end && to.pos == 0 && pending > 0) {
      result = cor_fail(&in->err, 0, "unzstd", "", "the zstd stream is truncated");
      break;
    }
  }
  ZSTD_freeDStream(decoder);
  return result;
}
#else
static int pump_zstd(struct cor_tar_input *in, size_t size) {
  (void)size;
  return cor_fail(&in->err, ENOTSUP, "unzstd", "",
                  "built without zstd: install libzstd-dev and rebuild");
}
#endif

static enum cor_compression detect(const uint8_t *head, size_t size) {
  if (size >= 2 && head[0] == 0x1f && head[1] == 0x8b)
    return COR_GZIP;
  if (size >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
    return COR_ZSTD;
  return COR_PLAIN;
}

static int pump(struct cor_tar_input *in) {
  /* A pipe may hand over the first bytes one by one; the magic needs four. */
  size_t size = 0;
  while (size < 4) {
    ssize_t n = read_raw(in, in->raw + size, RAW_SIZE - size);
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    size += (size_t)n;
  }
  if (in->totals.compression == COR_AUTO)
    in->totals.compression = detect(in->raw, size);
  switch (in->totals.compression) {
  case COR_GZIP:
    return pump_gzip(in, size);
  case COR_ZSTD:
    return pump_zstd(in, size);
  default:
    return pump_plain(in, size);
  }
}

static void *thread_main(void *arg) {
  struct cor_tar_input *in = arg;
  int result = pump(in);
  if (result == 0 && in->current != NULL && in->current->size > 0)
    publish_slot(in, in->current);
  pthread_mutex_lock(&in->lock);
  in->ended = true;
  in->failed = result < 0;
  pthread_cond_signal(&in->changed);
  pthread_mutex_unlock(&in->lock);
  return NULL;
}

/* ---- the consumer ---- */

static void free_input(struct cor_tar_input *in) {
  for (int i = 0; i < SLOTS; i++)
    free(in->slots[i].bytes);
  free(in->raw);
  pthread_mutex_destroy(&in->lock);
  pthread_cond_destroy(&in->changed);
  free(in);
}

struct cor_tar_input *cor_tar_input_open(int fd, enum cor_compression compression, int copy_fd,
                                         struct cor_err *err) {
  struct cor_tar_input *in = calloc(1, sizeof(*in));
  if (in == NULL) {
    cor_fail(err, ENOMEM, "malloc", "", "no memory to read the archive");
    return NULL;
  }
  in->fd = fd;
  in->copy_fd = copy_fd;
  in->totals.compression = compression;
  cor_sha256_init(&in->raw_hash);
  cor_sha256_init(&in->diff_hash);
  pthread_mutex_init(&in->lock, NULL);
  pthread_cond_init(&in->changed, NULL);
  bool complete = (in->raw = malloc(RAW_SIZE)) != NULL;
  for (int i = 0; i < SLOTS; i++)
    complete = (in->slots[i].bytes = malloc(SLOT_SIZE)) != NULL && complete;
  int status = complete ? pthread_create(&in->thread, NULL, thread_main, in) : ENOMEM;
  if (status != 0) {
    cor_fail(err, status, "pthread_create", "", "cannot start the reader");
    free_input(in);
    return NULL;
  }
  return in;
}

int cor_tar_input_peek(struct cor_tar_input *in, const uint8_t **data, size_t *size,
                       struct cor_err *err) {
  int result = 0;
  pthread_mutex_lock(&in->lock);
  while (in->filled == 0 && !in->ended)
    pthread_cond_wait(&in->changed, &in->lock);
  if (in->filled > 0) {
    *data = in->slots[in->first].bytes + in->offset;
    *size = in->slots[in->first].size - in->offset;
  } else if (in->failed) {
    *err = in->err;
    result = -1;
  } else {
    *data = NULL;
    *size = 0;
  }
  pthread_mutex_unlock(&in->lock);
  return result;
}

void cor_tar_input_consume(struct cor_tar_input *in, size_t size) {
  in->offset += size;
  if (in->offset < in->slots[in->first].size)
    return;
  in->offset = 0;
  pthread_mutex_lock(&in->lock);
  in->first = (in->first + 1) % SLOTS;
  in->filled--;
  pthread_cond_signal(&in->changed);
  pthread_mutex_unlock(&in->lock);
}

int cor_tar_input_finish(struct cor_tar_input *in, struct cor_tar_totals *totals,
                         struct cor_err *err) {
  const uint8_t *data;
  size_t size;
  for (;;) {
    if (cor_tar_input_peek(in, &data, &size, err) < 0)
      return -1;
    if (size == 0)
      break;
    cor_tar_input_consume(in, size);
  }
  *totals = in->totals;
  cor_sha256_hex(&in->diff_hash, totals->diff_digest);
  if (totals->compression == COR_PLAIN)
    memcpy(totals->raw_digest, totals->diff_digest, COR_SHA256_HEX);
  else
    cor_sha256_hex(&in->raw_hash, totals->raw_digest);
  return 0;
}

void cor_tar_input_close(struct cor_tar_input *in) {
  if (in == NULL)
    return;
  pthread_mutex_lock(&in->lock);
  in->abandoned = true;
  pthread_cond_signal(&in->changed);
  pthread_mutex_unlock(&in->lock);
  pthread_join(in->thread, NULL);
  free_input(in);
}
