/* What makes a played server a forward proxy: it stands before the server's HTTP port, opens the
 * tunnels that are asked for (CONNECT ip:port), and hands all other connections on to that port.
 * A tunnel is noted on the wire as a call that was answered by 200; what flows through it is not.
 * While the server has a script it is that which answers, so that tunnels can be refused.
 */
#ifndef RUNNER_PLAY_TUNNELS_H
#define RUNNER_PLAY_TUNNELS_H

#include <stdint.h>

struct error;
struct play;
struct play_tunnels;

/* On 127.0.0.1, play->port (0: any free one). NULL and *error when it cannot be listened on. */
struct play_tunnels *play_tunnels_open(struct play *play, uint16_t http_port, struct error *error);
uint16_t play_tunnels_port(const struct play_tunnels *tunnels);
/* Open tunnels last until one of their ends leaves. NULL is allowed. */
void play_tunnels_close(struct play_tunnels *tunnels);

#endif
