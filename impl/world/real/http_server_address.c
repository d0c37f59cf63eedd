/* Addresses: where a listener listens, and between whom a connection is. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "world/real/http_server_internal.h"

#define BACKLOG 4096

/* The text of an address, and its port; an address of another family changes nothing. */
static void read_address(const struct sockaddr *from, char text[INET6_ADDRSTRLEN], uint16_t *port)
{
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)from;

		inet_ntop(AF_INET, &ip4->sin_addr, text, INET6_ADDRSTRLEN);
		*port = ntohs(ip4->sin_port);
	} else if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)from;

		inet_ntop(AF_INET6, &ip6->sin6_addr, text, INET6_ADDRSTRLEN);
		*port = ntohs(ip6->sin6_port);
	}
}

void connection_read_peer(struct connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info != NULL && info->client_addr != NULL)
		read_address(info->client_addr, connection->address, &connection->port);
}

void connection_read_local(const struct connection *connection, char text[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage local = {0};
	socklen_t size = sizeof local;
	uint16_t port;

	if (getsockname(connection->socket, (struct sockaddr *)(void *)&local, &size) == 0)
		read_address((const struct sockaddr *)(const void *)&local, text, &port);
}

static bool address_of(const struct http_listen_options *options, struct sockaddr_storage *address,
		       socklen_t *size)
{
	struct sockaddr_in *address4 = (struct sockaddr_in *)(void *)address;
	struct sockaddr_in6 *address6 = (struct sockaddr_in6 *)(void *)address;
	struct arena *scratch = arena_create();
	const char *text =
		str_cstr(scratch, options->address.size > 0 ? options->address : STR("0.0.0.0"));
	bool is_known = true;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, &address4->sin_addr) == 1) {
		address4->sin_family = AF_INET;
		address4->sin_port = htons(options->port);
		*size = sizeof *address4;
	} else if (inet_pton(AF_INET6, text, &address6->sin6_addr) == 1) {
		address6->sin6_family = AF_INET6;
		address6->sin6_port = htons(options->port);
		*size = sizeof *address6;
	} else {
		errno = EADDRNOTAVAIL;
		is_known = false;
	}
	arena_destroy(scratch);
	return is_known;
}

int socket_listen(const struct http_listen_options *options, uint16_t *port)
{
	struct sockaddr_storage address;
	socklen_t size = 0;
	const int on = 1;
	int fd;

	if (!address_of(options, &address, &size))
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (options->share_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		int number = errno;

		close(fd);
		errno = number;
		return -1;
	}
	*port = ntohs(address.ss_family == AF_INET
			      ? ((struct sockaddr_in *)(void *)&address)->sin_port
			      : ((struct sockaddr_in6 *)(void *)&address)->sin6_port);
	return fd;
}
