/* What the kernel alone takes for a container on a bridge, the floor that a runtime is measured
 * against: new namespaces, an overlay and the usual mounts, a veth pair, pivot_root, execve and the
 * end of a static program. No cgroup, no log, no filter, nobody to ask.
 *
 *   bare LOWER WORK BRIDGE ADDRESS GATEWAY       milliseconds on stdout; PROGRAM is LOWER's
 * /bin/true
 *
 * LOWER is the root file system, WORK an empty folder for the overlay's three.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void must(int result, const char *what) {
  if (result >= 0)
    return;
  fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void mount_all(const char *lower, const char *work) {
  char options[8192], root[4096];
  snprintf(root, sizeof(root), "%s/root", work);
  snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, work,
           work);
  must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "mount /");
  must(mount("overlay", root, "overlay", 0, options), "mount overlay");
  must(chdir(root), "chdir");
  must(mount("proc", "proc", "proc", 0, NULL), "mount proc");
  must(mount("tmpfs", "dev", "tmpfs", 0, "mode=755,size=64k"), "mount dev");
  must(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755), "mkdir");
  must(mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666"), "mount devpts");
  must(mount("shm", "dev/shm", "tmpfs", 0, "size=64m"), "mount shm");
  must(mount("mqueue", "dev/mqueue", "mqueue", 0, NULL), "mount mqueue");
  must(mount("sysfs", "sys", "sysfs", MS_RDONLY, NULL), "mount sysfs");
  must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  must(umount2(".", MNT_DETACH), "umount");
}

int main(int argc, char **argv) {
  struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                                     CLONE_NEWUTS | CLONE_NEWCGROUP,
                            .exit_signal = SIGCHLD};
  char path[4096], byte = 0;
  struct cor_err err;
  int go[2], status;
  if (argc != 6)
    return 2;
  static const char *const folders[] = {"upper", "work", "root"};
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof(path), "%s/%s", argv[2], folders[i]);
    must(mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0, path);
  }
  must(pipe2(go, O_CLOEXEC), "pipe");
  double begin = now_ms();
  pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
  must(pid, "clone3");
  if (pid == 0) {
    mount_all(argv[1], argv[2]);
    must(read(go[0], &byte, 1) == 1 ? 0 : -1, "read");
    execl("/bin/true", "true", NULL);
    must(-1, "execl");
  }
  snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
  int netns = open(path, O_RDONLY | O_CLOEXEC);
  must(netns, path);
  const struct cor_endpoint endpoint = {.bridge = argv[3],
                                        .host_name = "cvbare0",
                                        .interface = "eth0",
                                        .address = argv[4],
                                        .gateway = argv[5],
                                        .is_default = true};
  if (cor_net_attach(netns, &endpoint, &err) < 0) {
    char text[1024];
    cor_err_text(&err, text, sizeof(text));
    fprintf(stderr, "bare: %s\n", text);
    return 1;
  }
  must((int)write(go[1], &byte, 1), "write");
  must(waitpid(pid, &status, 0), "waitpid");
  printf("%.3f\n", now_ms() - begin);
  close(netns);
  (void)cor_net_detach(-1, &endpoint, &err);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
