/* Databases of a host: a path names one in memory that outlives the processes which open it, as a
 * file would. ":memory:" belongs to who opened it. */
#ifndef SIM_DATA_SQL_H
#define SIM_DATA_SQL_H

struct sim_host;

void host_databases_free(struct sim_host *host);

#endif
