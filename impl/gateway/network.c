#include "gateway/network.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/url.h"
#include "world/environment.h"
#include "world/files.h"

#define PEM_BYTES_MAX ((size_t)1024 * 1024)
#define PROXY_PORT 80 /* of a proxy's URL that names none */

/* A file that a variable names; unset: empty. */
static bool read_named(struct world *world, struct arena *arena, struct str variable,
		       struct str *content, struct error *error)
{
	struct str path = environment_text(world, variable, STR(""));

	*content = STR("");
	if (path.size == 0 || files_read(world, path, PEM_BYTES_MAX, arena, content, error))
		return true;
	return error_wrap(error, "%.*s", STR_ARG(variable));
}

/* The lower-case name wins. */
static struct str proxy_variable(struct world *world, struct str lower, struct str upper)
{
	return environment_text(world, lower, environment_text(world, upper, STR("")));
}

static const struct forward_proxy *read_proxy(struct arena *arena, struct str text)
{
	struct forward_proxy *proxy;
	struct url url;

	if (text.size == 0)
		return NULL;
	proxy = ARENA_NEW(arena, struct forward_proxy);
	proxy->url = STR("(invalid URL)");
	if (!url_parse(text, &url, NULL) || url.host.size == 0)
		return proxy;
	proxy->host = url.host;
	proxy->port = url.port > 0 ? url.port : PROXY_PORT;
	proxy->is_supported = str_equal_nocase(url.scheme, STR("http"));
	proxy->url = str_format(arena, "%.*s://%.*s:%u", STR_ARG(url.scheme), STR_ARG(url.host),
				(unsigned)proxy->port);
	return proxy;
}

static void read_proxies(struct network *network, struct world *world, struct arena *arena)
{
	const struct forward_proxy *all =
		read_proxy(arena, proxy_variable(world, STR("all_proxy"), STR("ALL_PROXY")));

	network->http_proxy =
		read_proxy(arena, proxy_variable(world, STR("http_proxy"), STR("HTTP_PROXY")));
	network->https_proxy =
		read_proxy(arena, proxy_variable(world, STR("https_proxy"), STR("HTTPS_PROXY")));
	if (network->http_proxy == NULL)
		network->http_proxy = all;
	if (network->https_proxy == NULL)
		network->https_proxy = all;
	network->no_proxy = proxy_variable(world, STR("no_proxy"), STR("NO_PROXY"));
}

static bool read_listener(struct network *network, struct world *world, struct arena *arena,
			  struct error *error)
{
	static const struct str certificate = STR_INIT("APICAST_HTTPS_CERTIFICATE");
	static const struct str key = STR_INIT("APICAST_HTTPS_CERTIFICATE_KEY");
	struct str port = environment_text(world, STR("APICAST_HTTPS_PORT"), STR(""));
	struct str depth = environment_text(world, STR("APICAST_HTTPS_VERIFY_DEPTH"), STR(""));

	if (port.size > 0 && !str_to_uint16(port, &network->https_port))
		return error_set(error, ERROR_INVALID, "APICAST_HTTPS_PORT is not a port: %.*s",
				 STR_ARG(port));
	if (!str_to_int64(depth, &network->verify_depth) || network->verify_depth < 0)
		network->verify_depth = 1;
	if (network->https_port == 0)
		return true;
	if (!read_named(world, arena, certificate, &network->https_certificate, error) ||
	    !read_named(world, arena, key, &network->https_key, error))
		return false;
	return (network->https_certificate.size > 0) == (network->https_key.size > 0) ||
	       error_set(error, ERROR_INVALID, "%.*s and %.*s go together", STR_ARG(certificate),
			 STR_ARG(key));
}

/* Both files, or nothing is shown; the password is the first line of its file. */
static bool read_client(struct network *network, struct world *world, struct arena *arena,
			struct error *error)
{
	struct str certificate =
		environment_text(world, STR("APICAST_PROXY_HTTPS_CERTIFICATE"), STR(""));
	struct str key =
		environment_text(world, STR("APICAST_PROXY_HTTPS_CERTIFICATE_KEY"), STR(""));
	struct str reuse =
		environment_text(world, STR("APICAST_PROXY_HTTPS_SESSION_REUSE"), STR("on"));
	struct str passwords, content;

	network->forgets_tls_sessions = str_equal(reuse, STR("off"));
	if (certificate.size == 0 || key.size == 0)
		return true;
	if (!read_named(world, arena, STR("APICAST_PROXY_HTTPS_CERTIFICATE"), &content, error) ||
	    !read_named(world, arena, STR("APICAST_PROXY_HTTPS_CERTIFICATE_KEY"), &content,
			error) ||
	    !read_named(world, arena, STR("APICAST_PROXY_HTTPS_PASSWORD_FILE"), &passwords, error))
		return false;
	network->certificate_file = str_copy(arena, certificate);
	network->key_file = str_copy(arena, key);
	str_split_once(passwords, '\n', &network->key_password, &content);
	return true;
}

bool network_read(struct network *network, struct world *world, struct arena *arena,
		  struct error *error)
{
	*network = (struct network){0};
	read_proxies(network, world, arena);
	return read_listener(network, world, arena, error) &&
	       read_client(network, world, arena, error);
}

/* "example.com" and ".example.com" stand for the name and all below it. */
static bool is_covered(struct str host, struct str entry)
{
	struct str parent = str_has_prefix(entry, STR(".")) ? str_skip(entry, 1) : entry;
	size_t rest;

	if (parent.size == 0 || host.size < parent.size)
		return false;
	rest = host.size - parent.size;
	return str_equal_nocase(str_skip(host, rest), parent) &&
	       (rest == 0 || host.data[rest - 1] == '.');
}

static bool is_exempt(const struct network *network, struct str host)
{
	struct str rest = network->no_proxy, entry;

	if (str_equal(str_trim(rest), STR("*")))
		return true;
	while (str_next_field(&rest, ',', &entry)) {
		if (is_covered(host, str_trim(entry)))
			return true;
	}
	return false;
}

const struct forward_proxy *network_proxy(const struct network *network, bool is_tls,
					  struct str host)
{
	const struct forward_proxy *proxy = is_tls ? network->https_proxy : network->http_proxy;

	return proxy != NULL && !is_exempt(network, host) ? proxy : NULL;
}
