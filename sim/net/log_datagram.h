/* Lines of a log as datagrams between hosts: the part of the log port that needs the network. */
#ifndef SIM_NET_LOG_DATAGRAM_H
#define SIM_NET_LOG_DATAGRAM_H

#include "world/log.h"

struct sim_process;

/* to: "10.0.0.5:514". Lost when nobody is there, as datagrams are. */
void log_datagram_send(struct sim_process *process, struct str to, struct str line);

/* The functions of struct log_ops. */
struct log_receiver *log_receiver_open(struct world *world, struct str address, uint16_t port,
				       log_received *received, void *data, struct error *error);
uint16_t log_receiver_port_of(struct log_receiver *receiver);
void log_receiver_free(struct log_receiver *receiver);

#endif
