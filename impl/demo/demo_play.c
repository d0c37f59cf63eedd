/* The steps, one after the other: each is a call, shown as the curl command that makes it. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "demo/demo_internal.h"
#include "demo/demo_steps.h"
#include "world/http_client.h"

#define RETRY_US 50000

static const struct {
	const char *url;
	enum demo_part part;
} targets[] = {
	[DEMO_PORTAL] = {"http://127.0.0.1:{portal_port}", DEMO_PART_PORTAL},
	[DEMO_STAGING] = {"http://hello-staging.localhost:{staging_port}", DEMO_PART_STAGING},
	[DEMO_PRODUCTION] = {"http://hello.localhost:{production_port}", DEMO_PART_PRODUCTION},
};

static void begin_step(struct demo *demo);

static void end_call(struct demo_play *play)
{
	http_body_collector_stop(play->collector);
	play->collector = NULL;
	http_call_release(play->call);
	play->call = NULL;
	arena_destroy(play->arena);
	play->arena = NULL;
}

void demo_play_stop(struct demo *demo)
{
	timer_stop(&demo->play.retry);
	end_call(&demo->play);
}

/* Showing. */

static void show_command(struct demo *demo, const struct demo_step *step)
{
	struct arena *arena = demo->play.arena;
	struct str url = demo_expand(demo, arena, targets[step->target].url);
	struct str path = demo_expand(demo, arena, step->path);
	bool is_usual_method = step->form != NULL ? str_equal(str_from(step->method), STR("POST"))
						  : str_equal(str_from(step->method), STR("GET"));
	struct strbuf line;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	strbuf_append(&line, STR("  $ curl "));
	if (!is_usual_method)
		strbuf_append_format(&line, "-X %s ", step->method);
	if (step->target == DEMO_PORTAL)
		strbuf_append(&line, STR("-u " DEMO_ACCESS_TOKEN ": "));
	if (step->form != NULL)
		strbuf_append_format(&line, "-d '%.*s' ",
				     STR_ARG(demo_expand(demo, arena, step->form)));
	demo_say(demo, "%.*s'%.*s%.*s'", STR_ARG(strbuf_str(&line)), STR_ARG(url), STR_ARG(path));
	strbuf_free(&line);
}

static void show_answer(struct demo *demo, const struct demo_step *step, int status,
			struct str body)
{
	struct arena *arena = demo->play.arena;
	struct str remark = str_from(step->remark);

	if (step->remark != NULL)
		remark = demo_expand(demo, arena, step->remark);
	else if (step->target != DEMO_PORTAL)
		remark = demo_one_line(arena, body);
	demo_say(demo, "    %d%s%.*s", status, remark.size > 0 ? "  " : "", STR_ARG(remark));
}

/* status 0: no answer, and the body says why. */
static void show_failure(struct demo *demo, const struct demo_step *step, int status,
			 struct str body)
{
	struct str shown = demo_one_line(demo->play.arena, body);

	demo_say(demo, "    NOT AS EXPECTED");
	if (step->body_contains != NULL)
		demo_say(demo, "      expected  %d, with: %s", step->status, step->body_contains);
	else
		demo_say(demo, "      expected  %d%s%s", step->status,
			 step->capture != NULL ? ", with " : "",
			 step->capture != NULL ? step->capture_path : "");
	if (status == 0)
		demo_say(demo, "      actual    no answer: %.*s", STR_ARG(shown));
	else
		demo_say(demo, "      actual    %d: %.*s", status, STR_ARG(shown));
	demo_stack_show_lines(demo, targets[step->target].part);
}

/* Judging. */

static bool is_as_expected(const struct demo_step *step, int status, struct str body)
{
	return status == step->status &&
	       (step->body_contains == NULL ||
		str_find(body, str_from(step->body_contains)) != STR_NOT_FOUND);
}

static bool capture(struct demo *demo, const struct demo_step *step, struct str body)
{
	const struct json *json = json_parse(demo->play.arena, body, LIMIT_PORTAL_BODY_BYTES, NULL);
	struct str value = json_scalar_text(json_path(json, step->capture_path));

	if (value.size > 0)
		demo_set(demo, str_from(step->capture), value);
	return value.size > 0;
}

static void retry(struct timer *timer)
{
	begin_step(LIST_ENTRY(timer, struct demo, play.retry));
}

static void answered(struct demo *demo, int status, struct str body)
{
	struct demo_play *play = &demo->play;
	const struct demo_step *step = &demo_steps[play->step];
	bool is_good = is_as_expected(step, status, body);

	if (!is_good && ++play->tries < step->tries) {
		end_call(play);
		timer_start(demo->world, &play->retry, RETRY_US, retry);
		return;
	}
	demo_set(demo, STR("answer"), demo_one_line(play->arena, body));
	demo_set(demo, STR("tries"), str_format(play->arena, "%d", play->tries + is_good));
	if (is_good && step->capture != NULL)
		is_good = capture(demo, step, body);
	show_command(demo, step);
	if (is_good) {
		show_answer(demo, step, status, body);
	} else {
		play->failures++;
		show_failure(demo, step, status, body);
	}
	end_call(play);
	play->step++;
	play->tries = 0;
	/* Later steps name what this one should have told. */
	if (play->step == demo_steps_count || (!is_good && step->capture != NULL))
		demo_played(demo);
	else
		begin_step(demo);
}

/* The call. */

static void call_collected(enum http_collect_result result, struct str body, void *data)
{
	struct demo *demo = data;

	demo->play.collector = NULL;
	if (result == HTTP_COLLECTED)
		answered(demo, demo->play.call->response.status, body);
	else
		answered(demo, 0, http_failure_text(demo->play.call->failure));
}

static void call_answered(struct http_call *call, void *data)
{
	struct demo *demo = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_PORTAL_BODY_BYTES,
				  demo->play.arena, call_collected, demo);

	/* NULL: collected already, and the next step may be under way. */
	if (collector != NULL)
		demo->play.collector = collector;
}

static void call_failed(struct http_call *call, void *data)
{
	answered(data, 0, http_failure_text(call->failure));
}

static void begin_step(struct demo *demo)
{
	const struct demo_step *step = &demo_steps[demo->play.step];
	struct arena *arena = demo->play.arena = arena_create();
	struct http_fields fields;
	struct url url;

	if (step->title != NULL && demo->play.tries == 0)
		demo_say(demo, "\n%s", step->title);
	http_fields_init(&fields, arena);
	if (step->target == DEMO_PORTAL)
		http_fields_add(&fields, STR("Authorization"),
				http_basic_credentials(arena, STR(DEMO_ACCESS_TOKEN), STR("")));
	if (step->form != NULL)
		http_fields_add(&fields, STR("Content-Type"),
				STR("application/x-www-form-urlencoded"));
	url_parse(demo_expand(demo, arena, targets[step->target].url), &url, NULL);

	struct http_call_options options = {
		.method = str_from(step->method),
		.host = url.host,
		.port = url.port,
		.target = demo_expand(demo, arena, step->path),
		.fields = &fields,
		.body = step->form != NULL
				? http_body_from_str(demo_expand(demo, arena, step->form))
				: NULL,
	};

	demo->play.call = http_call_start(demo->world, &options, call_answered, call_failed, demo);
}

void demo_play_start(struct demo *demo)
{
	begin_step(demo);
}
