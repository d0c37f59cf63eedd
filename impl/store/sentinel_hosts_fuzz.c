/* libFuzzer target: every list is read or refused, and what is read names hosts. */
#include "store/sentinel_hosts.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str list = str_of((const char *)data, size);
	struct sentinel_host *hosts;
	struct error error = {ERROR_NONE, ""};
	size_t count, bytes = 0;

	if (sentinel_hosts_read(list, arena, &hosts, &count, &error)) {
		for (size_t i = 0; i < count; i++) {
			BUG_IF(hosts[i].host.size == 0 || hosts[i].port == 0);
			bytes += hosts[i].host.size + hosts[i].user.size + hosts[i].password.size;
		}
		BUG_IF(bytes > size);
	} else {
		BUG_IF(error.kind != ERROR_INVALID || error.text[0] == '\0');
	}
	arena_destroy(arena);
	return 0;
}
