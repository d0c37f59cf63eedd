#include "portal/settings_smtp.h"

#include <stddef.h>

#include "base/error.h"
#include "portal/settings_source.h"

/* Values of an enumeration, the default first. */
struct choice {
	const char *word;
	int value;
};

static bool choose(const struct settings_source *source, const char *name,
		   const struct choice *choices, size_t count, int *value, struct error *error)
{
	struct str word = setting_text(source, name, str_from(choices[0].word));

	for (size_t i = 0; i < count; i++) {
		if (str_equal(word, str_from(choices[i].word))) {
			*value = choices[i].value;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "%.*s cannot be \"%.*s\"",
			 STR_ARG(setting_name(source, name)), STR_ARG(word));
}

static bool read_authentication(struct smtp_settings *settings,
				const struct settings_source *source, struct error *error)
{
	static const struct choice choices[] = {
		{"plain", MAIL_PLAIN}, {"login", MAIL_LOGIN}, {"cram_md5", MAIL_CRAM_MD5}};
	int value;

	if (!choose(source, "SMTP_AUTHENTICATION", choices, sizeof choices / sizeof *choices,
		    &value, error))
		return false;
	settings->authentication = (enum mail_authentication)value;
	return true;
}

/* A client has nothing to ask a peer for once more, or to fail without: all modes but none verify.
 */
static bool read_verification(struct smtp_settings *settings, const struct settings_source *source,
			      struct error *error)
{
	static const struct choice choices[] = {
		{"none", 0}, {"peer", 1}, {"client_once", 1}, {"fail_if_no_peer_cert", 1}};
	int value;

	if (!choose(source, "SMTP_OPENSSL_VERIFY_MODE", choices, sizeof choices / sizeof *choices,
		    &value, error))
		return false;
	settings->verify_peer = value != 0;
	return true;
}

static bool read_starttls(struct smtp_settings *settings, const struct settings_source *source,
			  struct error *error)
{
	static const struct choice choices[] = {{"1", 1}, {"0", 0}, {"true", 1}, {"false", 0}};
	int value;

	if (!choose(source, "SMTP_STARTTLS_AUTO", choices, sizeof choices / sizeof *choices, &value,
		    error))
		return false;
	settings->starttls = value != 0;
	return true;
}

static bool read_port(struct smtp_settings *settings, const struct settings_source *source,
		      struct error *error)
{
	struct str text = setting_text(source, "SMTP_PORT", STR("25"));

	if (str_to_uint16(text, &settings->port) && settings->port > 0)
		return true;
	return error_set(error, ERROR_INVALID, "%.*s must be a port, not \"%.*s\"",
			 STR_ARG(setting_name(source, "SMTP_PORT")), STR_ARG(text));
}

static bool read_sanitizer(struct smtp_settings *settings, const struct settings_source *source,
			   struct error *error)
{
	static const struct choice choices[] = {{"false", 0}, {"0", 0}, {"true", 1}, {"1", 1}};
	int is_on;

	if (!choose(source, "EMAIL_SANITIZER_ENABLED", choices, sizeof choices / sizeof *choices,
		    &is_on, error))
		return false;
	settings->sanitizer_to = STR("");
	if (is_on != 0)
		settings->sanitizer_to = setting_text(source, "EMAIL_SANITIZER_TO", STR(""));
	return is_on == 0 || settings->sanitizer_to.size > 0 ||
	       error_set(error, ERROR_INVALID,
			 "EMAIL_SANITIZER_ENABLED needs an address in EMAIL_SANITIZER_TO");
}

bool portal_smtp_settings_read(struct smtp_settings *settings, const struct settings_source *source,
			       struct str superdomain, struct error *error)
{
	settings->address = setting_text(source, "SMTP_ADDRESS", STR(""));
	settings->domain = setting_text(source, "SMTP_DOMAIN", superdomain);
	settings->user = setting_text(source, "SMTP_USER_NAME", STR(""));
	settings->password = setting_text(source, "SMTP_PASSWORD", STR(""));
	return read_port(settings, source, error) && read_authentication(settings, source, error) &&
	       read_verification(settings, source, error) &&
	       read_starttls(settings, source, error) && read_sanitizer(settings, source, error);
}
