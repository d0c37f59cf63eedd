#include "sim/net/log_datagram.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "sim/net/link.h"
#include "sim/net/rule.h"
#include "sim/sim_internal.h"

/* A port of a process that lines come to. */
struct log_receiver {
	struct actor_resource resource;
	struct list_link link; /* in its host's log_ports */
	struct list_link datagrams;
	struct sim_process *process;
	struct str address; /* empty: any */
	uint16_t port;
	log_received *received;
	void *data;
};

/* One line on its way. */
struct datagram {
	struct list_link link; /* in its receiver's */
	struct event arrival;
	struct log_receiver *receiver;
	struct str line; /* in the same memory */
};

/* Sending. */

static struct log_receiver *receiver_at(struct sim_host *host, struct str address, uint16_t port)
{
	LIST_EACH (link, &host->log_ports) {
		struct log_receiver *receiver = LIST_ENTRY(link, struct log_receiver, link);

		if (receiver->port == port &&
		    (receiver->address.size == 0 || str_equal(receiver->address, address)))
			return receiver;
	}
	return NULL;
}

/* -1: it is lost. */
static int64_t way_us(struct sim_host *from, struct sim_host *to, struct str address, uint16_t port)
{
	struct net_path path = {
		.from = from, .to = to, .to_address = address, .port = port, .is_new = true};
	int64_t extra_us, delay_us;
	enum sim_verdict verdict = rule_verdict(from->net, &path, &extra_us);

	if (!to->is_up || !from->is_up || (verdict != SIM_PASS && verdict != SIM_DELAY))
		return -1;
	delay_us = link_delay_us(from, to, 0);
	return delay_us < 0 ? -1 : delay_us + extra_us;
}

static void datagram_free(struct datagram *datagram)
{
	queue_cancel(datagram->receiver->process->actor.queue, &datagram->arrival);
	list_remove(&datagram->link);
	free(datagram);
}

static void datagram_arrives(struct event *event)
{
	struct datagram *datagram = LIST_ENTRY(event, struct datagram, arrival);
	struct log_receiver *receiver = datagram->receiver;
	struct actor *actor = &receiver->process->actor, *before = actor_turn_begin(actor);
	struct list_link *link = &datagram->link;

	/* The receiver may close its port. */
	list_remove(link);
	receiver->received(datagram->line, receiver->data);
	actor_turn_end(actor, before);
	free(datagram);
}

void log_datagram_send(struct sim_process *process, struct str to, struct str line)
{
	struct str address, text;
	struct sim_host *host;
	struct log_receiver *receiver;
	struct datagram *datagram;
	uint16_t port;
	int64_t delay_us;
	char *copy;

	if (!str_split_once(to, ':', &address, &text) || !str_to_uint16(text, &port))
		return;
	host = net_host_at(process->host->net, process->host, address);
	receiver = host != NULL ? receiver_at(host, address, port) : NULL;
	delay_us = receiver != NULL ? way_us(process->host, host, address, port) : -1;
	if (delay_us < 0)
		return;
	datagram = memory_alloc(sizeof *datagram + line.size);
	*datagram = (struct datagram){.receiver = receiver};
	copy = (char *)(datagram + 1);
	for (size_t i = 0; i < line.size; i++)
		copy[i] = line.data[i];
	datagram->line = str_of(copy, line.size);
	list_append(&receiver->datagrams, &datagram->link);
	queue_at(process->actor.queue, &datagram->arrival,
		 queue_time_add(process->actor.queue->now_us, delay_us), datagram_arrives);
}

/* Receiving. */

void log_receiver_free(struct log_receiver *receiver)
{
	LIST_EACH (link, &receiver->datagrams)
		datagram_free(LIST_ENTRY(link, struct datagram, link));
	resource_disown(&receiver->resource);
	list_remove(&receiver->link);
	free(receiver);
}

static void receiver_abandon(struct actor_resource *resource)
{
	log_receiver_free(LIST_ENTRY(resource, struct log_receiver, resource));
}

struct log_receiver *log_receiver_open(struct world *world, struct str address, uint16_t port,
				       log_received *received, void *data, struct error *error)
{
	struct sim_process *process = process_of(world);
	struct log_receiver *receiver;

	if (port == 0)
		port = net_free_port(process->host);
	if (receiver_at(process->host, address, port) != NULL) {
		error_set(error, ERROR_UNAVAILABLE, "cannot receive logs on %.*s:%u: in use",
			  STR_ARG(address), (unsigned)port);
		return NULL;
	}
	receiver = MEMORY_NEW(struct log_receiver);
	list_init(&receiver->datagrams);
	receiver->process = process;
	receiver->address = str_copy(process->arena, address);
	receiver->port = port;
	receiver->received = received;
	receiver->data = data;
	list_append(&process->host->log_ports, &receiver->link);
	actor_own(&process->actor, &receiver->resource, receiver_abandon);
	return receiver;
}

uint16_t log_receiver_port_of(struct log_receiver *receiver)
{
	return receiver->port;
}
