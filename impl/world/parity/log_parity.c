/* Log lines, in either world. */
#include "world/log.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "world/files.h"
#include "world/parity/parity_internal.h"

static struct str content_of(struct parity *p, struct str path)
{
	struct str content;

	ck_assert_msg(files_read(p->world, path, LIMIT_CONFIG_BYTES, p->arena, &content, &p->error),
		      "%s", p->error.text);
	return content;
}

PARITY_TEST(lines_reach_a_file_in_order)
{
	struct str path = parity_path(p, STR("ordered.log"));

	log_write(p->world, path, STR("first"));
	log_write(p->world, path, STR(""));
	log_format(p->world, path, "third %d \"%s\"", 3, "\t");
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("first\n\nthird 3 \"\t\"\n"));
	log_write(p->world, path, STR("fourth"));
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("first\n\nthird 3 \"\t\"\nfourth\n"));
}

PARITY_TEST(a_file_is_appended_to)
{
	struct str path = parity_path(p, STR("appended.log"));

	ck_assert(files_write(p->world, path, STR("old\n"), &p->error));
	log_write(p->world, path, STR("new"));
	parity_pause(p, 1);
	ck_assert_str(content_of(p, path), STR("old\nnew\n"));
}

PARITY_TEST(long_lines_are_cut)
{
	struct str path = parity_path(p, STR("long.log")), content;
	char *line = arena_alloc(p->arena, LIMIT_LOG_LINE_BYTES + 100);

	memset(line, 'x', LIMIT_LOG_LINE_BYTES + 100);
	log_write(p->world, path, str_of(line, LIMIT_LOG_LINE_BYTES + 100));
	log_write(p->world, path, STR("next"));
	parity_pause(p, 1);
	content = content_of(p, path);
	ck_assert_uint_eq(content.size, LIMIT_LOG_LINE_BYTES + 6);
	ck_assert_str(str_skip(content, LIMIT_LOG_LINE_BYTES), STR("\nnext\n"));
}

PARITY_TEST(many_lines_in_a_turn_are_all_written)
{
	struct str path = parity_path(p, STR("many.log")), rest, line;
	int64_t expected = 0, number;

	for (int i = 0; i < 20000; i++)
		log_format(p->world, path, "%d", i);
	parity_pause(p, 1);
	rest = content_of(p, path);
	while (str_next_field(&rest, '\n', &line)) {
		ck_assert(str_to_int64(line, &number));
		ck_assert_int_eq(number, expected++);
	}
	ck_assert_int_eq(expected, 20000);
}

PARITY_TEST(a_target_that_cannot_be_opened_loses_its_lines)
{
	struct str path = parity_path(p, STR("no-such-directory/a.log")), content;

	ck_assert(files_write(p->world, parity_path(p, STR("a-file")), STR(""), &p->error));
	path = parity_path(p, STR("a-file/a.log"));
	log_write(p->world, path, STR("lost"));
	log_write(p->world, path, STR("lost too"));
	parity_pause(p, 1);
	ck_assert(!files_read(p->world, path, 100, p->arena, &content, &p->error));
}

struct received {
	struct parity *p;
	struct log_receiver *receiver;
	struct str lines[4];
	size_t count;
	bool closes;
};

static void line_received(struct str line, void *data)
{
	struct received *received = data;

	ck_assert_uint_lt(received->count, 4);
	received->lines[received->count++] = str_copy(received->p->arena, line);
	if (received->closes) {
		log_receiver_close(received->p->world, received->receiver);
		received->receiver = NULL;
	}
}

static struct str listen_for_lines(struct parity *p, struct received *received)
{
	received->p = p;
	received->receiver =
		log_receive(p->world, STR("127.0.0.1"), 0, line_received, received, &p->error);
	ck_assert_msg(received->receiver != NULL, "%s", p->error.text);
	return str_format(p->arena, LOG_UDP "127.0.0.1:%u",
			  (unsigned)log_receiver_port(p->world, received->receiver));
}

PARITY_TEST(lines_reach_another_host_as_datagrams)
{
	struct received received = {.count = 0};
	struct str target = listen_for_lines(p, &received);

	log_write(p->world, target, STR("<190>first"));
	log_write(p->world, target, STR("second"));
	parity_pause(p, 20);
	ck_assert_uint_eq(received.count, 2);
	ck_assert_str(received.lines[0], STR("<190>first"));
	ck_assert_str(received.lines[1], STR("second"));
	log_write(p->world, target, STR("still on its way"));
	log_receiver_close(p->world, received.receiver);
	log_write(p->world, target, STR("nobody is there"));
	parity_pause(p, 20);
	ck_assert_uint_eq(received.count, 2);
	log_receiver_close(p->world, NULL);
}

PARITY_TEST(a_receiver_may_close_itself)
{
	struct received received = {.closes = true};
	struct str target = listen_for_lines(p, &received);

	log_write(p->world, target, STR("only"));
	log_write(p->world, target, STR("lost"));
	parity_pause(p, 20);
	ck_assert_uint_eq(received.count, 1);
}

PARITY_TEST(a_port_receives_once)
{
	struct received received = {.count = 0};
	uint16_t port;

	listen_for_lines(p, &received);
	port = log_receiver_port(p->world, received.receiver);
	ck_assert_ptr_null(
		log_receive(p->world, STR("127.0.0.1"), port, line_received, NULL, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_UNAVAILABLE);
	/* Open until the end of the world. */
}

PARITY_TEST(datagrams_to_nowhere_are_lost)
{
	log_write(p->world, STR(LOG_UDP "127.0.0.1:1"), STR("nobody listens"));
	log_write(p->world, STR(LOG_UDP "nonsense"), STR("no address"));
	log_write(p->world, STR(LOG_UDP "host:1"), STR("a name"));
	log_write(p->world, STR(LOG_UDP "127.0.0.1:x"), STR("no port"));
	parity_pause(p, 1);
}

TCase *parity_log_case(int number)
{
	TCase *tests = tcase_create("log");

	PARITY_ADD(tests, number, lines_reach_a_file_in_order);
	PARITY_ADD(tests, number, a_file_is_appended_to);
	PARITY_ADD(tests, number, long_lines_are_cut);
	PARITY_ADD(tests, number, many_lines_in_a_turn_are_all_written);
	PARITY_ADD(tests, number, a_target_that_cannot_be_opened_loses_its_lines);
	PARITY_ADD(tests, number, lines_reach_another_host_as_datagrams);
	PARITY_ADD(tests, number, a_receiver_may_close_itself);
	PARITY_ADD(tests, number, a_port_receives_once);
	PARITY_ADD(tests, number, datagrams_to_nowhere_are_lost);
	return tests;
}
