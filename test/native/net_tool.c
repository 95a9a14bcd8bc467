/* Drives the network module by hand and from the integration tests: one call a run, its time in
 * microseconds on stdout. `publish` holds its ports until its stdin ends. Errors: one JSON object
 * on stderr, exit status 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static const char usage[] =
    "net-tool netns FILE                                     new namespace, kept at FILE\n"
    "net-tool attach NETNS BRIDGE HOSTNAME IF ADDRESS GATEWAY|- MAC|- MTU [ADDRESS6 GATEWAY6 "
    "[isolated]]\n"
    "net-tool detach HOSTNAME | unplug HOSTNAME\n"
    "net-tool bridge-add NAME ADDRESS MTU | bridge-delete NAME\n"
    "net-tool table TABLE | table-delete TABLE\n"
    "net-tool bridge-rules TABLE NAME SUBNET OPTIONS add|remove\n"
    "net-tool network-up TABLE NAME ADDRESS SUBNET OPTIONS [ADDRESS6 SUBNET6]\n"
    "net-tool network-down TABLE NAME SUBNET\n"
    "net-tool advertise IF                                   a router advertisement to all\n"
    "net-tool publish TABLE PROTOCOL,HOSTIP,HOSTPORT,ADDRESS,PORT[,ADDRESS6[,routed]]…\n"
    "net-tool forget TABLE …\n"
    "OPTIONS: external or internal, then +isolated, +plain (no masquerade), +routed6\n";

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
  port.address6 = strtok(NULL, ",");
  port.is_routed6 = strtok(NULL, ",") != NULL;
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

/* What a hostile container sends to become the host's router: ICMPv6 type 134, lifetime 1800 s. */
static int advertise(const char *interface, struct cor_err *err) {
  struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_scope_id = if_nametoindex(interface)};
  unsigned char message[16] = {134, 0, 0, 0, 64, 0, 7, 8};
  int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), hops = 255, rc = 0;

  inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
  setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
  if (sendto(fd, message, sizeof message, 0, (struct sockaddr *)&all, sizeof all) < 0)
    rc = cor_fail(err, errno, "advertise", interface, "cannot send");
  close(fd);
  return rc;
}

static const char *or_null(const char *text) {
  return strcmp(text, "-") ? text : NULL;
}

static struct cor_network network_of(char **argv, const char *options) {
  return (struct cor_network){.table = argv[0],
                              .bridge = argv[1],
                              .is_internal = !strncmp(options, "internal", 8),
                              .is_isolated = strstr(options, "+isolated") != NULL,
                              .masquerades = !strstr(options, "+plain"),
                              .masquerades6 = !strstr(options, "+routed6")};
}

static int bridge_rules(char **argv, struct cor_err *err) {
  struct cor_network network = network_of(argv, argv[3]);

  network.subnet = argv[2];
  return cor_nft_bridge(&network, !strcmp(argv[4], "add"), err);
}

static int network_up(char **argv, int argc, struct cor_err *err) {
  struct cor_network network = network_of(argv, argv[4]);

  network.address = argv[2];
  network.subnet = argv[3];
  network.address6 = argc > 6 ? argv[5] : NULL;
  network.subnet6 = argc > 6 ? argv[6] : NULL;
  return cor_network_up(&network, err);
}

static int network_down(char **argv, int argc, struct cor_err *err) {
  struct cor_network network = network_of(argv, "");

  network.subnet = argv[2];
  network.subnet6 = argc > 3 ? argv[3] : NULL;
  return cor_network_down(&network, err);
}

static int attach(char **argv, int argc, struct cor_err *err) {
  struct cor_endpoint ep = {.network = "test",
                            .bridge = argv[1],
                            .host_name = argv[2],
                            .interface = argv[3],
                            .address = argv[4],
                            .gateway = or_null(argv[5]),
                            .mac = or_null(argv[6]),
                            .mtu = atoi(argv[7]),
                            .address6 = argc > 9 ? or_null(argv[8]) : NULL,
                            .gateway6 = argc > 9 ? or_null(argv[9]) : NULL,
                            .is_isolated = argc > 10,
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
  else if (!strcmp(command, "attach") && argc >= 10)
    rc = attach(argv + 2, argc - 2, &err);
  else if (!strcmp(command, "detach") && argc == 3)
    rc = cor_net_detach(-1, &(struct cor_endpoint){.host_name = argv[2]}, &err);
  else if (!strcmp(command, "unplug") && argc == 3)
    rc = cor_net_unplug(&(struct cor_endpoint){.host_name = argv[2]}, &err);
  else if (!strcmp(command, "bridge-add") && argc == 5)
    rc = cor_bridge_create(argv[2], argv[3], NULL, atoi(argv[4]), &err);
  else if (!strcmp(command, "bridge-delete") && argc == 3)
    rc = cor_bridge_delete(argv[2], &err);
  else if (!strcmp(command, "table") && argc == 3)
    rc = cor_nft_ensure(argv[2], &err);
  else if (!strcmp(command, "table-delete") && argc == 3)
    rc = cor_nft_remove(argv[2], &err);
  else if (!strcmp(command, "bridge-rules") && argc == 7)
    rc = bridge_rules(argv + 2, &err);
  else if (!strcmp(command, "network-up") && argc >= 7)
    rc = network_up(argv + 2, argc - 2, &err);
  else if (!strcmp(command, "network-down") && argc >= 5)
    rc = network_down(argv + 2, argc - 2, &err);
  else if (!strcmp(command, "advertise") && argc == 3)
    rc = advertise(argv[2], &err);
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
