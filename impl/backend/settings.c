#include "backend/settings.h"

#include "backend/profile.h"
#include "backend/settings_process.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/options.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/log.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define PORT_DEFAULT 3000
#define BODY_BYTES_MAX (4 * 1024 * 1024) /* 2.7 */
#define NOTIFICATION_BATCH_DEFAULT 10000
#define TOKEN_BYTES_MAX_DEFAULT 3584
#define STORE_PATH_DEFAULT STR("refscale-backend.db")

#define USAGE                                                                                      \
	"backend [ROLE] [OPTION...]\n"                                                             \
	"roles:\n"                                                                                 \
	"  all            listener, worker and cron in one process; the default\n"                 \
	"  listener       answers the public and the Internal API\n"                               \
	"  worker         takes jobs from the queues and counts what they report\n"                \
	"  cron           gives failed jobs back to their queues, purges deleted counters\n"       \
	"  check-storage  can the storage be reached? Says so and ends with 0 or 1\n"              \
	"  check-queues   the same of the queues\n"                                                \
	"options:"

struct choice {
	struct str word;
	int value;
};

static const struct choice durabilities[] = {
	{STR_INIT("normal"), SQL_DURABILITY_NORMAL},
	{STR_INIT("full"), SQL_DURABILITY_FULL},
	{STR_INIT("none"), SQL_DURABILITY_NONE},
	{{NULL, 0}, 0},
};

static const struct choice roles[] = {
	{STR_INIT("all"), ROLE_ALL},
	{STR_INIT("listener"), ROLE_LISTENER},
	{STR_INIT("worker"), ROLE_WORKER},
	{STR_INIT("cron"), ROLE_CRON},
	{STR_INIT("check-storage"), ROLE_CHECK_STORAGE},
	{STR_INIT("check-queues"), ROLE_CHECK_QUEUES},
	{{NULL, 0}, 0},
};

/* An empty word chooses the first. */
static bool choose(const char *what, const struct choice *choices, struct str word, int *value,
		   struct error *error)
{
	for (const struct choice *choice = choices; choice->word.size > 0; choice++) {
		if (word.size == 0 || str_equal(word, choice->word)) {
			*value = choice->value;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "%s cannot be \"%.*s\"", what, STR_ARG(word));
}

struct words {
	struct str store, durability, release, access_log;
	struct str role;
};

static bool read_arguments(struct settings *settings, struct words *words, struct world *world,
			   const struct str *arguments, size_t count, struct error *error)
{
	const struct option options[] = {
		{"port", 'p', OPTION_PORT, &settings->port, NULL, "N",
		 "port to listen on, 0 = any free one"},
		{"bind", 0, OPTION_TEXT, &settings->address, NULL, "IP", "address to listen on"},
		{"store", 0, OPTION_TEXT, &words->store, NULL, "PATH",
		 "file of the embedded store, :memory:, or a redis:// URL"},
		{"store-port", 0, OPTION_INT, &settings->store_port, NULL, "N",
		 "of the embedded store: where others may read it as a Redis, 0 = any free one"},
		{"durability", 0, OPTION_TEXT, &words->durability, NULL, "LEVEL",
		 "of the embedded store: normal, full or none"},
		{"release", 0, OPTION_TEXT, &words->release, NULL, "N", "2.6, 2.5 or current"},
		{"access-log", 'x', OPTION_TEXT, &words->access_log, NULL, "FILE",
		 "one line for each request"},
		{"share-port", 0, OPTION_FLAG, &settings->shares_port, NULL, NULL,
		 "other listeners may listen on the port, too"},
		{"metrics-bind", 0, OPTION_TEXT, &settings->metrics_address, NULL, "IP",
		 "address of the metrics ports"},
		{"once", 0, OPTION_FLAG, &settings->is_once, NULL, NULL,
		 "cron: one round, then end"},
		{"test-hooks", 0, OPTION_FLAG, &settings->has_test_hooks, NULL, NULL,
		 "/__test/: clock, cache and queues in a test's hands"},
	};
	size_t words_count = 0;

	return component_read_options(world, USAGE, options, sizeof options / sizeof *options,
				      arguments, count, &words->role, 1, &words_count, error);
}

static bool choose_words(struct settings *settings, const struct words *words, struct error *error)
{
	int role, durability;

	if (!choose("the role", roles, words->role, &role, error) ||
	    !choose("--durability", durabilities, words->durability, &durability, error))
		return false;
	settings->profile = profile_find(words->release);
	if (settings->profile == NULL)
		return error_set(error, ERROR_INVALID, "--release cannot be \"%.*s\"",
				 STR_ARG(words->release));
	settings->role = (enum backend_role)role;
	settings->role_word = words->role;
	settings->is_listener = role == ROLE_ALL || role == ROLE_LISTENER;
	settings->is_worker = role == ROLE_ALL || role == ROLE_WORKER;
	settings->is_cron = role == ROLE_ALL || role == ROLE_CRON;
	settings->durability = (enum sql_durability)durability;
	return true;
}

/* Where the data is. */

static bool choose_data(struct settings *settings, struct world *world, struct str store,
			struct error *error)
{
	struct redis_choice choice = {
		.store = store,
		.is_production = settings->is_production,
		.profile = settings->profile,
	};

	if (!redis_settings_read(&settings->storage, &settings->queues, &choice, world,
				 settings->arena, error))
		return false;
	if (settings->storage.url.size == 0)
		settings->store_path = store.size > 0 ? store : STORE_PATH_DEFAULT;
	if (settings->store_port > UINT16_MAX)
		return error_set(error, ERROR_INVALID, "--store-port is no port");
	if (settings->store_port >= 0 && settings->store_path.size == 0)
		return error_set(error, ERROR_INVALID, "--store-port is of the embedded store");
	return true;
}

/* The rest. */

static bool read_notification_batch(struct settings *settings, struct world *world,
				    struct error *error)
{
	struct str text = environment_text(world, STR("CONFIG_NOTIFICATION_BATCH"), STR(""));

	settings->notification_batch = NOTIFICATION_BATCH_DEFAULT;
	if (text.size > 0 && (!str_to_int64(text, &settings->notification_batch) ||
			      settings->notification_batch < 1))
		return error_set(error, ERROR_INVALID,
				 "CONFIG_NOTIFICATION_BATCH is not a number above 0: \"%.*s\"",
				 STR_ARG(text));
	return true;
}

static bool read_token_size(struct settings *settings, struct world *world, struct error *error)
{
	struct str text = environment_text(world, STR("CONFIG_OAUTH_MAX_TOKEN_SIZE"), STR(""));

	settings->token_bytes_max = TOKEN_BYTES_MAX_DEFAULT;
	if (text.size > 0 &&
	    (!str_to_int64(text, &settings->token_bytes_max) || settings->token_bytes_max < 1))
		return error_set(error, ERROR_INVALID,
				 "CONFIG_OAUTH_MAX_TOKEN_SIZE is not a number above 0: \"%.*s\"",
				 STR_ARG(text));
	return true;
}

static bool read_request_log(struct settings *settings, struct world *world, struct str access_log,
			     struct error *error)
{
	struct str list = environment_text(world, STR("CONFIG_REQUEST_LOGGERS"), STR("")), name;

	settings->request_log = access_log;
	if (list.size > 0 && access_log.size == 0)
		settings->request_log = LOG_STDOUT;
	while (str_next_field(&list, ',', &name)) {
		name = str_trim(name);
		if (str_equal(name, STR("json")))
			settings->request_log_has_json = true;
		else if (str_equal(name, STR("text")))
			settings->request_log_has_text = true;
		else
			return error_set(error, ERROR_INVALID,
					 "%.*s is not a supported logger type.", STR_ARG(name));
	}
	return true;
}

static bool read_environment(struct settings *settings, struct world *world,
			     const struct words *words, struct error *error)
{
	static const struct {
		struct str name;
		size_t offset;
		struct str fallback;
	} texts[] = {
#define TEXT(name, member, fallback)                                                               \
	{STR_INIT(name), offsetof(struct settings, member), STR_INIT(fallback)}
		TEXT("CONFIG_INTERNAL_API_USER", internal_user, ""),
		TEXT("CONFIG_INTERNAL_API_PASSWORD", internal_password, ""),
		TEXT("CONFIG_EVENTS_HOOK", events_hook, ""),
		TEXT("CONFIG_EVENTS_HOOK_SHARED_SECRET", events_hook_secret, ""),
		TEXT("CONFIG_MASTER_SERVICE_ID", master_service, ""),
		TEXT("CONFIG_MASTER_METRICS_TRANSACTIONS", master_transactions, "transactions"),
		TEXT("CONFIG_MASTER_METRICS_TRANSACTIONS_AUTHORIZE", master_authorize,
		     "transactions/authorize"),
#undef TEXT
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct str *text = (struct str *)(void *)((char *)settings + texts[i].offset);

		*text = environment_text(world, texts[i].name, texts[i].fallback);
	}
	settings->is_production =
		str_equal(environment_text(world, STR("RACK_ENV"), STR("")), STR("production"));
	if (settings->is_production && settings->is_listener && settings->internal_user.size == 0 &&
	    settings->internal_password.size == 0)
		return error_set(error, ERROR_INVALID, "Internal API credentials not provided.");
	settings->has_legacy_referrer_filters =
		settings->profile->has_legacy_referrer_filters &&
		profile_is_true(
			settings->profile,
			environment_text(world, STR("CONFIG_LEGACY_REFERRER_FILTERS"), STR("")));
	return read_notification_batch(settings, world, error) &&
	       read_token_size(settings, world, error) &&
	       settings_read_process(settings, world, error) &&
	       read_request_log(settings, world, words->access_log, error) &&
	       choose_data(settings, world, words->store, error);
}

bool settings_read(struct settings *settings, struct world *world, const struct str *arguments,
		   size_t count, int *exit_status, struct error *error)
{
	struct words words = {.store = {NULL, 0}};

	*settings = (struct settings){
		.arena = arena_create(),
		.port = PORT_DEFAULT,
		.body_bytes_max = BODY_BYTES_MAX,
		.store_port = -1,
	};
	*exit_status = EXIT_USAGE;
	if (read_arguments(settings, &words, world, arguments, count, error) &&
	    choose_words(settings, &words, error)) {
		*exit_status = EXIT_FAILED;
		if (read_environment(settings, world, &words, error))
			return true;
	}
	settings_free(settings);
	return false;
}

void settings_free(struct settings *settings)
{
	arena_destroy(settings->arena);
	settings->arena = NULL;
}
