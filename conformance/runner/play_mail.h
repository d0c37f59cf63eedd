/* A played mail server (SMTP without TLS): it takes every mail, and notes each on the wire as a
 * call MAIL with the header's fields and the body; its query says the rest: helo, auth (the
 * mechanism), user, from and to (of the envelope, `to` once for each recipient).
 *
 * `given.smtp` is true, or an object: user and password that a client must show, the mechanisms
 * that are offered (plain login cram_md5), and answers that go before the usual ones, by command:
 * {RCPT: "550 5.1.1 unknown"}.
 */
#ifndef RUNNER_PLAY_MAIL_H
#define RUNNER_PLAY_MAIL_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json;
struct mail_play;
struct wire;
struct world;

/* On 127.0.0.1, any free port. `given` is borrowed. NULL and *error when it cannot listen. */
struct mail_play *mail_play_open(struct world *world, struct wire *wire, const struct json *given,
				 struct error *error);
uint16_t mail_play_port(const struct mail_play *play);
void mail_play_close(struct mail_play *play); /* NULL is allowed */

#endif
