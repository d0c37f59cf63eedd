/* What the kernel knows of a TCP socket's stream. By itself, as <linux/tcp.h> and <netinet/tcp.h>
 * do not go together. */
#ifndef WORLD_REAL_SOCKET_BYTES_H
#define WORLD_REAL_SOCKET_BYTES_H

#include <stdint.h>

/* Taken from the socket by its reader so far; 0 when that is not known. */
uint64_t socket_bytes_read(int socket);

#endif
