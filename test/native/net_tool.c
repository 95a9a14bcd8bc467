/* Drives the network module by hand and from the integration tests: one call a run, its time in
 * microseconds on stdout. `publish` holds its ports until its stdin ends. Errors: one JSON object
 * on stderr, exit status 1. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static const char usage[] =
    "net-tool netns FILE                                     new namespace, kept at FILE\n"
    "net-tool attach NETNS BRIDGE HOSTNAME IF ADDRESS GATEWAY|- MAC|- MTU\n"
    "net-tool detach HOSTNAME | unplug HOSTNAME\n"
    "net-tool bridge-add NAME ADDRESS MTU | bridge-delete NAME\n"
    "net-tool table TABLE | table-delete TABLE\n"
    "net-tool bridge-rules TABLE NAME SUBNET external|internal add|remove\n"
    "net-tool network-up TABLE NAME ADDRESS SUBNET external|internal\n"
    "net-tool network-down TABLE NAME SUBNET\n"
    "net-tool publish TABLE PROTOCOL,HOSTIP,HOSTPORT,ADDRESS,PORT…\n"
    "net-tool forget TABLE PROTOCOL,HOSTIP,HOSTPORT,ADDRESS,PORT…\n";

static struct timespec started;

static long microseconds(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - started.tv_sec) * 1000000 + (now.tv_nsec - started.tv_nsec) / 1000;
}

static struct cor_port parse_port(char *text) {
  struct cor_port port = {.hold_fd = -1};

  port.udp = strcmp(strtok(text, ","), "udp") == 0;
  port.host_ip = strtok(NULL, ",");
  port.host_port = (uint16_t)atoi(strtok(NULL, ","));
  port.address = strtok(NULL, ",");
  port.container_port = (uint16_t)atoi(strtok(NULL, ","));
  return port;
}

static int publish(const char *table, struct cor_port *ports, size_t count, struct cor_err *err) {
  pid_t proxy;
  char byte;

  if (cor_ports_publish(table, ports, count, err) < 0)
    return -1;
  proxy = cor_forwarder_start(ports, count, err);
  if (proxy < 0)
    return -1;
  printf("{\"us\":%ld,\"proxy\":%d,\"ports\":[", microseconds(), (int)proxy);
  for (size_t i = 0; i < count; i++)
    printf("%s%u", i ? "," : "", ports[i].host_port);
  printf("]}\n");
  fflush(stdout);
  while (read(0, &byte, 1) > 0)
    ;
  if (proxy > 0) {
    kill(proxy, SIGKILL);
    waitpid(proxy, NULL, 0);
  }
  clock_gettime(CLOCK_MONOTONIC, &started);
  return cor_ports_unpublish(table, ports, count, err);
}

static int netns(const char *file, struct cor_err *err) {
  int fd = cor_netns_new(err), target;
  char path[32];
  long took = microseconds();

  if (fd < 0)
    return -1;
  target = open(file, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
  close(target);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (mount(path, file, NULL, MS_BIND, NULL) < 0)
    return cor_fail(err, errno, "mount", file, "cannot keep the namespace");
  printf("{\"us\":%ld}\n", took);
  return 0;
}

static const char *or_null(const char *text) {
  return strcmp(text, "-") ? text : NULL;
}

static int attach(char **argv, struct cor_err *err) {
  struct cor_endpoint ep = {.network = "test",
                            .bridge = argv[1],
                            .host_name = argv[2],
                            .interface = argv[3],
                            .address = argv[4],
                            .gateway = or_null(argv[5]),
                            .mac = or_null(argv[6]),
                            .mtu = atoi(argv[7]),
                            .is_default = true};
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC), rc;

  if (fd < 0)
    return cor_fail(err, errno, "open", argv[0], "no namespace");
  clock_gettime(CLOCK_MONOTONIC, &started);
  rc = cor_net_attach(fd, &ep, err);
  printf("{\"us\":%ld}\n", microseconds());
  close(fd);
  return rc;
}

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  struct cor_port ports[4096];
  struct cor_err err = {0};
  char json[2048];
  size_t count = 0;
  int rc = -2;

  clock_gettime(CLOCK_MONOTONIC, &started);
  if (!strcmp(command, "publish") || !strcmp(command, "forget"))
    for (int i = 3; i < argc && count < 4096; i++)
      ports[count++] = parse_port(argv[i]);
  if (!strcmp(command, "netns") && argc == 3)
    rc = netns(argv[2], &err);
  else if (!strcmp(command, "attach") && argc == 10)
    rc = attach(argv + 2, &err);
  else if (!strcmp(command, "detach") && argc == 3)
    rc = cor_net_detach(&(struct cor_endpoint){.host_name = argv[2]}, &err);
  else if (!strcmp(command, "unplug") && argc == 3)
    rc = cor_net_unplug(&(struct cor_endpoint){.host_name = argv[2]}, &err);
  else if (!strcmp(command, "bridge-add") && argc == 5)
    rc = cor_bridge_create(argv[2], argv[3], atoi(argv[4]), &err);
  else if (!strcmp(command, "bridge-delete") && argc == 3)
    rc = cor_bridge_delete(argv[2], &err);
  else if (!strcmp(command, "table") && argc == 3)
    rc = cor_nft_ensure(argv[2], &err);
  else if (!strcmp(command, "table-delete") && argc == 3)
    rc = cor_nft_remove(argv[2], &err);
  else if (!strcmp(command, "bridge-rules") && argc == 7)
    rc = cor_nft_bridge(argv[2], argv[3], argv[4], !strcmp(argv[5], "internal"),
                        !strcmp(argv[6], "add"), &err);
  else if (!strcmp(command, "network-up") && argc == 7)
    rc = cor_network_up(argv[2], argv[3], argv[4], argv[5], 0, !strcmp(argv[6], "internal"), &err);
  else if (!strcmp(command, "network-down") && argc == 5)
    rc = cor_network_down(argv[2], argv[3], argv[4], &err);
  else if (!strcmp(command, "publish") && argc > 2)
    rc = publish(argv[2], ports, count, &err);
  else if (!strcmp(command, "forget") && argc > 2)
    rc = cor_ports_forget(argv[2], ports, count, &err);
  if (rc == -2) {
    fputs(usage, stderr);
    return 2;
  }
  if (rc < 0) {
    cor_err_json(&err, json, sizeof json);
    fprintf(stderr, "%s\n", json);
    return 1;
  }
  if (strcmp(command, "attach") && strcmp(command, "netns"))
    printf("{\"us\":%ld}\n", microseconds());
  return 0;
}
