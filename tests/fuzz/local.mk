# Bytes from anybody, done everything to. `./dev fuzz` builds and runs the fuzzer; `replay` does the
# same to files that were kept, without one, and is part of every build.

exercise_sources = \
	tests/fuzz/exercise.c \
	tests/fuzz/exercise.h \
	tests/formats/load-format.c \
	tests/formats/load-format.h \
	tests/unit/fake-host.c \
	tests/unit/fake-host.h \
	tests/unit/memory-io.c \
	tests/unit/memory-io.h

check_PROGRAMS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c $(exercise_sources)
tests_fuzz_replay_CPPFLAGS = $(AM_CPPFLAGS)
tests_fuzz_replay_LDADD =

# The fuzzer's own runtime holds what instrumented modules call.
EXTRA_PROGRAMS = tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/fuzz.c tests/fuzz/seal.c tests/fuzz/seal.h $(exercise_sources)
tests_fuzz_fuzz_CPPFLAGS = $(AM_CPPFLAGS)
tests_fuzz_fuzz_LDADD =
tests_fuzz_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer -Wl,--export-dynamic
