#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer to one message is an nlmsgerr with the kernel's text; a dump's parts are at most 32
 * KiB. */
enum { REPLY_SIZE = 32768 };

int cor_nl_open(struct cor_nl *nl, int protocol, struct cor_err *err) {
  int on = 1;

  nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (nl->fd < 0)
    return cor_fail(err, errno, "open netlink socket",
                    protocol == NETLINK_NETFILTER ? "netfilter" : "route",
                    protocol == NETLINK_NETFILTER ? "the kernel offers no nf_tables"
                                                  : "cannot talk to the kernel");
  /* Both only shape error answers (text in, our own request out); old kernels without them still
   * work. */
  (void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return 0;
}

int cor_nl_open_in(struct cor_nl *nl, int protocol, int netns_fd, struct cor_err *err) {
  int own, rc;

  nl->fd = -1;
  own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own < 0)
    return cor_fail(err, errno, "open", "/proc/thread-self/ns/net",
                    "cannot remember the own network namespace");
  if (setns(netns_fd, CLONE_NEWNET) < 0) {
    rc = cor_fail(err, errno, "setns", "", "cannot enter the container's network namespace");
    close(own);
    return rc;
  }
  /* A socket belongs to the namespace it was created in for good, so we need to be inside for this
   * call only. */
  rc = cor_nl_open(nl, protocol, err);
  if (setns(own, CLONE_NEWNET) < 0) {
    /* Going on in the wrong namespace would configure the container's links as the host's. */
    cor_nl_close(nl);
    rc = cor_fail(err, errno, "setns", "", "cannot return to the own network namespace");
  }
  close(own);
  return rc;
}

void cor_nl_close(struct cor_nl *nl) {
  if (nl->fd >= 0)
    close(nl->fd);
  nl->fd = -1;
}

static char *grow(struct cor_nlbuf *buf, size_t size) {
  size_t padded = NLMSG_ALIGN(size);
  char *place;

  if (buf->failed)
    return NULL;
  if (buf->len + padded > buf->cap) {
    size_t cap = buf->cap ? buf->cap * 2 : 2048;
    char *data;

    while (cap < buf->len + padded)
      cap *= 2;
    data = realloc(buf->data, cap);
    if (!data) {
      buf->failed = true;
      return NULL;
    }
    buf->data = data;
    buf->cap = cap;
  }
  place = buf->data + buf->len;
  memset(place, 0, padded);
  buf->len += padded;
  /* The message's length is that of its content so far; padding between attributes counts, trailing
   * too. */
  if (buf->count)
    ((struct nlmsghdr *)(void *)(buf->data + buf->last))->nlmsg_len =
        (uint32_t)(buf->len - buf->last);
  return place;
}

static bool note(struct cor_nlbuf *buf, const char *what, const char *path) {
  if (buf->count == buf->what_cap) {
    uint32_t cap = buf->what_cap ? buf->what_cap * 2 : 32;
    const char **grown = realloc(buf->what, cap * sizeof *grown);

    if (!grown)
      return false;
    buf->what = grown;
    grown = realloc(buf->path, cap * sizeof *grown);
    if (!grown)
      return false;
    buf->path = grown;
    buf->what_cap = cap;
  }
  buf->what[buf->count] = what;
  buf->path[buf->count] = path ? path : "";
  return true;
}

void cor_nl_msg(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, const void *header,
                size_t size, const char *what, const char *path) {
  struct nlmsghdr *msg;

  if (buf->failed || !note(buf, what, path)) {
    buf->failed = true;
    return;
  }
  buf->last = buf->len;
  buf->count++;
  buf->ack = buf->last;
  buf->ack_seq = buf->count;
  msg = (struct nlmsghdr *)(void *)grow(buf, sizeof *msg);
  if (!msg)
    return;
  msg->nlmsg_type = type;
  msg->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  msg->nlmsg_seq = buf->count;
  cor_nl_raw(buf, header, size);
}

void cor_nl_raw(struct cor_nlbuf *buf, const void *data, size_t size) {
  char *place = grow(buf, size);

  if (place && size)
    memcpy(place, data, size);
}

void cor_nl_put(struct cor_nlbuf *buf, uint16_t type, const void *data, size_t size) {
  char *place = grow(buf, NLA_HDRLEN + size);
  struct nlattr *attr = (struct nlattr *)(void *)place;

  if (!place)
    return;
  attr->nla_type = type;
  attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
  if (size)
    memcpy(place + NLA_HDRLEN, data, size);
}

void cor_nl_put_str(struct cor_nlbuf *buf, uint16_t type, const char *value) {
  cor_nl_put(buf, type, value, strlen(value) + 1);
}

void cor_nl_put_u8(struct cor_nlbuf *buf, uint16_t type, uint8_t value) {
  cor_nl_put(buf, type, &value, sizeof value);
}

void cor_nl_put_u16(struct cor_nlbuf *buf, uint16_t type, uint16_t value) {
  cor_nl_put(buf, type, &value, sizeof value);
}

void cor_nl_put_u32(struct cor_nlbuf *buf, uint16_t type, uint32_t value) {
  cor_nl_put(buf, type, &value, sizeof value);
}

void cor_nl_put_be32(struct cor_nlbuf *buf, uint16_t type, uint32_t value) {
  cor_nl_put_u32(buf, type, htonl(value));
}

size_t cor_nl_begin(struct cor_nlbuf *buf, uint16_t type) {
  size_t nest = buf->len;

  cor_nl_put(buf, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
  return nest;
}

void cor_nl_end(struct cor_nlbuf *buf, size_t nest) {
  size_t size = buf->len - nest;

  if (buf->failed)
    return;
  if (size > UINT16_MAX) {
    buf->failed = true;
    return;
  }
  ((struct nlattr *)(void *)(buf->data + nest))->nla_len = (uint16_t)size;
}

void cor_nlbuf_free(struct cor_nlbuf *buf) {
  free(buf->data);
  free(buf->what);
  free(buf->path);
  memset(buf, 0, sizeof *buf);
}

const struct nlattr *cor_nl_attr(const void *attrs, size_t size, uint16_t type) {
  const char *at = attrs;

  while (size >= NLA_HDRLEN) {
    const struct nlattr *attr = (const struct nlattr *)(const void *)at;
    size_t step = NLA_ALIGN(attr->nla_len);

    if (attr->nla_len < NLA_HDRLEN || attr->nla_len > size)
      return NULL;
    if ((attr->nla_type & NLA_TYPE_MASK) == type)
      return attr;
    if (step >= size)
      return NULL;
    at += step;
    size -= step;
  }
  return NULL;
}

static int transmit(const struct cor_nl *nl, struct cor_nlbuf *buf, struct cor_err *err) {
  ssize_t sent;
  int size = (int)buf->len;

  if (buf->failed)
    return cor_fail(err, ENOMEM, "build netlink message", "", "no memory for a netlink message");
  /* The default send buffer (208 KiB) is too small for thousands of port elements. */
  if (size > 100 * 1024) {
    int room = size * 2;

    (void)setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  }
  do
    sent = send(nl->fd, buf->data, buf->len, 0);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return cor_fail(err, errno, buf->count ? buf->what[0] : "send", buf->count ? buf->path[0] : "",
                    "the kernel does not take the message");
  return 0;
}

static int refused(const struct cor_nlbuf *buf, const struct nlmsghdr *msg, struct cor_err *err) {
  const struct nlmsgerr *answer = NLMSG_DATA(msg);
  uint32_t seq = answer->msg.nlmsg_seq;
  const struct nlattr *text = NULL;
  size_t head = NLMSG_HDRLEN + sizeof *answer;

  if (seq < 1 || seq > buf->count)
    seq = 1;
  /* With NETLINK_CAP_ACK the request is cut to its header, so attributes follow directly. */
  if ((msg->nlmsg_flags & NLM_F_ACK_TLVS) && (msg->nlmsg_flags & NLM_F_CAPPED) &&
      msg->nlmsg_len > head)
    text = cor_nl_attr((const char *)msg + head, msg->nlmsg_len - head, NLMSGERR_ATTR_MSG);
  return cor_fail(err, -answer->error, buf->what[seq - 1], buf->path[seq - 1], "%.*s",
                  text ? (int)(text->nla_len - NLA_HDRLEN) : INT_MAX,
                  text ? (const char *)text + NLA_HDRLEN : "the kernel refused to do it");
}

int cor_nl_send(struct cor_nl *nl, struct cor_nlbuf *buf, struct cor_err *err) {
  char reply[4096];
  bool done = false;
  int rc;

  if (!buf->failed && !buf->count)
    return 0;
  if (!buf->failed)
    ((struct nlmsghdr *)(void *)(buf->data + buf->ack))->nlmsg_flags |= NLM_F_ACK;
  rc = transmit(nl, buf, err);
  while (rc == 0 && !done) {
    ssize_t got = recv(nl->fd, reply, sizeof reply, MSG_DONTWAIT);
    struct nlmsghdr *msg = (struct nlmsghdr *)(void *)reply;

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      rc = cor_fail(err, errno, buf->what[buf->count - 1], buf->path[buf->count - 1],
                    "the kernel did not answer");
      break;
    }
    for (; NLMSG_OK(msg, (size_t)got) && rc == 0; msg = NLMSG_NEXT(msg, got)) {
      if (msg->nlmsg_type != NLMSG_ERROR)
        continue;
      if (((struct nlmsgerr *)NLMSG_DATA(msg))->error)
        rc = refused(buf, msg, err);
      else if (msg->nlmsg_seq == buf->ack_seq)
        done = true;
    }
  }
  /* Answers to later messages of a failed batch would be taken for those of the next one. */
  while (rc < 0 && recv(nl->fd, reply, sizeof reply, MSG_DONTWAIT) >= 0)
    ;
  buf->len = 0;
  buf->count = 0;
  return rc;
}

int cor_nl_query(struct cor_nl *nl, struct cor_nlbuf *buf, char *reply, size_t size,
                 struct cor_err *err) {
  struct nlmsghdr *msg = (struct nlmsghdr *)(void *)reply;
  ssize_t got = -1;
  int rc = transmit(nl, buf, err);

  if (rc == 0) {
    do
      got = recv(nl->fd, reply, size, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0)
      rc = cor_fail(err, errno, buf->what[0], buf->path[0], "the kernel did not answer");
    else if (!NLMSG_OK(msg, (size_t)got))
      rc = cor_fail(err, EPROTO, buf->what[0], buf->path[0], "the kernel's answer cannot be read");
    else if (msg->nlmsg_type == NLMSG_ERROR)
      rc = refused(buf, msg, err);
  }
  buf->len = 0;
  buf->count = 0;
  return rc < 0 ? rc : (int)got;
}

int cor_nl_dump(struct cor_nl *nl, struct cor_nlbuf *buf,
                void (*each)(const struct nlmsghdr *, void *), void *arg, struct cor_err *err) {
  char *reply = malloc(REPLY_SIZE);
  bool done = false;
  int rc = reply ? transmit(nl, buf, err)
                 : cor_fail(err, ENOMEM, "dump", "", "no memory for the kernel's answer");

  while (rc == 0 && !done) {
    ssize_t got = recv(nl->fd, reply, REPLY_SIZE, 0);
    const struct nlmsghdr *msg = (const struct nlmsghdr *)(const void *)reply;

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      rc = cor_fail(err, errno, buf->what[0], buf->path[0], "the kernel did not answer");
      break;
    }
    for (; NLMSG_OK(msg, (size_t)got) && rc == 0 && !done; msg = NLMSG_NEXT(msg, got)) {
      if (msg->nlmsg_type == NLMSG_DONE)
        done = true;
      else if (msg->nlmsg_type == NLMSG_ERROR)
        rc = refused(buf, msg, err);
      else
        each(msg, arg);
    }
  }
  free(reply);
  buf->len = 0;
  buf->count = 0;
  return rc;
}

unsigned cor_nl_ifindex(const struct cor_nl *nl, const char *name) {
  struct ifreq request;

  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  /* The index comes from the socket's namespace, whatever the socket's family is. */
  return ioctl(nl->fd, SIOCGIFINDEX, &request) < 0 ? 0 : (unsigned)request.ifr_ifindex;
}

int cor_nl_mtu(const struct cor_nl *nl, const char *name) {
  struct ifreq request;

  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  return ioctl(nl->fd, SIOCGIFMTU, &request) < 0 ? 0 : request.ifr_mtu;
}
