# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The library of a minor to come, from the build folder's makefile and larger headers:
#
#   make -C BUILD -f tests/abi/later.mk LATER=FOLDER FOLDER/libtarn.so.0
#
# FOLDER/include has the headers; what is in FOLDER/core is taken instead of a file of the core. The
# address sanitizer is in it, to tell who reads beyond the end of a shorter structure.

include Makefile

later_sources = $(filter %.c,$(libtarn_core_la_SOURCES) $(nodist_libtarn_core_la_SOURCES) \
	$(libtarn_helpers_la_SOURCES))
later_objects = $(later_sources:%.c=$(LATER)/objects/%.o)
later_flags = -g -O0 -fPIC -pthread -fsanitize=address

$(LATER)/libtarn.so.0: $(later_objects)
	@$(CC) $(later_flags) -shared -Wl,-soname,libtarn.so.0 -Wl,-z,defs \
		-Wl,--version-script=$(top_srcdir)/core/libtarn.map $(later_objects) -o $@ \
		$(filter-out %.la,$(libtarn_core_la_LIBADD))

vpath %.c $(LATER) $(top_srcdir) $(top_builddir)
$(LATER)/objects/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 -w -fvisibility=hidden $(later_flags) -I$(LATER)/include -I$(LATER) $(DEFS) \
		$(DEFAULT_INCLUDES) $(libtarn_core_la_CPPFLAGS) -c $< -o $@
