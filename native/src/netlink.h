/* Netlink messages: built one after another into a buffer, sent with one system call, their answers
 * checked.
 *
 * The kernel works through a batch inside sendmsg, so the answers are there when it returns;
 * nothing here ever waits. Only the last message of a batch asks for an acknowledgement; errors are
 * sent in any case.
 */
#ifndef COR_NETLINK_H
#define COR_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct cor_nl {
  int fd;
};

/* A batch under construction. Memory that runs out is remembered and reported by cor_nl_send. */
struct cor_nlbuf {
  char *data;
  size_t len, cap;
  size_t last;       /* offset of the message that is being built */
  uint32_t count;    /* messages so far; a message's number is its sequence number */
  size_t ack;        /* offset and number of the message that is acknowledged: the last one, */
  uint32_t ack_seq;  /* except for netfilter's end of a batch */
  const char **what; /* per message: what it does, for error messages */
  const char **path; /* per message: what it does it to; must outlive the batch */
  uint32_t what_cap;
  bool failed;
};

/* `protocol`: NETLINK_ROUTE or NETLINK_NETFILTER, in the caller's network namespace. */
int cor_nl_open(struct cor_nl *nl, int protocol, struct cor_err *err);
/* The same in the network namespace `netns_fd`; the caller is back in its own afterwards. */
int cor_nl_open_in(struct cor_nl *nl, int protocol, int netns_fd, struct cor_err *err);
void cor_nl_close(struct cor_nl *nl);

/* Starts a message; `what` names it in errors ("create veth"), `path` its object. `header` is the
 * family's own header, of `size` bytes. */
void cor_nl_msg(struct cor_nlbuf *buf, uint16_t type, uint16_t flags, const void *header,
                size_t size, const char *what, const char *path);
void cor_nl_put(struct cor_nlbuf *buf, uint16_t type, const void *data, size_t size);
void cor_nl_put_str(struct cor_nlbuf *buf, uint16_t type, const char *value);
void cor_nl_put_u8(struct cor_nlbuf *buf, uint16_t type, uint8_t value);
void cor_nl_put_u16(struct cor_nlbuf *buf, uint16_t type, uint16_t value);
void cor_nl_put_u32(struct cor_nlbuf *buf, uint16_t type, uint32_t value);
/* nf_tables sends its numbers in network byte order. */
void cor_nl_put_be32(struct cor_nlbuf *buf, uint16_t type, uint32_t value);
/* Returns the nest's place for cor_nl_end. */
size_t cor_nl_begin(struct cor_nlbuf *buf, uint16_t type);
void cor_nl_end(struct cor_nlbuf *buf, size_t nest);
/* Bytes that belong to the message or nest without being an attribute (a peer's header inside
 * veth's nest). */
void cor_nl_raw(struct cor_nlbuf *buf, const void *data, size_t size);

/* Sends the batch and empties the buffer. On failure err->op and err->path are those of the first
 * message that failed, err->msg is the kernel's own explanation where it gives one. */
int cor_nl_send(struct cor_nl *nl, struct cor_nlbuf *buf, struct cor_err *err);
/* Sends a batch of one request and copies its first answer. Returns its length, or -1. */
int cor_nl_query(struct cor_nl *nl, struct cor_nlbuf *buf, char *reply, size_t size,
                 struct cor_err *err);
/* Sends a dump request and calls `each` for every message of the answer. */
int cor_nl_dump(struct cor_nl *nl, struct cor_nlbuf *buf,
                void (*each)(const struct nlmsghdr *, void *), void *arg, struct cor_err *err);
void cor_nlbuf_free(struct cor_nlbuf *buf);

/* Index of an interface in the socket's namespace; 0 where there is none. */
unsigned cor_nl_ifindex(const struct cor_nl *nl, const char *name);
/* Its MTU; 0 where there is none. */
int cor_nl_mtu(const struct cor_nl *nl, const char *name);

/* The attribute `type` among those in [attrs, attrs + size); NULL where it is missing. */
const struct nlattr *cor_nl_attr(const void *attrs, size_t size, uint16_t type);

#define cor_nlbuf_auto __attribute__((cleanup(cor_nlbuf_free))) struct cor_nlbuf
#define cor_nl_auto __attribute__((cleanup(cor_nl_close))) struct cor_nl

#endif
