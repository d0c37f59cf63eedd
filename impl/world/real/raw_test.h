/* For tests: a world, and the other end of a connection as bytes. */
#ifndef WORLD_REAL_RAW_TEST_H
#define WORLD_REAL_RAW_TEST_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/real/real_internal.h"

#define RAW_LIMIT_MS 5000

struct raw_stage {
	struct real_loop *loop;
	struct world *world;
	struct arena *arena;
	struct timer tick; /* the loop looks at the raw end now and then */
	struct error error;
};

static void raw_ticked(struct timer *timer)
{
	timer_start(timer->world, timer, 1000, raw_ticked);
}

static inline void raw_stage_begin(struct raw_stage *stage)
{
	*stage = (struct raw_stage){.loop = real_loop_create(), .arena = arena_create()};
	stage->world = real_world_create(stage->loop, NULL);
	timer_start(stage->world, &stage->tick, 1000, raw_ticked);
}

static inline void raw_stage_end(struct raw_stage *stage)
{
	timer_stop(&stage->tick);
	real_world_destroy(stage->world);
	real_loop_destroy(stage->loop);
	arena_destroy(stage->arena);
}

static inline bool raw_await(struct raw_stage *stage, bool (*done)(void *data), void *data)
{
	return real_loop_run_until(stage->loop, done, data, RAW_LIMIT_MS);
}

static inline bool raw_flag_is_set(void *data)
{
	return *(bool *)data;
}

static inline bool raw_never(void *data)
{
	(void)data;
	return false;
}

static inline void raw_pause(struct raw_stage *stage, int64_t delay_ms)
{
	real_loop_run_until(stage->loop, raw_never, NULL, delay_ms);
}

/* One end of a TCP connection, whose bytes are kept. */
struct raw_end {
	int fd;
	struct strbuf bytes;
	bool is_closed, is_reset;
};

static inline void raw_end_begin(struct raw_end *end, int fd)
{
	*end = (struct raw_end){.fd = fd};
	strbuf_init(&end->bytes, 64 * 1024 * 1024);
}

static inline void raw_end_close(struct raw_end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
	strbuf_free(&end->bytes);
}

static inline void raw_end_reset(struct raw_end *end)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(end->fd);
	end->fd = -1;
}

static inline void raw_connect(struct raw_end *end, uint16_t port)
{
	struct sockaddr_in place = {.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&place, sizeof place), 0);
	raw_end_begin(end, fd);
}

static inline void raw_send(struct raw_end *end, struct str bytes)
{
	while (bytes.size > 0) {
		ssize_t sent = send(end->fd, bytes.data, bytes.size, MSG_NOSIGNAL);

		if (sent < 0) /* the other side closed already */
			return;
		bytes = str_skip(bytes, (size_t)sent);
	}
}

static inline void raw_receive(struct raw_end *end)
{
	char room[65536];
	ssize_t size;

	while ((size = recv(end->fd, room, sizeof room, MSG_DONTWAIT)) > 0)
		strbuf_append(&end->bytes, str_of(room, (size_t)size));
	if (size == 0)
		end->is_closed = true;
	else if (errno != EAGAIN)
		end->is_closed = end->is_reset = true;
}

static inline bool raw_is_closed(void *data)
{
	struct raw_end *end = data;

	raw_receive(end);
	return end->is_closed;
}

/* A listening socket. */
static inline int raw_listen(uint16_t *port)
{
	struct sockaddr_in place = {.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof place;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&place, size), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&place, &size), 0);
	*port = ntohs(place.sin_port);
	return fd;
}

#endif
