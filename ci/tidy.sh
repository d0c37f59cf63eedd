#!/bin/sh
# Formatting, layers, forbidden calls, sizes, shell scripts. Prints every finding; status 1 when there is any.
set -u
cd "$(dirname "$0")/.." || exit 2

findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
sources=$(git ls-files -co --exclude-standard '*.c' '*.h')
# Tests may look at the system; production code may not.
production=$(printf '%s\n' "$sources" | grep -Ev '_test\.[ch]$|_fuzz\.c$|^ci/|/parity/')

# shellcheck disable=SC2086 # one word for each file, no blanks in their names
{
	clang-format --dry-run $sources 2>&1 | grep -E '(warning|error): ' | sed 's/: code should be.*/: not formatted (clang-format -i)/'

	# Layers and system headers.
	awk '
	FNR == NR {
		if ($0 ~ /^#/ || $0 ~ /^$/) next
		split($0, half, ": *")
		if ($1 == "system") system_header[$2 substr(half[2], 1)] = 1
		else { folders[++n] = half[1]; sub(/^[^:]*: */, ""); allowed[half[1]] = " " half[1] " " $0 " " }
		next
	}
	/^#include/ {
		file = FILENAME; sub(/^impl\//, "", file)
		if ($2 ~ /^</) {
			name = $2; gsub(/[<>]/, "", name)
			if (name ~ /^(stdbool|stddef|stdint|stdarg|string|stdlib|stdio|inttypes|limits|float|math)\.h$/) next
			if (file ~ /^world\/real\// || file == "refscale.c") next
			if ((file ":" name) in system_header) next
			print FILENAME ":" FNR ": <" name "> is not for this folder"
			next
		}
		name = $2; gsub(/"/, "", name)
		if (file == "refscale.c" || file !~ /\//) next
		rule = ""
		for (i = 1; i <= n; i++) if (index(file, folders[i] "/") == 1) { rule = allowed[folders[i]]; break }
		split(rule, list, " ")
		fine = 0
		for (i in list) if (name == list[i] || index(name, list[i] "/") == 1) {
			fine = 1
			if (list[i] == "world" && index(name, "world/real/") == 1) fine = 0
			if (fine) break
		}
		if (index(name, "world/real/") == 1 && index(rule, " " name " ") == 0 && rule !~ /^ world\/real /) fine = 0
		if (!fine) print FILENAME ":" FNR ": may not include \"" name "\" (ci/layers.txt)"
	}' ci/layers.txt $production

	# Calls that hide the world, or that no bound protects.
	awk '
	{
		line = $0
		gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
		sub(/\/\/.*/, "", line); sub(/\/\*.*/, "", line)
		if (line ~ /^[ \t]*\*/) next
		if (match(line, /(^|[^a-zA-Z0-9_.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok|alloca|assert)\(/))
			print FILENAME ":" FNR ": forbidden call: " substr(line, RSTART, RLENGTH)
		if (FILENAME !~ /^impl\/world\/real\// && FILENAME != "impl/refscale.c" &&
		    match(line, /(^|[^a-zA-Z0-9_.>])(time|rand|random|srand|getenv|localtime|gmtime|clock|printf|puts|exit|fopen|system|usleep|sleep)\(/))
			print FILENAME ":" FNR ": only a world may: " substr(line, RSTART, RLENGTH)
	}' $production

	# Arguments are evaluated in an order of the compiler's: two draws in one call, and worlds differ.
	awk '
	FNR == 1 { statement = "" }
	{
		statement = statement $0
		if ($0 !~ /[;{}]$/) next
		if (gsub(/(world_chance|chance_hex|call_random_hex)\(/, "&", statement) > 1 && statement !~ /^[ \t]*u?int[0-9]+_t /)
			print FILENAME ":" FNR ": two draws of chance in one statement"
		statement = ""
	}' $production

	# Mutable state outside any function.
	awk '
	/^(static )?(struct [a-z_]+|int|unsigned|bool|char|size_t|u?int[0-9]+_t)( \*?|\*+ ?)[a-z_]+(\[[^]]*\])?( = .*)?;$/ && !/const/ && !/^extern/ && !/\(/ {
		if (FILENAME ~ /\.c$/ && FILENAME !~ /^impl\/refscale\.c$/) print FILENAME ":" FNR ": mutable global: " $0
	}' $production

	# Sizes.
	awk '
	FNR == 1 && file != "" && lines > 900 { print file ": " lines " lines, at most 900 (two subjects?)" }
	{ file = FILENAME; lines = FNR }
	/^[a-z].*[^;]$/ && !/^(struct|enum|union|typedef|static const|const) [a-z_ ]*\{?$/ { header = $0 }
	/^\{/ { start = FNR; name = header }
	/^\}/ && start { if (FNR - start > 90) print FILENAME ":" start ": function of " FNR - start " lines, at most 90: " name; start = 0 }
	END { if (lines > 900) print file ": " lines " lines, at most 900 (two subjects?)" }' $production

	# Words that speak of unfinished work or of other places.
	grep -nE '(TODO|FIXME|XXX|HACK)' $production | sed 's/$/ (unfinished)/'

	# Every header compiles alone.
	for header in $(printf '%s\n' "$sources" | grep '\.h$'); do
		case $header in impl/world/real/* | *_test.h) system=-D_GNU_SOURCE ;; *) system=-DNOTHING ;; esac
		printf '#include "%s"\ntypedef int not_empty;\n' "${header#impl/}" |
			${CC:-gcc} -std=c17 $system -Wall -Wextra -Wpedantic -Iimpl -I. -fsyntax-only -x c - 2>&1 |
			grep -E 'error|warning' | sed "s|^|$header does not compile alone: |" | head -n 3
	done

	shellcheck -s sh ci/*.sh 2>&1
	shellcheck .ci/run 2>&1
} >"$findings"

if [ -s "$findings" ]; then
	cat "$findings"
	echo "tidy: $(wc -l <"$findings") findings"
	exit 1
fi
echo "tidy: $(printf '%s\n' "$sources" | wc -l) files, nothing to mend"
