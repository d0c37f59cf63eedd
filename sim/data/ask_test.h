/* For the tests of Redis nodes and Sentinels: commands as text, replies as text. Only for tests. */
#ifndef SIM_DATA_ASK_TEST_H
#define SIM_DATA_ASK_TEST_H

#include "sim/stage_test.h"
#include "world/redis.h"

struct ask {
	struct strbuf text;
	bool is_over;
};

static inline void ask_note(struct strbuf *text, const struct redis_reply *reply)
{
	static const char *const marks[] = {"+", "-", ":", "", "nil", "[", "lost "};

	strbuf_append(text, str_from(marks[reply->kind]));
	if (reply->kind == REDIS_INTEGER)
		strbuf_append_int(text, reply->integer);
	strbuf_append(text, reply->text);
	for (size_t i = 0; reply->kind == REDIS_ARRAY && i < reply->count; i++) {
		strbuf_append(text, i > 0 ? STR(" ") : STR(""));
		ask_note(text, &reply->items[i]);
	}
	if (reply->kind == REDIS_ARRAY)
		strbuf_append(text, STR("]"));
}

static inline void ask_replied(const struct redis_reply *reply, void *data)
{
	struct ask *ask = data;

	ask_note(&ask->text, reply);
	ask->is_over = true;
}

static inline bool ask_is_over(void *data)
{
	return ((struct ask *)data)->is_over;
}

static inline struct redis_client *ask_open(struct stage *stage, const char *url)
{
	struct redis_options options = {.url = str_from(url)};
	struct error error = {0};
	struct redis_client *client = redis_open(stage->client, &options, &error);

	ck_assert_msg(client != NULL, "%s", error.text);
	return client;
}

/* Words are separated by blanks. The answer lies in the stage's arena. */
static inline struct str ask(struct stage *stage, struct redis_client *client, const char *command)
{
	struct str words[16], rest = str_from(command), answer;
	struct ask asked = {.is_over = false};
	size_t count = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	strbuf_init(&asked.text, SIZE_MAX);
	redis_send(client, words, count, ask_replied, &asked);
	ck_assert_msg(sim_run_until(stage->sim, sim_now_us(stage->sim) + 60 * STAGE_SECOND,
				    ask_is_over, &asked),
		      "no answer: %s", command);
	answer = str_copy(stage->arena, strbuf_str(&asked.text));
	strbuf_free(&asked.text);
	return answer;
}

#define ASK(stage, client, command, expected)                                                      \
	do {                                                                                       \
		struct str asked_answer = ask((stage), (client), (command));                       \
                                                                                                   \
		ck_assert_msg(str_equal(asked_answer, str_from(expected)), "%s: \"%.*s\"",         \
			      (command), STR_ARG(asked_answer));                                   \
	} while (0)

static inline bool ask_finds(struct stage *stage, struct redis_client *client, const char *command,
			     const char *part)
{
	return str_find(ask(stage, client, command), str_from(part)) != STR_NOT_FOUND;
}

#endif
