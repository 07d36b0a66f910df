# The core's grammars, made into C strings.

schema_grammars = \
	$(srcdir)/core/schema/common.rng \
	$(srcdir)/core/schema/pool.rng \
	$(srcdir)/core/schema/volume.rng

EXTRA_DIST += \
	core/schema/embed.awk \
	core/schema/common.rng \
	core/schema/pool.rng \
	core/schema/volume.rng

# To be listed in nodist_…_SOURCES of whatever holds the core.
BUILT_SOURCES += core/schema/embedded.c
CLEANFILES += core/schema/embedded.c

core/schema/embedded.c: $(schema_grammars) $(srcdir)/core/schema/embed.awk
	$(AM_V_GEN)$(MKDIR_P) core/schema && \
	$(AWK) -f $(srcdir)/core/schema/embed.awk $(schema_grammars) > $@.tmp && mv $@.tmp $@
