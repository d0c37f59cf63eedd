/* Names that need no server. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "world/real/dns_internal.h"

#define LOOK_AGAIN_US INT64_C(1000000)
#define NAME_BYTES_MAX 255 /* RFC 1035 2.3.4 */
#define FILE_BYTES_MAX (4 * 1024 * 1024)

struct host {
	VEC(struct str) addresses;
};

struct hosts {
	const char *path;
	struct arena *arena; /* texts of the file that was read */
	struct map *names;
	bool was_read;
	int64_t looked_us;
	struct timespec changed;
	off_t size;
	ino_t inode;
};

static void hosts_forget(struct hosts *hosts)
{
	struct map_cursor at = {0};

	while (map_next(hosts->names, &at)) {
		struct host *host = at.value;

		vec_free(&host->addresses);
		free(host);
	}
	map_clear(hosts->names);
	arena_reset(hosts->arena);
	hosts->size = -1;
}

struct hosts *hosts_create(const char *path)
{
	struct hosts *hosts = MEMORY_NEW(struct hosts);

	hosts->path = path;
	hosts->arena = arena_create();
	hosts->names = map_create(0);
	return hosts;
}

void hosts_destroy(struct hosts *hosts)
{
	if (hosts == NULL)
		return;
	hosts_forget(hosts);
	map_destroy(hosts->names);
	arena_destroy(hosts->arena);
	free(hosts);
}

static struct str without_last_dot(struct str name)
{
	return str_has_suffix(name, STR(".")) ? str_slice(name, 0, name.size - 1) : name;
}

bool hosts_name_is_local(struct str name)
{
	static const struct str local = STR_INIT("localhost");

	name = without_last_dot(name);
	if (name.size < local.size ||
	    !str_equal_nocase(str_skip(name, name.size - local.size), local))
		return false;
	return name.size == local.size || name.data[name.size - local.size - 1] == '.';
}

static void hosts_add(struct hosts *hosts, struct str name, struct str address)
{
	struct host *host;

	name = str_lower(hosts->arena, name);
	host = map_get(hosts->names, name);
	if (host == NULL) {
		host = MEMORY_NEW(struct host);
		map_put(hosts->names, name, host);
	}
	vec_push(&host->addresses, str_copy(hosts->arena, address));
}

static bool next_word(struct str *line, struct str *word)
{
	size_t size = 0;

	*line = str_trim(*line);
	while (size < line->size && line->data[size] != ' ' && line->data[size] != '\t')
		size++;
	*word = str_slice(*line, 0, size);
	*line = str_skip(*line, size);
	return size > 0;
}

/* "127.0.0.1 name alias # comment". IPv6 lines are passed over: the port knows IPv4 only. */
static void hosts_read_line(struct hosts *hosts, struct str line)
{
	struct str address, name, comment;
	struct in_addr bytes;

	str_split_once(line, '#', &line, &comment);
	str_split_once(line, '\r', &line, &comment);
	if (!next_word(&line, &address) ||
	    inet_pton(AF_INET, str_cstr(hosts->arena, address), &bytes) != 1)
		return;
	while (next_word(&line, &name))
		hosts_add(hosts, name, address);
}

static void hosts_read(struct hosts *hosts, int fd, size_t size)
{
	char *bytes = memory_alloc(size + 1);
	ssize_t count = read(fd, bytes, size);
	struct str rest = str_of(bytes, count > 0 ? (size_t)count : 0), line;

	while (str_next_field(&rest, '\n', &line))
		hosts_read_line(hosts, line);
	free(bytes);
}

static bool is_as_read(const struct hosts *hosts, const struct stat *status)
{
	return hosts->was_read && status->st_size == hosts->size &&
	       status->st_ino == hosts->inode && status->st_mtim.tv_sec == hosts->changed.tv_sec &&
	       status->st_mtim.tv_nsec == hosts->changed.tv_nsec;
}

static void hosts_refresh(struct hosts *hosts, int64_t now_us)
{
	struct stat status;
	int fd;

	if (hosts->was_read && now_us - hosts->looked_us < LOOK_AGAIN_US)
		return;
	hosts->looked_us = now_us;
	if (stat(hosts->path, &status) == 0 && is_as_read(hosts, &status))
		return;
	hosts_forget(hosts);
	hosts->was_read = true;
	fd = open(hosts->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_size <= FILE_BYTES_MAX) {
		hosts->size = status.st_size;
		hosts->inode = status.st_ino;
		hosts->changed = status.st_mtim;
		hosts_read(hosts, fd, (size_t)status.st_size);
	}
	close(fd);
}

size_t hosts_find(struct hosts *hosts, int64_t now_us, struct str name,
		  const struct str **addresses)
{
	char lower[NAME_BYTES_MAX];
	const struct host *host = NULL;

	hosts_refresh(hosts, now_us);
	name = without_last_dot(name);
	for (size_t i = 0; i < name.size && i < sizeof lower; i++) {
		char c = name.data[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (name.size <= sizeof lower)
		host = map_get(hosts->names, str_of(lower, name.size));
	*addresses = host != NULL ? host->addresses.items : NULL;
	return host != NULL ? host->addresses.count : 0;
}
