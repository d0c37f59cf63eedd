/* Getting a configuration from where it comes (spec/gateway.md 1.2, 2.1 to 2.4): a file, a data
 * URI, or the calls to the portal in their sequence; then identity providers are asked about
 * themselves (discovery.h).
 *
 * download_start() .. `done` (once, in a later turn or at the end of this one) .. download_free(),
 * which is legal at any time. The result is always {"services":[...],"oidc":[...]}, with
 * "issuers": {URL: ...} when policies name issuers of their own.
 */
#ifndef GATEWAY_DOWNLOAD_H
#define GATEWAY_DOWNLOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct arena;
struct download;
struct gateway;
struct json;

enum download_result {
	DOWNLOAD_DONE,
	DOWNLOAD_NOTHING, /* no source had a configuration; the log says why */
	DOWNLOAD_BROKEN,  /* one had something that is none */
};

typedef void download_done(struct download *download, enum download_result result, void *data);

/* host: of the request that a lazy loader serves; empty: all. Copied. */
struct download *download_start(struct gateway *gateway, struct str host, download_done *done,
				void *data);
void download_free(struct download *download); /* NULL is allowed */

/* After DOWNLOAD_DONE: the document and the arena it lives in, now the caller's. */
struct arena *download_take(struct download *download, struct json **json);
/* After DOWNLOAD_BROKEN. */
const struct error *download_error(const struct download *download);

#endif
