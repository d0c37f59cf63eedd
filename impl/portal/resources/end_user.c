/* End users and their plans: spec/portal.md 3.8. The switch `end_users` is denied on premises for
 * ever, so there are none and none can be made. */
#include "portal/reply.h"
#include "portal/resources/resources.h"

static const struct representation end_user_plan_representation = {
	.root = "end_user_plan",
	.roots = "end_user_plans",
	.json = "",
	.xml = "",
};

static const struct representation limit_representation = {
	.root = "limit",
	.roots = "limits",
	.json = "",
	.xml = "",
};

static void reply_none(struct call *call, const struct representation *representation)
{
	struct record_list list = {0};

	reply_list(call, representation, &list, NULL);
}

void end_user_plan_list(struct call *call)
{
	reply_none(call, &end_user_plan_representation);
}

void end_user_limit_list(struct call *call)
{
	reply_none(call, &limit_representation);
}

void end_user_missing(struct call *call)
{
	reply_not_found(call);
}

void end_user_refused(struct call *call)
{
	reply_status(call, 403, STR("Forbidden"));
}
