#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "fd.h"

/* How long to wait for killed processes to be gone, and for the kernel to let go of an emptied
 * folder. */
#define DESTROY_TIMEOUT_MS 10000

const struct cor_device_rule cor_default_device_rules[] = {
    {true, 'c', -1, -1, false, false, true}, {true, 'b', -1, -1, false, false, true},
    {true, 'c', 1, 3, true, true, true},     {true, 'c', 1, 5, true, true, true},
    {true, 'c', 1, 7, true, true, true},     {true, 'c', 1, 8, true, true, true},
    {true, 'c', 1, 9, true, true, true},     {true, 'c', 5, 0, true, true, true},
    {true, 'c', 5, 2, true, true, true},     {true, 'c', 136, -1, true, true, true},
};
const size_t cor_default_device_rule_count =
    sizeof(cor_default_device_rules) / sizeof(*cor_default_device_rules);

int cor_cgroup_write(int dirfd, const char *file, const char *value, struct cor_err *err) {
  if (cor_write_file(dirfd, file, value) == 0)
    return 0;
  int saved = errno;
  char shown[64];
  snprintf(shown, sizeof(shown), "%.63s", value);
  shown[strcspn(shown, "\n")] = '\0';
  if (saved == ENOENT)
    return cor_fail(err, saved, "cgroup", file,
                    "this kernel's cgroups cannot limit that (value \"%s\")", shown);
  return cor_fail(err, saved, "cgroup", file, "the value \"%s\" is refused", shown);
}

int cor_cgroup_write_num(int dirfd, const char *file, int64_t value, struct cor_err *err) {
  char text[32];
  snprintf(text, sizeof(text), "%lld", (long long)value);
  return cor_cgroup_write(dirfd, file, text, err);
}

static int set_path(struct cor_cgroup *cgroup, const char *path, struct cor_err *err) {
  size_t used = 0;
  for (const char *part = path; *part;) {
    part += strspn(part, "/");
    size_t length = strcspn(part, "/");
    if (!length || (length == 1 && *part == '.')) {
      part += length;
      continue;
    }
    if (length == 2 && part[0] == '.' && part[1] == '.')
      return cor_fail(err, 0, "cgroup", path, "linux.cgroupsPath must not go up");
    if (used + length + 2 > sizeof(cgroup->path) || length > NAME_MAX)
      return cor_fail(err, ENAMETOOLONG, "cgroup", path, "linux.cgroupsPath is too long");
    cgroup->path[used++] = '/';
    memcpy(cgroup->path + used, part, length);
    used += length;
    part += length;
  }
  cgroup->path[used] = '\0';
  if (!used)
    return cor_fail(err, 0, "cgroup", path, "linux.cgroupsPath must name a cgroup below the root");
  return 0;
}

/* The hierarchies as the kernel lists them, "4:memory:/path"; each is mounted where every
 * distribution has it. One that is not mounted there cannot be used and is left out. */
static int find_v1(struct cor_cgroup *cgroup, struct cor_err *err) {
  _cleanup_free_ char *text = cor_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, NULL, err);
  if (!text)
    return -1;
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    char *name = strchr(line, ':');
    char *end = name ? strchr(name + 1, ':') : NULL;
    if (!end || end == name + 1) /* "0::/": version 2 */
      continue;
    *end = '\0';
    name++;
    if (strncmp(name, "name=", 5) == 0)
      name += 5;
    char dir[128];
    struct statfs fs;
    if (cgroup->count == COR_CGROUP_MAX || strlen(name) >= sizeof(cgroup->hierarchies->name))
      return cor_fail(err, 0, "cgroup", name, "more hierarchies than expected");
    snprintf(dir, sizeof(dir), COR_CGROUP_ROOT "/%s", name);
    if (statfs(dir, &fs) < 0 || fs.f_type != CGROUP_SUPER_MAGIC)
      continue;
    struct cor_hierarchy *hierarchy = &cgroup->hierarchies[cgroup->count++];
    strcpy(hierarchy->name, name);
    hierarchy->fd = -1;
  }
  return 0;
}

int cor_cgroup_find(struct cor_cgroup *cgroup, const struct cor_spec *spec, struct cor_err *err) {
  struct statfs fs;
  cgroup->version = 0;
  cgroup->count = 0;
  if (!spec->cgroups_path)
    return 0;
  if (set_path(cgroup, spec->cgroups_path, err) < 0)
    return -1;
  if (statfs(COR_CGROUP_ROOT, &fs) < 0)
    return cor_fail(err, errno, "statfs", COR_CGROUP_ROOT, "no cgroups are mounted");
  if (fs.f_type == CGROUP2_SUPER_MAGIC) {
    cgroup->version = 2;
    cgroup->count = 1;
    cgroup->hierarchies[0] = (struct cor_hierarchy){.fd = -1};
    return 0;
  }
  cgroup->version = 1;
  return find_v1(cgroup, err);
}

void cor_cgroup_close(struct cor_cgroup *cgroup) {
  for (size_t i = 0; i < cgroup->count; i++)
    cor_close_p(&cgroup->hierarchies[i].fd);
  cgroup->count = 0;
}

int cor_cgroup_dir(const struct cor_cgroup *cgroup, const char *controller) {
  size_t length = strlen(controller);
  for (size_t i = 0; i < cgroup->count; i++) {
    if (cgroup->version == 2)
      return cgroup->hierarchies[i].fd;
    for (const char *at = cgroup->hierarchies[i].name; at;
         at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
      if (strncmp(at, controller, length) == 0 && (at[length] == '\0' || at[length] == ','))
        return cgroup->hierarchies[i].fd;
  }
  return -1;
}

static void full_path(const struct cor_cgroup *cgroup, const struct cor_hierarchy *hierarchy,
                      char *out, size_t size) {
  snprintf(out, size, COR_CGROUP_ROOT "%s%s%s", *hierarchy->name ? "/" : "", hierarchy->name,
           cgroup->path);
}

/* A new cpuset of version 1 has no CPUs and no memory nodes, and no process may enter it until it
 * has: it takes its parent's. */
static int inherit_cpuset(int parent, int child, struct cor_err *err) {
  static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
  for (size_t i = 0; i < 2; i++) {
    _cleanup_free_ char *own = cor_read_file(child, files[i], 65536, NULL, err);
    if (!own)
      return -1;
    if (own[strspn(own, " \n")])
      continue;
    _cleanup_free_ char *from = cor_read_file(parent, files[i], 65536, NULL, err);
    if (!from || cor_cgroup_write(child, files[i], from, err) < 0)
      return -1;
  }
  return 0;
}

/* Makes every folder of the path in one hierarchy. */
static int create_in(struct cor_cgroup *cgroup, struct cor_hierarchy *hierarchy,
                     struct cor_err *err) {
  char root[128], part[NAME_MAX + 1];
  bool is_cpuset =
      strcmp(hierarchy->name, "cpuset") == 0 || strstr(hierarchy->name, "cpuset") != NULL;
  snprintf(root, sizeof(root), COR_CGROUP_ROOT "/%s", hierarchy->name);
  _cleanup_close_ int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return cor_fail(err, errno, "open", root, "cannot open the hierarchy");
  for (const char *at = cgroup->path; *at;) {
    const char *part_start = ++at;
    size_t length = strcspn(at, "/");
    memcpy(part, at, length);
    part[length] = '\0';
    at += length;
    if (cgroup->version == 2 &&
        cor_cgroup_v2_hand_down(dir, part_start == cgroup->path + 1, cgroup->path, err) < 0)
      return -1;
    int made = mkdirat(dir, part, 0755);
    if (made < 0 && errno == EEXIST && !*at) {
      /* The leaf of an earlier run: without processes it may be removed, and its counters and
       * limits with it. */
      if (unlinkat(dir, part, AT_REMOVEDIR) < 0)
        return cor_fail(err, errno, "cgroup", cgroup->path, "a cgroup of this path is in use");
      made = mkdirat(dir, part, 0755);
    }
    if (made < 0 && errno != EEXIST)
      return cor_fail(err, errno, "mkdirat", cgroup->path, "cannot make the cgroup in \"%s\"",
                      root);
    int child = openat(dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (child < 0)
      return cor_fail(err, errno, "openat", cgroup->path, "cannot open the cgroup in \"%s\"", root);
    int result = is_cpuset && cgroup->version == 1 ? inherit_cpuset(dir, child, err) : 0;
    close(dir);
    dir = child;
    if (result < 0)
      return -1;
  }
  hierarchy->fd = steal_fd(&dir);
  return 0;
}

int cor_cgroup_create(struct cor_cgroup *cgroup, const struct cor_spec *spec, struct cor_err *err) {
  for (size_t i = 0; i < cgroup->count; i++)
    if (create_in(cgroup, &cgroup->hierarchies[i], err) < 0)
      return -1;
  if (cgroup->version == 1)
    return cor_cgroup_v1_limit(cgroup, &spec->resources, err);
  if (cgroup->version == 2)
    return cor_cgroup_v2_limit(cgroup, &spec->resources, err);
  return 0;
}

int cor_cgroup_update(const struct cor_cgroup *cgroup, const struct cor_resources *resources,
                      struct cor_err *err) {
  struct cor_resources limits = *resources;
  limits.device_count = 0;
  return cgroup->version == 1   ? cor_cgroup_v1_limit(cgroup, &limits, err)
         : cgroup->version == 2 ? cor_cgroup_v2_limit(cgroup, &limits, err)
                                : 0;
}

void cor_cgroup_open(struct cor_cgroup *cgroup) {
  char path[PATH_MAX + 128];
  for (size_t i = 0; i < cgroup->count; i++) {
    full_path(cgroup, &cgroup->hierarchies[i], path, sizeof(path));
    cor_close_p(&cgroup->hierarchies[i].fd);
    cgroup->hierarchies[i].fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
}

/* "0" in `tasks` means the calling thread. That form alone spares the kernel the lock over all
 * forks of the machine, which waits for an RCU grace period (5 to 13 ms, against 0.3 for all
 * hierarchies this way; Linux 5.15, kernel/cgroup/cgroup.c, cgroup_procs_write_start). The process
 * has one thread, so a thread is all of it. */
int cor_cgroup_enter(const struct cor_cgroup *cgroup, struct cor_err *err) {
  for (size_t i = 0; cgroup->version == 1 && i < cgroup->count; i++)
    if (cgroup->hierarchies[i].fd >= 0 &&
        cor_write_file(cgroup->hierarchies[i].fd, "tasks", "0") < 0)
      return cor_fail(err, errno, "tasks", cgroup->path, "cannot move into the cgroup in \"%s\"",
                      cgroup->hierarchies[i].name);
  return 0;
}

static void sleep_ms(long ms) {
  struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

/* Removes a folder and those that the container has made in it, deepest first. Returns 0, or -1
 * with errno. */
static int remove_tree(int parent, const char *name, int depth) {
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return 0;
  if (depth >= 64)
    return -1;
  int saved = errno;
  int dirfd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
  for (struct dirent *entry; dir && (entry = readdir(dir));)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      (void)remove_tree(dirfd, entry->d_name, depth + 1);
  if (dir)
    closedir(dir);
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return 0;
  if (!errno)
    errno = saved;
  return -1;
}

int cor_cgroup_destroy(struct cor_cgroup *cgroup, struct cor_err *err) {
  char path[PATH_MAX + 128];
  cor_cgroup_open(cgroup);
  int dirfd = cor_cgroup_process_dir(cgroup), waited = 0;
  if (dirfd >= 0 && cor_cgroup_kill(dirfd, 0) > 0) {
    /* Frozen first with version 1, so that nothing forks while the list is walked; SIGKILL reaches
     * a frozen process once it thaws. Version 2 has a file that does both at once (Linux 5.14). */
    if (cgroup->version == 2 && cor_write_file(dirfd, "cgroup.kill", "1") == 0) {
      (void)cor_cgroup_freeze(cgroup, false, NULL);
    } else {
      (void)cor_cgroup_freeze(cgroup, true, NULL);
      cor_cgroup_kill(dirfd, SIGKILL);
      (void)cor_cgroup_freeze(cgroup, false, NULL);
    }
    for (long pause = 1; cor_cgroup_kill(dirfd, SIGKILL) > 0 && waited < DESTROY_TIMEOUT_MS;
         pause = pause < 50 ? pause * 2 : 50) {
      sleep_ms(pause);
      waited += (int)pause;
    }
  }
  int failed = 0;
  for (size_t i = 0; i < cgroup->count; i++) {
    full_path(cgroup, &cgroup->hierarchies[i], path, sizeof(path));
    /* EBUSY lasts a moment longer than the last process: its exit reaches the cgroup late. */
    long pause = 1;
    while (remove_tree(AT_FDCWD, path, 0) < 0) {
      if (errno != EBUSY || waited >= DESTROY_TIMEOUT_MS) {
        failed = cor_fail(err, errno, "rmdir", path, "cannot remove the cgroup");
        break;
      }
      sleep_ms(pause);
      waited += (int)pause;
      pause = pause < 50 ? pause * 2 : 50;
    }
  }
  cor_cgroup_close(cgroup);
  return failed;
}

int cor_cgroup_freeze(const struct cor_cgroup *cgroup, bool frozen, struct cor_err *err) {
  int dirfd = cor_cgroup_dir(cgroup, "freezer");
  if (dirfd < 0)
    return cor_fail(err, ENOENT, "cgroup", cgroup->path, "there is no freezer");
  if (cgroup->version == 2)
    return cor_cgroup_write(dirfd, "cgroup.freeze", frozen ? "1" : "0", err);
  if (cor_cgroup_write(dirfd, "freezer.state", frozen ? "FROZEN" : "THAWED", err) < 0)
    return -1;
  /* Version 1 answers FREEZING until each process has come to a stop. */
  for (int i = 0; frozen && i < 1000; i++) {
    _cleanup_free_ char *state = cor_read_file(dirfd, "freezer.state", 64, NULL, err);
    if (!state)
      return -1;
    if (strncmp(state, "FROZEN", 6) == 0)
      return 0;
    sleep_ms(1);
  }
  return frozen ? cor_fail(err, ETIMEDOUT, "cgroup", cgroup->path, "its processes do not freeze")
                : 0;
}

bool cor_cgroup_oom_killed(const struct cor_cgroup *cgroup) {
  int dirfd = cor_cgroup_dir(cgroup, "memory");
  if (dirfd < 0)
    return false;
  _cleanup_free_ char *text = cor_read_file(
      dirfd, cgroup->version == 2 ? "memory.events" : "memory.oom_control", 4096, NULL, NULL);
  const char *found = text ? strstr(text, "oom_kill ") : NULL;
  return found && strtoull(found + strlen("oom_kill "), NULL, 10) > 0;
}
