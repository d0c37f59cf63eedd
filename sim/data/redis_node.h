/* Redis nodes, seen by the rest of sim/. The door is sim.h. */
#ifndef SIM_DATA_REDIS_NODE_H
#define SIM_DATA_REDIS_NODE_H

struct sim;
struct sim_host;

void redis_nodes_stop(struct sim_host *host); /* all of the host */
void redis_nodes_free(struct sim *sim);

#endif
