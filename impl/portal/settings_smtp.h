/* The relay that mails go through (spec/portal.md 8.3): the variables SMTP_* and EMAIL_SANITIZER_*.
 * An empty value is one that is not set (PT-177). */
#ifndef PORTAL_SETTINGS_SMTP_H
#define PORTAL_SETTINGS_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/mail.h"

struct error;
struct settings_source;

struct smtp_settings {
	struct str address;        /* SMTP_ADDRESS; empty: mails are dropped (PT-176) */
	uint16_t port;             /* SMTP_PORT, 25 */
	struct str domain;         /* SMTP_DOMAIN, the superdomain */
	struct str user, password; /* SMTP_USER_NAME, SMTP_PASSWORD */
	enum mail_authentication authentication; /* SMTP_AUTHENTICATION: plain, login, cram_md5 */
	bool verify_peer;                        /* SMTP_OPENSSL_VERIFY_MODE: all but none */
	bool starttls;                           /* SMTP_STARTTLS_AUTO, 1 */
	struct str sanitizer_to; /* EMAIL_SANITIZER_TO while EMAIL_SANITIZER_ENABLED; or empty */
};

bool portal_smtp_settings_read(struct smtp_settings *settings, const struct settings_source *source,
			       struct str superdomain, struct error *error);

#endif
