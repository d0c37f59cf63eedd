#include "gateway/settings_source.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "gateway/settings.h"

/* What the preset development serves when nothing else is said (1.5). */
#define DEVELOPMENT_CONFIGURATION                                                                  \
	"{\"services\":[{\"id\":\"development\",\"backend_version\":\"1\",\"proxy\":{"             \
	"\"hosts\":[\"localhost\",\"127.0.0.1\"],\"policy_chain\":[{\"name\":\"echo\"}],"          \
	"\"proxy_rules\":[{\"pattern\":\"/\",\"http_method\":\"GET\",\"metric_system_name\":"      \
	"\"test\",\"delta\":1}]}}]}"

static void use_file(struct settings *settings, struct str path)
{
	settings->source = SOURCE_FILE;
	settings->file = path;
}

static void use_portal(struct settings *settings, struct str text)
{
	struct error reason;

	if (!url_parse(text, &settings->portal, &reason) || settings->portal.host.size == 0) {
		gateway_settings_note(settings, LEVEL_ERROR,
				      STR("THREESCALE_PORTAL_ENDPOINT: invalid endpoint"));
		return;
	}
	while (str_has_suffix(settings->portal.path, STR("/")))
		settings->portal.path.size--;
	settings->source = SOURCE_PORTAL;
	settings->portal_authority = settings->portal.host;
	if (settings->portal.port_is_written)
		settings->portal_authority =
			str_format(settings->arena, "%.*s:%u", STR_ARG(settings->portal.host),
				   (unsigned)settings->portal.port);
	settings->portal_url = STR_CONCAT(settings->arena, settings->portal.scheme, STR("://"),
					  settings->portal_authority);
}

/* data:application/json[;base64],CONTENT */
static void use_data(struct settings *settings, struct str uri)
{
	struct str kind, content;
	bool is_base64;

	if (!str_split_once(str_skip(uri, 5), ',', &kind, &content))
		return;
	is_base64 = str_has_suffix(kind, STR(";base64"));
	if (is_base64 && !base64_decode(settings->arena, content, &settings->data))
		return;
	if (!is_base64)
		settings->data = url_decode(settings->arena, content, false);
	settings->data_is_yaml = str_has_prefix(kind, STR("application/yaml"));
	settings->source = SOURCE_DATA;
}

/* "word:" at the front: letters, digits and -+. */
static bool has_scheme(struct str text)
{
	size_t colon = str_find_char(text, ':');

	for (size_t i = 0; colon != STR_NOT_FOUND && i < colon; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '+' || c == '.'))
			return false;
	}
	return colon != STR_NOT_FOUND && colon > 0;
}

/* Schemes are compared without case (0.3). */
static bool begins_with(struct str uri, struct str scheme)
{
	return str_equal_nocase(str_slice(uri, 0, scheme.size), scheme);
}

void gateway_settings_choose_source(struct settings *settings, const struct source_texts *texts,
				    bool is_development)
{
	struct str uri = texts->configuration;

	if (begins_with(uri, STR("data:")))
		use_data(settings, uri);
	else if (begins_with(uri, STR("file://")))
		use_file(settings, str_skip(uri, 7));
	else if (begins_with(uri, STR("file:")))
		use_file(settings, str_skip(uri, 5));
	else if (begins_with(uri, STR("http://")) || begins_with(uri, STR("https://")))
		use_portal(settings, uri);
	else if (has_scheme(uri))
		gateway_settings_note(settings, LEVEL_WARN, STR("unknown configuration URI: "));
	else if (uri.size > 0)
		use_file(settings, uri);
	if (settings->source == SOURCE_NONE && texts->config_file.size > 0)
		use_file(settings, texts->config_file);
	if (settings->source == SOURCE_NONE && texts->portal.size > 0)
		use_portal(settings, texts->portal);
	if (settings->source == SOURCE_NONE && is_development) {
		settings->source = SOURCE_DATA;
		settings->data = STR(DEVELOPMENT_CONFIGURATION);
	}
}
