#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A new module: taken from the installed template by tarn-module-new, built both ways, tried by the
# installed kit, installed, used, and uninstalled.

# shellcheck source=tests/install/author-lib.sh
. "$(dirname "$0")/author-lib.sh"

project=$base/my-store

# need_project: made and built once for all tests.
need_project() {
    author
    [ -d "$project" ] || (cd "$base" && tarn-module-new my-store && make -s -C my-store -f Makefile.plain)
}

# need_installed_project: and installed.
need_installed_project() {
    need_project
    make -s -C "$project" -f Makefile.plain install
}

its_own_ci() {
    need_project
    need autoreconf
    need automake
    cp -r "$project" "$work/my-store"
    my-store/ci.sh >"$work/out" 2>&1 || { tail -n 40 "$work/out"; return 1; }
    [ "$(grep -c '^# [1-9][0-9]* passed, 0 failed' "$work/out")" -eq 2 ]
}

strictly() {
    need_project
    cp -r "$project" "$work/my-store"
    for compiler in cc clang; do
        need "$compiler"
        make -s -C my-store -f Makefile.plain clean
        make -s -C my-store -f Makefile.plain CC="$compiler" CFLAGS="$strict"
    done
}

installs_by_autotools() {
    need_project
    need autoreconf
    need automake
    cp -r "$project" "$work/my-store"
    cd my-store
    autoreconf -fi 2>"$work/err"
    ./configure -q --prefix="$(dirname "$programs")"
    make -s install >"$work/out" 2>&1
    [ -s "$module_dir/my-store.so" ]
    [ -s "$plugins_dir/my-store.conf" ]
    [ -s "$(place tarn-my-store.7)" ]
    installed_run 0 -q module-info my-store
    make -s uninstall >"$work/out" 2>&1
    [ -z "$(find "$installed" -name '*my-store*')" ]
    make -s dist >"$work/out" 2>&1
    tar -tf my-store-0.1.tar.gz | sed 's,^[^/]*/,,' >"$work/packed"
    for file in COPYING Makefile.plain README.md ci.sh disk.c format.h my-store.rng pool.h conform.xml; do
        grep -qx "$file" "$work/packed"
    done
}

needs_nothing_of_tarn() {
    need_project
    need readelf
    readelf -d "$project/my-store.so" >"$work/dynamic"
    [ "$(grep -c libtarn "$work/dynamic")" -eq 0 ]
    readelf -sW --dyn-syms "$project/my-store.so" >"$work/symbols"
    [ "$(grep -c 'UND tarn_' "$work/symbols")" -eq 0 ]
}

is_listed() {
    need_installed_project
    [ -s "$(place tarn-my-store.7)" ]
    installed_run 0 --json module-list
    shows '"name": "my-store"'
    installed_run 0 type-list
    shows '^ my-store '
    installed_run 0 format-list
    shows '^ my-store '
    installed_run 0 --json module-info my-store
    json version 0.1
    json licence BSD-2-Clause
    installed_run 0 pool-capabilities
    shows "<pool type='my-store' supported='yes'>"
}

pool_works() {
    need_installed_project
    installed_run 0 pool-define-as p my-store --target "$work/p"
    installed_run 0 pool-build p
    installed_run 0 pool-start p
    installed_run 0 --json pool-info p
    json state running
    installed_run 0 vol-create-as p v 1MiB --format my-store
    [ "$(stat -c '%s %a' "$work/p/v")" = '1052672 600' ]
    installed_run 0 vol-dumpxml v --pool p
    shows '<mode>0600</mode>'
    installed_run 0 --json vol-list p
    json '#' 1
    json 0/name v
    json 0/format my-store
    json 0/capacity 1048576
    installed_run 0 vol-resize v 2MiB --pool p
    [ "$(stat -c %s "$work/p/v")" -eq 2101248 ]
    installed_run 0 vol-delete v --pool p
    volume_of 100000
    installed_run 0 vol-create-as p v 100000 --format raw
    installed_run 0 vol-upload --pool p v "$work/content"
    cmp "$work/content" "$work/p/v"
    installed_run 0 vol-download --pool p v "$work/back"
    cmp "$work/content" "$work/back"
    installed_run 1 vol-create-as p v 1MiB
    installed_run 1 vol-create-as p .hidden 1MiB
    says 'name has at most 255 bytes'
    installed_run 0 vol-delete v --pool p
    [ -z "$(ls -A "$work/p")" ]
    installed_run 0 pool-destroy p
    installed_run 0 pool-delete p
    [ ! -e "$work/p" ]
    installed_run 0 pool-undefine p
}

# A fixed disk of this format has a footer alone.
it_tells_the_end() {
    need_installed_project
    mkdir "$work/p"
    volume_of 1048576
    installed_run 0 image-convert "$work/content" "$work/p/v" --format vpc --subformat fixed
    installed_run 0 -q pool-define-as p my-store --target "$work/p"
    installed_run 0 -q pool-start p
    installed_run 0 --json vol-info v --pool p
    json format vpc
}

# pool_xml SUFFIX
pool_xml() {
    cat >"$work/p.xml" <<END
<pool type='my-store'><name>p</name><target><path>$work/p</path>
<s:suffix xmlns:s='urn:tarn:my-store:1'>$1</s:suffix></target></pool>
END
}

its_element_works() {
    need_installed_project
    pool_xml .img
    installed_run 0 pool-define "$work/p.xml" --validate
    installed_run 0 pool-build p
    : >"$work/p/other"
    : >"$work/p/one.img"
    installed_run 0 pool-start p
    installed_run 0 vol-list p --name
    prints one.img ''
    installed_run 1 vol-create-as p two 1MiB
    says 'and here ends with .img'
    installed_run 0 vol-create-as p two.img 1MiB
    installed_run 0 pool-dumpxml p
    shows 'urn:tarn:my-store:1'
    installed_run 0 pool-destroy p
    installed_run 0 pool-undefine p
    pool_xml a/b
    installed_run 1 pool-define "$work/p.xml" --validate
    says 'suffix'
}

format_works() {
    need_installed_project
    volume_of 100000
    truncate -s 1048576 "$work/content"
    installed_run 0 image-convert "$work/content" "$work/image" --format my-store --option title=mine
    installed_run 0 --json image-info "$work/image"
    json format my-store
    json capacity 1048576
    installed_run 0 image-info "$work/image"
    shows 'mine'
    installed_run 0 image-convert "$work/image" "$work/qcow2" --format qcow2
    installed_run 0 image-convert "$work/qcow2" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
}

mixes_with_ours() {
    need_installed_project
    installed_run 0 -q pool-define-as s my-store --target "$work/s"
    installed_run 0 -q pool-build s
    installed_run 0 -q pool-start s
    installed_run 0 -q pool-define-as p dir --target "$work/p"
    installed_run 0 -q pool-build p
    installed_run 0 -q pool-start p
    installed_run 0 vol-create-as s q 1MiB --format qcow2
    installed_run 0 vol-check q --pool s
    installed_run 0 vol-create-as p b 1MiB --format my-store
    head -c 1048576 /dev/urandom | dd of="$work/p/b" bs=4096 seek=1 conv=notrunc status=none
    installed_run 0 vol-clone b c --pool p --newpool s
    cmp "$work/p/b" "$work/s/c"
}

is_taken_away() {
    need_installed_project
    installed_run 0 -q pool-define-as p my-store --target "$work/p"
    make -s -C "$project" -f Makefile.plain uninstall
    [ -z "$(find "$installed" -name '*my-store*')" ]
    installed_run 0 --json pool-info p
    json state unavailable
    installed_run 0 -q pool-list --all --name
    shows '^p *$'
    installed_run 0 -q pool-undefine p
}

# copy ARGUMENT…: a new project with nothing of another's name in it, built and tried.
copy() {
    tarn-module-new "$@" >"$work/out"
    for name in "$@"; do :; done
    [ "$(head -n 1 "$work/out" | cut -d ' ' -f 1)" = "$name/README.md" ]
    grep -rho '@[a-zA-Z][a-zA-Z]*@' "$name" | sort -u >"$work/marks"
    [ "$(grep -vxc '@DIR@' "$work/marks")" -eq 0 ]
    make -s -C "$name" -f Makefile.plain CFLAGS='-O2 -Wall -Wextra -Werror'
    make -s -C "$name" -f Makefile.plain check >"$work/tap" || {
        grep -A 4 '^not ok' "$work/tap"
        return 1
    }
}

# files NAME: of a project, besides the build and what was built.
files() {
    (cd "$1" && find . -name '*.[ch]' -o -name "*$1*" ! -name '*.so' ! -name .) | sed 's,^\./,,' | sort |
        tr '\n' ' '
}

a_pool_type_alone() {
    author
    copy --pool disk-store
    [ "$(files disk-store)" = \
        'disk-store.conf disk-store.rng module.c pool.c pool.h store.c tarn-disk-store.7 volume.c ' ]
    grep -qx 'provides = pool:disk-store' disk-store/disk-store.conf
    grep -rli shelf disk-store >"$work/marks" || :
    [ ! -s "$work/marks" ]
    use disk-store/disk-store.so
    installed_run 0 pool-define-as p disk-store --target "$work/p"
    installed_run 0 pool-build p
    installed_run 0 pool-start p
    installed_run 0 vol-create-as p v 1MiB --format qcow2
    installed_run 0 --json vol-info v --pool p
    json format qcow2
}

a_format_alone() {
    author
    copy --format bookshelf
    [ "$(files bookshelf)" = \
        'bookshelf.conf disk.c format.c format.h module.c tarn-bookshelf.7 ' ]
    grep -qx 'provides = format:bookshelf' bookshelf/bookshelf.conf
    use bookshelf/bookshelf.so
    volume_of 70000
    installed_run 0 image-convert "$work/content" "$work/image" --format bookshelf
    [ "$(head -c 16 "$work/image")" = 'bookshelf image' ]
    installed_run 0 image-convert "$work/image" "$work/raw" --format raw
    cmp "$work/content" "$work/raw"
}

# Letters that C and XML names cannot begin with, or that are taken there.
odd_names() {
    author
    copy --pool 9p-shelf
    grep -qw m9p_shelf_pool_type 9p-shelf/pool.c
    grep -qF 'xml_prefix = "my-9p-shelf"' 9p-shelf/pool.c
    tarn-module-new --directory deep/below xmlish
    grep -qF 'xml_prefix = "my-xmlish"' deep/below/pool.c
    [ ! -e xmlish ]
    mandoc -Tlint -W warning 9p-shelf/tarn-9p-shelf.7 deep/below/tarn-xmlish.7
}

# refused STATUS PATTERN ARGUMENT…
refused() {
    expected=$1
    pattern=$2
    shift 2
    status=0
    tarn-module-new "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$expected" ]
    says "^tarn-module-new: .*$pattern"
}

is_told_what_is_wrong() {
    author
    refused 2 'a name is wanted'
    refused 2 'the name is empty' ''
    for name in Store 'a b' a_b a/b ../a ä -a; do
        refused 2 'is no name\|there is no option' "$name"
    done
    refused 2 "is tarn's own" options
    refused 2 'longer than 40' "$(printf 'a%.0s' 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 \
        1 2 3 4 5 6 7 8 9 0 1)"
    refused 2 'one name is wanted' a b
    refused 2 'no option --both' --both a
    refused 2 'needs a folder' a --directory
    mkdir there
    refused 1 'exists already' there
    ln -s nowhere dangling
    refused 1 'exists already' dangling
    refused 1 'exists already' --directory there a
    [ -z "$(ls -A there)" ]
    TARN_TEMPLATE_DIR=$work/there refused 1 'no template in .*: set TARN_TEMPLATE_DIR' a
    [ ! -e a ]
}

# A template that cannot be read through.
what_fails_leaves_nothing() {
    author
    mkdir bin
    printf '#!/bin/sh\nexit 1\n' >bin/awk
    chmod +x bin/awk
    PATH=$work/bin:$PATH refused 1 'cannot write into a' a
    [ ! -e a ]
}

tells_of_itself() {
    author
    tarn-module-new --help >"$work/out"
    shows '^usage: tarn-module-new '
    tarn-module-new --version >"$work/out"
    shows '^tarn-module-new [0-9]'
}

check "its own CI: both builds without a warning, and the kit after each" its_own_ci
check "no warning with our flags, of either compiler" strictly
check "installed and uninstalled by autotools" installs_by_autotools
check "the module needs nothing of tarn" needs_nothing_of_tarn
check "the command lists its type and its format" is_listed
check "a pool of its type" pool_works
check "an image that is known by its end" it_tells_the_end
check "the element of its own, validated and obeyed" its_element_works
check "images of its format" format_works
check "its type with our formats, its format in our pools" mixes_with_ours
check "without it its pools are unavailable" is_taken_away
check "a pool type alone" a_pool_type_alone
check "a format alone" a_format_alone
check "names that C or XML would not take" odd_names
check "tarn-module-new: what is wrong is told" is_told_what_is_wrong
check "tarn-module-new: what fails leaves nothing" what_fails_leaves_nothing
check "tarn-module-new: --help and --version" tells_of_itself
finish
