/* RESP2, the Redis wire format: writing commands and replies, reading both from a byte stream. No
 * I/O: used by the simulator's Redis nodes and clients, and by dump files. */
#ifndef STORE_RESP_H
#define STORE_RESP_H

#include <stdbool.h>

#include "base/str.h"
#include "world/redis.h"

struct arena;

enum resp_result { RESP_INCOMPLETE, RESP_DONE, RESP_INVALID };

/* False when the buffer is full: what it holds is then to be thrown away. A line end inside a
 * status or an error is written as a blank. REDIS_LOST is no reply and is never written. */
bool resp_write_command(struct strbuf *out, const struct str *words, size_t count);
/* The same in parts, for who does not have all words at once: the head, then `count` words. */
bool resp_write_count(struct strbuf *out, size_t count);
bool resp_write_word(struct strbuf *out, struct str word);
bool resp_write_reply(struct strbuf *out, const struct redis_reply *reply);
/* One whole command / reply from the start of `bytes`; texts are copied into `arena`, of which
 * nothing is taken before the last byte is there. An empty command (count 0) is to be skipped.
 * Bounds: LIMIT_RESP_... in base/limits.h. Outputs are set only by RESP_DONE. */
enum resp_result resp_read_command(struct str bytes, struct arena *arena, struct str **words,
				   size_t *count, size_t *used);
enum resp_result resp_read_reply(struct str bytes, struct arena *arena, struct redis_reply *reply,
				 size_t *used);

#endif
