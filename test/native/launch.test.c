/* container.h as the shim uses it: overlay roots, waiting for the start, the parent-death signal,
 * the freezer, and that a launch which fails leaves nothing. Real containers; TAP on stdout. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../native/src/container.h"
#include "../../native/src/fd.h"
#include "../../native/src/spec.h"

static int count, failures;
static char work[64];

static void ok(bool good, const char *description) {
  failures += !good;
  printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, description);
  fflush(stdout);
}

static const char *path_in(const char *name) {
  static char buffers[4][256];
  static unsigned next;
  char *path = buffers[next++ % 4];
  snprintf(path, sizeof(buffers[0]), "%s/%s", work, name);
  return path;
}

static int shell(const char *format, ...) {
  char command[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(command, sizeof(command), format, args);
  va_end(args);
  pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static struct cor_spec *make_spec(const char *script, const char *resources) {
  struct cor_err err;
  char text[4096];
  snprintf(text, sizeof(text),
           "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/"
           "\",\"user\":{\"uid\":0,\"gid\":0},"
           "\"args\":[\"/bin/sh\",\"-c\",\"%s\"],\"env\":[\"PATH=/bin\"]},"
           "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
           "{\"destination\":\"/"
           "dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"mode=755\"]}],"
           "\"linux\":{\"cgroupsPath\":\"/coracle-test/"
           "%d\",\"resources\":%s,\"namespaces\":[{\"type\":\"mount\"},"
           "{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"network\"},{"
           "\"type\":\"cgroup\"}]}}",
           script, (int)getpid(), resources);
  struct cor_spec *spec = cor_spec_parse(text, strlen(text), "test", &err);
  if (!spec) {
    cor_err_text(&err, text, sizeof(text));
    printf("Bail out! %s\n", text);
    exit(1);
  }
  return spec;
}

static struct cor_launch make_launch(const struct cor_spec *spec) {
  static const char *lower[3];
  static struct cor_overlay overlay;
  static char paths[4][256];
  const char *const names[] = {"top", "base", "upper", "work"};
  for (int i = 0; i < 4; i++)
    snprintf(paths[i], sizeof(paths[i]), "%s/%s", work, names[i]);
  lower[0] = paths[0];
  lower[1] = paths[1];
  overlay = (struct cor_overlay){.lower = lower, .upper = paths[2], .work = paths[3]};
  struct cor_launch launch = COR_LAUNCH_INIT;
  launch.spec = spec;
  launch.bundle = work;
  launch.overlay = &overlay;
  launch.pdeathsig = SIGKILL;
  return launch;
}

static int launch(const struct cor_launch *how, struct cor_child *child) {
  struct cor_err err;
  int result = cor_container_launch(how, child, &err);
  if (result < 0) {
    char text[1400];
    cor_err_text(&err, text, sizeof(text));
    printf("# %s\n", text);
  }
  return result;
}

static int wait_exit(struct cor_child *child) {
  int status = -1;
  waitpid(child->pid, &status, 0);
  cor_close_p(&child->pidfd);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool cgroup_exists(void) {
  return shell("ls -d /sys/fs/cgroup/*/coracle-test/%d /sys/fs/cgroup/coracle-test/%d >/dev/null "
               "2>&1 ||"
               " find /sys/fs/cgroup -path '*/coracle-test/%d' | grep -q .",
               (int)getpid(), (int)getpid(), (int)getpid()) == 0;
}

/* The process whose namespace is joined has ended, and its number is another's. */
static void test_joined_namespace(void) {
  char path[32], owners[COR_NS_COUNT][24] = {0};
  struct cor_child child;
  struct cor_spec *spec = make_spec("exit 3", "{}");
  snprintf(path, sizeof(path), "/proc/%d/ns/ipc", (int)getpid());
  spec->namespaces[COR_NS_IPC].path = path;
  struct cor_launch how = make_launch(spec);
  how.ns_owners = owners;
  ok(launch(&how, &child) == 0 && wait_exit(&child) == 3 && *owners[COR_NS_IPC],
     "a namespace is joined by its process's number, whose start is noted");
  cor_container_cleanup(spec, &(struct cor_err){0});
  ok(launch(&how, &child) == 0 && wait_exit(&child) == 3, "and joined again while it lives");
  cor_container_cleanup(spec, &(struct cor_err){0});
  strcpy(owners[COR_NS_IPC], "1");
  ok(launch(&how, &child) < 0 && !cgroup_exists(),
     "but not where the number is another process's by now");
  spec->namespaces[COR_NS_IPC].path = NULL;
  cor_spec_free(spec);
}

static void test_overlay(void) {
  struct cor_spec *spec =
      make_spec("cat /layer; echo new > /written; test -e /hidden && exit 9; exit 5", "{}");
  struct cor_launch how = make_launch(spec);
  struct cor_child child;
  struct cor_err err;
  int ends[2];
  char text[64] = "";
  if (pipe2(ends, O_CLOEXEC) < 0)
    exit(1);
  how.stdio[1] = ends[1];
  int result = launch(&how, &child);
  close(ends[1]);
  ok(result == 0, "a container starts from an overlay");
  ok(result == 0 && wait_exit(&child) == 5, "its exit status comes to the caller");
  ok(cor_read_full(ends[0], text, sizeof(text) - 1) > 0 && strcmp(text, "top\n") == 0,
     "the topmost layer wins");
  close(ends[0]);
  ok(access(path_in("upper/written"), F_OK) == 0, "what it writes lands in the upper folder");
  ok(shell("grep -q %s /proc/self/mountinfo", work) != 0, "nothing of it is mounted on the host");
  ok(cor_container_cleanup(spec, &err) == 0 && !cgroup_exists(),
     "cleanup removes the cgroup in every hierarchy");
  ok(cor_container_cleanup(spec, &err) == 0, "twice");
  cor_spec_free(spec);
}

static void test_failure(void) {
  struct cor_spec *spec = make_spec("true", "{}");
  struct cor_launch how = make_launch(spec);
  struct cor_child child;
  struct cor_err err;
  static const char *const missing[] = {"/bin/missing", NULL};
  spec->process.args = missing;
  ok(cor_container_launch(&how, &child, &err) < 0 && err.errno_ == ENOENT &&
         strcmp(err.op, "execve") == 0 && strcmp(err.stage, "init") == 0,
     "a missing program is execve's ENOENT in the init stage");
  ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a launch that fails leaves no process");
  ok(!cgroup_exists(), "and no cgroup");
  cor_spec_free(spec);
}

static void test_start(void) {
  struct cor_spec *spec = make_spec("exit 3", "{}");
  struct cor_launch how = make_launch(spec);
  struct cor_child child;
  struct cor_err err;
  how.wait_start = true;
  ok(launch(&how, &child) == 0 && child.start_fd >= 0, "an init that waits");
  struct pollfd end = {.fd = child.pidfd, .events = POLLIN};
  ok(poll(&end, 1, 50) == 0, "does not run on its own");
  ok(cor_container_start(&child, &err) == 0 && wait_exit(&child) == 3,
     "and runs when it is told to");
  cor_container_cleanup(spec, &err);
  cor_spec_free(spec);
}

static void test_parent_death(void) {
  struct cor_spec *spec = make_spec("sleep 1000", "{}");
  struct cor_launch how = make_launch(spec);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    exit(1);
  pid_t parent = fork();
  if (parent == 0) {
    struct cor_child child;
    pid_t pid = launch(&how, &child) == 0 ? child.pid : -1;
    cor_write_full(ends[1], &pid, sizeof(pid));
    pause();
    _exit(0);
  }
  pid_t pid = -1;
  cor_read_full(ends[0], &pid, sizeof(pid));
  ok(pid > 0 && kill(pid, 0) == 0, "a container of a process that will be killed");
  kill(parent, SIGKILL);
  waitpid(parent, NULL, 0);
  bool gone = false;
  for (int i = 0; i < 200 && !gone; i++) {
    char state[32];
    snprintf(state, sizeof(state), "/proc/%d/exe", (int)pid);
    char target[8];
    gone = readlink(state, target, sizeof(target)) < 0;
    usleep(10000);
  }
  ok(gone, "dies with it");
  struct cor_err err;
  ok(cor_container_cleanup(spec, &err) == 0 && !cgroup_exists(), "and its cgroup can be removed");
  close(ends[0]);
  close(ends[1]);
  cor_spec_free(spec);
}

static void test_freeze_and_exec(void) {
  struct cor_spec *spec = make_spec("sleep 1000", "{}");
  struct cor_launch how = make_launch(spec);
  struct cor_child child, joined;
  struct cor_err err;
  static const char *const argv[] = {"sh", "-c", "test $X = y && test $(hostname) != '' && exit 6",
                                     NULL};
  static const char *const env[] = {"X=y", NULL};
  bool runs = launch(&how, &child) == 0;
  ok(runs, "a container to join");
  /* What follows would be done to every process there is. */
  if (!runs)
    return;
  struct cor_exec exec = {.init_pid = child.pid,
                          .init_pidfd = child.pidfd,
                          .spec = spec,
                          .argv = argv,
                          .env = env,
                          .stdio = {0, 1, 2}};
  ok(cor_container_exec(&exec, &joined, &err) == 0 && wait_exit(&joined) == 6,
     "a process joins it");
  ok(cor_container_freeze(spec, true, &err) == 0, "it freezes");
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)child.pid);
  ok(cor_container_freeze(spec, false, &err) == 0, "and thaws");
  kill(child.pid, SIGKILL);
  ok(wait_exit(&child) == 137, "and is killed");
  exec.init_pidfd = -1;
  ok(cor_container_exec(&exec, &joined, &err) < 0, "nothing joins what is gone");
  ok(!cor_container_oom_killed(spec), "that was no want of memory");
  cor_container_cleanup(spec, &err);
  cor_spec_free(spec);
}

static void test_oom(void) {
  struct cor_spec *spec = make_spec("dd if=/dev/zero of=/dev/null bs=64M count=1",
                                    "{\"memory\":{\"limit\":16777216,\"swap\":16777216}}");
  struct cor_launch how = make_launch(spec);
  struct cor_child child;
  struct cor_err err;
  how.stdio[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ok(launch(&how, &child) == 0 && wait_exit(&child) == 137 && cor_container_oom_killed(spec),
     "a kill for want of memory is told from others");
  close(how.stdio[2]);
  cor_container_cleanup(spec, &err);
  cor_spec_free(spec);
}

int main(void) {
  if (geteuid() != 0 || shell("command -v busybox >/dev/null")) {
    puts("1..0 # SKIP needs root and busybox");
    return 0;
  }
  snprintf(work, sizeof(work), "/tmp/coracle-launch.%d", (int)getpid());
  shell("mkdir -p %s/base/bin %s/top %s/upper %s/work %s/rootfs && cd %s && cp $(command -v "
        "busybox) base/bin/busybox &&"
        " for n in sh cat test sleep dd hostname true; do ln -s busybox base/bin/$n; done;"
        " echo base > base/layer; echo top > top/layer; touch base/hidden; mknod top/hidden c 0 0",
        work, work, work, work, work, work);
  test_overlay();
  test_joined_namespace();
  test_failure();
  test_start();
  test_parent_death();
  test_freeze_and_exec();
  test_oom();
  shell("rm -rf %s; rmdir /sys/fs/cgroup/*/coracle-test /sys/fs/cgroup/coracle-test 2>/dev/null",
        work);
  printf("1..%d\n", count);
  return failures != 0;
}
