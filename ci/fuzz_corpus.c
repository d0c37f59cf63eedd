/* Plays fixtures/fuzz/TARGET/, the stored corpus of every fuzz target: what once was interesting,
 * or wrong, stays looked at. A target without a corpus fails, and so does a corpus without a
 * target. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ci/unit.h"

#define FOLDER "fixtures/fuzz"
#define FILES_MAX 64
#define FILE_BYTES_MAX 1024

Suite *fuzz_corpus_suite(void);

static char path[512]; /* of the file that is played */

static void say_path(int signal_number)
{
	static const char said[] = "\nfuzz corpus: failed at ";

	if (write(STDERR_FILENO, said, sizeof said - 1) < 0 ||
	    write(STDERR_FILENO, path, strlen(path)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void play_file(const struct fuzz_target *target)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = malloc(FILE_BYTES_MAX + 1), *exact;
	size_t size;

	ck_assert_msg(in != NULL, "%s cannot be read", path);
	size = fread(bytes, 1, FILE_BYTES_MAX + 1, in);
	fclose(in);
	ck_assert_msg(size <= FILE_BYTES_MAX, "%s is larger than %d bytes", path, FILE_BYTES_MAX);
	/* Of just that size, so that a sanitizer sees a step too far. */
	exact = malloc(size > 0 ? size : 1);
	memcpy(exact, bytes, size);
	ck_assert_int_eq(target->run(exact, size), 0);
	free(exact);
	free(bytes);
}

START_TEST(every_file_of_the_corpus_is_fine)
{
	const struct fuzz_target *target = &fuzz_targets[_i];
	struct dirent **files;
	char folder[256];
	int count;

	snprintf(folder, sizeof folder, FOLDER "/%s", target->name);
	count = scandir(folder, &files, is_visible, alphasort);
	ck_assert_msg(count > 0, "fuzz target %s has no corpus in %s", target->name, folder);
	ck_assert_msg(count <= FILES_MAX, "%s has more than %d files", folder, FILES_MAX);
	signal(SIGABRT, say_path);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
		play_file(target);
		free(files[i]);
	}
	free(files);
	signal(SIGABRT, SIG_DFL);
}
END_TEST

static bool is_target(const char *name)
{
	for (const struct fuzz_target *target = fuzz_targets; target->name != NULL; target++)
		if (strcmp(target->name, name) == 0)
			return true;
	return false;
}

START_TEST(every_corpus_has_a_target)
{
	struct dirent **folders;
	int count = scandir(FOLDER, &folders, is_visible, alphasort);

	ck_assert_int_gt(count, 0);
	for (int i = 0; i < count; i++) {
		ck_assert_msg(is_target(folders[i]->d_name), FOLDER "/%s: no such fuzz target",
			      folders[i]->d_name);
		free(folders[i]);
	}
	free(folders);
}
END_TEST

Suite *fuzz_corpus_suite(void)
{
	Suite *suite = suite_create("fuzz_corpus");
	TCase *corpora = tcase_create("corpora");
	int count = 0;

	while (fuzz_targets[count].name != NULL)
		count++;
	tcase_set_timeout(corpora, 60);
	tcase_add_loop_test(corpora, every_file_of_the_corpus_is_fine, 0, count);
	tcase_add_test(corpora, every_corpus_has_a_target);
	suite_add_tcase(suite, corpora);
	return suite;
}
