# A target that lies, for tests/cli/test-iscsi-hostile.sh.
check_PROGRAMS += tests/iscsi/liar
tests_iscsi_liar_SOURCES = \
	tests/iscsi/liar-disk.c \
	tests/iscsi/liar.c \
	tests/iscsi/liar.h \
	tests/iscsi/lies-data.c \
	tests/iscsi/lies.c \
	tests/iscsi/lies.h
tests_iscsi_liar_LDADD =
