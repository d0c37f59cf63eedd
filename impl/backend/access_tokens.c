#include "backend/access_tokens.h"

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "base/arena.h"
#include "base/xml.h"

#define TTL_DEFAULT_S INT64_C(86400)
#define TTL_MAX_S                                                                                  \
	(INT64_MAX / 1000000) /* what Redis counts, in milliseconds, and time after it             \
			       */
#define USER_MARK STR("user_len:")

/* Values. */

static size_t character_count(struct str text)
{
	size_t count = 0;

	while (text.size > 0) {
		size_t size = str_character_size(text);

		text = str_skip(text, size > 0 ? size : 1);
		count++;
	}
	return count;
}

/* The rest after "user_len:N/", and N. */
static bool take_mark(struct str *value, int64_t *length)
{
	struct str digits, rest;

	return str_has_prefix(*value, USER_MARK) &&
	       str_split_once(str_skip(*value, USER_MARK.size), '/', &digits, &rest) &&
	       str_to_int64(digits, length) && *length >= 0 && (*value = rest, true);
}

struct str access_token_value(struct arena *arena, const struct access_token *token)
{
	struct str rest = token->application;
	int64_t length;

	if (token->user.size > 0)
		return str_format(arena, "user_len:%zu/%.*s/%.*s", character_count(token->user),
				  STR_ARG(token->user), STR_ARG(token->application));
	return take_mark(&rest, &length)
		       ? STR_CONCAT(arena, STR("user_len:0//"), token->application)
		       : token->application;
}

bool access_token_parse(struct str value, struct access_token *token)
{
	struct str rest = value;
	size_t size = 0;
	int64_t length;

	if (value.data == NULL)
		return false;
	*token = (struct access_token){.application = value};
	if (!take_mark(&rest, &length))
		return true;
	for (; length > 0 && size < rest.size; length--) {
		size_t character = str_character_size(str_skip(rest, size));

		size += character > 0 ? character : 1;
	}
	if (length > 0 || size >= rest.size || rest.data[size] != '/')
		return true;
	token->user = size > 0 ? str_slice(rest, 0, size) : str_of(NULL, 0);
	token->application = str_skip(rest, size + 1);
	return true;
}

void access_token_ask(struct batch *batch, struct redis_client *storage, struct str service,
		      struct str token)
{
	BATCH_SEND(batch, storage, STR("GET"), key_access_token(batch->arena, service, token));
}

/* What was sent. */

static struct str text(const struct api_call *call, struct str name)
{
	struct str value = parameters_text(&call->parameters, name);

	return parameter_strip(value).size > 0 ? value : str_of(NULL, 0);
}

static struct str path_token(const struct api_call *call)
{
	return http_route_parameter(&call->path, STR("token"));
}

static enum api_step_result read_credentials(struct api_call *call)
{
	call->service_id = http_route_parameter(&call->path, STR("service_id"));
	call->provider_key = text(call, STR("provider_key"));
	call->service_token = parameters_text(&call->parameters, STR("service_token"));
	return API_STEP_NEXT;
}

static enum api_step_result find_application(struct api_call *call, struct str id)
{
	call->app_id = id;
	return api_step_application(call);
}

/* POST .../oauth_access_tokens.xml */

static enum api_step_result check_required(struct api_call *call)
{
	const struct parameter *token = parameters_get(&call->parameters, STR("token"));

	if (token == NULL || token->kind == PARAMETER_NIL ||
	    (token->kind == PARAMETER_TEXT && parameter_strip(token->text).size == 0))
		return api_call_refuse(call, API_REQUIRED_PARAMS_MISSING, STR(""), STR(""));
	return API_STEP_NEXT;
}

static enum api_step_result find_sent_application(struct api_call *call)
{
	struct str id = parameters_text(&call->parameters, STR("app_id"));

	return id.size > 0 ? find_application(call, id)
			   : api_call_refuse(call, API_APPLICATION_NOT_FOUND, STR(""), STR(""));
}

/* Seconds; 0 for ever. */
static bool read_ttl(const struct api_call *call, int64_t *ttl)
{
	const struct parameter *sent = parameters_get(&call->parameters, STR("ttl"));

	*ttl = TTL_DEFAULT_S;
	if (sent == NULL || sent->kind == PARAMETER_NIL)
		return true;
	return sent->kind == PARAMETER_TEXT && str_to_int64(parameter_strip(sent->text), ttl) &&
	       *ttl >= 0 && *ttl <= TTL_MAX_S;
}

static enum api_step_result check_token(struct api_call *call)
{
	struct str token = parameters_text(&call->parameters, STR("token"));
	int64_t ttl;

	if (token.size == 0 || (int64_t)token.size > call->backend->settings.token_bytes_max)
		return api_call_refuse(call, API_ACCESS_TOKEN_FORMAT_INVALID, STR(""), STR(""));
	if (!read_ttl(call, &ttl))
		return api_call_refuse(call, API_ACCESS_TOKEN_INVALID_TTL, STR(""), STR(""));
	api_call_await(call);
	access_token_ask(&call->batch, call->backend->storage, call->service->id, token);
	return api_call_awaited(call);
}

static struct str value_to_store(const struct api_call *call)
{
	const struct access_token token = {
		.application = call->application->id,
		.user = text(call, STR("user_id")),
	};

	return access_token_value(call->arena, &token);
}

/* Written, and read again: only what is there counts as stored. */
static enum api_step_result store_token(struct api_call *call)
{
	struct redis_client *storage = call->backend->storage;
	struct str token = parameters_text(&call->parameters, STR("token"));
	struct str key = key_access_token(call->arena, call->service->id, token);
	struct str set =
		key_application_tokens(call->arena, call->service->id, call->application->id);
	struct str value = value_to_store(call);
	int64_t ttl;

	if (reply_text(&call->batch.replies[0]).data != NULL)
		return api_call_refuse(call, API_ACCESS_TOKEN_ALREADY_EXISTS, token, STR(""));
	read_ttl(call, &ttl);
	api_call_await(call);
	if (ttl == 0)
		BATCH_SEND(&call->batch, storage, STR("SET"), key, value);
	else
		BATCH_SEND(&call->batch, storage, STR("SETEX"), key,
			   str_format(call->arena, "%lld", (long long)ttl), value);
	BATCH_SEND(&call->batch, storage, STR("SADD"), set, token);
	BATCH_SEND(&call->batch, storage, STR("GET"), key);
	BATCH_SEND(&call->batch, storage, STR("SISMEMBER"), set, token);
	return api_call_awaited(call);
}

static enum api_step_result answer_stored(struct api_call *call)
{
	if (!str_equal(reply_text(&call->batch.replies[2]), value_to_store(call)) ||
	    !reply_is_true(&call->batch.replies[3]))
		return api_call_refuse(call, API_ACCESS_TOKEN_STORAGE_ERROR,
				       parameters_text(&call->parameters, STR("token")), STR(""));
	return api_call_answer(call, 200, STR(""));
}

api_step *const access_token_create_steps[] = {
	api_step_content_type,
	api_step_parameters,
	check_required,
	read_credentials,
	api_step_provider_key,
	api_step_path_service,
	find_sent_application,
	check_token,
	store_token,
	answer_stored,
	NULL,
};

/* DELETE .../oauth_access_tokens/{token}.xml */

static enum api_step_result ask_token(struct api_call *call)
{
	api_call_await(call);
	access_token_ask(&call->batch, call->backend->storage, call->service->id, path_token(call));
	return api_call_awaited(call);
}

static bool was_found(const struct api_call *call, struct access_token *token)
{
	return access_token_parse(reply_text(&call->batch.replies[0]), token);
}

static enum api_step_result refuse_token(struct api_call *call)
{
	return api_call_refuse(call, API_ACCESS_TOKEN_INVALID, path_token(call), STR(""));
}

static enum api_step_result delete_token(struct api_call *call)
{
	struct redis_client *storage = call->backend->storage;
	struct str service = call->service->id;
	struct access_token token;

	if (!was_found(call, &token))
		return refuse_token(call);
	api_call_await(call);
	BATCH_SEND(&call->batch, storage, STR("DEL"),
		   key_access_token(call->arena, service, path_token(call)));
	BATCH_SEND(&call->batch, storage, STR("SREM"),
		   key_application_tokens(call->arena, service, token.application),
		   path_token(call));
	return api_call_awaited(call);
}

static enum api_step_result answer_deleted(struct api_call *call)
{
	return api_call_answer(call, 200, STR(""));
}

api_step *const access_token_delete_steps[] = {
	api_step_parameters, read_credentials, api_step_provider_key, api_step_path_service,
	ask_token,           delete_token,     answer_deleted,        NULL,
};

/* GET .../oauth_access_tokens/{token}.xml */

/* These documents alone have lines, and two roots where there is a user. */
static struct strbuf *begin_document(const struct api_call *call)
{
	struct strbuf *out = &call->backend->scratch;

	strbuf_clear(out);
	xml_declaration(out);
	strbuf_append_char(out, '\n');
	return out;
}

static void write_owner(struct strbuf *out, struct str root, struct str name, struct str id)
{
	xml_open(out, root);
	strbuf_append(out, STR("\n  "));
	xml_element(out, name, id);
	strbuf_append_char(out, '\n');
	xml_close(out, root);
	strbuf_append_char(out, '\n');
}

static enum api_step_result answer_owner(struct api_call *call)
{
	struct strbuf *out = begin_document(call);
	struct access_token token;

	if (!was_found(call, &token))
		return refuse_token(call);
	write_owner(out, STR("application"), STR("app_id"), token.application);
	if (token.user.data != NULL)
		write_owner(out, STR("user"), STR("user_id"), token.user);
	return api_call_answer(call, 200, str_copy(call->arena, strbuf_str(out)));
}

api_step *const access_token_show_steps[] = {
	api_step_parameters,
	read_credentials,
	api_step_provider_key,
	api_step_path_service,
	ask_token,
	answer_owner,
	NULL,
};

/* GET .../applications/{app_id}/oauth_access_tokens.xml */

static enum api_step_result find_path_application(struct api_call *call)
{
	return find_application(call, http_route_parameter(&call->path, STR("app_id")));
}

static struct str set_of_application(const struct api_call *call)
{
	return key_application_tokens(call->arena, call->service->id, call->application->id);
}

static enum api_step_result ask_tokens(struct api_call *call)
{
	api_call_await(call);
	BATCH_SEND(&call->batch, call->backend->storage, STR("SMEMBERS"), set_of_application(call));
	return api_call_awaited(call);
}

/* What is collected for the answer. */
struct token_list {
	const struct redis_reply *names;
	struct str document;
};

/* Two replies for each token. */
static enum api_step_result ask_values(struct api_call *call)
{
	struct redis_client *storage = call->backend->storage;
	struct token_list *list = ARENA_NEW(call->arena, struct token_list);

	list->names = &call->batch.replies[0];
	call->state = list;
	api_call_await(call);
	for (size_t i = 0; i < list->names->count; i++) {
		struct str key = key_access_token(call->arena, call->service->id,
						  reply_item(list->names, i));

		BATCH_SEND(&call->batch, storage, STR("GET"), key);
		BATCH_SEND(&call->batch, storage, STR("TTL"), key);
	}
	return api_call_awaited(call);
}

static void write_token(struct strbuf *out, struct str name, int64_t ttl, struct str user)
{
	strbuf_append_format(out, "  <oauth_access_token ttl=\"%lld\"", (long long)ttl);
	if (user.data != NULL) {
		strbuf_append(out, STR(" user_id=\""));
		xml_escape(out, user);
		strbuf_append_char(out, '"');
	}
	strbuf_append_char(out, '>');
	xml_text(out, name);
	strbuf_append(out, STR("</oauth_access_token>\n"));
}

/* Expired ones are left out, and dropped from the set. */
static enum api_step_result list_tokens(struct api_call *call)
{
	const struct redis_reply *replies = call->batch.replies;
	struct str wanted_user = text(call, STR("user_id"));
	struct strbuf *out = begin_document(call);
	struct token_list *list = call->state;

	api_call_await(call);
	strbuf_append(out, STR("<oauth_access_tokens>\n"));
	for (size_t i = 0; i < list->names->count; i++) {
		struct str name = reply_item(list->names, i);
		struct access_token token;

		if (!access_token_parse(reply_text(&replies[2 * i]), &token))
			BATCH_SEND(&call->batch, call->backend->storage, STR("SREM"),
				   set_of_application(call), name);
		else if (wanted_user.size == 0 || str_equal(wanted_user, token.user))
			write_token(out, name, replies[2 * i + 1].integer, token.user);
	}
	strbuf_append(out, STR("</oauth_access_tokens>\n"));
	list->document = str_copy(call->arena, strbuf_str(out));
	return api_call_awaited(call);
}

static enum api_step_result answer_list(struct api_call *call)
{
	const struct token_list *list = call->state;

	return api_call_answer(call, 200, list->document);
}

api_step *const access_token_list_steps[] = {
	api_step_parameters,
	read_credentials,
	api_step_provider_key,
	api_step_path_service,
	find_path_application,
	ask_tokens,
	ask_values,
	list_tokens,
	answer_list,
	NULL,
};
