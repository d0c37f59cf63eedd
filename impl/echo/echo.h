/* The Echo API: a sample upstream that answers every call with what it received.
 *
 *   any path        200, JSON: method, path, args, headers, body (text up to 64 KiB), body_bytes,
 * uuid /bytes/N        200 and N bytes of "0123456789abcdef" repeated, streamed /status/CODE that
 * status (200..599) with the same JSON /delay/MS       the same JSON after that many milliseconds
 * (at most 120000) /close          closes the connection without an answer
 *
 * Request bodies are read to their end in bounded memory. Options: --port N (8081; 0 = any free
 * one).
 */
#ifndef ECHO_ECHO_H
#define ECHO_ECHO_H

#include "world/component.h"

extern const struct component echo_component;

#endif
