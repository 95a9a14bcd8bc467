/* The kernel's table of flows, as far as published UDP ports need it. */
#ifndef COR_CONNTRACK_H
#define COR_CONNTRACK_H

#include <stddef.h>

#include "net.h"

/* Ends the remembered UDP flows to these host ports. A UDP flow has no end of its own: a client
 * that keeps sending from one port would go on being led where it was led before the port was
 * published, moved or unpublished. Best effort: without it such a client waits for the kernel's own
 * time-out (30 s). */
void cor_conntrack_forget_udp(const struct cor_port *ports, size_t count);

#endif
