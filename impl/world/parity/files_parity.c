/* Files, in either world. */
#include "world/files.h"

#include "world/parity/parity_internal.h"

static bool write_file(struct parity *p, struct str name, struct str content)
{
	return files_write(p->world, parity_path(p, name), content, &p->error);
}

static bool read_file(struct parity *p, struct str name, struct str *content)
{
	return files_read(p->world, parity_path(p, name), 1000, p->arena, content, &p->error);
}

PARITY_TEST(what_was_written_is_read)
{
	struct str content;

	ck_assert(write_file(p, STR("a.txt"), STR("one\0two\n")));
	ck_assert(read_file(p, STR("a.txt"), &content));
	ck_assert_str(content, STR("one\0two\n"));
	ck_assert(write_file(p, STR("a.txt"), STR("")));
	ck_assert(read_file(p, STR("a.txt"), &content));
	ck_assert_uint_eq(content.size, 0);
}

PARITY_TEST(a_missing_file_is_named)
{
	struct str content = STR("untouched"), path = parity_path(p, STR("missing"));

	ck_assert(!read_file(p, STR("missing"), &content));
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
	ck_assert_uint_ne(str_find(str_from(p->error.text), path), STR_NOT_FOUND);
	ck_assert_str(content, STR("untouched"));
}

PARITY_TEST(big_files_are_refused)
{
	struct str content;

	ck_assert(write_file(p, STR("five"), STR("12345")));
	ck_assert(files_read(p->world, parity_path(p, STR("five")), 5, p->arena, &content,
			     &p->error));
	ck_assert_str(content, STR("12345"));
	ck_assert(!files_read(p->world, parity_path(p, STR("five")), 4, p->arena, &content,
			      &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_LIMIT);
}

struct listing {
	struct strbuf text;
};

static void listed(struct str name, bool is_directory, void *data)
{
	struct listing *listing = data;

	strbuf_append_format(&listing->text, "%.*s%s ", STR_ARG(name), is_directory ? "/" : "");
}

PARITY_TEST(directories_are_made_and_listed_in_byte_order)
{
	struct listing listing;

	strbuf_init(&listing.text, 1000);
	ck_assert(files_make_directory(p->world, parity_path(p, STR("d/b/c")), &p->error));
	ck_assert(files_make_directory(p->world, parity_path(p, STR("d/b/c")), &p->error));
	ck_assert(write_file(p, STR("d/z"), STR("")));
	ck_assert(write_file(p, STR("d/A"), STR("")));
	ck_assert(write_file(p, STR("d/.hidden"), STR("")));
	ck_assert(write_file(p, STR("d/b/c/deep"), STR("")));
	ck_assert_msg(files_list(p->world, parity_path(p, STR("d")), listed, &listing, &p->error),
		      "%s", p->error.text);
	ck_assert_str(strbuf_str(&listing.text), STR(".hidden A b/ z "));
	strbuf_clear(&listing.text);
	ck_assert(!files_list(p->world, parity_path(p, STR("none")), listed, &listing, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
	ck_assert_uint_eq(listing.text.size, 0);
	strbuf_free(&listing.text);
}

PARITY_TEST(files_and_empty_directories_are_removed)
{
	struct str content;

	ck_assert(files_make_directory(p->world, parity_path(p, STR("r")), &p->error));
	ck_assert(write_file(p, STR("r/file"), STR("x")));
	ck_assert(!files_remove(p->world, parity_path(p, STR("r")), &p->error));
	ck_assert(files_remove(p->world, parity_path(p, STR("r/file")), &p->error));
	ck_assert(!read_file(p, STR("r/file"), &content));
	ck_assert(files_remove(p->world, parity_path(p, STR("r")), &p->error));
	ck_assert(!files_remove(p->world, parity_path(p, STR("r")), &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
}

PARITY_TEST(a_file_is_no_directory)
{
	ck_assert(write_file(p, STR("plain"), STR("x")));
	ck_assert(!write_file(p, STR("plain/below"), STR("x")));
	ck_assert(!files_make_directory(p->world, parity_path(p, STR("plain")), &p->error));
	ck_assert(!write_file(p, STR("nowhere/below"), STR("x")));
}

static bool append(struct parity *p, struct file_writer *writer, struct str content)
{
	return files_append(p->world, writer, content, &p->error);
}

PARITY_TEST(a_file_in_pieces_is_seen_when_it_is_whole)
{
	struct str path = parity_path(p, STR("pieces")), content;
	struct file_writer *writer;

	ck_assert(write_file(p, STR("pieces"), STR("before")));
	writer = files_begin(p->world, path, &p->error);
	ck_assert_msg(writer != NULL, "%s", p->error.text);
	ck_assert(append(p, writer, STR("one\0")) && append(p, writer, STR("")) &&
		  append(p, writer, STR("two")));
	ck_assert(read_file(p, STR("pieces"), &content));
	ck_assert_str(content, STR("before"));
	ck_assert(files_end(p->world, writer, &p->error));
	ck_assert(read_file(p, STR("pieces"), &content));
	ck_assert_str(content, STR("one\0two"));
}

PARITY_TEST(an_abandoned_file_was_never_there)
{
	struct listing listing;
	struct file_writer *writer;

	strbuf_init(&listing.text, 1000);
	ck_assert(files_make_directory(p->world, parity_path(p, STR("w")), &p->error));
	writer = files_begin(p->world, parity_path(p, STR("w/file")), &p->error);
	ck_assert(append(p, writer, STR("lost")));
	files_abandon(p->world, writer);
	files_abandon(p->world, NULL);
	ck_assert(files_list(p->world, parity_path(p, STR("w")), listed, &listing, &p->error));
	ck_assert_uint_eq(listing.text.size, 0);
	strbuf_free(&listing.text);
}

/* At the latest when it is ended. */
PARITY_TEST(a_directory_is_not_written_to)
{
	struct file_writer *writer;

	ck_assert(files_make_directory(p->world, parity_path(p, STR("place")), &p->error));
	writer = files_begin(p->world, parity_path(p, STR("place")), &p->error);
	ck_assert(writer == NULL || !files_end(p->world, writer, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_SYSTEM);
	writer = files_begin(p->world, parity_path(p, STR("nowhere/file")), &p->error);
	ck_assert_ptr_null(writer);
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
}

PARITY_TEST(a_file_is_read_in_pieces)
{
	char room[4];
	size_t bytes;
	struct file_reader *reader;

	ck_assert(write_file(p, STR("read"), STR("123456")));
	reader = files_open(p->world, parity_path(p, STR("read")), &p->error);
	ck_assert_msg(reader != NULL, "%s", p->error.text);
	ck_assert(files_next(p->world, reader, room, sizeof room, &bytes, &p->error));
	ck_assert_str(str_of(room, bytes), STR("1234"));
	ck_assert(files_next(p->world, reader, room, sizeof room, &bytes, &p->error));
	ck_assert_str(str_of(room, bytes), STR("56"));
	ck_assert(files_next(p->world, reader, room, sizeof room, &bytes, &p->error));
	ck_assert_uint_eq(bytes, 0);
	files_close(p->world, reader);
	files_close(p->world, NULL);
	ck_assert_ptr_null(files_open(p->world, parity_path(p, STR("missing")), &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_NOT_FOUND);
}

TCase *parity_files_case(int number)
{
	TCase *tests = tcase_create("files");

	PARITY_ADD(tests, number, what_was_written_is_read);
	PARITY_ADD(tests, number, a_missing_file_is_named);
	PARITY_ADD(tests, number, big_files_are_refused);
	PARITY_ADD(tests, number, directories_are_made_and_listed_in_byte_order);
	PARITY_ADD(tests, number, files_and_empty_directories_are_removed);
	PARITY_ADD(tests, number, a_file_is_no_directory);
	PARITY_ADD(tests, number, a_file_in_pieces_is_seen_when_it_is_whole);
	PARITY_ADD(tests, number, an_abandoned_file_was_never_there);
	PARITY_ADD(tests, number, a_directory_is_not_written_to);
	PARITY_ADD(tests, number, a_file_is_read_in_pieces);
	return tests;
}
