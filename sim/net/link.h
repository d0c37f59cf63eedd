/* The way from one host to another: how long it takes. Draws from a chance of its own, and only
 * when jitter or loss ask for it. */
#ifndef SIM_NET_LINK_H
#define SIM_NET_LINK_H

#include "sim/net/net.h"

#define LINK_RETRY_FIRST_US INT64_C(200000)          /* of data, as Linux' least RTO */
#define LINK_RETRY_CONNECT_FIRST_US INT64_C(1000000) /* of the first packet */
#define LINK_RETRY_MAX_US INT64_C(120000000)

/* For both directions; a host to itself too. */
void link_set(struct sim_host *a, struct sim_host *b, struct sim_link options);
/* Microseconds that a segment takes; a lost one comes later, as it is sent again. A datagram
 * (retry_us 0) that is lost answers -1. */
int64_t link_delay_us(struct sim_host *from, struct sim_host *to, int64_t retry_us);
/* How long to wait before try number `tries` (from 0). */
int64_t link_retry_us(int64_t first_us, int tries);

#endif
