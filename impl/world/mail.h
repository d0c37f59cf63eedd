/* Mail out: one message to one recipient through a relay, by SMTP.
 *
 * Each message is a connection of its own. In the simulator no relay offers TLS.
 */
#ifndef WORLD_MAIL_H
#define WORLD_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct mail;

enum mail_authentication { MAIL_PLAIN, MAIL_LOGIN, MAIL_CRAM_MD5 };

struct mail_options {
	struct str host; /* of the relay: name or IP literal */
	uint16_t port;
	struct str domain;         /* what we call ourselves in EHLO */
	struct str user, password; /* empty user: no authentication */
	enum mail_authentication authentication;
	bool starttls;       /* when the relay offers it */
	bool verify_peer;    /* the relay's certificate and name */
	struct str from, to; /* addresses alone: a@example.com */
	struct str message;  /* head and text, lines end with CR LF */
	int64_t timeout_ms;  /* for all of it */
};

/* taken: the relay answers for it now. Else `failure` says why, valid during the call. Called once,
 * never before mail_send() has returned; the mail is gone then. */
typedef void mail_over(bool is_taken, struct str failure, void *data);

struct mail_ops {
	struct mail *(*send)(struct world *world, const struct mail_options *options,
			     mail_over *over, void *data);
	void (*cancel)(struct mail *mail);
};

/* Everything in options is copied. */
static inline struct mail *mail_send(struct world *world, const struct mail_options *options,
				     mail_over *over, void *data)
{
	return world->mail->send(world, options, over, data);
}

/* Nothing is called any more. NULL is allowed. */
static inline void mail_cancel(struct world *world, struct mail *mail)
{
	if (mail != NULL)
		world->mail->cancel(mail);
}

#endif
