/* The pure parts of untar: numbers, headers, pax records, names, SHA-256. TAP on standard output.
 * What it does to a file system is tested from outside, in test/integration/image. */
#include <stdio.h>
#include <string.h>

#include "../../native/src/sha256.h"
#include "../../native/src/tar_header.h"
#include "../../native/src/untar_place.h"

static int count, failed;

static void ok(bool condition, const char *name) {
  count++;
  failed += !condition;
  printf("%sok %d - %s\n", condition ? "" : "not ", count, name);
}

static bool number_is(const char *field, size_t size, uint64_t expected) {
  uint64_t value;
  return cor_tar_number((const uint8_t *)field, size, &value) == 0 && value == expected;
}

static bool number_fails(const char *field, size_t size) {
  uint64_t value;
  return cor_tar_number((const uint8_t *)field, size, &value) < 0;
}

static void test_numbers(void) {
  ok(number_is("0000644\0", 8, 0644), "octal with a NUL at its end");
  ok(number_is("   644 ", 7, 0644), "octal between spaces");
  ok(number_is("77777777", 8, 077777777), "octal that fills its field");
  ok(number_is("\0\0\0\0\0\0\0", 8, 0), "an empty field is zero");
  ok(number_fails("12x", 3), "a letter is refused");
  ok(number_fails("-1", 2), "a sign is refused");
  ok(number_is("\x80\0\0\0\0\0\0\0\0\0\1\0", 12, 256), "base 256");
  ok(number_is("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, INT64_MAX), "largest base 256");
  ok(number_fails("\x80\0\0\0\x80\0\0\0\0\0\0\0", 12), "base 256 beyond 63 bits is refused");
  ok(number_fails("\x80\0\1\0\0\0\0\0\0\0\0\0", 12), "base 256 beyond 64 bits is refused");
  ok(number_fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12),
     "negative base 256 is refused");
}

static void seal(uint8_t *block) {
  unsigned sum = 0;
  memset(block + 148, ' ', 8);
  for (int i = 0; i < 512; i++)
    sum += block[i];
  snprintf((char *)block + 148, 8, "%06o", sum);
}

static void make_block(uint8_t *block, const char *name, const char *size) {
  memset(block, 0, 512);
  strncpy((char *)block, name, 100);
  memcpy(block + 100, "0000755", 8);
  memcpy(block + 108, "0001750", 8);
  memcpy(block + 116, "0001751", 8);
  memcpy(block + 124, size, strlen(size));
  memcpy(block + 136, "00000000017", 12);
  block[156] = '0';
  memcpy(block + 257, "ustar\00000", 8);
  seal(block);
}

static void test_headers(void) {
  uint8_t block[512];
  struct cor_tar_header h;
  struct cor_err err;
  make_block(block, "dir/file", "00000001000");
  ok(cor_tar_header_parse(block, &h, &err) == 0 && strcmp(h.name, "dir/file") == 0 &&
         h.size == 512 && h.mode == 0755 && h.uid == 1000 && h.gid == 1001 && h.mtime.tv_sec == 15,
     "a plain header");
  block[0] ^= 1;
  ok(cor_tar_header_parse(block, &h, &err) < 0, "a wrong checksum is refused");

  char longest[101];
  memset(longest, 'n', 100);
  longest[100] = '\0';
  make_block(block, longest, "00000000000");
  memset(block + 345, 'p', 155);
  seal(block);
  ok(cor_tar_header_parse(block, &h, &err) == 0 && strlen(h.name) == 256,
     "full prefix and name fields");

  make_block(block, "f", "00000000000");
  memcpy(block + 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
  seal(block);
  ok(cor_tar_header_parse(block, &h, &err) == 0 && h.mtime.tv_sec == -2, "a time before 1970");
}

static bool pax_fails(const char *text) {
  struct cor_tar_pax pax = {0};
  struct cor_err err;
  bool result = cor_tar_pax_parse(text, strlen(text), &pax, &err) < 0;
  cor_tar_pax_free(&pax);
  return result;
}

static void test_pax(void) {
  struct cor_tar_pax pax = {0};
  struct cor_err err;
  static const char text[] = "13 path=a/bc\n20 mtime=-1.5000000\n14 uid=100000\n"
                             "26 SCHILY.xattr.user.a=\0b\n17 unknown=value\n";
  ok(cor_tar_pax_parse(text, sizeof(text) - 1, &pax, &err) == 0, "records are read");
  ok(pax.path != NULL && strcmp(pax.path, "a/bc") == 0, "path");
  ok(pax.has_mtime && pax.mtime.tv_sec == -2 && pax.mtime.tv_nsec == 500000000,
     "negative time with fraction");
  ok(pax.has_uid && pax.uid == 100000, "uid");
  ok(pax.xattr_count == 1 && pax.xattrs[0].size == 2 && memcmp(pax.xattrs[0].value, "\0b", 2) == 0,
     "an attribute's value may hold NUL");
  cor_tar_pax_free(&pax);
  ok(pax_fails("99 path=a\n"), "a record longer than its header is refused");
  ok(pax_fails("5 path=a\n"), "a record shorter than its key is refused");
  ok(pax_fails("0 path=a\n"), "a record of length zero is refused, not read for ever");
  ok(pax_fails("11 pathxab\n"), "a record without = is refused");
  ok(pax_fails("99999999999999999999 path=a\n"), "a length beyond 64 bits is refused");
  ok(pax_fails("9 size=x\n"), "a size that is no number is refused");
  ok(pax_fails("11 size=-5\n"), "a negative size is refused");
}

static bool cleans_to(const char *name, const char *expected) {
  static char clean[PATH_MAX];
  struct cor_err err;
  return cor_place_clean(name, clean, &err) == 0 && strcmp(clean, expected) == 0;
}

static bool is_refused(const char *name) {
  static char clean[PATH_MAX];
  struct cor_err err;
  return cor_place_clean(name, clean, &err) < 0;
}

static void test_names(void) {
  ok(cleans_to("./a//b/./c/", "a/b/c"), "dots and doubled slashes go");
  ok(cleans_to("/etc/passwd", "etc/passwd"), "an absolute name is taken from the root");
  ok(cleans_to("a/../b", "b"), "a climb inside the root");
  ok(cleans_to("./", ""), "the root itself");
  ok(cleans_to("..a/b..", "..a/b.."), "dots inside names stay");
  ok(is_refused("../a"), "a climb above the root is refused");
  ok(is_refused("a/../../b"), "a climb above the root from inside is refused");
  ok(is_refused("/.."), "a climb above the root by an absolute name is refused");
  static char longest[2 * PATH_MAX];
  memset(longest, 'a', sizeof(longest) - 1);
  ok(is_refused(longest), "a name longer than a path may be is refused");
}

static bool hashes_to(const char *text, size_t repeat, const char *expected) {
  struct cor_sha256 hash;
  char hex[COR_SHA256_HEX];
  cor_sha256_init(&hash);
  for (size_t i = 0; i < repeat; i++)
    cor_sha256_update(&hash, text, strlen(text));
  cor_sha256_hex(&hash, hex);
  return strcmp(hex, expected) == 0;
}

/* FIPS 180-4's examples. */
static void test_sha256(void) {
  ok(hashes_to("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "empty");
  ok(hashes_to("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
     "abc");
  ok(hashes_to("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
     "two blocks");
  ok(hashes_to("aaaaaaaaaa", 100000,
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
     "a million letters");
}

int main(void) {
  test_numbers();
  test_headers();
  test_pax();
  test_names();
  test_sha256();
  printf("1..%d\n", count);
  return failed > 0;
}
