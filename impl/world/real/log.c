/* Log lines: gathered for each target, written in one piece at the end of the turn. */
#include "world/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "world/real/real_internal.h"

#define BUFFER_BYTES (64 * 1024) /* more than that does not wait for the end of the turn */
#define STALLED_MS 1000          /* a reader that takes nothing for that long loses lines */

struct log_target {
	struct list_link link; /* in port->written, while lines wait */
	int fd;                /* -1: could not be opened */
	bool is_ours, is_datagrams;
	struct strbuf lines;
};

struct log_port {
	struct real_world *real;
	struct map *targets;
	struct list_link written;
	struct task flush;
};

static void write_all(int fd, struct str bytes)
{
	while (bytes.size > 0) {
		ssize_t written = write(fd, bytes.data, bytes.size);

		if (written > 0) {
			bytes = str_skip(bytes, (size_t)written);
		} else if (errno == EAGAIN) {
			struct pollfd room = {.fd = fd, .events = POLLOUT};

			if (poll(&room, 1, STALLED_MS) == 0)
				return;
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void target_flush(struct log_target *target)
{
	write_all(target->fd, strbuf_str(&target->lines));
	strbuf_clear(&target->lines);
}

static void port_flush(struct log_port *port)
{
	struct list_link *link;

	while ((link = list_take_first(&port->written)) != NULL)
		target_flush(LIST_ENTRY(link, struct log_target, link));
}

static void turn_ended(struct task *task)
{
	port_flush(LIST_ENTRY(task, struct log_port, flush));
}

/* Connected, so that each line is one send(); -1 and errno when the place is none. */
static int open_datagrams(struct str place)
{
	struct sockaddr_in address;
	struct str host, port_text;
	uint16_t port;
	char text[64] = "";
	int fd;

	if (!str_split_once(place, ':', &host, &port_text) || host.size >= sizeof text ||
	    !str_to_uint16(port_text, &port)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(text, host.data, host.size);
	if (uv_ip4_addr(text, port, &address) != 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_file(struct str name)
{
	struct arena *arena = arena_create();
	int fd = open(str_cstr(arena, name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	arena_destroy(arena);
	return fd;
}

static struct log_target *target_open(struct log_port *port, struct str name)
{
	struct log_target *target = MEMORY_NEW(struct log_target);

	strbuf_init(&target->lines, BUFFER_BYTES + LIMIT_LOG_LINE_BYTES + 1);
	if (str_equal(name, LOG_STDOUT)) {
		target->fd = STDOUT_FILENO;
	} else if (str_equal(name, LOG_STDERR)) {
		target->fd = STDERR_FILENO;
	} else {
		target->is_datagrams = str_has_prefix(name, STR(LOG_UDP));
		target->fd = target->is_datagrams
				     ? open_datagrams(str_skip(name, sizeof LOG_UDP - 1))
				     : open_file(name);
		target->is_ours = true;
		if (target->fd < 0)
			log_format(&port->real->world, LOG_STDERR,
				   "cannot open log \"%.*s\": %s; its lines are lost",
				   STR_ARG(name), strerror(errno));
	}
	map_put(port->targets, name, target);
	return target;
}

static void log_line(struct world *world, struct str name, struct str line)
{
	struct log_port *port = real_of(world)->log;
	struct log_target *target = map_get(port->targets, name);

	if (target == NULL)
		target = target_open(port, name);
	if (target->fd < 0)
		return;
	line = str_slice(line, 0, LIMIT_LOG_LINE_BYTES);
	if (target->is_datagrams) { /* what does not leave at once is lost */
		(void)!send(target->fd, line.data, line.size, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	strbuf_append(&target->lines, line);
	strbuf_append_char(&target->lines, '\n');
	if (!list_is_linked(&target->link))
		list_append(&port->written, &target->link);
	loop_at_turn_end(real_of(world)->loop, TURN_LOGS, &port->flush, turn_ended);
	if (target->lines.size >= BUFFER_BYTES)
		target_flush(target);
}

struct log_port *real_log_create(struct real_world *real)
{
	struct log_port *port = MEMORY_NEW(struct log_port);

	port->real = real;
	port->targets = map_create(0);
	list_init(&port->written);
	return port;
}

void real_log_destroy(struct log_port *port)
{
	struct map_cursor at = {0};

	port_flush(port);
	list_remove(&port->flush.link);
	while (map_next(port->targets, &at)) {
		struct log_target *target = at.value;

		if (target->is_ours && target->fd >= 0)
			close(target->fd);
		strbuf_free(&target->lines);
		free(target);
	}
	map_destroy(port->targets);
	free(port);
}

const struct log_ops real_log_ops = {
	.write = log_line,
	.receive = real_log_receiver_open,
	.receiver_port = real_log_receiver_port,
	.receiver_close = real_log_receiver_close,
};
