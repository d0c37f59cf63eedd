#include "world/real/socket_bytes.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

uint64_t socket_bytes_read(int socket)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;
	int waiting = 0;

	if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
	    ioctl(socket, SIOCINQ, &waiting) != 0 || info.tcpi_bytes_received < (uint64_t)waiting)
		return 0;
	return info.tcpi_bytes_received - (uint64_t)waiting;
}
