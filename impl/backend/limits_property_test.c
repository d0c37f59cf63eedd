/* Limits, their headers and their periods, a million times against a plain oracle: spec/backend.md
 * 3.8, 3.9, 4.2, 4.5 and 6.4 once more, written naively and with nothing of backend's own.
 *
 * A case is made from its number alone, which is what a failure tells. Left out is what the spec
 * calls not meaningful: sets and increments within one tree of metrics. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/limits.h"
#include "backend/profile.h"
#include "backend/stats_keys.h"
#include "backend/usage.h"
#include "base/arena.h"

#define CASES 1000000
#define METRICS_MAX 7
#define LIMITS_MAX 8
#define NOBODY (-1)
#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

struct sent {
	int metric;
	int64_t value;
	bool is_set;
};

struct random_case {
	uint64_t number;
	const struct profile *profile;
	bool is_flat, does_report, has_usage;
	int metrics_count, parents[METRICS_MAX];
	bool has_name[METRICS_MAX];
	int sent_count;
	struct sent sent[METRICS_MAX];
	int limits_count;
	struct usage_limit limits[LIMITS_MAX];
	int64_t counters[LIMITS_MAX];
	int64_t now_us;
	struct date {
		int year, month, day;
		int64_t days_before_year, days_before_month;
	} today; /* by the oracle */
};

/* A small generator, the same everywhere. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

/* Mostly so small that equality is frequent. */
static int64_t draw_amount(uint64_t *state)
{
	switch (draw(state, 32)) {
	case 0:
		return INT64_MAX - (int64_t)draw(state, 3);
	case 1:
		return (int64_t)draw(state, 1000000);
	default:
		return (int64_t)draw(state, 8);
	}
}

static int root_of(const struct random_case *c, int metric)
{
	while (c->parents[metric] != NOBODY)
		metric = c->parents[metric];
	return metric;
}

static void draw_metrics(struct random_case *c, uint64_t *state)
{
	int order[METRICS_MAX];

	c->metrics_count = 1 + (int)draw(state, METRICS_MAX);
	for (int i = 0; i < c->metrics_count; i++) {
		int other = (int)draw(state, (uint64_t)i + 1);

		order[i] = order[other];
		order[other] = i;
		c->has_name[i] = draw(state, 10) > 0;
	}
	/* The parent comes before in a random order, so that nobody is above himself. */
	for (int i = 0; i < c->metrics_count; i++)
		c->parents[order[i]] =
			i > 0 && draw(state, 3) > 0 ? order[draw(state, (uint64_t)i)] : NOBODY;
}

static void draw_usage(struct random_case *c, uint64_t *state)
{
	uint64_t set_trees = draw(state, 1U << METRICS_MAX);
	int first = (int)draw(state, (uint64_t)c->metrics_count);

	c->has_usage = draw(state, 5) > 0;
	for (int i = 0; c->has_usage && i < c->metrics_count; i++) {
		int metric = (first + i) % c->metrics_count;

		if (!c->has_name[metric] || draw(state, 2) == 0)
			continue;
		c->sent[c->sent_count++] = (struct sent){
			metric, draw_amount(state), (set_trees >> root_of(c, metric) & 1) != 0};
	}
}

static void draw_limits(struct random_case *c, uint64_t *state)
{
	int wanted = (int)draw(state, LIMITS_MAX + 1);

	for (int i = 0; i < wanted; i++) {
		struct usage_limit limit = {draw(state, (uint64_t)c->metrics_count),
					    (enum utc_period)draw(state, UTC_PERIODS),
					    draw_amount(state)};

		c->limits[c->limits_count] = limit;
		c->counters[c->limits_count++] = draw(state, 3) == 0 ? 0 : draw_amount(state);
	}
}

/* From the first Monday of 1970 to 2199; often at the edge of a period. */
static int64_t draw_instant(uint64_t *state)
{
	int64_t instant_us = (4 + (int64_t)draw(state, 84000)) * DAY;

	switch (draw(state, 4)) {
	case 0:
		return instant_us;
	case 1:
		return instant_us + DAY - 1;
	case 2:
		return instant_us + (int64_t)draw(state, 1440) * 60 * SECOND;
	default:
		return instant_us + (int64_t)draw(state, 86400) * SECOND +
		       (int64_t)draw(state, 1000000);
	}
}

static struct date date_of(int64_t days);

static struct random_case make_case(uint64_t number)
{
	static const char *const releases[] = {"2.6", "2.5", "current"};
	struct random_case c = {.number = number};
	uint64_t state = number * 2 + 1;

	for (int i = 0; i < 3; i++)
		draw(&state, 2);
	c.profile = profile_find(str_from(releases[draw(&state, 3)]));
	c.is_flat = draw(&state, 4) == 0;
	c.does_report = draw(&state, 2) == 0;
	draw_metrics(&c, &state);
	draw_usage(&c, &state);
	draw_limits(&c, &state);
	c.now_us = draw_instant(&state);
	c.today = date_of(c.now_us / DAY);
	return c;
}

/* The oracle. Numbers beyond 64 bits stay at the largest. */

static int64_t plus(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Does the use of `below` count for `above`, too? (3.9) */
static bool counts_for(const struct random_case *c, int below, int above)
{
	bool is_current = str_equal(c->profile->release, STR("current"));

	if (is_current && c->is_flat)
		return false;
	if (!is_current)
		return c->parents[below] == above;
	for (int metric = c->parents[below]; metric != NOBODY; metric = c->parents[metric])
		if (metric == above)
			return true;
	return false;
}

struct oracle_usage {
	bool is_in, is_set;
	int64_t value, amount; /* amount: what was sent for it and those below (4.5) */
};

static struct oracle_usage expanded(const struct random_case *c, int metric)
{
	struct oracle_usage usage = {false, false, 0, 0};
	bool has_set_below = false;

	for (int i = 0; i < c->sent_count; i++) {
		const struct sent *sent = &c->sent[i];
		bool is_below = counts_for(c, sent->metric, metric);

		if (sent->metric != metric && !is_below)
			continue;
		usage.is_in = true;
		usage.is_set = sent->is_set;
		usage.amount = plus(usage.amount, sent->value);
		if (!sent->is_set)
			usage.value = plus(usage.value, sent->value);
		else if (is_below || !has_set_below)
			usage.value = sent->value; /* of those below the last one wins */
		has_set_below = has_set_below || (sent->is_set && is_below);
	}
	return usage;
}

static int64_t applied(struct oracle_usage usage, int64_t counter)
{
	return usage.is_set ? usage.value : plus(counter, usage.value);
}

/* 3.8 */
static bool oracle_allows(const struct random_case *c)
{
	for (int i = 0; i < c->limits_count; i++) {
		struct oracle_usage usage = expanded(c, (int)c->limits[i].metric);

		if (!c->has_usage && c->counters[i] > c->limits[i].max)
			return false;
		if (c->has_usage && usage.is_in &&
		    applied(usage, c->counters[i]) > c->limits[i].max)
			return false;
	}
	return true;
}

/* 4.2 */
static int64_t oracle_shown(const struct random_case *c, int index)
{
	struct oracle_usage usage = expanded(c, (int)c->limits[index].metric);

	return c->does_report && c->has_usage && usage.is_in && oracle_allows(c)
		       ? applied(usage, c->counters[index])
		       : c->counters[index];
}

/* Days and seconds of a month and so on, by counting from 1970, a Thursday. */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static struct date date_of(int64_t days)
{
	struct date date = {.year = 1970, .month = 1};
	int64_t rest = days;

	for (; rest >= (is_leap(date.year) ? 366 : 365); date.year++)
		rest -= is_leap(date.year) ? 366 : 365;
	date.days_before_year = days - rest;
	for (; rest >= days_of(date.year, date.month); date.month++)
		rest -= days_of(date.year, date.month);
	date.days_before_month = days - rest;
	date.day = (int)rest + 1;
	return date;
}

static void oracle_period(enum utc_period period, int64_t now_us, struct date date,
			  int64_t *start_us, int64_t *end_us)
{
	int64_t monday = now_us / DAY;
	int64_t lengths[UTC_PERIODS] = {60 * SECOND, 3600 * SECOND, DAY};

	switch (period) {
	case UTC_MINUTE:
	case UTC_HOUR:
	case UTC_DAY:
		*start_us = now_us / lengths[period] * lengths[period];
		*end_us = *start_us + lengths[period];
		break;
	case UTC_WEEK:
		while ((monday + 3) % 7 != 0)
			monday--;
		*start_us = monday * DAY;
		*end_us = *start_us + 7 * DAY;
		break;
	case UTC_MONTH:
		*start_us = date.days_before_month * DAY;
		*end_us = *start_us + days_of(date.year, date.month) * DAY;
		break;
	case UTC_YEAR:
		*start_us = date.days_before_year * DAY;
		*end_us = *start_us + (is_leap(date.year) ? 366 : 365) * DAY;
		break;
	case UTC_ETERNITY:
	case UTC_PERIODS:
		*start_us = 0;
		*end_us = 2932896 * DAY; /* 9999-12-31 */
		break;
	}
}

static char *put_digits(char *at, int number, int count)
{
	for (int i = count - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

/* 6.4, as it is told there. */
static struct str oracle_compact(char out[24], int64_t start_us)
{
	struct date date = date_of(start_us / DAY);
	int seconds = (int)(start_us % DAY / SECOND);
	size_t size = 14;

	put_digits(put_digits(put_digits(out, date.year, 4), date.month, 2), date.day, 2);
	put_digits(put_digits(put_digits(out + 8, seconds / 3600, 2), seconds / 60 % 60, 2),
		   seconds % 60, 2);
	while (size > 8 && out[size - 2] == '0' && out[size - 1] == '0')
		size -= 2;
	if (size > 8 && out[size - 1] == '0')
		size--;
	return str_of(out, size);
}

/* 4.5 */
struct oracle_headers {
	int64_t remaining, reset, max; /* max: -1 for none */
};

static int64_t oracle_same(const struct random_case *c, int index)
{
	int64_t shown = oracle_shown(c, index), max = c->limits[index].max;
	struct oracle_usage usage = expanded(c, (int)c->limits[index].metric);

	if (shown >= max)
		return 0;
	return c->has_usage && usage.amount > 0 ? (max - shown) / usage.amount : -1;
}

static bool oracle_prefers(int64_t same, enum utc_period period, int64_t best_same,
			   enum utc_period best_period)
{
	uint64_t order = (uint64_t)same, best_order = (uint64_t)best_same; /* -1 is the largest */

	return order < best_order || (order == best_order && period > best_period);
}

static struct oracle_headers oracle_headers(const struct random_case *c)
{
	struct oracle_headers headers = {-1, -1, -1};
	int best = -1;
	int64_t start_us, end_us;

	for (int i = 0; i < c->limits_count; i++) {
		int metric = (int)c->limits[i].metric;

		if (!c->has_name[metric] || (c->has_usage && !expanded(c, metric).is_in))
			continue;
		if (best < 0 || oracle_prefers(oracle_same(c, i), c->limits[i].period,
					       oracle_same(c, best), c->limits[best].period))
			best = i;
	}
	if (best < 0 || oracle_same(c, best) < 0)
		return headers;
	headers.remaining = oracle_same(c, best);
	headers.max = str_equal(c->profile->release, STR("2.5")) ? -1 : c->limits[best].max;
	oracle_period(c->limits[best].period, c->now_us, c->today, &start_us, &end_us);
	if (c->limits[best].period != UTC_ETERNITY)
		headers.reset = (end_us - c->now_us + SECOND - 1) / SECOND;
	return headers;
}

/* Ours. */

static const struct {
	struct str id, name;
} NAMES[METRICS_MAX] = {
	{STR_INIT("1"), STR_INIT("a")}, {STR_INIT("2"), STR_INIT("b")},
	{STR_INIT("3"), STR_INIT("c")}, {STR_INIT("4"), STR_INIT("d")},
	{STR_INIT("5"), STR_INIT("e")}, {STR_INIT("6"), STR_INIT("f")},
	{STR_INIT("7"), STR_INIT("g")},
};

struct ours {
	struct metric items[METRICS_MAX];
	size_t by_name[METRICS_MAX];
	struct metrics metrics;
	struct backend backend;
	struct api_endpoint endpoint;
	struct parameter usage_parameter;
	struct api_call call;
};

static struct ours ours;
static struct arena *arena;

static void tell_failure(const struct random_case *c, const char *what, int64_t got,
			 int64_t expected)
{
	char text[1500];
	size_t at = 0;

#define SAY(...) (at += (size_t)snprintf(text + at, sizeof text - at, __VA_ARGS__))
	SAY("case %" PRIu64 ": %s is %" PRId64 ", not %" PRId64 "; release %.*s%s%s, parents",
	    c->number, what, got, expected, STR_ARG(c->profile->release),
	    c->is_flat ? ", flat" : "", c->does_report ? ", reports" : "");
	for (int i = 0; i < c->metrics_count; i++)
		SAY(" %d%s", c->parents[i], c->has_name[i] ? "" : "(no name)");
	SAY("%s", c->has_usage ? "; usage" : "; no usage");
	for (int i = 0; i < c->sent_count; i++)
		SAY(" %d:%s%" PRId64, c->sent[i].metric, c->sent[i].is_set ? "#" : "",
		    c->sent[i].value);
	SAY("; limits");
	for (int i = 0; i < c->limits_count; i++)
		SAY(" %d/%d:%" PRId64 "(%" PRId64 ")", (int)c->limits[i].metric,
		    (int)c->limits[i].period, c->limits[i].max, c->counters[i]);
	SAY("; at %" PRId64 " us", c->now_us);
#undef SAY
	ck_abort_msg("%s", text);
}

static void check_equal(const struct random_case *c, const char *what, int64_t got,
			int64_t expected)
{
	if (got != expected)
		tell_failure(c, what, got, expected);
}

/* Those without a name stand first. */
static void set_metrics(const struct random_case *c)
{
	size_t count = 0;

	for (int i = 0; i < c->metrics_count; i++)
		ours.items[i] = (struct metric){
			.id = NAMES[i].id,
			.name = c->has_name[i] ? NAMES[i].name : str_of(NULL, 0),
			.parent_id =
				c->parents[i] != NOBODY ? NAMES[c->parents[i]].id : str_of(NULL, 0),
			.parent = c->parents[i] != NOBODY ? (size_t)c->parents[i] : METRIC_NONE,
		};
	for (int with_name = 0; with_name < 2; with_name++)
		for (int i = 0; i < c->metrics_count; i++)
			if (c->has_name[i] == (with_name == 1))
				ours.by_name[count++] = (size_t)i;
	ours.metrics = (struct metrics){
		.items = ours.items, .count = (size_t)c->metrics_count, .by_name = ours.by_name};
}

static void set_usage(const struct random_case *c)
{
	struct usage *usage = &ours.call.usage;

	usage_init(usage, arena);
	usage->reach = usage_reach_of(c->profile, c->is_flat);
	for (int i = 0; i < c->sent_count; i++) {
		struct api_error error;
		char text[32];
		int size = snprintf(text, sizeof text, "%s%" PRId64, c->sent[i].is_set ? "#" : "",
				    c->sent[i].value);

		if (!usage_add(usage, &ours.metrics, NAMES[c->sent[i].metric].name,
			       str_of(text, (size_t)size), &error))
			tell_failure(c, "the value's error", (int64_t)error.code, API_NO_ERROR);
	}
	usage_expand(usage, &ours.metrics);
}

static void set_call(const struct random_case *c)
{
	memset(&ours.call, 0, sizeof ours.call);
	set_metrics(c);
	set_usage(c);
	ours.backend.settings.profile = c->profile;
	ours.backend.clock_is_set = true;
	ours.backend.clock_us = c->now_us;
	ours.endpoint.does_report = c->does_report;
	ours.call.backend = &ours.backend;
	ours.call.endpoint = &ours.endpoint;
	ours.call.arena = arena;
	ours.call.metrics = &ours.metrics;
	ours.call.limits.list = (struct limit_list){c->limits, (size_t)c->limits_count};
	ours.call.limits.counters = c->counters;
	ours.call.usage_parameter = c->has_usage ? &ours.usage_parameter : NULL;
}

/* No ck_assert() here and below: each writes to Check's pipe. */
static int64_t header(const struct http_response *response, const char *name, int64_t absent)
{
	int64_t number = absent;

	for (size_t i = 0; i < response->fields.count; i++)
		if (str_equal(response->fields.items[i].name, str_from(name)) &&
		    !str_to_int64(response->fields.items[i].value, &number))
			ck_abort_msg("%s is no number", name);
	return number;
}

static void check_limits(const struct random_case *c)
{
	bool allows = limits_allow(&ours.call.limits.list, c->counters,
				   c->has_usage ? &ours.call.usage : NULL);

	check_equal(c, "allowed", allows, oracle_allows(c));
	ours.call.denial.code = allows ? API_NO_ERROR : API_LIMITS_EXCEEDED;
	for (int i = 0; i < c->limits_count; i++) {
		check_equal(c, "is shown", limits_is_shown(&ours.call, &c->limits[i]),
			    c->has_name[c->limits[i].metric]);
		check_equal(c, "current_value",
			    limits_shown_value(&ours.call, &ours.call.limits, (size_t)i),
			    oracle_shown(c, i));
	}
}

static void check_headers(const struct random_case *c)
{
	struct oracle_headers expected = oracle_headers(c);
	struct http_response response;

	memset(&response, 0, sizeof response);
	http_fields_init(&response.fields, arena);
	limits_add_headers(&ours.call, &response);
	check_equal(c, "remaining", header(&response, "3scale-limit-remaining", -9),
		    expected.remaining);
	check_equal(c, "reset", header(&response, "3scale-limit-reset", -9), expected.reset);
	check_equal(c, "max-value", header(&response, "3scale-limit-max-value", -1), expected.max);
}

static void check_periods(const struct random_case *c)
{
	for (int i = 0; i < UTC_PERIODS; i++) {
		enum utc_period period = (enum utc_period)i;
		char compact[STATS_COMPACT_BYTES], expected[24];
		int64_t start_us, end_us;

		oracle_period(period, c->now_us, c->today, &start_us, &end_us);
		check_equal(c, "period start", utc_period_start(period, c->now_us), start_us);
		check_equal(c, "period end", utc_period_end(period, c->now_us), end_us);
		/* One a case: the dates of the starts have to be counted, too. */
		if (c->number % UTC_PERIODS == (uint64_t)i &&
		    !str_equal(stats_compact_time(compact, start_us),
			       oracle_compact(expected, start_us)))
			tell_failure(c, "the compact time of period", i, i);
	}
}

START_TEST(a_million_cases_are_as_the_oracle_says)
{
	arena = arena_create();
	for (uint64_t number = 0; number < CASES; number++) {
		struct random_case c = make_case(number);

		set_call(&c);
		check_limits(&c);
		check_headers(&c);
		check_periods(&c);
		arena_reset(arena);
	}
	arena_destroy(arena);
}
END_TEST

/* The oracle is no better than its cases: all that matters has to be among them, often. */
START_TEST(the_cases_are_of_all_kinds)
{
	int denied = 0, equal = 0, constrained = 0, deep = 0, set = 0, nameless = 0;

	for (uint64_t number = 0; number < CASES / 20; number++) {
		struct random_case c = make_case(number);

		denied += oracle_allows(&c) ? 0 : 1;
		constrained += oracle_headers(&c).remaining > 0 ? 1 : 0;
		for (int i = 0; i < c.limits_count; i++) {
			struct oracle_usage usage = expanded(&c, (int)c.limits[i].metric);

			equal += usage.is_in && applied(usage, c.counters[i]) == c.limits[i].max;
			set += usage.is_in && usage.is_set;
			nameless += !c.has_name[c.limits[i].metric];
		}
		for (int i = 0; i < c.metrics_count; i++)
			deep += c.parents[i] != NOBODY && c.parents[c.parents[i]] != NOBODY;
	}
	ck_assert_int_gt(denied, 1000);
	ck_assert_int_gt(equal, 1000);
	ck_assert_int_gt(constrained, 1000);
	ck_assert_int_gt(deep, 1000);
	ck_assert_int_gt(set, 1000);
	ck_assert_int_gt(nameless, 1000);
}
END_TEST

Suite *backend_limits_property_suite(void);
Suite *backend_limits_property_suite(void)
{
	Suite *suite = suite_create("backend_limits_property");
	TCase *test = tcase_create("limits");

	tcase_set_timeout(test, 120);
	tcase_add_test(test, a_million_cases_are_as_the_oracle_says);
	tcase_add_test(test, the_cases_are_of_all_kinds);
	suite_add_tcase(suite, test);
	return suite;
}
