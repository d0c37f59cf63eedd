/* A world over a loop: all ports in one struct. */
#include <stdlib.h>

#include "base/arena.h"
#include "world/real/real_internal.h"
#include "world/real/sql.h"

struct world *real_world_create(struct real_loop *loop, const char *const *extra_environment)
{
	struct real_world *real = MEMORY_NEW(struct real_world);

	real->world = (struct world){
		.clock = &real_clock_ops,
		.environment = &real_environment_ops,
		.log = &real_log_ops,
		.files = &real_files_ops,
		.dns = &real_dns_ops,
		.http_server = &real_http_server_ops,
		.http_client = &real_http_client_ops,
		.redis = &real_redis_ops,
		.sql = &real_sql_ops,
		.process = &real_process_ops,
		.tcp = &real_tcp_ops,
		.mail = &real_mail_ops,
		.shared_memory = &real_shared_memory_ops,
		.routes = &real_routes_ops,
	};
	real->loop = loop;
	real->arena = arena_create();
	list_init(&real->tasks);
	list_init(&real->listeners);
	list_init(&real->exchanges_free);
	list_init(&real->dns_servers);
	list_init(&real->log_receivers);
	list_init(&real->redis);
	list_init(&real->processes);
	list_init(&real->tcp_listeners);
	list_init(&real->tcp_connections);
	real_environment_read(real, extra_environment);
	real->chance = chance_create();
	real->log = real_log_create(real);
	list_append(&loop->worlds, &real->link);
	return &real->world;
}

void real_world_destroy(struct world *world)
{
	struct real_world *real = real_of(world);

	if (world == NULL)
		return;
	real_http_server_destroy(real);
	real_http_client_destroy(real);
	real_redis_destroy(real);
	real_mail_destroy(real);
	real_routes_destroy(real);
	real_dns_destroy(real);
	real_dns_servers_destroy(real);
	real_log_receivers_destroy(real);
	real_processes_destroy(real);
	real_tcp_destroy(real);
	real_log_destroy(real->log);
	chance_destroy(real->chance);
	vec_free(&real->variables);
	vec_free(&real->stop_handlers);
	list_remove(&real->run_tasks.link);
	list_remove(&real->link);
	arena_destroy(real->arena);
	free(real);
}
