/* The ports of the real world, held to what either world promises. */
#include "world/parity/parity.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/real/certificate_test.h"
#include "world/real/real_internal.h"

#define DAY_S 86400L

/* One test runs at a time. */
static struct {
	struct real_loop *loop;
	struct arena *arena;
	struct test_authority *authority;
	char scratch[64];
	pid_t redis;
} stage;

static struct world *stage_create(void)
{
	memset(&stage, 0, sizeof stage);
	stage.loop = real_loop_create();
	stage.arena = arena_create();
	snprintf(stage.scratch, sizeof stage.scratch, "/tmp/refscale-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(stage.scratch));
	return real_world_create(stage.loop, NULL);
}

static void remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *item;
	char below[512];

	while (directory != NULL && (item = readdir(directory)) != NULL) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof below, "%s/%s", path, item->d_name);
		if (unlink(below) != 0)
			remove_tree(below);
	}
	if (directory != NULL)
		closedir(directory);
	rmdir(path);
}

static void stage_redis_stop(struct world *world)
{
	(void)world;
	if (stage.redis <= 0)
		return;
	kill(stage.redis, SIGKILL);
	waitpid(stage.redis, NULL, 0);
	stage.redis = 0;
}

static void stage_destroy(struct world *world)
{
	real_world_destroy(world);
	real_loop_destroy(stage.loop);
	stage_redis_stop(world);
	test_authority_destroy(stage.authority);
	remove_tree(stage.scratch);
	arena_destroy(stage.arena);
}

static bool stage_run(struct world *world, bool (*done)(void *data), void *data, int64_t limit_ms)
{
	(void)world;
	return real_loop_run_until(stage.loop, done, data, limit_ms);
}

static struct test_authority *stage_authority(void)
{
	if (stage.authority == NULL)
		stage.authority = test_authority_create();
	return stage.authority;
}

static void stage_certificate(enum parity_certificate kind, struct str *certificate,
			      struct str *key)
{
	static const struct {
		const char *name;
		long from_s, to_s;
		bool self_signed;
	} kinds[] = {
		[PARITY_CERTIFICATE_OK] = {"localhost", -DAY_S, DAY_S, false},
		[PARITY_CERTIFICATE_EXPIRED] = {"localhost", -2 * DAY_S, -DAY_S, false},
		[PARITY_CERTIFICATE_WRONG_NAME] = {"other.example", -DAY_S, DAY_S, false},
		[PARITY_CERTIFICATE_SELF_SIGNED] = {"localhost", -DAY_S, DAY_S, true},
	};

	test_certificate_make(stage_authority(), stage.arena, kinds[kind].name, kinds[kind].from_s,
			      kinds[kind].to_s, kinds[kind].self_signed, certificate, key);
}

static struct str stage_ca_file(struct world *world)
{
	struct str path = STR_CONCAT(stage.arena, str_from(stage.scratch), STR("/ca.pem"));
	struct str text = test_authority_certificate(stage_authority(), stage.arena);
	int fd = open(str_cstr(stage.arena, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)world;
	ck_assert_int_eq(write(fd, text.data, text.size), (ssize_t)text.size);
	close(fd);
	return path;
}

static int socket_on_loopback(struct sockaddr_in *address)
{
	socklen_t size = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	*address = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &size), 0);
	return fd;
}

static bool redis_accepts(const struct sockaddr_in *place)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool accepts = connect(fd, (const struct sockaddr *)place, sizeof *place) == 0;

	close(fd);
	return accepts;
}

/* The port was free a moment ago; should somebody take it meanwhile, Redis ends. */
static struct str stage_redis_start(struct world *world)
{
	struct sockaddr_in place;
	int fd = socket_on_loopback(&place);
	char port[8];

	(void)world;
	snprintf(port, sizeof port, "%u", ntohs(place.sin_port));
	close(fd);
	stage.redis = fork();
	if (stage.redis == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1",
		       "--save", "", "--appendonly", "no", "--dir", stage.scratch, "--logfile",
		       "redis.log", (char *)NULL);
		_exit(127);
	}
	for (int tries = 0; !redis_accepts(&place); tries++) {
		ck_assert_int_lt(tries, 1000);
		ck_assert_int_eq(waitpid(stage.redis, NULL, WNOHANG), 0);
		poll(NULL, 0, 10);
	}
	return str_format(stage.arena, "redis://127.0.0.1:%s", port);
}

static struct str stage_scratch(struct world *world)
{
	(void)world;
	return str_from(stage.scratch);
}

Suite *world_real_parity_suite(void);

Suite *world_real_parity_suite(void)
{
	static const struct parity_fixture fixture = {
		.name = "real",
		.create = stage_create,
		.destroy = stage_destroy,
		.run = stage_run,
		.certificate = stage_certificate,
		.ca_file = stage_ca_file,
		.redis_start = stage_redis_start,
		.redis_stop = stage_redis_stop,
		.scratch = stage_scratch,
	};

	return parity_suite(&fixture);
}
