/* Phase logger, internal: says which phase runs. Field: log_level. It sees the phases that this
 * gateway has (policy.h). spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	enum log_level *level = ARENA_NEW(loader->arena, enum log_level);

	(void)error;
	*level = LEVEL_INFO;
	log_level_from_name(json_get_str(configuration, STR("log_level")), level);
	*data = level;
	return true;
}

static enum phase_result say_phase(struct request *request, const void *data)
{
	static const char *const names[PHASES] = {
		[PHASE_REWRITE] = "rewrite",         [PHASE_ACCESS] = "access",
		[PHASE_CONTENT] = "content",         [PHASE_HEADER_FILTER] = "header_filter",
		[PHASE_POST_ACTION] = "post_action", [PHASE_LOG] = "log",
	};

	LOG(&request->gateway->log, *(const enum log_level *)data, &request->subject,
	    "running phase: %s", names[request->phases.phase]);
	return PHASE_GO_ON;
}

const struct policy phase_logger_policy = {
	.name = STR_INIT("phase_logger"),
	.version = STR_INIT("builtin"),
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = say_phase,
			[PHASE_ACCESS] = say_phase,
			[PHASE_CONTENT] = say_phase,
			[PHASE_HEADER_FILTER] = say_phase,
			[PHASE_POST_ACTION] = say_phase,
			[PHASE_LOG] = say_phase,
		},
};
