#include "workers/summed_page.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/url.h"
#include "workers/metrics_sum.h"
#include "world/http_client.h"
#include "world/http_server.h"

#define PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define PATIENCE_MS 2000
#define PAGES_MAX 2
#define PREFIXES_MAX 2

/* One page of one child. */
struct source {
	uint16_t port;      /* 0: there is none */
	struct strbuf last; /* the page when it was last looked at */
};

/* A port, and the families that it shows. */
struct page {
	struct summed_pages *pages;
	struct http_listener *listener;
	struct str prefixes[PREFIXES_MAX];
	size_t prefixes_count;
};

struct summed_pages {
	struct summed_pages_options options;
	struct page pages[PAGES_MAX];
	size_t pages_count;
	struct source *sources;
	struct strbuf ended; /* what children had counted that are no more, as a page */
};

/* Asking all sources for one answer. */

struct gathering {
	struct summed_pages *pages;
	const struct page *page;
	struct http_exchange *exchange;
	struct question *questions;
	size_t pending;
};

struct question {
	struct gathering *gathering;
	struct source *source;
	struct http_call *call;
	struct http_body_collector *collector;
};

static void answer(struct gathering *gathering)
{
	struct summed_pages *pages = gathering->pages;
	struct metrics_sum *sum = metrics_sum_create();
	struct http_response response;
	struct strbuf out;

	strbuf_init(&out, PAGE_BYTES_MAX);
	metrics_sum_add(sum, strbuf_str(&pages->ended));
	for (size_t i = 0; i < pages->options.sources; i++) {
		if (pages->sources[i].port != 0)
			metrics_sum_add(sum, strbuf_str(&pages->sources[i].last));
	}
	for (size_t i = 0; i < gathering->page->prefixes_count; i++)
		metrics_sum_write(&out, sum, gathering->page->prefixes[i]);
	http_response_init(&response, gathering->exchange->arena, 200);
	if (pages->options.server.size > 0)
		http_fields_add(&response.fields, STR("Server"), pages->options.server);
	http_fields_add(&response.fields, STR("Content-Type"), pages->options.content_type);
	http_exchange_respond_str(gathering->exchange, &response,
				  str_copy(gathering->exchange->arena, strbuf_str(&out)));
	strbuf_free(&out);
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
	question->call = http_call_start(gathering->pages->options.world, &options, child_answered,
					 child_failed, question);
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct gathering *gathering = exchange->data;

	(void)complete;
	if (gathering == NULL)
		return;
	for (size_t i = 0; i < gathering->pages->options.sources; i++) {
		http_body_collector_stop(gathering->questions[i].collector);
		http_call_release(gathering->questions[i].call);
	}
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct page *page = data;
	struct summed_pages *pages = page->pages;
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
	*gathering = (struct gathering){.pages = pages, .page = page, .exchange = exchange};
	gathering->questions =
		ARENA_ARRAY(exchange->arena, struct question, pages->options.sources);
	exchange->data = gathering;
	for (size_t i = 0; i < pages->options.sources; i++) {
		if (pages->sources[i].port != 0)
			ask(gathering, &pages->sources[i]);
	}
	if (gathering->pending == 0)
		answer(gathering);
}

/* Children. */

void summed_pages_source_is_up(struct summed_pages *pages, size_t index, uint16_t port)
{
	BUG_IF(index >= pages->options.sources);
	pages->sources[index].port = port;
}

void summed_pages_source_is_down(struct summed_pages *pages, size_t index)
{
	struct source *source = &pages->sources[index];
	struct metrics_sum *sum = metrics_sum_create();

	metrics_sum_add(sum, strbuf_str(&pages->ended));
	metrics_sum_add_ended(sum, strbuf_str(&source->last));
	strbuf_clear(&pages->ended);
	metrics_sum_write(&pages->ended, sum, STR(""));
	metrics_sum_destroy(sum);
	strbuf_clear(&source->last);
	source->port = 0;
}

/* Life. */

struct summed_pages *summed_pages_create(const struct summed_pages_options *options)
{
	struct summed_pages *pages = MEMORY_NEW(struct summed_pages);

	pages->options = *options;
	strbuf_init(&pages->ended, PAGE_BYTES_MAX);
	pages->sources = memory_alloc(options->sources * sizeof *pages->sources);
	for (size_t i = 0; i < options->sources; i++) {
		pages->sources[i] = (struct source){.port = 0};
		strbuf_init(&pages->sources[i].last, PAGE_BYTES_MAX);
	}
	return pages;
}

static struct page *page_on(struct summed_pages *pages, uint16_t port)
{
	for (size_t i = 0; port != 0 && i < pages->pages_count; i++) {
		if (http_listener_port(pages->options.world, pages->pages[i].listener) == port)
			return &pages->pages[i];
	}
	return NULL;
}

uint16_t summed_pages_open(struct summed_pages *pages, struct str address, uint16_t port,
			   struct str prefix, struct error *error)
{
	struct http_listen_options options = {.address = address, .port = port};
	struct page *page = page_on(pages, port);

	if (page == NULL) {
		BUG_IF(pages->pages_count == PAGES_MAX);
		page = &pages->pages[pages->pages_count];
		page->pages = pages;
		page->listener =
			http_listen(pages->options.world, &options, requested, page, error);
		if (page->listener == NULL)
			return 0;
		pages->pages_count++;
	}
	BUG_IF(page->prefixes_count == PREFIXES_MAX);
	page->prefixes[page->prefixes_count++] = prefix;
	return http_listener_port(pages->options.world, page->listener);
}

void summed_pages_destroy(struct summed_pages *pages)
{
	if (pages == NULL)
		return;
	for (size_t i = 0; i < pages->pages_count; i++)
		http_listener_close(pages->options.world, pages->pages[i].listener);
	for (size_t i = 0; i < pages->options.sources; i++)
		strbuf_free(&pages->sources[i].last);
	strbuf_free(&pages->ended);
	free(pages->sources);
	free(pages);
}
