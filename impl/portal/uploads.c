#include "portal/uploads.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "world/files.h"
#include "world/log.h"

#define PUBLIC "/public"
#define NAME_BYTES_MAX 100

bool upload_of_parameter(const struct json *parameters, struct str name, struct upload *upload)
{
	const struct json *file = json_get(parameters, name);

	if (json_get(file, STR("content")) == NULL)
		return false;
	*upload = (struct upload){json_get_str(file, STR("file_name")),
				  json_get_str(file, STR("content_type")),
				  json_get_str(file, STR("content"))};
	return true;
}

static struct str prefix_of(struct call *call)
{
	struct str prefix = record_text(call->tenant, "s3_prefix");

	return prefix.size > 0 ? prefix
			       : name_for_host(call->arena, record_text(call->tenant, "org_name"));
}

/* Letters, digits, "-", "_" and "." stay: no client's name leads out of the folder. */
static struct str safe_name(struct arena *arena, struct str name)
{
	struct str copy = str_copy(arena, str_slice(name, 0, NAME_BYTES_MAX));
	char *text = (char *)(uintptr_t)copy.data;

	for (size_t i = 0; i < copy.size; i++) {
		bool is_fine = (text[i] >= 'a' && text[i] <= 'z') ||
			       (text[i] >= 'A' && text[i] <= 'Z') ||
			       (text[i] >= '0' && text[i] <= '9') || text[i] == '-' ||
			       text[i] == '_' || (text[i] == '.' && i > 0);

		if (!is_fine)
			text[i] = '_';
	}
	return copy;
}

struct str upload_url(struct call *call, struct str file_name, struct str secret,
		      int64_t instant_us)
{
	struct str name = safe_name(call->arena, file_name), extension = STR("");
	size_t point = str_find_last_char(name, '.');
	struct utc day = utc_from_us(instant_us);

	if (point != STR_NOT_FOUND) {
		extension = str_skip(name, point);
		name = str_slice(name, 0, point);
	}
	return str_format(call->arena, "/system/%.*s/%04d/%02d/%02d/%.*s-%.*s%.*s",
			  STR_ARG(prefix_of(call)), day.year, day.month, day.day, STR_ARG(name),
			  STR_ARG(secret), STR_ARG(extension));
}

static struct str path_of(struct call *call, struct str url)
{
	return STR_CONCAT(call->arena, call->settings->root, STR(PUBLIC), url);
}

/* One line, as operators look for it. The doubled slash is the product's. */
static void refuse(struct call *call, struct str what, struct str url, const struct error *error)
{
	bool is_forbidden = str_find(str_from(error->text), STR("ermission")) != STR_NOT_FOUND;

	log_format(database_world(call->database), LOG_STDERR,
		   "Errno::%s (%s @ %.*s - %.*s" PUBLIC "/%.*s):", is_forbidden ? "EACCES" : "EIO",
		   is_forbidden ? "Permission denied" : error->text, STR_ARG(what),
		   STR_ARG(call->settings->root), STR_ARG(url));
	reply_status(call, 500, STR("Internal server error"));
}

/* Level by level, so that the log names the folder in which none can be made. */
static bool make_folders(struct call *call, struct str url)
{
	struct world *world = database_world(call->database);
	struct error error = {0};

	for (size_t at = 1; at < url.size; at++) {
		struct str folder = str_slice(url, 0, at);

		if (url.data[at] == '/' &&
		    !files_make_directory(world, path_of(call, folder), &error)) {
			refuse(call, STR("dir_s_mkdir"), folder, &error);
			return false;
		}
	}
	return true;
}

bool upload_store(struct call *call, struct str url, struct str content)
{
	struct error error = {0};

	if (!make_folders(call, url))
		return false;
	if (files_write(database_world(call->database), path_of(call, url), content, &error))
		return true;
	refuse(call, STR("rb_sysopen"), url, &error);
	return false;
}

void upload_remove(struct call *call, struct str url)
{
	files_remove(database_world(call->database), path_of(call, url), NULL);
}
