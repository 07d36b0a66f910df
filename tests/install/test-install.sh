#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make install: what gets where, and that a host application is built on it with pkg-config alone.

# shellcheck source=tests/install/lib.sh
. "$(dirname "$0")/lib.sh"

# Names without the folders that --prefix and --libdir move about.
files_are_right() {
    need_installed
    (cd "$installed" && find . ! -type d) | sed -E \
        -e 's,^.*/bin/,bin/,' -e 's,^.*/include/tarn/,include/,' -e 's,^.*/pkgconfig/,pkgconfig/,' \
        -e 's,^.*/tarn/modules/,modules/,' -e 's,^.*/tarn/plugins.d/,plugins.d/,' \
        -e 's,^.*/man/man([0-9])/,man/,' -e 's,^.*/completions/,completion/,' \
        -e 's,^.*/doc/tarn/,doc/,' -e 's,^.*/tarn/template/,template/,' \
        -e 's,^.*/(libtarn\.so.*),lib/\1,' -e 's,^.*/tarn/(tarn-module-host)$,libexec/\1,' |
        grep -v '^man/' | sort >"$work/found"
    sort >"$work/expected" <<'END'
bin/tarn
bin/tarn-conform
bin/tarn-module-new
completion/tarn
doc/examples/Makefile
doc/examples/README
doc/examples/create.c
doc/examples/event-word.h
doc/examples/events-glib.c
doc/examples/events-poll.c
doc/examples/list.c
doc/examples/modules/Makefile
doc/examples/modules/README
doc/examples/modules/checked/checked.c
doc/examples/modules/checked/checked.conf
doc/examples/modules/cxx/memory-cxx.cc
doc/examples/modules/cxx/memory-cxx.conf
doc/examples/modules/cxx/memory-cxx.ini
doc/examples/modules/cxx/memory-cxx.map
doc/examples/modules/memory/memory.c
doc/examples/modules/memory/memory.conf
doc/examples/modules/memory/memory.ini
doc/examples/modules/rest/http.c
doc/examples/modules/rest/http.h
doc/examples/modules/rest/rest.c
doc/examples/modules/rest/rest.conf
doc/examples/modules/rest/rest.h
doc/examples/modules/rest/rest.ini
doc/examples/modules/rest/rest.xml
doc/examples/modules/rest/service.c
doc/examples/modules/rest/store.c
doc/examples/modules/rust/Cargo.toml
doc/examples/modules/rust/ferrous.conf
doc/examples/modules/rust/layout.c
doc/examples/modules/rust/layout.rs
doc/examples/modules/rust/src/abi.rs
doc/examples/modules/rust/src/lib.rs
doc/examples/two-contexts.c
include/abi.h
include/call.h
include/define.h
include/format.h
include/io.h
include/module.h
include/param.h
include/pool-type.h
include/result.h
include/status.h
include/tarn.h
lib/libtarn.so
lib/libtarn.so.0
lib/libtarn.so.0.0.0
libexec/tarn-module-host
modules/bochs.so
modules/cloop.so
modules/cow.so
modules/dir.so
modules/disk.so
modules/dmg.so
modules/fs.so
modules/iscsi.so
modules/iso.so
modules/logical.so
modules/netfs.so
modules/qcow.so
modules/qcow2.so
modules/raw.so
modules/vmdk.so
modules/vpc.so
pkgconfig/tarn-module.pc
pkgconfig/tarn.pc
plugins.d/bochs.conf
plugins.d/cloop.conf
plugins.d/cow.conf
plugins.d/dir.conf
plugins.d/disk.conf
plugins.d/dmg.conf
plugins.d/fs.conf
plugins.d/iscsi.conf
plugins.d/iso.conf
plugins.d/logical.conf
plugins.d/netfs.conf
plugins.d/qcow.conf
plugins.d/qcow2.conf
plugins.d/raw.conf
plugins.d/vmdk.conf
plugins.d/vpc.conf
template/.github/workflows/check.yml
template/COPYING
template/Makefile.am
template/Makefile.plain
template/README.md
template/ci.sh
template/configure.ac
template/conform.ini
template/conform.xml
template/disk.c
template/format.c
template/format.h
template/module.c
template/pool.c
template/pool.h
template/shelf.conf
template/shelf.rng
template/store.c
template/tarn-shelf.7
template/volume.c
END
    diff "$work/expected" "$work/found"
}

manual_is_there() {
    need_installed
    for page in tarn.1 tarn-module-new.1 \
        tarn.3 tarn-context.3 tarn-error.3 tarn-event.3 tarn-image.3 tarn-job.3 \
        tarn-pool.3 tarn-volume.3 tarn-module.3 tarn-call.3 tarn-data.3 tarn-format.3 tarn-io.3 \
        tarn-pool-type.3 tarn-schema.3 tarn-plugins.d.5 tarn-dir.7 tarn-disk.7 tarn-fs.7 tarn-iscsi.7 \
        tarn-logical.7 tarn-netfs.7 tarn-raw.7 tarn-qcow2.7 tarn-qcow.7 \
        tarn-vmdk.7 tarn-vpc.7 tarn-cow.7 tarn-bochs.7 tarn-cloop.7 tarn-dmg.7 tarn-images.7 \
        tarn-iso.7 tarn-isolation.7 tarn-abi.7 tarn-module-tutorial.7; do
        [ -s "$(place "$page")" ]
    done
}

# Nothing leads back to where it was built.
nothing_of_the_build() {
    need_installed
    found=$(grep -rlF -e "$TARN_BUILD" -e "$installed" "$installed" |
        grep -v '\.so\|/bin/tarn\|/tarn-module-host') ||
        found=
    [ -z "$found" ] || { echo "$found"; return 1; }
    if command -v readelf >/dev/null; then
        for file in $(find "$installed" -name '*.so*' -type f) $(place tarn | grep /bin/); do
            readelf -d "$file" >"$work/dynamic"
            [ "$(grep -c -e RPATH -e RUNPATH "$work/dynamic")" -eq 0 ]
        done
    fi
}

modules_are_safe() {
    need_installed
    [ -z "$(find "$module_dir" "$plugins_dir" -perm /022)" ]
}

uninstalls() {
    need_installed
    cp -a "$installed" "$work/copy"
    make -s -C "$TARN_BUILD" uninstall DESTDIR="$work/copy" >"$work/out" 2>&1
    left=$(find "$work/copy" ! -type d)
    [ -z "$left" ] || { echo "$left"; return 1; }
}

host_builds_and_runs() {
    need_installed
    mkdir "$work/host"
    cp "$(dirname "$0")/host.c" "$work/host"
    cd "$work/host"
    # shellcheck disable=SC2046
    cc -Wall -Wextra -Werror host.c -o host $(pkg-config --cflags --libs tarn)
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    [ "$(./host "$TARN_ROOT")" = 1 ]
}

host_is_cxx() {
    need_installed
    need g++
    printf '#include <tarn/tarn.h>\n#include <tarn/module.h>\nint main() { return 0; }\n' \
        >"$work/host.cc"
    # shellcheck disable=SC2046
    g++ -std=c++11 -Wall -Wextra -Werror "$work/host.cc" -o "$work/host" \
        $(pkg-config --cflags --libs tarn)
}

command_runs() {
    need_installed
    installed_run 0 version
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    installed_run 0 -q pool-build p
    installed_run 0 -q pool-start p
    installed_run 0 -q vol-create-as p v 1MiB --format qcow2
    installed_run 0 --json vol-info v --pool p
    json format qcow2
}

check "every file at its place, and no other" files_are_right
check "the manual" manual_is_there
check "no path of the build folder" nothing_of_the_build
check "modules and confs that only their owner may write" modules_are_safe
check "make uninstall takes all of it back" uninstalls
check "a host application, built with pkg-config alone" host_builds_and_runs
check "the headers, in C++" host_is_cxx
check "the installed command" command_runs
finish
