/* Every bound of the product, with unit and reason. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_HTTP_HEADER_BYTES                                                                    \
	(32 * 1024)            /* request line and headers: 4 x 8 KiB as spec/gateway.md 1.3 */
#define LIMIT_HTTP_HEADERS 100 /* fields in one message */
#define LIMIT_HTTP_TARGET_BYTES 8192           /* one 8 KiB buffer, spec/gateway.md 3.8 */
#define LIMIT_HTTP_CHUNK_LINE_BYTES 1024       /* size and extensions of one chunk */
#define LIMIT_BODY_BUFFER_BYTES (64 * 1024)    /* in flight in one direction of one message */
#define LIMIT_BACKEND_BODY_BYTES (1024 * 1024) /* report bodies and backend answers held whole */
#define LIMIT_CONFIG_BYTES (64 * 1024 * 1024)  /* gateway configuration, portal answers */
#define LIMIT_PORTAL_BODY_BYTES (4 * 1024 * 1024)
#define LIMIT_CASE_FILE_BYTES (4 * 1024 * 1024)
#define LIMIT_JSON_DEPTH 128         /* parameters of 100 levels, in a job */
#define LIMIT_JSON_BYTES_PER_NODE 16 /* at most 1024 + bytes_max / 16 values, of 200 bytes each */
#define LIMIT_YAML_ALIASES 100
#define LIMIT_YAML_ALIAS_NODES 100000 /* values that aliases may add to a document */
#define LIMIT_LOG_LINE_BYTES (16 * 1024)
#define LIMIT_RESP_WORDS (1024 * 1024)            /* of one command, items of one array: as Redis */
#define LIMIT_RESP_TEXT_BYTES (512 * 1024 * 1024) /* one word or text: as Redis */
#define LIMIT_RESP_LINE_BYTES (64 * 1024)         /* a status or error: as Redis' inline lines */
#define LIMIT_RESP_DEPTH 8                        /* arrays in arrays */
#define LIMIT_STORE_CACHE_BYTES (64 * 1024 * 1024) /* keys in memory: some 150,000 counters */

#endif
