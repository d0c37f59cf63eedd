/* The form of a dump: a file of Redis commands that makes the data anew (RESP, as an append-only
 * file has them, so `redis-cli --pipe` takes it too). No I/O.
 *
 *   ECHO "refscale store dump 1"                 what it is
 *   SELECT 0                                     storage; SELECT 1: queues
 *   SET key value                                then the keys, sorted by their bytes, each with
 *   RPUSH key value ...                          its values in chunks, then its expiry:
 *   SADD key member ...                            members and fields sorted by their bytes
 *   HSET key field value ...
 *   ZADD key score member ...                      as the set is sorted
 *   PEXPIREAT key milliseconds
 *   ECHO "refscale store dump ends after N keys" that nothing is missing
 *
 * The same data makes the same bytes. Read are files of others, too, that hold only these commands
 * in such an order, without the two ECHOs: a rewritten append-only file of a Redis (without RDB
 * preamble; HMSET is taken as HSET).
 *
 * Writing: dump_writer_init(), dump_write_begin(), dump_write_database(), for each key
 * dump_write_key(), dump_write_element() ..., dump_write_key_end(); dump_write_end(). Reading:
 * dump_reader_init(), then dump_read() until it wants more bytes than there are, then
 * dump_read_end().
 */
#ifndef STORE_DUMP_FORMAT_H
#define STORE_DUMP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "store/resp.h"

struct arena;
struct error;

enum dump_type {
	DUMP_STRING,
	DUMP_LIST,
	DUMP_SET,
	DUMP_HASH,
	DUMP_SORTED_SET,
	DUMP_TYPES,
};
enum dump_database { DUMP_STORAGE, DUMP_QUEUES, DUMP_DATABASES };

/* How many keys of which type, by database. */
struct dump_counts {
	uint64_t keys[DUMP_DATABASES][DUMP_TYPES];
};
uint64_t dump_counts_all(const struct dump_counts *counts);
/* "12 keys (10 strings, 1 list, 1 hash)" */
void dump_counts_append(struct strbuf *out, const struct dump_counts *counts, int database);
const char *dump_database_name(int database);
/* Of a stranger's word enough to find it, and nothing that a terminal would obey. */
#define DUMP_SHOWN_BYTES 128
struct str dump_shown(char out[DUMP_SHOWN_BYTES], struct str word);
/* By the answer of TYPE; false: not in a dump. */
bool dump_type_find(struct str name, enum dump_type *type);

struct dump_writer {
	struct strbuf *out;   /* the caller's, and emptied by him */
	struct strbuf values; /* of the command that gathers */
	size_t values_count;
	struct str key; /* the caller's, from dump_write_key() to dump_write_key_end() */
	enum dump_type type;
	int database;
	bool is_begun; /* something of the key was written */
	struct dump_counts counts;
};

void dump_writer_init(struct dump_writer *writer, struct strbuf *out);
void dump_writer_free(struct dump_writer *writer);
void dump_write_begin(struct dump_writer *writer);
void dump_write_database(struct dump_writer *writer, int database);
void dump_write_key(struct dump_writer *writer, struct str key, enum dump_type type);
/* second: the value of a hash's field, the member of a sorted set behind its score. */
void dump_write_element(struct dump_writer *writer, struct str first, struct str second);
/* A key without elements leaves no trace. expires_ms: negative for never. */
void dump_write_key_end(struct dump_writer *writer, int64_t expires_ms);
void dump_write_end(struct dump_writer *writer);

enum dump_command_kind {
	DUMP_NOTE, /* says something about the file; nothing to carry out */
	DUMP_SELECT,
	DUMP_DATA,   /* of a key, maybe not its first */
	DUMP_EXPIRY, /* of the key before */
};

/* Words lie in the arena. */
struct dump_command {
	enum dump_command_kind kind;
	int database; /* that it is for; DUMP_SELECT: the new one */
	bool is_first_of_key;
	const struct str *words;
	size_t count;
	uint64_t offset; /* in the file */
};

struct dump_reader {
	uint64_t offset; /* of what is read next */
	bool has_beginning, has_end;
	int database;
	struct strbuf key; /* the last one; has_key: in this database */
	bool has_key;
	enum dump_type type;
	struct dump_counts counts;
};

void dump_reader_init(struct dump_reader *reader);
void dump_reader_free(struct dump_reader *reader);
/* The next command at the start of `bytes`. RESP_INVALID with *error, whose text begins with the
 * offset: "17: ...". */
enum resp_result dump_read(struct dump_reader *reader, struct str bytes, struct arena *arena,
			   struct dump_command *command, size_t *used, struct error *error);
/* There are no more bytes than these, which held no whole command. */
bool dump_read_end(const struct dump_reader *reader, struct str rest, struct error *error);

#endif
