# Benchmarks: each a program that runs tarn and its peer side by side.

check_PROGRAMS += tests/bench/create tests/bench/info tests/bench/iscsi tests/bench/isolation \
	tests/bench/logical tests/bench/refresh
BENCH_SOURCES = tests/bench/bench.c tests/bench/bench.h
MIX_SOURCES = $(BENCH_SOURCES) tests/bench/mix.c tests/bench/mix.h
tests_bench_create_SOURCES = tests/bench/create.c $(BENCH_SOURCES)
tests_bench_create_LDADD = libtarn.la
tests_bench_info_SOURCES = tests/bench/info.c $(MIX_SOURCES)
tests_bench_info_LDADD = libtarn.la
tests_bench_iscsi_SOURCES = tests/bench/iscsi.c $(BENCH_SOURCES)
tests_bench_iscsi_LDADD = libtarn.la
tests_bench_isolation_SOURCES = tests/bench/isolation.c $(BENCH_SOURCES)
tests_bench_isolation_LDADD = libtarn.la
tests_bench_logical_SOURCES = tests/bench/logical.c $(BENCH_SOURCES)
tests_bench_logical_LDADD = libtarn.la
tests_bench_refresh_SOURCES = tests/bench/refresh.c $(MIX_SOURCES)
tests_bench_refresh_LDADD = libtarn.la
