/* The reference of backend's speed: a bare libmicrohttpd that answers every request with the same
 * few bytes, driven by an epoll loop outside it, as ours is. */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 4096

static enum MHD_Result answer(void *response, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *bytes,
			      size_t *bytes_size, void **context)
{
	(void)url;
	(void)method;
	(void)version;
	(void)bytes;
	if (*context == NULL) { /* the head has come, the answer is wanted with the next call */
		*context = response;
		return MHD_YES;
	}
	if (*bytes_size > 0) {
		*bytes_size = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

/* libmicrohttpd's own descriptor must not be read by others: its events are edges. */
static int watch(struct MHD_Daemon *daemon)
{
	int watcher = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN};

	epoll_ctl(watcher, EPOLL_CTL_ADD,
		  MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, &event);
	return watcher;
}

int main(void)
{
	static char body[] = "hello world\n";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, answer, response, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_END);
	int watcher;

	if (daemon == NULL) {
		fputs("bench_mhd: cannot listen\n", stderr);
		return 1;
	}
	watcher = watch(daemon);
	printf("ready bench_mhd port=%u\n",
	       MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	for (;;) {
		struct epoll_event event;
		MHD_UNSIGNED_LONG_LONG wait_ms;
		bool has_timeout = MHD_get_timeout(daemon, &wait_ms) == MHD_YES;

		epoll_wait(watcher, &event, 1, has_timeout ? (int)wait_ms : -1);
		MHD_run(daemon);
	}
}
