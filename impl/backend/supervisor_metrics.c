#include "backend/supervisor_metrics.h"

#include <stdlib.h>

#include "backend/metrics_sum.h"
#include "backend/settings.h"
#include "base/arena.h"
#include "base/url.h"
#include "world/http_client.h"
#include "world/http_server.h"

#define PAGE_BYTES_MAX ((size_t)1024 * 1024)
#define PATIENCE_MS 2000
#define KINDS 2

enum { OF_WORKER, OF_LISTENER };

static const struct {
	struct str prefix; /* of its families' names */
	const char *word;
} kinds[KINDS] = {
	[OF_WORKER] = {STR_INIT("apisonator_worker_"), "worker_metrics_port"},
	[OF_LISTENER] = {STR_INIT("apisonator_listener_"), "listener_metrics_port"},
};

/* One page of one child. */
struct source {
	uint16_t port;      /* 0: there is none */
	struct strbuf last; /* the page when it was last looked at */
};

/* A port, and the kinds that it shows. */
struct page {
	struct supervisor_metrics *metrics;
	struct http_listener *listener;
	bool shows[KINDS];
};

struct supervisor_metrics {
	struct world *world;
	struct page pages[KINDS];
	struct source *sources; /* of each child: of each kind */
	size_t count;
	struct metrics_sum *ended; /* what children had counted that are no more */
};

/* Asking all sources for one answer. */

struct gathering {
	struct supervisor_metrics *metrics;
	const struct page *page;
	struct http_exchange *exchange;
	struct question *questions;
	size_t pending;
	bool is_over;
};

struct question {
	struct gathering *gathering;
	struct source *source;
	struct http_call *call;
	struct http_body_collector *collector;
};

static void answer(struct gathering *gathering)
{
	struct supervisor_metrics *metrics = gathering->metrics;
	struct metrics_sum *sum = metrics_sum_create();
	struct http_response response;
	struct strbuf out, ended;

	strbuf_init(&out, PAGE_BYTES_MAX);
	strbuf_init(&ended, PAGE_BYTES_MAX);
	metrics_sum_write(&ended, metrics->ended, STR(""));
	metrics_sum_add(sum, strbuf_str(&ended));
	for (size_t i = 0; i < metrics->count * KINDS; i++) {
		if (metrics->sources[i].port != 0)
			metrics_sum_add(sum, strbuf_str(&metrics->sources[i].last));
	}
	for (size_t kind = 0; kind < KINDS; kind++) {
		if (gathering->page->shows[kind])
			metrics_sum_write(&out, sum, kinds[kind].prefix);
	}
	http_response_init(&response, gathering->exchange->arena, 200);
	http_fields_add(&response.fields, STR("Content-Type"),
			STR("text/plain; version=0.0.4; charset=utf-8"));
	gathering->is_over = true;
	http_exchange_respond_str(gathering->exchange, &response,
				  str_copy(gathering->exchange->arena, strbuf_str(&out)));
	strbuf_free(&out);
	strbuf_free(&ended);
	metrics_sum_destroy(sum);
}

static void question_over(struct question *question)
{
	if (--question->gathering->pending == 0)
		answer(question->gathering);
}

static void page_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct question *question = data;

	question->collector = NULL;
	if (result == HTTP_COLLECTED && question->source->port != 0) {
		strbuf_clear(&question->source->last);
		strbuf_append(&question->source->last, bytes);
	}
	question_over(question);
}

static void child_answered(struct http_call *call, void *data)
{
	struct question *question = data;
	struct http_body_collector *collector;
	size_t pending = question->gathering->pending;

	collector =
		http_body_collect(http_call_take_body(call), PAGE_BYTES_MAX,
				  question->gathering->exchange->arena, page_collected, question);
	if (question->gathering->pending == pending)
		question->collector = collector;
}

static void child_failed(struct http_call *call, void *data)
{
	(void)call;
	question_over(data);
}

static void ask(struct gathering *gathering, struct source *source)
{
	struct question *question = &gathering->questions[gathering->pending++];
	struct http_call_options options = {
		.method = STR_INIT("GET"),
		.host = STR_INIT("127.0.0.1"),
		.port = source->port,
		.target = STR_INIT("/metrics"),
		.connect_timeout_ms = PATIENCE_MS,
		.idle_timeout_ms = PATIENCE_MS,
	};

	question->gathering = gathering;
	question->source = source;
	question->call = http_call_start(gathering->metrics->world, &options, child_answered,
					 child_failed, question);
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct gathering *gathering = exchange->data;

	(void)complete;
	if (gathering == NULL)
		return;
	for (size_t i = 0; i < gathering->metrics->count * KINDS; i++) {
		http_body_collector_stop(gathering->questions[i].collector);
		http_call_release(gathering->questions[i].call);
	}
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct page *page = data;
	struct supervisor_metrics *metrics = page->metrics;
	size_t sources = metrics->count * KINDS;
	struct gathering *gathering;
	struct http_response response;
	struct str path, query;

	exchange->ended = ended;
	url_split_target(exchange->request.target, &path, &query);
	if (!str_equal(path, STR("/metrics"))) {
		http_response_init(&response, exchange->arena, 404);
		http_exchange_respond_str(exchange, &response, STR(""));
		return;
	}
	gathering = ARENA_NEW(exchange->arena, struct gathering);
	*gathering = (struct gathering){.metrics = metrics, .page = page, .exchange = exchange};
	gathering->questions = ARENA_ARRAY(exchange->arena, struct question, sources);
	exchange->data = gathering;
	for (size_t i = 0; i < sources; i++) {
		if (metrics->sources[i].port != 0)
			ask(gathering, &metrics->sources[i]);
	}
	if (gathering->pending == 0)
		answer(gathering);
}

/* Children. */

void supervisor_metrics_child_is_up(struct supervisor_metrics *metrics, size_t index,
				    uint16_t listener_port, uint16_t worker_port)
{
	metrics->sources[index * KINDS + OF_LISTENER].port = listener_port;
	metrics->sources[index * KINDS + OF_WORKER].port = worker_port;
}

void supervisor_metrics_child_is_down(struct supervisor_metrics *metrics, size_t index)
{
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct source *source = &metrics->sources[index * KINDS + kind];

		metrics_sum_add(metrics->ended, strbuf_str(&source->last));
		strbuf_clear(&source->last);
		source->port = 0;
	}
}

/* Life. */

static bool open_page(struct supervisor_metrics *metrics, const struct settings *settings,
		      size_t kind, uint16_t port, struct error *error)
{
	struct page *page = &metrics->pages[kind], *other = &metrics->pages[1 - kind];
	struct http_listen_options options = {.address = settings->metrics_address, .port = port};

	if (other->listener != NULL && port != 0 &&
	    http_listener_port(metrics->world, other->listener) == port) {
		other->shows[kind] = true;
		return true;
	}
	page->metrics = metrics;
	page->shows[kind] = true;
	page->listener = http_listen(metrics->world, &options, requested, page, error);
	return page->listener != NULL;
}

struct supervisor_metrics *supervisor_metrics_create(const struct settings *settings,
						     struct world *world, size_t children,
						     struct error *error)
{
	struct supervisor_metrics *metrics = MEMORY_NEW(struct supervisor_metrics);
	bool of_worker = settings->is_worker && settings->has_worker_metrics;

	metrics->world = world;
	metrics->count = children;
	metrics->ended = metrics_sum_create();
	metrics->sources = memory_alloc(children * KINDS * sizeof *metrics->sources);
	for (size_t i = 0; i < children * KINDS; i++) {
		metrics->sources[i] = (struct source){.port = 0};
		strbuf_init(&metrics->sources[i].last, PAGE_BYTES_MAX);
	}
	if ((!of_worker ||
	     open_page(metrics, settings, OF_WORKER, settings->worker_metrics_port, error)) &&
	    (!settings->has_listener_metrics ||
	     open_page(metrics, settings, OF_LISTENER, settings->listener_metrics_port, error)))
		return metrics;
	supervisor_metrics_destroy(metrics);
	return NULL;
}

void supervisor_metrics_destroy(struct supervisor_metrics *metrics)
{
	if (metrics == NULL)
		return;
	for (size_t kind = 0; kind < KINDS; kind++)
		http_listener_close(metrics->world, metrics->pages[kind].listener);
	for (size_t i = 0; i < metrics->count * KINDS; i++)
		strbuf_free(&metrics->sources[i].last);
	free(metrics->sources);
	metrics_sum_destroy(metrics->ended);
	free(metrics);
}

const char *supervisor_metrics_words(const struct supervisor_metrics *metrics, struct arena *arena)
{
	struct str words = STR("");

	for (size_t kind = 0; kind < KINDS; kind++) {
		const struct page *page = &metrics->pages[kind];

		if (page->listener != NULL)
			words = STR_CONCAT(arena, words,
					   str_format(arena, " %s=%u", kinds[kind].word,
						      (unsigned)http_listener_port(
							      metrics->world, page->listener)));
	}
	return str_cstr(arena, words);
}
