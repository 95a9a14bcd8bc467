#include "dns.h"

#include <stdbool.h>
#include <string.h>

#include "dns_lookup.h"

#define HEADER 12
#define TTL 600
#define EDNS_SIZE 11

enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_ANY = 255 };
enum { CLASS_IN = 1, CLASS_ANY = 255 };
enum { RCODE_FORMERR = 1, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4 };

struct question {
  char name[COR_ZONE_NAME + 1]; /* lower case, dots between labels, none at the end */
  uint16_t type, class;
  size_t end; /* first byte behind it */
  bool plain; /* its labels hold no dot or NUL of their own, so that `name` tells them apart */
};

struct edns {
  bool present;
  uint16_t size;
  bool dnssec_ok;
  uint8_t version;
};

static uint16_t get16(const uint8_t *at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* A name without compression: a question stands first in its message, there is nothing to point
 * back to. Returns the offset behind it, 0 where it is malformed. */
static size_t read_question_name(const uint8_t *msg, size_t size, struct question *question) {
  size_t at = HEADER, used = 0;
  question->plain = true;
  while (at < size && msg[at] != 0) {
    size_t label = msg[at];
    if (label > 63 || at + 1 + label >= size || used + label + 1 > 254)
      return 0;
    if (used > 0)
      question->name[used++] = '.';
    for (size_t i = 0; i < label; i++) {
      uint8_t c = msg[at + 1 + i];
      if (c == '.' || c == 0)
        question->plain = false;
      question->name[used++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    at += 1 + label;
  }
  question->name[used] = '\0';
  return at < size ? at + 1 : 0;
}

static bool read_question(const uint8_t *msg, size_t size, struct question *question) {
  size_t at = read_question_name(msg, size, question);
  if (at == 0 || size - at < 4)
    return false;
  question->type = get16(msg + at);
  question->class = get16(msg + at + 2);
  question->end = at + 4;
  return true;
}

/* Behind a record's owner name, which may end in a pointer; 0 where it is malformed. */
static size_t skip_name(const uint8_t *msg, size_t size, size_t at) {
  while (at < size) {
    if (msg[at] == 0)
      return at + 1;
    if ((msg[at] & 0xc0) == 0xc0)
      return at + 2 <= size ? at + 2 : 0;
    if (msg[at] > 63)
      return 0;
    at += 1 + (size_t)msg[at];
  }
  return 0;
}

static struct edns read_edns(const uint8_t *msg, size_t size, size_t at) {
  struct edns edns = {0};
  unsigned records = (unsigned)get16(msg + 6) + get16(msg + 8) + get16(msg + 10);
  for (unsigned i = 0; i < records; i++) {
    bool root = at < size && msg[at] == 0;
    at = skip_name(msg, size, at);
    if (at == 0 || size - at < 10)
      break;
    if (root && get16(msg + at) == TYPE_OPT) {
      edns.present = true;
      edns.size = get16(msg + at + 2);
      edns.version = msg[at + 5];
      edns.dnssec_ok = msg[at + 6] & 0x80;
      break;
    }
    size_t data = get16(msg + at + 8);
    if (size - at - 10 < data)
      break;
    at += 10 + data;
  }
  return edns;
}

static size_t udp_limit(const struct edns *edns) {
  if (!edns->present || edns->size < COR_DNS_UDP_MAX)
    return COR_DNS_UDP_MAX;
  return edns->size < COR_DNS_EDNS_MAX ? edns->size : COR_DNS_EDNS_MAX;
}

size_t cor_dns_udp_limit(const uint8_t *query, size_t size) {
  struct question question;
  if (size < HEADER || get16(query + 4) != 1 || !read_question(query, size, &question))
    return COR_DNS_UDP_MAX;
  struct edns edns = read_edns(query, size, question.end);
  return udp_limit(&edns);
}

static bool is_query(const uint8_t *msg, size_t size) {
  return size >= HEADER && !(msg[2] & 0x80);
}

/* Header and question of an answer: the question byte by byte as it came, as clients check its
 * upper and lower case. */
static size_t begin_answer(const uint8_t *query, size_t question_end, int rcode, uint8_t *out) {
  memcpy(out, query, question_end);
  out[2] = (uint8_t)(0x80 | (query[2] & 0x79)); /* QR; opcode and RD as asked */
  out[3] = (uint8_t)(0x80 | rcode);             /* RA */
  put16(out + 4, question_end > HEADER ? 1 : 0);
  memset(out + 6, 0, 6);
  return question_end;
}

static size_t add_edns(const struct edns *edns, uint8_t *out, size_t at) {
  if (!edns->present)
    return at;
  memset(out + at, 0, EDNS_SIZE);
  put16(out + at + 1, TYPE_OPT);
  put16(out + at + 3, COR_DNS_EDNS_MAX);
  out[at + 7] = edns->dnssec_ok ? 0x80 : 0;
  put16(out + 10, 1);
  return at + EDNS_SIZE;
}

/* A record whose owner is the question's name (a pointer to it). */
static size_t add_record(uint16_t type, const void *data, size_t size, uint8_t *out, size_t at) {
  put16(out + at, 0xc000 | HEADER);
  put16(out + at + 2, type);
  put16(out + at + 4, CLASS_IN);
  put16(out + at + 6, 0);
  put16(out + at + 8, TTL);
  put16(out + at + 10, (uint16_t)size);
  memcpy(out + at + 12, data, size);
  put16(out + 6, (uint16_t)(get16(out + 6) + 1));
  return at + 12 + size;
}

/* A name of the zone in wire form; 0 where a label is too long for it. */
static size_t encode_name(const char *name, uint8_t out[256]) {
  size_t at = 0;
  while (*name) {
    size_t label = strcspn(name, ".");
    if (label == 0 || label > 63 || at + label + 2 > 255)
      return 0;
    out[at++] = (uint8_t)label;
    memcpy(out + at, name, label);
    at += label;
    name += label + (name[label] == '.');
  }
  out[at++] = 0;
  return at;
}

/* The length of the answer, 0 where the address is nobody's that we know. */
static size_t answer_pointer(const struct cor_dns_zones *zones, const struct question *question,
                             uint8_t *out, size_t at) {
  bool is_ours;
  uint8_t name[256];
  const struct cor_zone_entry *entry = cor_dns_reverse(zones, question->name, &is_ours);
  size_t size = entry ? encode_name(entry->name, name) : 0;
  if (size > 0 || is_ours)
    out[2] |= 0x04; /* AA */
  if (size > 0)
    return add_record(TYPE_PTR, name, size, out, at);
  if (!is_ours)
    return 0;
  /* An address of our networks that nobody has: no other resolver is to be asked. */
  out[3] |= RCODE_NXDOMAIN;
  return at;
}

/* Records of the type that is asked for; a name of ours that has none of it gets an empty answer,
 * so that no other resolver is asked. */
static size_t answer_addresses(const struct question *question,
                               const struct cor_zone_entry *const *found, size_t count,
                               uint32_t rotation, size_t max, uint8_t *out, size_t at) {
  bool v4 = question->type == TYPE_A || question->type == TYPE_ANY;
  bool v6 = question->type == TYPE_AAAA || question->type == TYPE_ANY;
  out[2] |= 0x04; /* AA: the zone is ours */
  for (size_t i = 0; i < count; i++) {
    const struct cor_zone_entry *entry = found[(i + rotation) % count];
    size_t need = (v4 ? 16 : 0) + (v6 && entry->has_address6 ? 28 : 0);
    if (at + need + EDNS_SIZE > max) {
      out[2] |= 0x02; /* TC: ask again by TCP */
      break;
    }
    if (v4)
      at = add_record(TYPE_A, &entry->address, 4, out, at);
    if (v6 && entry->has_address6)
      at = add_record(TYPE_AAAA, &entry->address6, 16, out, at);
  }
  return at;
}

int cor_dns_refuse(const uint8_t *query, size_t size, int rcode, uint8_t *out, size_t out_size) {
  struct question question;
  if (!is_query(query, size) || out_size < HEADER)
    return 0;
  bool whole = get16(query + 4) == 1 && read_question(query, size, &question) &&
               question.end + EDNS_SIZE <= out_size;
  size_t at = begin_answer(query, whole ? question.end : HEADER, rcode, out);
  if (whole) {
    struct edns edns = read_edns(query, size, question.end);
    at = add_edns(&edns, out, at);
  }
  return (int)at;
}

/* RFC 6891: only version 0 is known. The upper bits of BADVERS stand in the OPT record. */
static int answer_bad_version(const uint8_t *query, const struct question *question, uint8_t *out,
                              size_t out_size) {
  struct edns edns = {.present = true};
  if (question->end + EDNS_SIZE > out_size)
    return COR_DNS_DROP;
  size_t at = begin_answer(query, question->end, 0, out);
  size_t end = add_edns(&edns, out, at);
  out[at + 5] = 1;
  return (int)end;
}

int cor_dns_answer(const uint8_t *query, size_t size, const struct cor_dns_zones *zones, size_t max,
                   uint8_t *out, size_t out_size) {
  struct question question;
  if (!is_query(query, size))
    return COR_DNS_DROP;
  if (query[2] & 0x78)
    return cor_dns_refuse(query, size, RCODE_NOTIMP, out, out_size);
  if (get16(query + 4) != 1 || !read_question(query, size, &question))
    return cor_dns_refuse(query, size, RCODE_FORMERR, out, out_size);
  if (!question.plain || (question.class != CLASS_IN && question.class != CLASS_ANY))
    return COR_DNS_FORWARD;
  struct edns edns = read_edns(query, size, question.end);
  if (edns.version > 0)
    return answer_bad_version(query, &question, out, out_size);
  if (max == 0)
    max = udp_limit(&edns);
  if (max > out_size)
    max = out_size;
  /* A question and its name's record: 12 + 255 + 4 + 12 + 255 + 11 bytes at most. */
  if (out_size < COR_DNS_UDP_MAX + 64)
    return COR_DNS_DROP;
  size_t at = begin_answer(query, question.end, 0, out);
  if (question.type == TYPE_PTR) {
    size_t end = answer_pointer(zones, &question, out, at);
    return end ? (int)cor_dns_truncate(out, add_edns(&edns, out, end), max) : COR_DNS_FORWARD;
  }
  const struct cor_zone_entry *found[COR_DNS_FOUND_MAX];
  size_t count = cor_dns_find(zones, question.name, found);
  if (count == 0 && !cor_dns_is_stopped(zones, question.name))
    return COR_DNS_FORWARD;
  if (count == 0) {
    out[2] |= 0x04; /* AA */
    out[3] |= RCODE_NXDOMAIN;
    return (int)add_edns(&edns, out, at);
  }
  at = answer_addresses(&question, found, count, zones->rotation, max, out, at);
  return (int)add_edns(&edns, out, at);
}

int cor_dns_matches(const uint8_t *query, size_t query_size, const uint8_t *reply,
                    size_t reply_size) {
  struct question asked, answered;
  if (query_size < HEADER || reply_size < HEADER || !(reply[2] & 0x80) ||
      memcmp(query, reply, 2) != 0 || ((query[2] ^ reply[2]) & 0x78))
    return 0;
  /* Some servers leave the question out of a refusal. */
  if (get16(reply + 4) == 0)
    return (reply[3] & 0x0f) != 0;
  return read_question(query, query_size, &asked) && read_question(reply, reply_size, &answered) &&
         strcmp(asked.name, answered.name) == 0 && asked.type == answered.type &&
         asked.class == answered.class;
}

size_t cor_dns_truncate(uint8_t *reply, size_t size, size_t max) {
  struct question question;
  if (size <= max || size < HEADER)
    return size;
  size_t end =
      get16(reply + 4) == 1 && read_question(reply, size, &question) ? question.end : HEADER;
  if (end == HEADER)
    put16(reply + 4, 0);
  reply[2] |= 0x02;
  memset(reply + 6, 0, 6);
  return end;
}
