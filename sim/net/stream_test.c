/* Streams, links and rules: what the network does to bytes. */
#include "sim/net/stream.h"

#include "sim/stage_test.h"

static struct stage stage;

/* One end, on either side. */
struct end {
	struct stream *stream;
	struct strbuf got;
	int opened, failed, writable;
	enum stream_failure failure;
	int64_t opened_us, first_us, last_us, failed_us;
	bool has_ended, reads_nothing;
};

static struct end left, right;
static struct stream_listener *listener;

static void end_opened(struct stream *stream, void *data)
{
	struct end *end = data;

	(void)stream;
	end->opened++;
	end->opened_us = sim_now_us(stage.sim);
}

static void end_readable(struct stream *stream, void *data)
{
	struct end *end = data;
	struct str bytes = stream_peek(stream);

	if (end->reads_nothing)
		return;
	if (end->first_us == 0)
		end->first_us = sim_now_us(stage.sim);
	end->last_us = sim_now_us(stage.sim);
	strbuf_append(&end->got, bytes);
	stream_consume(stream, bytes.size);
	end->has_ended = end->has_ended || stream_is_ended(stream);
}

static void end_writable(struct stream *stream, void *data)
{
	(void)stream;
	((struct end *)data)->writable++;
}

static void end_failed(struct stream *stream, enum stream_failure failure, void *data)
{
	struct end *end = data;

	(void)stream;
	end->failed++;
	end->failure = failure;
	end->failed_us = sim_now_us(stage.sim);
}

static const struct stream_events end_events = {
	.opened = end_opened,
	.readable = end_readable,
	.writable = end_writable,
	.failed = end_failed,
};

static void accepted(struct stream *stream, void *data)
{
	right.stream = stream;
	stream_adopt(stream, &end_events, data);
}

static struct actor *actor_on(struct sim_host *host)
{
	return &process_of(sim_host_world(host, STR("end")))->actor;
}

static void set_up(void)
{
	struct stream_listen_options options = {.port = 80};

	stage_open(&stage);
	memset(&left, 0, sizeof left);
	memset(&right, 0, sizeof right);
	strbuf_init(&left.got, 64 * 1024 * 1024);
	strbuf_init(&right.got, 64 * 1024 * 1024);
	listener = stream_listen(stage.api_host, actor_on(stage.api_host), &options, accepted,
				 &right, NULL);
}

static void tear_down(void)
{
	if (left.stream != NULL)
		stream_close(left.stream);
	if (right.stream != NULL)
		stream_close(right.stream);
	if (listener != NULL)
		stream_unlisten(listener);
	strbuf_free(&left.got);
	strbuf_free(&right.got);
	stage_close(&stage);
}

static void connect_to(const char *address, uint16_t port)
{
	left.stream = stream_connect(stage.client_host, actor_on(stage.client_host),
				     str_from(address), port, &end_events, &left);
}

static void connect_both(void)
{
	connect_to("10.0.0.2", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.opened, 1);
	ck_assert(right.stream != NULL);
}

static struct sim_rule *rule_with(enum sim_verdict verdict)
{
	struct sim_rule_options options = {.to = STR("api"), .port = 80, .verdict = verdict};

	return sim_rule_add(stage.sim, &options);
}

START_TEST(bytes_arrive_in_order_after_the_latency)
{
	connect_to("10.0.0.2", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.opened_us, 400);
	ck_assert(str_equal(stream_peer_address(left.stream), STR("10.0.0.2")));
	ck_assert(str_equal(stream_peer_address(right.stream), STR("10.0.0.1")));
	ck_assert_uint_eq(stream_peer_port(right.stream), stream_local_port(left.stream));
	ck_assert_uint_eq(stream_local_port(right.stream), 80);
	stream_write(left.stream, STR("one "));
	stream_write(left.stream, STR("two "));
	stage_run(&stage, 100);
	stream_write(left.stream, STR("three"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&right.got), STR("one two three")));
	ck_assert_int_eq(right.first_us, STAGE_SECOND + 200);
	ck_assert_int_eq(right.last_us, STAGE_SECOND + 300);
}
END_TEST

START_TEST(a_host_reaches_itself)
{
	connect_to(_i == 0 ? "127.0.0.1" : "10.0.0.1", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.failure, STREAM_REFUSED);
	ck_assert_int_eq(left.failed_us, 40);
}
END_TEST

START_TEST(nobody_there_and_nobody_listening_are_told_apart)
{
	connect_to("10.0.0.2", 81);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.failed, 1);
	ck_assert_int_eq(left.failure, STREAM_REFUSED);
	stream_close(left.stream);
	connect_to("10.0.0.9", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.failed, 2);
	ck_assert_int_eq(left.failure, STREAM_UNREACHABLE);
}
END_TEST

START_TEST(an_end_may_end_while_the_other_goes_on)
{
	connect_both();
	stream_write(left.stream, STR("last"));
	stream_end(left.stream);
	stream_end(left.stream);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(right.has_ended);
	ck_assert(str_equal(strbuf_str(&right.got), STR("last")));
	stream_write(right.stream, STR("answer"));
	stream_close(right.stream);
	right.stream = NULL;
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&left.got), STR("answer")));
	ck_assert(left.has_ended);
	ck_assert_int_eq(left.failed, 0);
}
END_TEST

START_TEST(a_reset_reaches_the_other_side)
{
	connect_both();
	stream_reset(left.stream);
	left.stream = NULL;
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(right.failed, 1);
	ck_assert_int_eq(right.failure, STREAM_RESET);
	ck_assert(stream_has_failed(right.stream));
	ck_assert_uint_eq(stream_write(right.stream, STR("vanishes")), 8);
	ck_assert_uint_eq(stream_room(right.stream), 0);
}
END_TEST

START_TEST(writing_to_what_was_closed_is_answered_by_a_reset)
{
	connect_both();
	stream_close(left.stream);
	left.stream = NULL;
	stage_run(&stage, STAGE_SECOND);
	ck_assert(right.has_ended);
	stream_write(right.stream, STR("who hears?"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(right.failed, 1);
}
END_TEST

START_TEST(a_window_holds_the_sender_back)
{
	static const char zeros[STREAM_WINDOW_BYTES * 2];

	right.reads_nothing = true;
	connect_both();
	ck_assert_uint_eq(stream_write(left.stream, str_of(zeros, sizeof zeros)),
			  STREAM_WINDOW_BYTES);
	ck_assert_uint_eq(stream_write(left.stream, STR("x")), 0);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_uint_eq(stream_room(left.stream), 0);
	ck_assert_int_eq(left.writable, 0);
	stream_consume(right.stream, STREAM_WINDOW_BYTES / 2);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.writable, 1);
	ck_assert_uint_eq(stream_room(left.stream), STREAM_WINDOW_BYTES / 2);
}
END_TEST

START_TEST(a_drop_stalls_what_is_open_until_it_ends)
{
	struct sim_rule *rule;

	connect_both();
	rule = rule_with(_i == 0 ? SIM_DROP : SIM_UNREACHABLE);
	stream_write(left.stream, STR("held "));
	stage_run(&stage, STAGE_SECOND);
	stream_write(left.stream, STR("back"));
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_uint_eq(right.got.size, 0);
	ck_assert_uint_gt(sim_rule_effects(rule), 1);
	ck_assert(stage_traced(&stage, "\"kind\":\"stall\""));
	sim_rule_remove(rule);
	sim_rule_remove(rule);
	stage_run(&stage, 120 * STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&right.got), STR("held back")));
	ck_assert_uint_gt(sim_rule_effects(rule), 1);
}
END_TEST

START_TEST(a_connection_that_stalls_for_very_long_is_given_up)
{
	connect_both();
	rule_with(SIM_DROP);
	stream_write(left.stream, STR("never"));
	stage_run(&stage, 3600 * STAGE_SECOND);
	ck_assert_int_eq(left.failed, 1);
	ck_assert_int_eq(left.failure, STREAM_TIMED_OUT);
	ck_assert_int_gt(left.failed_us, 600 * STAGE_SECOND);
}
END_TEST

START_TEST(a_connection_that_cannot_be_made_is_given_up)
{
	rule_with(SIM_DROP);
	connect_to("10.0.0.2", 80);
	stage_run(&stage, 3600 * STAGE_SECOND);
	ck_assert_int_eq(left.failure, STREAM_TIMED_OUT);
	ck_assert_int_ge(left.failed_us, 120 * STAGE_SECOND);
	ck_assert_int_le(left.failed_us, 130 * STAGE_SECOND);
}
END_TEST

START_TEST(a_connection_is_made_when_the_drop_ends_in_time)
{
	struct sim_rule *rule = rule_with(SIM_DROP);

	connect_to("10.0.0.2", 80);
	stage_run(&stage, 4 * STAGE_SECOND);
	sim_rule_remove(rule);
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(left.opened, 1);
	ck_assert_int_ge(left.opened_us, 7 * STAGE_SECOND);
}
END_TEST

START_TEST(a_reject_leaves_what_is_open)
{
	connect_both();
	rule_with(SIM_REJECT);
	stream_write(left.stream, STR("goes on"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&right.got), STR("goes on")));
	stream_close(left.stream);
	connect_to("10.0.0.2", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.failed, 1);
	ck_assert_int_eq(left.failure, STREAM_REFUSED);
}
END_TEST

START_TEST(a_reset_rule_cuts_both_ends_at_once)
{
	struct sim_rule_options options = {
		.to = STR("api"), .verdict = SIM_RESET, .only_new_connections = _i == 1};
	struct sim_rule *rule;

	connect_both();
	rule = sim_rule_add(stage.sim, &options);
	stage_run(&stage, 1000);
	ck_assert_int_eq(left.failed, _i == 0);
	ck_assert_int_eq(right.failed, _i == 0);
	ck_assert_uint_eq(sim_rule_effects(rule), _i == 0);
}
END_TEST

START_TEST(a_reset_rule_means_those_it_names)
{
	struct sim_rule_options others = {.from = STR("api"), .verdict = SIM_RESET};
	struct sim_rule_options port = {.port = 81, .verdict = SIM_RESET};
	struct sim_rule_options both = {
		.from = STR("10.0.0.1"), .to = STR("10.0.0.2"), .port = 80, .verdict = SIM_RESET};

	connect_both();
	sim_rule_add(stage.sim, &others);
	sim_rule_add(stage.sim, &port);
	stage_run(&stage, 1000);
	ck_assert_int_eq(left.failed, 0);
	sim_rule_add(stage.sim, &both);
	stage_run(&stage, 1000);
	ck_assert_int_eq(left.failed, 1);
}
END_TEST

START_TEST(the_first_verdict_wins_and_pass_only_counts)
{
	struct sim_rule *pass = rule_with(SIM_PASS), *delay, *drop;
	struct sim_rule_options options = {
		.to = STR("api"), .verdict = SIM_DELAY, .delay_us = 50000};

	delay = sim_rule_add(stage.sim, &options);
	drop = rule_with(SIM_DROP);
	connect_to("10.0.0.2", 80);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(left.opened_us, 100400);
	ck_assert_uint_eq(sim_rule_effects(pass), 2);
	ck_assert_uint_eq(sim_rule_effects(delay), 2);
	ck_assert_uint_eq(sim_rule_effects(drop), 0);
}
END_TEST

START_TEST(links_have_latency_jitter_and_loss)
{
	struct sim_link link = {.latency_us = 5000, .jitter_us = 1000};
	int64_t sent_us;

	sim_net_set_link(stage.sim, STR("client"), STR("10.0.0.2"), link);
	connect_both();
	ck_assert_int_ge(left.opened_us, 10000);
	ck_assert_int_le(left.opened_us, 12000);
	link.loss_per_million = 1000000;
	sim_net_set_link(stage.sim, STR("client"), STR("api"), link);
	sent_us = sim_now_us(stage.sim);
	stream_write(left.stream, STR("late"));
	stage_run(&stage, 3600 * STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&right.got), STR("late")));
	ck_assert_int_gt(right.first_us - sent_us, 200000);
}
END_TEST

START_TEST(the_default_link_is_for_all_others)
{
	struct sim_link link = {.latency_us = 7000};

	sim_net_set_default_link(stage.sim, link);
	connect_both();
	ck_assert_int_eq(left.opened_us, 14000);
}
END_TEST

START_TEST(a_host_that_is_down_is_silence)
{
	connect_both();
	sim_host_set_up(stage.api_host, false);
	sim_host_set_up(stage.api_host, false);
	ck_assert(!sim_host_is_up(stage.api_host));
	stream_write(left.stream, STR("hello?"));
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_int_eq(left.failed, 0);
	sim_host_set_up(stage.api_host, true);
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&right.got), STR("hello?")));
}
END_TEST

START_TEST(listeners_that_share_a_port_take_turns)
{
	struct stream_listen_options options = {.port = 90, .share_port = true};
	struct end ends[2] = {{.stream = NULL}, {.stream = NULL}};
	struct actor *actor = actor_on(stage.api_host);
	struct stream_listener *one =
		stream_listen(stage.api_host, actor, &options, accepted, &ends[0], NULL);
	struct stream_listener *two =
		stream_listen(stage.api_host, actor, &options, accepted, &ends[1], NULL);
	struct stream *streams[2];

	strbuf_init(&ends[0].got, 100);
	strbuf_init(&ends[1].got, 100);
	for (int i = 0; i < 2; i++) {
		connect_to("10.0.0.2", 90);
		stage_run(&stage, 1000);
		stream_write(left.stream, STR("x"));
		stage_run(&stage, 1000);
		stream_close(left.stream);
		left.stream = NULL;
		streams[i] = right.stream;
	}
	right.stream = NULL;
	ck_assert_uint_eq(ends[0].got.size, 1);
	ck_assert_uint_eq(ends[1].got.size, 1);
	for (int i = 0; i < 2; i++) {
		stream_close(streams[i]);
		strbuf_free(&ends[i].got);
	}
	stream_unlisten(one);
	stream_unlisten(two);
}
END_TEST

START_TEST(an_end_may_be_given_back_after_any_event)
{
	static const char zeros[STREAM_WINDOW_BYTES];
	bool by_reset = _i % 2 == 1;

	connect_to("10.0.0.2", 80);
	for (int i = 0; i < _i / 2; i++) {
		if (left.opened == 1)
			stream_write(left.stream, str_of(zeros, 40000));
		queue_step(&stage.sim->queue, INT64_MAX);
	}
	if (by_reset)
		stream_reset(left.stream);
	else
		stream_close(left.stream);
	left.stream = NULL;
	stage_run(&stage, 10 * STAGE_SECOND);
	if (right.stream != NULL)
		ck_assert(right.failed == 1 || (right.has_ended && !by_reset));
}
END_TEST

Suite *sim_net_stream_suite(void);
Suite *sim_net_stream_suite(void)
{
	Suite *suite = suite_create("sim_net_stream");
	TCase *streams = tcase_create("streams"), *faults = tcase_create("faults");

	tcase_add_checked_fixture(streams, set_up, tear_down);
	tcase_add_test(streams, bytes_arrive_in_order_after_the_latency);
	tcase_add_loop_test(streams, a_host_reaches_itself, 0, 2);
	tcase_add_test(streams, nobody_there_and_nobody_listening_are_told_apart);
	tcase_add_test(streams, an_end_may_end_while_the_other_goes_on);
	tcase_add_test(streams, a_reset_reaches_the_other_side);
	tcase_add_test(streams, writing_to_what_was_closed_is_answered_by_a_reset);
	tcase_add_test(streams, a_window_holds_the_sender_back);
	tcase_add_test(streams, listeners_that_share_a_port_take_turns);
	tcase_add_loop_test(streams, an_end_may_be_given_back_after_any_event, 0, 20);
	suite_add_tcase(suite, streams);
	tcase_add_checked_fixture(faults, set_up, tear_down);
	tcase_add_loop_test(faults, a_drop_stalls_what_is_open_until_it_ends, 0, 2);
	tcase_add_test(faults, a_connection_that_stalls_for_very_long_is_given_up);
	tcase_add_test(faults, a_connection_that_cannot_be_made_is_given_up);
	tcase_add_test(faults, a_connection_is_made_when_the_drop_ends_in_time);
	tcase_add_test(faults, a_reject_leaves_what_is_open);
	tcase_add_loop_test(faults, a_reset_rule_cuts_both_ends_at_once, 0, 2);
	tcase_add_test(faults, a_reset_rule_means_those_it_names);
	tcase_add_test(faults, the_first_verdict_wins_and_pass_only_counts);
	tcase_add_test(faults, links_have_latency_jitter_and_loss);
	tcase_add_test(faults, the_default_link_is_for_all_others);
	tcase_add_test(faults, a_host_that_is_down_is_silence);
	suite_add_tcase(suite, faults);
	return suite;
}
