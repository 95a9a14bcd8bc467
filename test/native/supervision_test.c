/* The pure parts of supervision: frames, JSON quoting, the log, zones, DNS. TAP on standard output.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns.h"
#include "log.h"
#include "protocol.h"
#include "sbuf.h"
#include "shimspec.h"

static int count, failed;
static char folder[64];

static void ok(bool condition, const char *name) {
  count++;
  failed += !condition;
  printf("%sok %d - %s\n", condition ? "" : "not ", count, name);
}

static const char *at(const char *name) {
  static char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  return path;
}

static char *slurp(const char *path) {
  static char text[1 << 20];
  int fd = open(path, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  close(fd);
  text[n < 0 ? 0 : n] = '\0';
  return n < 0 ? NULL : text;
}

static void test_frames(void) {
  int ends[2];
  struct cor_frames frames = {0};
  const char *body;
  size_t size;
  if (pipe(ends) < 0)
    abort();
  ok(cor_frame_write(ends[1], "{\"id\":1}", 8) == 0, "a frame is written");
  if (write(ends[1], "\x05\0\0\0ab", 6) != 6)
    abort();
  cor_frames_read(&frames, ends[0]);
  ok(cor_frames_next(&frames, &body, &size) == 1 && size == 8 && memcmp(body, "{\"id\":1}", 8) == 0,
     "a whole frame is taken");
  ok(cor_frames_next(&frames, &body, &size) == 0, "half a frame waits");
  if (write(ends[1], "cde", 3) != 3)
    abort();
  cor_frames_read(&frames, ends[0]);
  ok(cor_frames_next(&frames, &body, &size) == 1 && size == 5 && memcmp(body, "abcde", 5) == 0,
     "its other half completes it");
  if (write(ends[1], "\1\0\x10\0", 4) != 4)
    abort();
  cor_frames_read(&frames, ends[0]);
  ok(cor_frames_next(&frames, &body, &size) < 0, "a frame above a mebibyte is refused at its head");
  ok(cor_frame_write(ends[1], "", COR_FRAME_MAX + 1) < 0, "and not written");
  cor_frames_free(&frames);
  close(ends[0]);
  close(ends[1]);
}

static bool quotes(const char *text, size_t size, const char *expected) {
  cor_sbuf_auto buf = {0};
  cor_sbuf_json(&buf, text, size);
  return strcmp(buf.data, expected) == 0;
}

static void test_json(void) {
  ok(quotes("a\"b\\c\n", 6, "\"a\\\"b\\\\c\\u000a\""),
     "quotes, backslashes and controls are escaped");
  ok(quotes("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""), "UTF-8 stays as it is");
  ok(quotes("a\xff\xc3", 3, "\"a\\ufffd\\ufffd\""), "what is no UTF-8 is replaced");
  ok(quotes("\xc0\x80\xed\xa0\x80", 5, "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""),
     "overlong forms and surrogates are none");
}

static void test_signals(void) {
  ok(cor_signal_number("SIGTERM") == SIGTERM && cor_signal_number("kill") == SIGKILL &&
         cor_signal_number("15") == 15,
     "signals by name, without SIG, by number");
  ok(cor_signal_number("SIGRTMIN+3") == 37 && cor_signal_number("RTMAX-1") == 63,
     "real-time signals");
  ok(cor_signal_number("SIGNOPE") < 0 && cor_signal_number("0") < 0 &&
         cor_signal_number("65") < 0 && cor_signal_number("9x") < 0 && cor_signal_number("") < 0,
     "what is no signal is refused");
}

/* The n-th line's text behind its prefix, with its tag in front: "F hello". */
static const char *line(const char *text, int n) {
  static char out[COR_LOG_LINE_MAX + 8];
  while (n-- > 0 && text)
    text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
  if (!text || strlen(text) < 40)
    return "";
  snprintf(out, sizeof(out), "%.*s", (int)strcspn(text + 38, "\n"), text + 38);
  return out;
}

static void test_log(void) {
  struct cor_log log;
  struct cor_err err;
  ok(cor_log_open(&log, at("log"), 0, 1, &err) == 0, "a log is made");
  cor_log_data(&log, 0, "one\ntw", 6);
  cor_log_data(&log, 1, "err\n", 4);
  cor_log_data(&log, 0, "o\n\n", 3);
  cor_log_data(&log, 0, "last", 4);
  cor_log_end(&log);
  char *text = slurp(at("log"));
  ok(strcmp(line(text, 0), "F one") == 0 && strcmp(line(text, 2), "F two") == 0,
     "a line that came in two parts is one");
  ok(strncmp(strchr(text, '\n') + 32, "stderr F err", 12) == 0,
     "the other stream does not mix with it");
  ok(strcmp(line(text, 3), "F ") == 0, "an empty line is a line");
  ok(strcmp(line(text, 4), "F last") == 0, "a last line without its end is written at the end");
  cor_log_close(&log);
  unlink(at("log"));

  static char big[3 * COR_LOG_LINE_MAX];
  memset(big, 'x', sizeof(big));
  cor_log_open(&log, at("log"), 0, 1, &err);
  cor_log_data(&log, 0, big, COR_LOG_LINE_MAX);
  ok(strlen(slurp(at("log"))) == 0, "a line of the full length may still end there");
  cor_log_data(&log, 0, "\n", 1);
  ok(strlen(line(slurp(at("log")), 0)) == COR_LOG_LINE_MAX + 2, "and then is one whole line");
  cor_log_data(&log, 0, big, COR_LOG_LINE_MAX + 10);
  cor_log_data(&log, 0, "\n", 1);
  text = slurp(at("log"));
  ok(line(text, 1)[0] == 'P' && strlen(line(text, 1)) == COR_LOG_LINE_MAX + 2 &&
         strcmp(line(text, 2), "F xxxxxxxxxx") == 0,
     "a longer one is a P piece and an F piece");
  cor_log_data(&log, 0, big, sizeof(big));
  cor_log_end(&log);
  text = slurp(at("log"));
  ok(line(text, 3)[0] == 'P' && line(text, 4)[0] == 'P' && line(text, 5)[0] == 'F',
     "its last piece is always an F");
  cor_log_close(&log);
  unlink(at("log"));

  cor_log_open(&log, at("log"), 500, 3, &err);
  for (int i = 0; i < 40; i++) {
    char entry[32];
    cor_log_data(&log, 0, entry, (size_t)snprintf(entry, sizeof(entry), "line %d\n", i));
  }
  cor_log_close(&log);
  ok(slurp(at("log.1")) && slurp(at("log.2")) && !slurp(at("log.3")),
     "rotation keeps as many files as asked for");
  struct stat st;
  stat(at("log.1"), &st);
  ok(st.st_size <= 500 && st.st_size > 400, "none is larger than asked for");
  text = slurp(at("log"));
  ok(strstr(text, "line 39\n"), "the newest line is in the newest file");
  ok(strcmp(strrchr(slurp(at("log.1")), 'l'), "l") != 0, "and older files end with whole lines");
  unlink(at("log"));
  unlink(at("log.1"));
  unlink(at("log.2"));
}

static struct cor_zone zone;

static size_t query(uint8_t *out, const char *name, uint16_t type) {
  static const uint8_t head[12] = {0x12, 0x34, 1, 0, 0, 1};
  size_t end = 12;
  memcpy(out, head, 12);
  while (*name) {
    size_t label = strcspn(name, ".");
    out[end++] = (uint8_t)label;
    memcpy(out + end, name, label);
    end += label;
    name += label + (name[label] == '.');
  }
  memcpy(out + end, "\0\0\0\0\1", 5);
  out[end + 2] = (uint8_t)type;
  return end + 5;
}

static int ask(const char *name, uint16_t type, uint32_t rotation, uint8_t *answer) {
  uint8_t text[512];
  struct cor_dns_zones zones = {.entries = &zone, .rotation = rotation};
  return cor_dns_answer(text, query(text, name, type), &zones, 0, answer, 4096);
}

static bool ends_with(const uint8_t *answer, int size, const char *address) {
  struct in_addr wanted;
  inet_pton(AF_INET, address, &wanted);
  return size >= 4 && memcmp(answer + size - 4, &wanted, 4) == 0;
}

static void test_dns(void) {
  static const char one[] = "address 10.0.0.2\nname Web\nname web-1\n",
                    two[] = "address 10.0.0.3\nname web\njunk\n",
                    bad[] = "name lost\naddress 10.0.0.300\nname lost\n";
  uint8_t a[4096], q[512];
  cor_zone_parse(&zone, 0, one, sizeof(one) - 1);
  cor_zone_parse(&zone, 0, two, sizeof(two) - 1);
  cor_zone_parse(&zone, 1, "address 10.9.0.9\nname web\nname far\n", 35);
  cor_zone_parse(&zone, 1, bad, sizeof(bad) - 1);
  int size = ask("web", 1, 0, a);
  ok(size > 0 && a[7] == 2 && ends_with(a, size, "10.0.0.3"),
     "all replicas of the first network that has the name");
  size = ask("web", 1, 1, a);
  ok(size > 0 && a[7] == 2 && ends_with(a, size, "10.0.0.2"), "which take turns");
  size = ask("WEB-1", 1, 0, a);
  ok(size > 0 && a[7] == 1 && memcmp(a + 13, "WEB-1", 5) == 0,
     "case is kept in the question and does not matter");
  ok(ask("far", 1, 0, a) > 0, "a name of another network of the container");
  ok(ask("web", 28, 0, a) > 0 && a[7] == 0 && (a[3] & 15) == 0,
     "no IPv6 address, but no denial either");
  size = ask("3.0.0.10.in-addr.arpa", 12, 0, a);
  ok(size > 0 && memcmp(a + size - 5, "\3web", 5) == 0, "an address back to its name");
  ok(ask("other.example", 1, 0, a) == COR_DNS_FORWARD && ask("lost", 1, 0, a) == COR_DNS_FORWARD,
     "other names are for other resolvers");
  cor_zone_parse(&zone, 0, "stopped\nproject shop\nname db\nname web\n", 38);
  size = ask("db", 1, 0, a);
  ok(size > 0 && (a[2] & 4) && (a[3] & 15) == 3 && a[7] == 0 && ask("db.shop", 28, 0, a) > 0 &&
         (a[3] & 15) == 3,
     "a container that does not run: its name is denied");
  size = ask("web", 1, 0, a);
  ok(size > 0 && a[7] == 2 && (a[3] & 15) == 0, "unless another of the name does");
  struct cor_dns_zones zones = {.entries = &zone};
  size_t length = query(q, "web", 1);
  for (size_t cut = 0; cut < length; cut++)
    if (cor_dns_answer(q, cut, &zones, 0, a, sizeof(a)) > 0 && (a[3] & 15) != 1)
      failed++;
  ok(cor_dns_answer(q, 11, &zones, 0, a, sizeof(a)) == COR_DNS_DROP,
     "less than a header is dropped");
  q[2] |= 0x80;
  ok(cor_dns_answer(q, length, &zones, 0, a, sizeof(a)) == COR_DNS_DROP,
     "a response is never answered");
  q[2] = 0x11;
  ok(cor_dns_answer(q, length, &zones, 0, a, sizeof(a)) > 0 && (a[3] & 15) == 4,
     "another operation: NOTIMP");
  length = query(q, "web", 1);
  memcpy(q + 12, "\xc0\x0c", 2);
  ok(cor_dns_answer(q, length, &zones, 0, a, sizeof(a)) > 0 && (a[3] & 15) == 1,
     "a pointer in the question: FORMERR");

  for (int i = 0; i < 60; i++) {
    char text[64];
    cor_zone_parse(&zone, 0, text,
                   (size_t)snprintf(text, sizeof(text), "address 10.1.0.%d\nname many\n", i + 1));
  }
  size = ask("many", 1, 0, a);
  ok(size > 0 && size <= 512 && (a[2] & 2), "an answer above 512 bytes is cut, with TC set");
  length = query(q, "many", 1);
  ok(cor_dns_answer(q, length, &zones, COR_DNS_TCP_MAX, a, sizeof(a)) > 512 && a[7] == 60 &&
         !(a[2] & 2),
     "whole by TCP");
  q[11] = 1;
  memcpy(q + length, "\0\0\51\20\0\0\0\0\0\0\0", 11);
  size = cor_dns_answer(q, length + 11, &zones, 0, a, sizeof(a));
  ok(size > 512 && a[7] == 60 && a[11] == 1, "whole where EDNS offers room, and EDNS is answered");

  q[length + 6] = 1;
  size = cor_dns_answer(q, length + 11, &zones, 0, a, sizeof(a));
  ok(size > 11 && (a[3] & 15) == 0 && a[size - 6] == 1 && a[size - 5] == 0 && a[7] == 0,
     "another version of EDNS: BADVERS");

  size = ask("web", 1, 0, a);
  length = query(q, "web", 1);
  ok(cor_dns_matches(q, length, a, (size_t)size), "an answer matches its question");
  a[1] ^= 1;
  ok(!cor_dns_matches(q, length, a, (size_t)size), "with another id it does not");
  a[1] ^= 1;
  a[14] ^= 1;
  ok(!cor_dns_matches(q, length, a, (size_t)size), "nor with another name");
  cor_zone_free(&zone);
}

static int ask_as(const char *project, const char *name, uint16_t type, uint8_t *answer) {
  static const struct cor_dns_subnet subnets[] = {
      {.base = {10, 5, 0, 0}, .prefix = 24}, {.v6 = true, .base = {0xfd, 0, 0, 9}, .prefix = 64}};
  uint8_t text[512];
  struct cor_dns_zones zones = {
      .entries = &zone, .project = project, .subnets = subnets, .subnet_count = 2};
  return cor_dns_answer(text, query(text, name, type), &zones, 0, answer, 4096);
}

static void test_dns_projects(void) {
  static const char shop[] =
      "address 10.5.0.2\naddress6 fd00:9::2\nproject shop\nname shop-db-1\nname db\n";
  static const char blog[] = "address 10.5.0.3\nproject Blog\nname blog-db-1\nname db\n";
  static const char reverse6[] = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.0.0.d.f."
                                 "ip6.arpa";
  char other[sizeof(reverse6)];
  uint8_t a[4096];
  int size;
  memset(&zone, 0, sizeof(zone));
  cor_zone_parse(&zone, 0, shop, sizeof(shop) - 1);
  cor_zone_parse(&zone, 0, blog, sizeof(blog) - 1);
  size = ask_as("shop", "db", 1, a);
  ok(a[7] == 1 && ends_with(a, size, "10.5.0.2"), "a name is that of the own project");
  size = ask_as("blog", "db", 1, a);
  ok(a[7] == 1 && ends_with(a, size, "10.5.0.3"), "whichever project asks");
  size = ask_as("other", "db", 1, a);
  ok(a[7] == 2, "who is of neither finds both");
  size = ask_as("shop", "db.blog", 1, a);
  ok(a[7] == 1 && ends_with(a, size, "10.5.0.3"), "another project's by its full name");
  size = ask_as("shop", "db", 28, a);
  ok(a[7] == 1 && size > 16 &&
         memcmp(a + size - 16, "\xfd\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\2", 16) == 0,
     "its IPv6 address");
  ok(ask_as("blog", "db", 28, a) > 0 && a[7] == 0 && (a[3] & 15) == 0, "or none, without denial");
  size = ask_as("shop", reverse6, 12, a);
  ok(size > 0 && memcmp(a + size - 11, "\11shop-db-1", 10) == 0,
     "an IPv6 address back to its name");
  ok(ask_as("shop", "9.0.5.10.in-addr.arpa", 12, a) > 0 && (a[3] & 15) == 3,
     "an address of the own networks that nobody has is denied");
  memcpy(other, reverse6, sizeof(other));
  other[0] = '7';
  ok(ask_as("shop", other, 12, a) > 0 && (a[3] & 15) == 3, "an IPv6 one too");
  other[62] = '0';
  ok(ask_as("shop", other, 12, a) == COR_DNS_FORWARD &&
         ask_as("shop", "1.0.6.10.in-addr.arpa", 12, a) == COR_DNS_FORWARD,
     "others are for other resolvers");
  cor_zone_free(&zone);
}

static void test_zone_file(void) {
  struct cor_err err;
  const char *names[] = {"db", "shop-db-1", NULL}, *hostile[] = {"db\naddress 1.2.3.4", NULL};
  char path[160];
  snprintf(path, sizeof(path), "%s", at("zones/net"));
  struct cor_zone_host host = {"10.0.0.9/24", "fd00::9/64", "shop", names};
  ok(cor_zone_write(path, "cafe", &host, &err) == 0 &&
         strcmp(slurp(at("zones/net/cafe")), "address 10.0.0.9\naddress6 fd00::9\nproject shop\n"
                                             "name db\nname shop-db-1\n") == 0,
     "a zone's file");
  host.names = hostile;
  ok(cor_zone_write(path, "cafe", &host, &err) < 0, "a name cannot smuggle lines into it");
  host.names = names;
  ok(cor_zone_stop(path, "cafe", &host, &err) == 0 &&
         strcmp(slurp(at("zones/net/cafe")), "stopped\nproject shop\nname db\nname shop-db-1\n") ==
             0 &&
         cor_zone_stop(at("zones/no"), "cafe", &host, &err) == 0,
     "of a container that does not run, and none where the network is gone");
  ok(cor_zone_remove(path, "cafe", &err) == 0 && cor_zone_remove(path, "cafe", &err) == 0,
     "removing it twice is fine");
  rmdir(path);
  rmdir(at("zones"));
}

int main(void) {
  snprintf(folder, sizeof(folder), "/tmp/coracle-supervision.%d", (int)getpid());
  if (mkdir(folder, 0700) < 0)
    return 1;
  test_frames();
  test_json();
  test_signals();
  test_log();
  test_dns();
  test_dns_projects();
  test_zone_file();
  ok(rmdir(folder) == 0, "nothing is left");
  printf("1..%d\n", count);
  return failed > 0;
}
