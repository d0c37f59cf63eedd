/* HTTP/1.1 on a byte stream, strict (RFC 9112; every refusal of anchors/reliability.md 2.1): used
 * by the simulator's network and by raw clients and servers of the conformance runner. No I/O here:
 * the caller feeds bytes it has and is told how many were used.
 */
#ifndef HTTP_HTTP1_H
#define HTTP_HTTP1_H

#include "http/message.h"

enum http1_result {
	HTTP1_INCOMPLETE, /* feed more, from the same start */
	HTTP1_DONE,
	HTTP1_INVALID, /* *fault says why; a server answers fault->status and closes */
};

struct http1_fault {
	int status; /* 400, 413, 414, 431, 501, 505; means nothing for responses */
	char text[128];
};

enum http1_framing_kind { HTTP1_NO_BODY, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_UNTIL_CLOSE };

struct http1_framing {
	enum http1_framing_kind kind;
	int64_t length;  /* HTTP1_LENGTH: bytes */
	bool keep_alive; /* the connection may serve another message after this one */
};

/* How large a server lets the head of a request be. */
struct http1_limits {
	size_t head_bytes, target_bytes; /* 0: LIMIT_HTTP_HEADER_BYTES, LIMIT_HTTP_TARGET_BYTES */
	size_t field_bytes;              /* of one field line; 0: any */
	size_t fields;                   /* how many; 0: LIMIT_HTTP_HEADERS */
	int status; /* answers a head that is larger, or has too many fields; 0: 414 or 431 */
	bool takes_query_zeros; /* "%00" behind the '?'; in a path never */
};

/* Reads one head (up to and with the empty line) from the start of `bytes`; texts are copied into
 * `arena`. limits NULL: the defaults. */
enum http1_result http1_read_request(struct str bytes, const struct http1_limits *limits,
				     struct arena *arena, struct http_request *request,
				     struct http1_framing *framing, size_t *used,
				     struct http1_fault *fault);
/* The framing of an answer depends on the method it answers (HEAD has no body). 1xx are returned
 * like others, with HTTP1_NO_BODY. */
enum http1_result http1_read_response(struct str bytes, struct str method, struct arena *arena,
				      struct http_response *response, struct http1_framing *framing,
				      size_t *used, struct http1_fault *fault);

/* Walks a body, from any number of bytes at a time: each call takes from `bytes` at most up to the
 * next piece of data (a slice of `bytes`, maybe empty), HTTP1_DONE after the last. UNTIL_CLOSE
 * never says DONE by itself. */
struct http1_body {
	struct http1_framing framing;
	int64_t left; /* of the length, or of the present chunk */
	int step;
	size_t line_bytes; /* of the chunk line or trailers being read */
};
void http1_body_begin(struct http1_body *body, struct http1_framing framing);
enum http1_result http1_read_body(struct http1_body *body, struct str bytes, size_t *used,
				  struct str *data, struct http1_fault *fault);

/* Writing: rebuilt from parts, never copied. The framing fields (Content-Length or
 * Transfer-Encoding) are the writer's: those in `fields` are left out; so is Connection when the
 * answer says it is the last. length as in http/body.h. A Content-Length in `fields` counts for the
 * answer to HEAD. False, and nothing is written: `out` is full, or a name, a value or the target
 * holds what may not be there. */
#define HTTP1_LENGTH_UNTIL_CLOSE INT64_C(-2) /* to HTTP/1.0 clients; not with keep_alive */
/* In the request's minor_version; HTTP/1.0 has no chunks. */
bool http1_write_request(struct strbuf *out, const struct http_request *request, bool has_body,
			 int64_t length);
bool http1_write_response(struct strbuf *out, const struct http_response *response,
			  struct str method, int64_t length, bool keep_alive);
bool http1_write_chunk(struct strbuf *out, struct str bytes); /* empty: nothing */
bool http1_write_last_chunk(struct strbuf *out);

#endif
