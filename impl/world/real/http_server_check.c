/* The head of a request as it was sent, and the one strict reader's judgement of it.
 *
 * libmicrohttpd 0.9.75 tolerates much and hides it: folded lines, bare CR and LF, zeros
 * (anchors/reliability.md 2.1). But it takes a head apart in place: the bytes still lie in its
 * buffer, and only the separators were overwritten, with zeros. Put back where they must have been,
 * they give the head to http/http1.h, so that both worlds refuse the same requests; a zero anywhere
 * else was something that it mended. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "world/real/http_server_internal.h"

/* Where the restored bytes are written, and what is left of them. */
struct rest {
	char *at;
	size_t left;
};

/* The zero there becomes a separator. */
static bool restore(struct rest *rest, struct str separator)
{
	for (size_t i = 0; i < separator.size; i++) {
		if (rest->left == 0 || *rest->at != 0)
			return false;
		*rest->at++ = separator.data[i];
		rest->left--;
	}
	return true;
}

static bool skip(struct rest *rest, size_t count)
{
	if (count > rest->left)
		return false;
	rest->at += count;
	rest->left -= count;
	return true;
}

static bool skip_text(struct rest *rest)
{
	return skip(rest, strnlen(rest->at, rest->left));
}

/* The target was cut at its query; it is known already. */
static bool restore_target(struct rest *rest, struct str target)
{
	if (target.size > rest->left)
		return false;
	if (target.size > 0)
		memcpy(rest->at, target.data, target.size);
	return skip(rest, target.size);
}

static bool restore_head(struct rest *rest, struct str target)
{
	if (!skip_text(rest) || !restore(rest, STR(" ")) || !restore_target(rest, target) ||
	    !restore(rest, STR(" ")) || !skip_text(rest) || !restore(rest, STR("\r\n")))
		return false;
	while (rest->left > 2) {
		if (!skip_text(rest) || !restore(rest, STR(":")) || !skip_text(rest) ||
		    !restore(rest, STR("\r\n")))
			return false;
	}
	return restore(rest, STR("\r\n")) && rest->left == 0;
}

bool request_fault(struct http1_fault *fault, int status, const char *text)
{
	fault->status = status;
	snprintf(fault->text, sizeof fault->text, "%s", text);
	return false;
}

bool request_read(struct str head, struct str target, const struct http1_limits *limits,
		  struct arena *arena, struct http_request *request, struct http1_framing *framing,
		  struct http1_fault *fault)
{
	struct str bytes = str_copy(arena, head);
	struct rest rest = {(char *)(uintptr_t)bytes.data, bytes.size};
	size_t used;

	if (!restore_head(&rest, target))
		return request_fault(fault, BAD_REQUEST, "malformed head");
	switch (http1_read_request(bytes, limits, arena, request, framing, &used, fault)) {
	case HTTP1_DONE:
		return used == bytes.size ||
		       request_fault(fault, BAD_REQUEST, "more than one head");
	case HTTP1_INVALID:
		return false;
	case HTTP1_INCOMPLETE:
		break;
	}
	return request_fault(fault, BAD_REQUEST, "incomplete head");
}
