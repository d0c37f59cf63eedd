/* RESP2, the Redis wire format: writing commands and replies, reading both from a byte stream. No
 * I/O: used by the simulator's Redis nodes and clients, and by dump files. */
#ifndef STORE_RESP_H
#define STORE_RESP_H

#include <stdbool.h>

#include "base/str.h"
#include "world/redis.h"

struct arena;

enum resp_result { RESP_INCOMPLETE, RESP_DONE, RESP_INVALID };

bool resp_write_command(struct strbuf *out, const struct str *words, size_t count);
bool resp_write_reply(struct strbuf *out, const struct redis_reply *reply);
/* One whole command / reply from the start of `bytes`; texts are copied into `arena`. Bounds: words
 * 1024 * 1024, one text 512 MiB, nesting 8. */
enum resp_result resp_read_command(struct str bytes, struct arena *arena, struct str **words,
				   size_t *count, size_t *used);
enum resp_result resp_read_reply(struct str bytes, struct arena *arena, struct redis_reply *reply,
				 size_t *used);

#endif
