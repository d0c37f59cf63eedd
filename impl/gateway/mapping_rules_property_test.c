/* Mapping rules, a million times against a plain oracle: spec/gateway.md 3.5 once more, written
 * naively and with nothing of the gateway's own.
 *
 * A case is a set of rules and a few requests, made from its number alone, which is what a failure
 * tells. A pattern is drawn as a list of elements, which the oracle matches as they are and of
 * which the gateway sees the text; so it is with the parts of paths and with arguments. */
#include "gateway/mapping_rules.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "gateway/form.h"

#define CASES 170000
#define REQUESTS_OF_A_CASE 6 /* pairs of rules and a request: over 10^6 */
#define RULES_MAX 8
#define ELEMENTS_MAX 8
#define CONDITIONS_MAX 2
#define ARGUMENTS_MAX 4
#define SEGMENTS_MAX 5
#define TEXT_MAX 256

static const char *const METHODS[] = {"GET", "GET", "POST", "DELETE", "ANY", "get"};
static const char *const METRICS[] = {"hits", "read", "a b"};
static const char *const NAMES[] = {"a", "b", "A b"};
static const char *const VALUES[] = {"1", "2x", "", "X", "2X"};

enum element_kind { ELEMENT_TEXT, ELEMENT_PLACEHOLDER, ELEMENT_REPEATED, ELEMENT_ALTERNATIVES };

struct element {
	enum element_kind kind;
	const char *text;  /* of ELEMENT_REPEATED: one character */
	const char *other; /* of ELEMENT_ALTERNATIVES: the second */
	bool may_be_none;  /* of ELEMENT_REPEATED: '*', not '+' */
};

struct condition {
	const char *name, *value; /* value NULL: a placeholder */
};

struct random_rule {
	const char *method, *metric;
	struct element elements[ELEMENTS_MAX];
	int elements_count;
	bool ends_path, has_query_text, last, has_delta;
	int64_t delta;
	struct condition conditions[CONDITIONS_MAX];
	int conditions_count;
};

struct argument {
	const char *name, *value; /* value NULL: no '=' */
};

struct random_request {
	const char *method;
	char raw_path[TEXT_MAX], path[TEXT_MAX]; /* path: in normal form, by the oracle */
	bool has_body;
	struct argument query[ARGUMENTS_MAX], body[ARGUMENTS_MAX];
	int query_count, body_count;
};

struct random_case {
	uint64_t number;
	struct random_rule rules[RULES_MAX];
	int rules_count;
	struct random_request requests[REQUESTS_OF_A_CASE];
};

/* A small generator, the same everywhere. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

#define DRAW_OF(state, array) ((array)[draw((state), sizeof(array) / sizeof *(array))])

/* Few and short ones, so that rules and paths often meet. */
static const char *draw_word(uint64_t *state)
{
	static const char *const words[] = {"a", "b", "ab", "v1", "foo", "x.json", "a-b", "."};

	return DRAW_OF(state, words);
}

static struct element draw_element(uint64_t *state, bool is_plain)
{
	switch (draw(state, is_plain ? 6 : 8)) {
	case 0:
	case 1:
		return (struct element){ELEMENT_TEXT, "/", NULL, false};
	case 2:
	case 3:
		return (struct element){ELEMENT_TEXT, draw_word(state), NULL, false};
	case 4:
	case 5:
		return (struct element){ELEMENT_PLACEHOLDER,
					draw(state, 2) == 0 ? "{id}" : "{a.b/c$}", NULL, false};
	case 6:
		return (struct element){ELEMENT_REPEATED, draw(state, 2) == 0 ? "a" : "b", NULL,
					draw(state, 2) == 0};
	default:
		return (struct element){ELEMENT_ALTERNATIVES, draw_word(state), draw_word(state),
					false};
	}
}

static void draw_rule(struct random_rule *rule, uint64_t *state)
{
	bool is_plain = draw(state, 4) > 0;
	int wanted = 1 + (int)draw(state, ELEMENTS_MAX);

	rule->method = DRAW_OF(state, METHODS);
	rule->metric = DRAW_OF(state, METRICS);
	rule->elements[rule->elements_count++] = (struct element){ELEMENT_TEXT, "/", NULL, false};
	while (rule->elements_count < wanted)
		rule->elements[rule->elements_count++] = draw_element(state, is_plain);
	rule->ends_path = draw(state, 4) == 0;
	rule->has_query_text = draw(state, 8) == 0;
	rule->last = draw(state, 6) == 0;
	rule->has_delta = draw(state, 8) > 0;
	rule->delta = rule->has_delta ? (int64_t)draw(state, 5) - 1 : 0;
	rule->conditions_count =
		(int)draw(state, 4) == 0 ? 1 + (int)draw(state, CONDITIONS_MAX) : 0;
	for (int i = 0; i < rule->conditions_count; i++)
		rule->conditions[i] = (struct condition){
			NAMES[i], draw(state, 2) == 0 ? NULL : DRAW_OF(state, VALUES)};
}

/* No ck_assert() in what runs a million times: each writes to Check's pipe. */
static void append(char *text, const char *more)
{
	size_t used = strlen(text), size = strlen(more);

	if (used + size >= TEXT_MAX)
		ck_abort_msg("%s%s is too long", text, more);
	memcpy(text + used, more, size + 1);
}

/* As clients write it: plain, or with some bytes percent-encoded. */
static void append_raw(char *raw, const char *text, uint64_t *state)
{
	bool is_encoded = draw(state, 6) == 0;
	char one[4];

	for (const char *at = text; *at != '\0'; at++) {
		bool must_be = strchr(" %\n", *at) != NULL;

		snprintf(one, sizeof one,
			 must_be || (is_encoded && *at != '/' && draw(state, 2) == 0) ? "%%%02x"
										      : "%c",
			 (unsigned char)*at);
		append(raw, one);
	}
}

/* What the rule matches, if the rest does. */
static void append_example(char *path, const struct random_rule *rule, uint64_t *state)
{
	for (int i = 0; i < rule->elements_count; i++) {
		const struct element *e = &rule->elements[i];

		switch (e->kind) {
		case ELEMENT_TEXT:
			append(path, e->text);
			break;
		case ELEMENT_PLACEHOLDER:
			append(path, draw_word(state));
			break;
		case ELEMENT_REPEATED:
			for (uint64_t left = draw(state, 3); left > 0; left--)
				append(path, e->text);
			break;
		case ELEMENT_ALTERNATIVES:
			append(path, draw(state, 2) == 0 ? e->text : e->other);
			break;
		}
	}
}

static void append_segments(char *path, uint64_t *state)
{
	static const char *const others[] = {" ",    "7", "a b",    "%", "a\nb",
					     "abab", "~", "x,json", ".."};
	static const char *const slashes[] = {"/", "/", "/", "/", "//", "/./", "/b/../"};

	for (uint64_t left = draw(state, SEGMENTS_MAX + 1); left > 0; left--) {
		append(path, DRAW_OF(state, slashes));
		append(path, draw(state, 8) == 0 ? DRAW_OF(state, others) : draw_word(state));
		append(path, draw(state, 3) == 0 ? draw_word(state) : "");
	}
}

static void draw_path(char *path, const struct random_case *c, uint64_t *state)
{
	if (c->rules_count > 0 && draw(state, 3) > 0)
		append_example(path, &c->rules[draw(state, (uint64_t)c->rules_count)], state);
	if (path[0] == '\0' || draw(state, 3) == 0)
		append_segments(path, state);
	append(path, path[0] == '\0' || draw(state, 5) == 0 ? "/" : "");
}

static int draw_arguments(struct argument *arguments, uint64_t *state)
{
	int count = (int)draw(state, ARGUMENTS_MAX + 1);

	for (int i = 0; i < count; i++)
		arguments[i] = (struct argument){
			DRAW_OF(state, NAMES), draw(state, 8) == 0 ? NULL : DRAW_OF(state, VALUES)};
	return count;
}

static void normalise(const char *from, char *path);

static void draw_request(struct random_request *request, const struct random_case *c,
			 uint64_t *state)
{
	static const char *const methods[] = {"GET", "GET", "POST", "DELETE", "get"};
	char path[TEXT_MAX] = "";

	request->method = DRAW_OF(state, methods);
	draw_path(path, c, state);
	append_raw(request->raw_path, path, state);
	normalise(path, request->path);
	request->query_count = draw_arguments(request->query, state);
	request->has_body = draw(state, 2) == 0;
	if (request->has_body)
		request->body_count = draw_arguments(request->body, state);
}

static void make_case(struct random_case *c, uint64_t number)
{
	uint64_t state = number * 2 + 1;

	memset(c, 0, sizeof *c);
	c->number = number;
	for (int i = 0; i < 3; i++)
		draw(&state, 2);
	c->rules_count = (int)draw(&state, RULES_MAX + 1);
	for (int i = 0; i < c->rules_count; i++)
		draw_rule(&c->rules[i], &state);
	for (int i = 0; i < REQUESTS_OF_A_CASE; i++)
		draw_request(&c->requests[i], c, &state);
}

/* The oracle. */

/* Without segments that mean nothing; ".." takes one away. */
static void normalise(const char *from, char *path)
{
	size_t size = 0;

	while (*from != '\0') {
		size_t length = strcspn(++from, "/");

		if (length == 2 && strncmp(from, "..", 2) == 0) {
			while (size > 0 && path[--size] != '/')
				;
		} else if (length > 0 && !(length == 1 && *from == '.')) {
			path[size++] = '/';
			memcpy(path + size, from, length);
			size += length;
			from += length;
			continue;
		}
		from += length;
		if (*from == '\0')
			path[size++] = '/';
	}
	path[size] = '\0';
}

static bool is_of_segment(char c)
{
	return c != '\0' && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "_-.~%!$&'()*+,;=@:",
				   c) != NULL;
}

static bool fits(const struct random_rule *rule, int element, const char *path);

static bool fits_text(const struct random_rule *rule, int element, const char *path,
		      const char *text)
{
	size_t size = strlen(text);

	return strncmp(path, text, size) == 0 && fits(rule, element + 1, path + size);
}

/* Every length is tried. */
static bool fits(const struct random_rule *rule, int element, const char *path)
{
	const struct element *e = &rule->elements[element];
	const char *at = path;

	if (element == rule->elements_count)
		return !rule->ends_path || *path == '\0';
	switch (e->kind) {
	case ELEMENT_TEXT:
		return fits_text(rule, element, path, e->text);
	case ELEMENT_ALTERNATIVES:
		return fits_text(rule, element, path, e->text) ||
		       fits_text(rule, element, path, e->other);
	case ELEMENT_PLACEHOLDER:
		while (is_of_segment(*at)) {
			if (fits(rule, element + 1, ++at))
				return true;
		}
		return false;
	case ELEMENT_REPEATED:
		if (e->may_be_none && fits(rule, element + 1, at))
			return true;
		while (*at == e->text[0]) {
			if (fits(rule, element + 1, ++at))
				return true;
		}
		return false;
	}
	return false;
}

/* The last one of that name; an argument without '=' is one with an empty value. */
static const char *value_of(const struct argument *arguments, int count, const char *name)
{
	const char *value = NULL;

	for (int i = 0; i < count; i++) {
		if (strcmp(arguments[i].name, name) == 0)
			value = arguments[i].value != NULL ? arguments[i].value : "";
	}
	return value;
}

static bool holds(const struct condition *condition, const struct random_request *request)
{
	const char *value = NULL;

	if (request->has_body && strcmp(request->method, "GET") != 0)
		value = value_of(request->body, request->body_count, condition->name);
	if (value == NULL)
		value = value_of(request->query, request->query_count, condition->name);
	return value != NULL && (condition->value == NULL || strcmp(condition->value, value) == 0);
}

static bool oracle_matches(const struct random_rule *rule, const struct random_request *request)
{
	if (strcmp(rule->method, "ANY") != 0 && strcmp(rule->method, request->method) != 0)
		return false;
	for (int i = 0; i < rule->conditions_count; i++) {
		if (!holds(&rule->conditions[i], request))
			return false;
	}
	return fits(rule, 0, request->path);
}

struct outcome {
	int matched[RULES_MAX];
	int count;
	bool has_metric[3];
	int64_t usage[3]; /* of METRICS */
};

static struct outcome oracle_outcome(const struct random_case *c,
				     const struct random_request *request)
{
	struct outcome outcome = {.count = 0};

	for (int i = 0; i < c->rules_count; i++) {
		const struct random_rule *rule = &c->rules[i];

		if (!oracle_matches(rule, request))
			continue;
		outcome.matched[outcome.count++] = i;
		for (int m = 0; m < 3; m++) {
			if (strcmp(METRICS[m], rule->metric) == 0) {
				outcome.has_metric[m] = true;
				outcome.usage[m] += rule->delta;
			}
		}
		if (rule->last)
			break;
	}
	return outcome;
}

/* Ours. */

static struct arena *arena;

static struct str pattern_text(const struct random_rule *rule)
{
	char text[TEXT_MAX] = "";

	for (int i = 0; i < rule->elements_count; i++) {
		const struct element *e = &rule->elements[i];

		append(text, e->kind == ELEMENT_ALTERNATIVES ? "(" : "");
		append(text, e->text);
		if (e->kind == ELEMENT_REPEATED)
			append(text, e->may_be_none ? "*" : "+");
		if (e->kind == ELEMENT_ALTERNATIVES) {
			append(text, "|");
			append(text, e->other);
			append(text, ")");
		}
	}
	append(text, rule->ends_path ? "$" : "");
	append(text, rule->has_query_text ? "?z={z}&y=1" : "");
	return str_copy(arena, str_from(text));
}

static struct json *text_of(const char *text)
{
	return json_new_str(arena, str_from(text));
}

static struct json *rule_json(const struct random_rule *rule)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	struct json *conditions = json_new(arena, JSON_OBJECT);

	json_set(object, STR("http_method"), text_of(rule->method));
	json_set(object, STR("pattern"), json_new_str(arena, pattern_text(rule)));
	json_set(object, STR("metric_system_name"), text_of(rule->metric));
	if (rule->has_delta)
		json_set(object, STR("delta"), json_new_int(arena, rule->delta));
	if (rule->last)
		json_set(object, STR("last"), json_new_bool(arena, true));
	for (int i = 0; i < rule->conditions_count; i++)
		json_set(conditions, str_from(rule->conditions[i].name),
			 text_of(rule->conditions[i].value != NULL ? rule->conditions[i].value
								   : "{v}"));
	json_set(object, STR("querystring_parameters"), conditions);
	return object;
}

static void load(const struct random_case *c, struct mapping_rules *rules)
{
	struct json *array = json_new(arena, JSON_ARRAY);
	struct error warning, error;

	for (int i = 0; i < c->rules_count; i++)
		json_append(array, rule_json(&c->rules[i]));
	if (!mapping_rules_parse(arena, array, rules, &warning, &error))
		ck_abort_msg("case %" PRIu64 ": %s", c->number, error.text);
	if (warning.text[0] != '\0')
		ck_abort_msg("case %" PRIu64 ": %s", c->number, warning.text);
}

static void parse_arguments(struct http_query *query, const struct argument *arguments, int count)
{
	char text[TEXT_MAX] = "";

	for (int i = 0; i < count; i++) {
		append(text, i > 0 ? "&" : "");
		append(text, strcmp(arguments[i].name, "A b") == 0 ? "A%20b" : arguments[i].name);
		append(text, arguments[i].value != NULL ? "=" : "");
		append(text, arguments[i].value != NULL ? arguments[i].value : "");
	}
	form_parse(query, str_copy(arena, str_from(text)), arena);
}

static void tell(const struct random_case *c, const struct random_request *request,
		 const char *what)
{
	struct strbuf text;

	strbuf_init(&text, 4096);
	strbuf_append_format(&text, "case %" PRIu64 ": %s of %s %s\n", c->number, what,
			     request->method, request->raw_path);
	for (int i = 0; i < c->rules_count; i++)
		strbuf_append_format(&text, "%s%s\n",
				     oracle_matches(&c->rules[i], request) ? "+" : "-",
				     str_cstr(arena, json_print(arena, rule_json(&c->rules[i]))));
	ck_abort_msg("%.*s", STR_ARG(strbuf_str(&text)));
}

static void check_usage(const struct random_case *c, const struct random_request *request,
			const struct outcome *expected, const struct usage *usage)
{
	size_t seen = 0;

	for (size_t i = 0; i < usage->count; i++) {
		for (int m = 0; m < 3; m++) {
			if (!str_equal(usage->items[i].metric, str_from(METRICS[m])))
				continue;
			seen++;
			if (!expected->has_metric[m] || usage->items[i].delta != expected->usage[m])
				tell(c, request, "the usage");
		}
	}
	if (seen != usage->count ||
	    usage->count != (size_t)(expected->has_metric[0] + expected->has_metric[1] +
				     expected->has_metric[2]))
		tell(c, request, "the number of metrics");
}

static void check_request(const struct random_case *c, const struct random_request *request,
			  const struct mapping_rules *rules)
{
	struct outcome expected = oracle_outcome(c, request);
	struct http_query query, body;
	struct mapping_subject subject = {
		.method = str_from(request->method),
		.path = url_normal_path(arena, str_from(request->raw_path)),
		.args = &query,
	};
	struct mapping_matches matches;
	struct usage usage;

	parse_arguments(&query, request->query, request->query_count);
	parse_arguments(&body, request->body, request->body_count);
	if (request->has_body && !str_equal(subject.method, STR("GET")))
		subject.body = &body;
	gateway_usage_init(&usage, arena);
	mapping_rules_match(rules, &subject, &usage, &matches);
	if (!str_equal(subject.path, str_from(request->path)))
		tell(c, request, "the normal path");
	if (matches.count != (size_t)expected.count ||
	    mapping_rules_any(rules, &subject) != (expected.count > 0))
		tell(c, request, "the number of matches");
	for (size_t i = 0; i < matches.count; i++) {
		if (matches.items[i] != &rules->items[expected.matched[i]])
			tell(c, request, "a match");
		if (!str_equal(matches.items[i]->text,
			       pattern_text(&c->rules[expected.matched[i]])))
			tell(c, request, "the pattern that is told");
	}
	check_usage(c, request, &expected, &usage);
}

START_TEST(a_million_pairs_are_as_the_oracle_says)
{
	static struct random_case c;

	arena = arena_create();
	for (uint64_t number = 0; number < CASES; number++) {
		struct mapping_rules rules;

		make_case(&c, number);
		load(&c, &rules);
		for (int i = 0; i < REQUESTS_OF_A_CASE; i++)
			check_request(&c, &c.requests[i], &rules);
		mapping_rules_release(&rules);
		arena_reset(arena);
	}
	arena_destroy(arena);
}
END_TEST

static bool has_kind(const struct random_rule *rule, enum element_kind kind)
{
	for (int i = 0; i < rule->elements_count; i++) {
		if (rule->elements[i].kind == kind)
			return true;
	}
	return false;
}

/* The oracle is no better than its cases: all that matters has to be among the matches, often. */
START_TEST(the_cases_are_of_all_kinds)
{
	static struct random_case c;
	int none = 0, several = 0, cut = 0, placeholders = 0, ends = 0, conditions = 0;
	int expressions = 0, of_body = 0, changed = 0;

	for (uint64_t number = 0; number < CASES / 20; number++) {
		make_case(&c, number);
		for (int r = 0; r < REQUESTS_OF_A_CASE; r++) {
			const struct random_request *request = &c.requests[r];
			struct outcome outcome = oracle_outcome(&c, request);

			none += outcome.count == 0;
			several += outcome.count > 1;
			changed += strcmp(request->raw_path, request->path) != 0;
			for (int i = 0; i < outcome.count; i++) {
				const struct random_rule *rule = &c.rules[outcome.matched[i]];

				cut += rule->last && outcome.matched[i] + 1 < c.rules_count;
				placeholders += has_kind(rule, ELEMENT_PLACEHOLDER);
				expressions += has_kind(rule, ELEMENT_REPEATED) ||
					       has_kind(rule, ELEMENT_ALTERNATIVES);
				ends += rule->ends_path;
				conditions += rule->conditions_count > 0;
				of_body += rule->conditions_count > 0 && request->has_body &&
					   strcmp(request->method, "GET") != 0;
			}
		}
	}
	ck_assert_int_gt(none, 1000);
	ck_assert_int_gt(several, 1000);
	ck_assert_int_gt(changed, 1000);
	ck_assert_int_gt(cut, 500);
	ck_assert_int_gt(placeholders, 1000);
	ck_assert_int_gt(expressions, 500);
	ck_assert_int_gt(ends, 500);
	ck_assert_int_gt(conditions, 500);
	ck_assert_int_gt(of_body, 200);
}
END_TEST

Suite *gateway_mapping_rules_property_suite(void);
Suite *gateway_mapping_rules_property_suite(void)
{
	Suite *suite = suite_create("gateway_mapping_rules_property");
	TCase *test = tcase_create("rules");

	tcase_set_timeout(test, 240);
	tcase_add_test(test, a_million_pairs_are_as_the_oracle_says);
	tcase_add_test(test, the_cases_are_of_all_kinds);
	suite_add_tcase(suite, test);
	return suite;
}
