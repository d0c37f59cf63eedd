#include "conformance/runner/format.h"

#include <stddef.h>

/* From the inside out. */

static const struct shape_key scripted_answer_keys[] = {
	{"status", SHAPE_INTEGER, NULL, NULL, false},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{"json", SHAPE_ANY, NULL, NULL, false},
	{"chunked", SHAPE_BOOLEAN, NULL, NULL, false},
	{"delay", SHAPE_DURATION, NULL, NULL, false},
	{"fault", SHAPE_WORD, NULL, "refuse close cut silent", false},
	{.name = NULL},
};

static const struct shape_key issuer_keys[] = {
	{"keys", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"issuer", SHAPE_TEXT, NULL, NULL, false},
	{"algorithms", SHAPE_TEXTS, NULL, NULL, false},
	{"answers", SHAPE_SCRIPTS, scripted_answer_keys, NULL, false},
	{.name = NULL},
};

static const struct shape_key token_keys[] = {
	{"key", SHAPE_TEXT, NULL, NULL, false},
	{"kid", SHAPE_TEXT, NULL, NULL, false},
	{"alg", SHAPE_TEXT, NULL, NULL, false},
	{"header", SHAPE_OBJECT, NULL, NULL, false},
	{"claims", SHAPE_OBJECT, NULL, NULL, false},
	{"payload", SHAPE_TEXT, NULL, NULL, false},
	{"expires_in", SHAPE_DURATION, NULL, NULL, false},
	{"tampered", SHAPE_BOOLEAN, NULL, NULL, false},
	{.name = NULL},
};

#define PLAYED_KEYS                                                                                \
	{"config", SHAPE_ONE_OR_LIST, NULL, NULL, false},                                          \
		{"config_text", SHAPE_TEXT, NULL, NULL, false},                                    \
		{"backend", SHAPE_ONE_OR_LIST, scripted_answer_keys, NULL, false},                 \
		{"upstream", SHAPE_SCRIPT, scripted_answer_keys, "echo", false},                   \
		{"portal", SHAPE_SCRIPTS, scripted_answer_keys, NULL, false},                      \
		{"issuer", SHAPE_OBJECT, issuer_keys, NULL, false},                                \
		{"proxy", SHAPE_ONE_OR_LIST, scripted_answer_keys, NULL, false},                   \
	{                                                                                          \
		"names", SHAPE_ADDRESSES, NULL, NULL, false                                        \
	}
#define PORTAL_PLAYED_KEYS                                                                         \
	{"zync", SHAPE_ONE_OR_LIST, scripted_answer_keys, NULL, false},                            \
	{                                                                                          \
		"gateway", SHAPE_SCRIPT, scripted_answer_keys, "echo", false                       \
	}
#define HOOK_KEY                                                                                   \
	{                                                                                          \
		"hook", SHAPE_ONE_OR_LIST, scripted_answer_keys, NULL, false                       \
	}
#define TARGET_KEYS                                                                                \
	{"environment", SHAPE_TEXT_MAP, NULL, NULL, false},                                        \
		{"arguments", SHAPE_TEXTS, NULL, NULL, false},                                     \
	{                                                                                          \
		"start", SHAPE_WORD, NULL, "ready fails", false                                    \
	}

static const struct shape_key set_keys[] = {
	PLAYED_KEYS, PORTAL_PLAYED_KEYS, HOOK_KEY, {.name = NULL}};

/* given. */

static const struct shape_key server_keys[] = {
	{"kind", SHAPE_WORD, NULL, "redis sentinel", true},
	{"port", SHAPE_PORT, NULL, NULL, false},
	{"password", SHAPE_TEXT, NULL, NULL, false},
	{"replica_of", SHAPE_TEXT, NULL, NULL, false},
	{"persistent", SHAPE_BOOLEAN, NULL, NULL, false},
	{"watches", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"quorum", SHAPE_INTEGER, NULL, NULL, false},
	{"down_after", SHAPE_DURATION, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key tls_keys[] = {
	{"backend", SHAPE_TEXT, NULL, NULL, false},
	{"upstream", SHAPE_TEXT, NULL, NULL, false},
	{"portal", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key gateway_given_keys[] = {
	{"tls", SHAPE_OBJECT, tls_keys, NULL, false},
	{"source", SHAPE_WORD, NULL, "file portal", false},
	{"files", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"tokens", SHAPE_NAMED, token_keys, NULL, false},
	{"servers", SHAPE_NAMED, server_keys, NULL, false},
	PLAYED_KEYS,
	TARGET_KEYS,
	{.name = NULL},
};

static const struct shape_key limit_keys[] = {
	{"service", SHAPE_TEXT, NULL, NULL, true},
	{"plan", SHAPE_TEXT, NULL, NULL, false},
	{"metric", SHAPE_TEXT, NULL, NULL, true},
	{"minute", SHAPE_INTEGER, NULL, NULL, false},
	{"hour", SHAPE_INTEGER, NULL, NULL, false},
	{"day", SHAPE_INTEGER, NULL, NULL, false},
	{"week", SHAPE_INTEGER, NULL, NULL, false},
	{"month", SHAPE_INTEGER, NULL, NULL, false},
	{"year", SHAPE_INTEGER, NULL, NULL, false},
	{"eternity", SHAPE_INTEGER, NULL, NULL, false},
	{.name = NULL},
};

#define ROLES "all listener worker cron check-storage check-queues"
#define PROCESS_ROLES ROLES " resync resync-domains deploy"

static const struct shape_key backend_given_keys[] = {
	{"servers", SHAPE_NAMED, server_keys, NULL, false},
	{"role", SHAPE_WORD, NULL, ROLES, false},
	{"test_hooks", SHAPE_BOOLEAN, NULL, NULL, false},
	{"release", SHAPE_WORD, NULL, "2.5 2.6 current", false},
	{"services", SHAPE_NAMED, NULL, NULL, false},
	{"applications", SHAPE_NAMED, NULL, NULL, false},
	{"user_keys", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"application_keys", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"referrer_filters", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"users", SHAPE_NAMED, NULL, NULL, false},
	{"limits", SHAPE_LIST, limit_keys, NULL, false},
	{"alert_limits", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"clock", SHAPE_INSTANT, NULL, NULL, false},
	HOOK_KEY,
	TARGET_KEYS,
	{.name = NULL},
};

static const struct shape_key companion_keys[] = {
	{"arguments", SHAPE_TEXTS, NULL, NULL, false},
	{"environment", SHAPE_TEXT_MAP, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key smtp_keys[] = {
	{"user", SHAPE_TEXT, NULL, NULL, false},
	{"password", SHAPE_TEXT, NULL, NULL, false},
	{"authentication", SHAPE_TEXTS, NULL, NULL, false},
	{"answers", SHAPE_TEXT_MAP, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key portal_given_keys[] = {
	{"smtp", SHAPE_TRUE_OR_OBJECT, smtp_keys, NULL, false},
	{"release", SHAPE_WORD, NULL, "2.5 2.6 later", false},
	{"clock", SHAPE_INSTANT, NULL, NULL, false},
	{"test_hooks", SHAPE_BOOLEAN, NULL, NULL, false},
	{"servers", SHAPE_NAMED, server_keys, NULL, false},
	{"backend", SHAPE_SCRIPT, scripted_answer_keys, "refscale", false},
	{"files", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"apicast", SHAPE_WORD_OR_OBJECT, companion_keys, "refscale", false},
	{"upstream", SHAPE_SCRIPT, scripted_answer_keys, "echo", false},
	{"names", SHAPE_ADDRESSES, NULL, NULL, false},
	PORTAL_PLAYED_KEYS,
	HOOK_KEY,
	TARGET_KEYS,
	{.name = NULL},
};

/* then. */

#define MESSAGE_CHECK_KEYS                                                                         \
	{"body", SHAPE_VALUE, NULL, NULL, false},                                                  \
		{"body_contains", SHAPE_TEXT, NULL, NULL, false},                                  \
		{"body_json", SHAPE_JSON, NULL, NULL, false},                                      \
		{"json_exactly", SHAPE_JSON, NULL, NULL, false},                                   \
		{"keys", SHAPE_TEXTS_MAP, NULL, NULL, false},                                      \
		{"xml", SHAPE_VALUES, NULL, NULL, false},                                          \
		{"body_bytes", SHAPE_INTEGER, NULL, NULL, false},                                  \
		{"fields", SHAPE_VALUES, NULL, NULL, false},                                       \
	{                                                                                          \
		"no_fields", SHAPE_TEXTS, NULL, NULL, false                                        \
	}

static const struct shape_key answer_check_keys[] = {
	{"status", SHAPE_VALUE, NULL, NULL, false},
	{"reason", SHAPE_VALUE, NULL, NULL, false},
	{"failure", SHAPE_VALUE, NULL, NULL, false},
	{"interim", SHAPE_VALUE, NULL, NULL, false},
	MESSAGE_CHECK_KEYS,
	{.name = NULL},
};

static const struct shape_key call_check_keys[] = {
	{"method", SHAPE_VALUE, NULL, NULL, false},
	{"path", SHAPE_VALUE, NULL, NULL, false},
	{"target", SHAPE_VALUE, NULL, NULL, false},
	{"query", SHAPE_VALUES, NULL, NULL, false},
	{"query_exactly", SHAPE_VALUES, NULL, NULL, false},
	{"no_query", SHAPE_TEXTS, NULL, NULL, false},
	{"body_form", SHAPE_VALUES, NULL, NULL, false},
	{"server_name", SHAPE_VALUE, NULL, NULL, false},
	{"certificates", SHAPE_VALUE, NULL, NULL, false},
	{"from", SHAPE_VALUE, NULL, NULL, false},
	{"to", SHAPE_VALUE, NULL, NULL, false},
	{"subject", SHAPE_VALUE, NULL, NULL, false},
	MESSAGE_CHECK_KEYS,
	{.name = NULL},
};

static const struct shape_key log_check_keys[] = {
	{"in", SHAPE_TEXT, NULL, NULL, false},
	{"of", SHAPE_TEXT, NULL, NULL, false},
	{"contains", SHAPE_TEXT, NULL, NULL, false},
	{"not_contains", SHAPE_TEXT, NULL, NULL, false},
	{"matches", SHAPE_PATTERN, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key exit_check_keys[] = {
	{"status", SHAPE_VALUE, NULL, NULL, true},
	{"of", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key redis_check_keys[] = {
	{"command", SHAPE_TEXTS, NULL, NULL, true},
	{"in", SHAPE_WORD, NULL, "storage queues", false},
	{"server", SHAPE_TEXT, NULL, NULL, false},
	{"database", SHAPE_INTEGER, NULL, NULL, false},
	{"sorted", SHAPE_BOOLEAN, NULL, NULL, false},
	{"reply", SHAPE_JSON, NULL, NULL, false},
	{"reply_json", SHAPE_JSON, NULL, NULL, false},
	{"reply_answers", SHAPE_INTEGER, NULL, NULL, false},
	{.name = NULL},
};

const struct shape_key format_check_keys[] = {
	{"answer", SHAPE_OBJECT, answer_check_keys, NULL, false},
	{"answers", SHAPE_LIST, answer_check_keys, NULL, false},
	{"backend", SHAPE_CALLS, call_check_keys, NULL, false},
	{"upstream", SHAPE_CALLS, call_check_keys, NULL, false},
	{"portal", SHAPE_CALLS, call_check_keys, NULL, false},
	{"issuer", SHAPE_CALLS, call_check_keys, NULL, false},
	{"hook", SHAPE_CALLS, call_check_keys, NULL, false},
	{"proxy", SHAPE_CALLS, call_check_keys, NULL, false},
	{"zync", SHAPE_CALLS, call_check_keys, NULL, false},
	{"gateway", SHAPE_CALLS, call_check_keys, NULL, false},
	{"mail", SHAPE_CALLS, call_check_keys, NULL, false},
	{"backend_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"upstream_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"portal_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"issuer_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"hook_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"proxy_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"zync_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"gateway_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"mail_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"order", SHAPE_TEXTS, NULL, NULL, false},
	{"log", SHAPE_OBJECT, log_check_keys, NULL, false},
	{"exit", SHAPE_OBJECT, exit_check_keys, NULL, false},
	{"xml", SHAPE_VALUES, NULL, NULL, false},
	{"redis", SHAPE_OBJECT, redis_check_keys, NULL, false},
	{"rows", SHAPE_JSON, NULL, NULL, false},
	{.name = NULL},
};

/* when. */

#define PORTS "proxy https management metrics echo"

static const struct shape_key request_keys[] = {
	{"method", SHAPE_TEXT, NULL, NULL, true},
	{"path", SHAPE_TEXT, NULL, NULL, true},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key body_repeat_keys[] = {
	{"text", SHAPE_TEXT, NULL, NULL, true},
	{"count", SHAPE_COUNT, NULL, NULL, true},
	{"separator", SHAPE_TEXT, NULL, NULL, false},
	{"head", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key part_keys[] = {
	{"file", SHAPE_TEXT, NULL, NULL, true},
	{"type", SHAPE_TEXT, NULL, NULL, false},
	{"content", SHAPE_TEXT, NULL, NULL, true},
	{.name = NULL},
};

static const struct shape_key kept_keys[] = {
	{"json", SHAPE_TEXT, NULL, NULL, false},
	{"xml", SHAPE_TEXT, NULL, NULL, false},
	{"field", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

const struct shape_key format_call_keys[] = {
	{"get", SHAPE_TEXT, NULL, NULL, false},
	{"post", SHAPE_TEXT, NULL, NULL, false},
	{"put", SHAPE_TEXT, NULL, NULL, false},
	{"patch", SHAPE_TEXT, NULL, NULL, false},
	{"delete", SHAPE_TEXT, NULL, NULL, false},
	{"request", SHAPE_OBJECT, request_keys, NULL, false},
	{"host", SHAPE_TEXT, NULL, NULL, false},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"form", SHAPE_OBJECT, NULL, NULL, false},
	{"multipart", SHAPE_PARTS, part_keys, NULL, false},
	{"json", SHAPE_ANY, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{"body_bytes", SHAPE_COUNT, NULL, NULL, false},
	{"body_repeat", SHAPE_OBJECT, body_repeat_keys, NULL, false},
	{"query_bytes", SHAPE_COUNT, NULL, NULL, false},
	{"raw_target", SHAPE_BOOLEAN, NULL, NULL, false},
	{"chunked", SHAPE_BOOLEAN, NULL, NULL, false},
	{"port", SHAPE_WORD, NULL, PORTS, false},
	{"certificate", SHAPE_TEXT, NULL, NULL, false},
	{"trust", SHAPE_TEXT, NULL, NULL, false},
	{"repeat", SHAPE_COUNT, NULL, NULL, false},
	{"parallel", SHAPE_COUNT, NULL, NULL, false},
	{"patience", SHAPE_DURATION, NULL, NULL, false},
	{"internal", SHAPE_BOOLEAN, NULL, NULL, false},
	{"of", SHAPE_TEXT, NULL, NULL, false},
	{"to", SHAPE_TEXT, NULL, NULL, false},
	{"until", SHAPE_OBJECT, answer_check_keys, NULL, false},
	{"keep", SHAPE_KEPT, kept_keys, NULL, false},
	{"as", SHAPE_TEXT, NULL, NULL, false},
	{"by", SHAPE_WORD, NULL, "basic basic-password query body", false},
	{"session", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key beside_redis_keys[] = {
	{"in", SHAPE_WORD, NULL, "storage queues", false},
	{"server", SHAPE_TEXT, NULL, NULL, false},
	{"database", SHAPE_INTEGER, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key beside_raw_keys[] = {
	{"port", SHAPE_WORD, NULL, PORTS, false},
	{"of", SHAPE_TEXT, NULL, NULL, false},
	{"to", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key beside_sql_keys[] = {
	{"arguments", SHAPE_ANY, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key run_keys[] = {
	{"role", SHAPE_WORD, NULL, PROCESS_ROLES, true},
	{"as", SHAPE_TEXT, NULL, NULL, true},
	{"arguments", SHAPE_TEXTS, NULL, NULL, false},
	{"environment", SHAPE_TEXT_MAP, NULL, NULL, false},
	{.name = NULL},
};

const struct format_action format_actions[] = {
	{{"wait", SHAPE_DURATION, NULL, NULL, true}, NULL},
	{{"pause", SHAPE_DURATION, NULL, NULL, true}, NULL},
	{{"drain", SHAPE_BOOLEAN, NULL, NULL, true}, NULL},
	{{"clock", SHAPE_INSTANT, NULL, NULL, true}, NULL},
	{{"forget", SHAPE_BOOLEAN, NULL, NULL, true}, NULL},
	{{"cron", SHAPE_WORD, NULL, "once", true}, NULL},
	{{"redis", SHAPE_TEXTS, NULL, NULL, true}, beside_redis_keys},
	{{"raw", SHAPE_TEXTS, NULL, NULL, true}, beside_raw_keys},
	{{"sql", SHAPE_TEXT, NULL, NULL, true}, beside_sql_keys},
	{{"job", SHAPE_TEXT, NULL, NULL, true}, NULL},
	{{"routes", SHAPE_TEXT, NULL, NULL, true}, NULL},
	{{"settle", SHAPE_BOOLEAN, NULL, NULL, true}, NULL},
	{{"set", SHAPE_OBJECT, set_keys, NULL, true}, NULL},
	{{"until", SHAPE_OBJECT, format_check_keys, NULL, true}, NULL},
	{{"run", SHAPE_OBJECT, run_keys, NULL, true}, NULL},
	{{"stop", SHAPE_TEXT, NULL, NULL, true}, NULL},
	{{"kill", SHAPE_TEXT, NULL, NULL, true}, NULL},
	{{"start", SHAPE_TEXT, NULL, NULL, true}, NULL},
	{{.name = NULL}, NULL},
};

/* A case. */

const struct shape_key format_step_keys[] = {
	{"when", SHAPE_ANY, NULL, NULL, false},
	{"then", SHAPE_ANY, NULL, NULL, true},
	{.name = NULL},
};

#define CASE_KEYS                                                                                  \
	{"id", SHAPE_TEXT, NULL, NULL, true}, {"title", SHAPE_TEXT, NULL, NULL, true},             \
		{"tags", SHAPE_TEXTS, NULL, NULL, false},                                          \
		{"needs", SHAPE_TEXTS, NULL, NULL, false},                                         \
		{"covers", SHAPE_TEXTS, NULL, NULL, false},                                        \
		{"when", SHAPE_ANY, NULL, NULL, false}, {"then", SHAPE_ANY, NULL, NULL, false},    \
	{                                                                                          \
		"steps", SHAPE_ANY, NULL, NULL, false                                              \
	}

static const struct shape_key case_keys[SUITES][10] = {
	[SUITE_GATEWAY] = {CASE_KEYS, {"given", SHAPE_OBJECT, gateway_given_keys, NULL, false}},
	[SUITE_BACKEND] = {CASE_KEYS, {"given", SHAPE_OBJECT, backend_given_keys, NULL, false}},
	[SUITE_PORTAL] = {CASE_KEYS, {"given", SHAPE_OBJECT, portal_given_keys, NULL, false}},
};

const struct shape_key *format_case_keys(enum suite suite)
{
	return case_keys[suite];
}
