/* The Echo API: a sample upstream that answers every call with what it received.
 *
 *   any path        200 and JSON: method, path, args (the raw query), body (a UTF-8 text of at
 *                   most 64 KiB, else left out), body_bytes, headers (of a repeated one all
 *                   values, with ", " between them), uuid (of this answer)
 *   /bytes/N        200 and N bytes of "0123456789abcdef" repeated, streamed
 *   /status/CODE    that status (200..599) with the same JSON
 *   /delay/MS       the same JSON after that many milliseconds (at most 120000)
 *   /close          closes the connection without an answer
 *
 * A number out of its range is nothing special: such a path is answered as any other. Bodies of
 * requests are read to their end, in bounded memory, before the answer begins.
 *
 * Options: --port N (8081; 0 = any free one), --address IP (0.0.0.0). Exit statuses: 2 for wrong
 * options, 1 when it cannot listen there.
 */
#ifndef ECHO_ECHO_H
#define ECHO_ECHO_H

#include "world/component.h"

extern const struct component echo_component;

#endif
