/* Zones are folders that other shims write; they are read again when their time of change has
 * moved. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "resolver_parts.h"

#define FILE_MAX 65536
/* A file system's clock may stand still for this long (a timer tick): a second change within it
 * would not show. */
#define GRANULARITY_NS 50000000L

struct kernel_dirent {
  uint64_t inode;
  int64_t offset;
  unsigned short size;
  unsigned char type;
  char name[];
};

static void read_file(struct cor_resolver *resolver, uint16_t index, int folder, const char *name) {
  static char text[FILE_MAX];
  _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return; /* removed meanwhile */
  ssize_t size = cor_read_full(fd, text, sizeof(text));
  if (size > 0)
    cor_zone_parse(&resolver->zone, index, text, (size_t)size);
}

static void read_folder(struct cor_resolver *resolver, uint16_t index) {
  _Alignas(8) char entries[8192];
  _cleanup_close_ int fd =
      openat(resolver->folders[index].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  long n;
  while ((n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
    for (long at = 0; at < n;) {
      struct kernel_dirent *entry = (struct kernel_dirent *)(void *)(entries + at);
      /* A dot is in ".", ".." and in files that are still being written. */
      if (!strchr(entry->name, '.'))
        read_file(resolver, index, fd, entry->name);
      at += entry->size;
    }
}

static bool same(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

void cor_resolver_refresh(struct cor_resolver *resolver) {
  struct timespec now, changed[COR_ZONE_MAX];
  bool stale = resolver->zone.count == 0;
  clock_gettime(CLOCK_REALTIME, &now);
  for (size_t i = 0; i < resolver->folder_count; i++) {
    struct stat st;
    struct cor_zone_folder *folder = &resolver->folders[i];
    changed[i] = folder->changed;
    if (fstat(folder->fd, &st) == 0)
      changed[i] = st.st_mtim;
    stale = stale || !folder->settled || !same(&changed[i], &folder->changed);
  }
  if (!stale)
    return;
  cor_zone_clear(&resolver->zone);
  for (size_t i = 0; i < resolver->folder_count; i++) {
    struct cor_zone_folder *folder = &resolver->folders[i];
    /* The time from before the reading: a change during it is seen next time. */
    folder->changed = changed[i];
    int64_t age =
        (int64_t)(now.tv_sec - changed[i].tv_sec) * 1000000000 + (now.tv_nsec - changed[i].tv_nsec);
    folder->settled = age > GRANULARITY_NS;
    read_folder(resolver, (uint16_t)i);
  }
  /* After the networks': a container of that name comes first. */
  cor_zone_parse(&resolver->zone, UINT16_MAX - 1, resolver->hosts, strlen(resolver->hosts));
}
