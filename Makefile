# refscale. `make help` lists the targets. Objects are kept under $(BUILD)/<flavour>/.

BUILD   ?= build
FLAVOUR ?= release
ifeq ($(origin CC),default)
CC      := gcc
endif

# What a flavour adds to the common flags.
FLAGS_release  := -O2 -g
FLAGS_debug    := -O0 -g
FLAGS_asan     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_fuzz     := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FLAGS_coverage := -O0 -g --coverage -fprofile-abs-path

CFLAGS  ?=
override CFLAGS += -std=c17 -Wall -Wextra -Wpedantic -Wshadow -Werror -fstack-protector-strong \
	-Iimpl -I. $(FLAGS_$(FLAVOUR))
LDFLAGS ?=
# libmicrohttpd from its archive, with a memory pool of our own: impl/world/real/http_server_pool.c.
LIBS    := -l:libmicrohttpd.a -lgnutls -lcurl -lcares -lhiredis -luv -lsqlite3 -lcjson -lyaml -lpcre2-8 -lcjose -lcrypto -lcrypt -lm -lpthread
LIBS    += $(shell pkg-config --libs libmariadb libpq 2>/dev/null)
OUT     := $(BUILD)/$(FLAVOUR)

# Sources. MODULES limits what is linked into the unit tests ("base http world/real sim/engine");
# a name takes its subfolders along, except that world/real must be named. TESTS limits which suites run.
ALL_SOURCES  := $(sort $(shell find impl sim conformance -name '*.c'))
TEST_SOURCES := $(filter %_test.c,$(ALL_SOURCES)) $(foreach s,$(ALL_SOURCES),$(if $(findstring /parity/,$(s)),$(s)))
FUZZ_SOURCES := $(filter %_fuzz.c,$(ALL_SOURCES))
SOURCES      := $(filter-out $(TEST_SOURCES) $(FUZZ_SOURCES) impl/refscale.c,$(ALL_SOURCES))

folder_of = $(if $(wildcard impl/$(1)/),impl/$(1),$(1))
files_of  = $(filter $(call folder_of,$(1))/%,$(if $(filter world,$(1)),$(filter-out impl/world/real/%,$(2)),$(2)))
ifdef MODULES
UNIT_SOURCES := $(sort $(foreach m,$(MODULES),$(call files_of,$(m),$(SOURCES))))
else
UNIT_SOURCES := $(SOURCES)
endif
TESTS        ?= $(MODULES)
ifneq ($(strip $(TESTS)),)
UNIT_TESTS   := $(sort $(foreach m,$(TESTS),$(call files_of,$(m),$(TEST_SOURCES))) \
	$(if $(MODULES),$(foreach m,$(MODULES),$(filter impl/world/parity/%,$(call files_of,$(m),$(TEST_SOURCES))))))
else
UNIT_TESTS   := $(TEST_SOURCES)
endif
UNIT_SUITES  := $(patsubst %_test.c,%_suite,$(subst /,_,$(patsubst impl/%,%,$(filter %_test.c,$(UNIT_TESTS)))))

# The unit tests play the stored corpus of every fuzz target (ci/fuzz_corpus.c).
ifdef MODULES
UNIT_FUZZ    := $(sort $(foreach m,$(MODULES),$(call files_of,$(m),$(FUZZ_SOURCES))))
else
UNIT_FUZZ    := $(FUZZ_SOURCES)
endif
target_of     = $(subst /,_,$(patsubst impl/%_fuzz.c,%,$(1)))
UNIT_TARGETS := $(foreach s,$(UNIT_FUZZ),$(call target_of,$(s)))
ifeq ($(strip $(TESTS)),)
UNIT_SUITES  += fuzz_corpus_suite
endif

object = $(patsubst %.c,$(OUT)/%.o,$(1))
BINARY := $(OUT)/refscale
UNIT   := $(OUT)/unit

.DEFAULT_GOAL := all
.PHONY: all binary demo test unit conform scenarios sim asan coverage tidy bench determinism e2e fuzz clean help \
	unit-binary fuzz-binaries

all: $(BUILD)/.deps ## release build: build/refscale
	@$(MAKE) --no-print-directory -j$$(nproc) binary
	@ln -sf $(FLAVOUR)/refscale $(BUILD)/refscale

binary: $(BINARY)

demo: all ## install what is missing, build, bring the whole stack up and show it at work
	@$(BUILD)/refscale demo $(DEMO)

test: all ## everything: unit tests, conformance in both worlds, scenarios, end-to-end checks
	@ci/test.sh $(BUILD) $(FLAVOUR)

unit: $(BUILD)/.deps ## unit and port tests (MODULES="base http" limits them, UNIT_FLAGS="--suite base_str")
	@$(MAKE) --no-print-directory -j$$(nproc) unit-binary
	@CK_FORK=$(if $(filter asan,$(FLAVOUR)),no,yes) ci/unit.sh $(UNIT) $(UNIT_FLAGS)

unit-binary: $(UNIT)

conform: all ## the conformance suites against refscale itself, over sockets and in the simulator
	@ci/conform.sh $(BUILD)

scenarios: all ## every scenario, twice, with equal traces
	@$(BUILD)/refscale sim run scenarios --twice

sim: scenarios ## same as scenarios

e2e: all ## big bodies, many connections, kill -9 of every process and of Redis
	@ci/e2e.sh $(BUILD)

asan: ## all tests with AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory FLAVOUR=asan test

coverage: ## gcovr report and thresholds
	@ci/coverage.sh $(BUILD)

fuzz: $(BUILD)/.deps ## every fuzz target for SECONDS=60, or one: T=http_http1
	@$(MAKE) --no-print-directory -j$$(nproc) CC=clang FLAVOUR=fuzz fuzz-binaries
	@ci/fuzz.sh $(BUILD) $(or $(SECONDS),60) $(T)

tidy: $(BUILD)/.deps ## formatting, layer rules, forbidden calls, shell scripts
	@ci/tidy.sh $(BUILD)

bench: all $(OUT)/bench_mhd $(OUT)/bench_mapping_rules ## speed, as ratios against references measured in the same run
	@ln -sf $(FLAVOUR)/bench_mhd $(BUILD)/bench_mhd
	@ln -sf $(FLAVOUR)/bench_mapping_rules $(BUILD)/bench_mapping_rules
	@ci/bench.sh $(BUILD)

# What backend's speed is compared with.
$(OUT)/bench_mhd: $(OUT)/ci/bench_mhd.o
	@echo "link $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lmicrohttpd

determinism: $(BUILD)/.deps ## traces of every scenario, across compilers and flavours
	@ci/determinism.sh $(BUILD)

# Mapping rules alone: what a request costs among many.
$(OUT)/bench_mapping_rules: $(call object,ci/bench_mapping_rules.c $(SOURCES))
	@echo "link $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F'\t' '{printf "make %-12s %s\n", $$1, $$2}'

# Debian packages are looked at once, and again when the list changes.
$(BUILD)/.deps: ci/deps.sh
	@ci/deps.sh
	@mkdir -p $(BUILD) && touch $@

$(BINARY): $(call object,impl/refscale.c $(SOURCES))
	@echo "link $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(UNIT): $(call object,$(UNIT_SOURCES) $(UNIT_TESTS)) $(patsubst %.c,$(OUT)/replay/%.o,$(UNIT_FUZZ)) \
		$(OUT)/unit_suites.o $(OUT)/ci/unit.o $(OUT)/ci/fuzz_corpus.o
	@echo "link $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcheck -lsubunit -lrt $(LIBS)

# impl/http/http1_fuzz.c makes fuzz/http_http1.
FUZZERS := $(foreach s,$(FUZZ_SOURCES),$(OUT)/fuzz/$(call target_of,$(s)))
fuzz-binaries: $(FUZZERS)

$(FUZZERS): $(call object,$(SOURCES) $(FUZZ_SOURCES))
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ \
		$(call object,$(foreach s,$(FUZZ_SOURCES),$(if $(filter $(@F),$(call target_of,$(s))),$(s))) $(SOURCES)) $(LIBS)

# The list of suites is made from the names of the test files.
$(OUT)/unit_suites.c: FORCE
	@mkdir -p $(@D)
	@{ echo '#include "ci/unit.h"'; \
	   for s in $(UNIT_SUITES); do echo "Suite *$$s(void);"; done; \
	   echo 'const struct unit_suite unit_suites[] = {'; \
	   for s in $(UNIT_SUITES); do echo "	{\"$${s%_suite}\", $$s},"; done; \
	   echo '	{NULL, NULL}};'; \
	   for t in $(UNIT_TARGETS); do echo "fuzz_run fuzz_$$t;"; done; \
	   echo 'const struct fuzz_target fuzz_targets[] = {'; \
	   for t in $(UNIT_TARGETS); do echo "	{\"$$t\", fuzz_$$t},"; done; \
	   echo '	{NULL, NULL}};'; } > $@.new
	@cmp -s $@.new $@ 2>/dev/null && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:

$(OUT)/unit_suites.o: $(OUT)/unit_suites.c
	@$(CC) $(CFLAGS) -c -o $@ $<

# A fuzz target in the unit tests is called by a name of its own.
$(OUT)/replay/%.o: %.c
	@mkdir -p $(@D)
	@echo "cc $< (replay)"
	@$(CC) $(CFLAGS) -DLLVMFuzzerTestOneInput=fuzz_$(call target_of,$<) -MMD -MP -c -o $@ $<

# System interfaces are visible only where they may be used.
SYSTEM_OBJECTS := $(OUT)/impl/world/real/% $(OUT)/impl/refscale.o $(OUT)/ci/%
# Headers in folders of their own.
$(OUT)/impl/world/real/sql_mysql.o: override CFLAGS += $(shell pkg-config --cflags libmariadb 2>/dev/null)
$(OUT)/impl/world/real/sql_postgresql.o: override CFLAGS += $(shell pkg-config --cflags libpq 2>/dev/null)
$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) $(CFLAGS) $(if $(filter $(SYSTEM_OBJECTS) %_test.o,$@),-D_GNU_SOURCE) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
