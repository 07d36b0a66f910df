#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A lint that cannot fail says nothing: each is given a miniature tree that is in order, and the same
# with one thing wrong, and must tell them apart.

# shellcheck source=tests/lint/frame.inc
. "$(dirname "$0")/frame.inc"

here=$SRC/tests/lint
work=$(mktemp -d)
trap 'rm -rf "$work" "$faults"' EXIT
tree=$work/tree
cc=${CC:-cc}
cc=${cc%% *}

source_file() {
    mkdir -p "$(dirname "$tree/$2")"
    printf '/* SPDX-License-Identifier: %s */\n%s\n' "$1" "$3" >"$tree/$2"
}

script() {
    mkdir -p "$(dirname "$tree/$1")"
    printf '#!/bin/sh\n# SPDX-License-Identifier: LGPL-2.1-or-later\n%s\n' "$2" >"$tree/$1"
}

lgpl() {
    source_file LGPL-2.1-or-later "$@"
}

bsd() {
    source_file BSD-2-Clause "$@"
}

man_page() {
    mkdir -p "$tree/doc"
    printf '.Dd January 1, 2025\n.Dt MINI 7\n.Os\n.Sh NAME\n.Nm mini\n.Nd a page\n%s\n' "$1" \
        >"$tree/doc/mini.7"
}

# The page of the miniature API; its arguments are the function's.
api_page() {
    mkdir -p "$tree/doc"
    {
        printf '.Dd January 1, 2025\n.Dt MINI 3\n.Os\n.Sh NAME\n.Nm mini ,\n.Nm tarn_version\n'
        printf '.Nd an API\n.Sh SYNOPSIS\n.In tarn/tarn.h\n.Ft "const char *"\n'
        printf '.Fo tarn_version\n'
        printf '.Fa "%s"\n' "$@"
        printf '.Fc\n.Sh DESCRIPTION\nIt may answer\n.Dv TARN_E_MINI .\n'
    } >"$tree/doc/mini.3"
}

# A .so beneath the build folder, with the flags that the rest names.
shared() {
    mkdir -p "$(dirname "$tree/build/$1")"
    target=$1
    text=$2
    shift 2
    printf '%s\n' "$text" |
        "$cc" -shared -fPIC -fvisibility=hidden -Wl,-z,now "$@" -x c - -o "$tree/build/$target"
}

exported='__attribute__((visibility("default")))'
entry="$exported int tarn_module_entry(void) { return 0; }"
version="$exported const char *tarn_version(void) { return \"1\"; }"

# The tree with nothing wrong in it.
make_tree() {
    rm -rf "$tree"
    mkdir -p "$tree/tests/lint"
    cp "$here/writable-data.allow" "$tree/tests/lint/"
    bsd sdk/include/tarn/abi.h 'typedef int mini_abi;'
    sed -i '1a #ifndef MINI_ABI_H\n#define MINI_ABI_H' "$tree/sdk/include/tarn/abi.h"
    echo '#endif' >>"$tree/sdk/include/tarn/abi.h"
    bsd sdk/helpers/le.h '#include <tarn/abi.h>'
    bsd sdk/include/tarn/status.h '#ifndef MINI_STATUS_H
#define MINI_STATUS_H
#define TARN_E_MINI 1
#endif'
    lgpl core/include/tarn/tarn.h '#ifndef MINI_H
#define MINI_H
#define TARN_API
/* The version. */
TARN_API const char *tarn_version(void);
#endif'
    lgpl core/pool/pool.h '#include <tarn/abi.h>'
    lgpl core/pool/pool.c '#include "core/pool/pool.h"
/* abort() in a comment is no call */
const char *text = "nor exit() in a string";'
    lgpl modules/dir/dir.h '#include "helpers/le.h"'
    lgpl modules/dir/dir.c '#include "dir.h"'
    lgpl formats/raw/raw.c '#include <tarn/abi.h>'
    lgpl tools/main.c '#include <tarn/tarn.h>'
    script tools/helper.sh 'echo "mini"'
    man_page '.Sh DESCRIPTION
Text.'
    api_page void
    echo 'dist_man_MANS += doc/mini.3 doc/mini.7' >"$tree/doc/local.mk"
    shared .libs/libtarn.so.0.0.0 "$version"
    shared modules/dir/.libs/dir.so "$entry static const char *const words[] = { \"a\", 0 };
$exported const char *const *tarn_unused(void);
const char *const *keep(void) { return words; }"
}

run() {
    CI='' TARN_BUILD=$tree/build sh "$here/$1.sh" "$tree" >"$work/said" 2>&1
}

# The lint is content with the tree as it is.
content() {
    make_tree
    if run "$1"; then
        return
    elif [ $? -eq 77 ]; then
        echo "# $1: $(cat "$work/said")"
    else
        fault "$1 finds fault with a tree that is in order: $(tr '\n' ' ' <"$work/said")"
    fi
}

# After what broke it, the lint fails, and names the culprit.
fails() {
    run "$1"
    case $? in
    1) grep -q -- "$2" "$work/said" ||
        fault "$1 fails and does not say \"$2\": $(tr '\n' ' ' <"$work/said")" ;;
    77) echo "# $1: $(cat "$work/said")" ;;
    *) fault "$1 does not see: $2" ;;
    esac
}

content include-direction
lgpl core/pool/pool.c '#include "modules/dir/dir.h"'
fails include-direction 'core/pool/pool.c includes modules/dir/dir.h'
lgpl modules/dir/dir.c '#  include "../../core/pool/pool.h"'
fails include-direction 'modules/dir/dir.c includes core/pool/pool.h'
lgpl formats/raw/raw.c '#include <tarn/tarn.h>'
fails include-direction 'formats/raw/raw.c includes core/include/tarn/tarn.h'
lgpl tools/main.c '#include <tarn/abi.h>'
fails include-direction 'tools/main.c includes sdk/include/tarn/abi.h'
bsd sdk/helpers/le.h '#include "core/pool/pool.h"'
fails include-direction 'sdk/helpers/le.h includes core/pool/pool.h'

content file-size
lgpl core/long.c "$(seq 500)"
fails file-size 'core/long.c has 501 lines'

content writable-data
shared modules/dir/.libs/dir.so "$entry int counter; int keep(void) { return ++counter; }"
fails writable-data 'dir: counter can be written'
shared modules/dir/.libs/dir.so "$entry int f(void) { static int seen = 3; return seen++; }
$exported int g(void) { return f(); }"
fails writable-data 'dir: seen can be written'
shared modules/dir/.libs/dir.so "$entry static _Thread_local int mine;
$exported int g(void) { return ++mine; }"
fails writable-data 'dir: mine can be written'
shared .libs/libtarn.so.0.0.0 "$version int domains; int libtarn_state = 1;"
fails writable-data 'libtarn: libtarn_state can be written'
if grep -q 'domains' "$work/said"; then
    fault 'writable-data does not know writable-data.allow'
fi

content module-symbols
shared modules/dir/.libs/dir.so "$entry $exported int another(void) { return 1; }"
fails module-symbols 'dir.so exports: another tarn_module_entry'
shared modules/dir/.libs/dir.so 'int f(void) { return 0; }'
fails module-symbols 'dir.so exports: nothing'
shared modules/dir/.libs/dir.so "int tarn_fail(void); $exported int tarn_module_entry(void)
{ return tarn_fail(); }"
fails module-symbols 'dir.so needs: tarn_fail'
shared modules/dir/.libs/dir.so "$entry" -Wl,-z,lazy
fails module-symbols 'dir.so is not linked with -z now'

content api-documented
sed -i 's,^/\* The version.*,/* --- versions --- */,' "$tree/core/include/tarn/tarn.h"
fails api-documented 'tarn.h:6: no comment'
make_tree
sed -i 's,^#endif,TARN_API int\ntarn_promise(int a\,\n    int b);\n#endif,' \
    "$tree/core/include/tarn/tarn.h"
fails api-documented 'declared and not exported: tarn_promise'
make_tree
shared .libs/libtarn.so.0.0.0 "$version $exported int tarn_secret(void) { return 1; }"
fails api-documented 'exported and not declared: tarn_secret'

content api-pages
api_page 'unsigned which'
fails api-pages 'tarn_version has other arguments than in the header'
make_tree
sed -i 's/tarn_version$/tarn_vision/' "$tree/doc/mini.3"
fails api-pages 'tarn_version is in the synopsis of 0 pages'
fails api-pages 'tarn_vision is in a page, and not declared'
make_tree
cp "$tree/doc/mini.3" "$tree/doc/second.3"
fails api-pages 'tarn_version is in the synopsis of 2 pages'
make_tree
sed -i '/^\.Nm tarn_version/d' "$tree/doc/mini.3"
fails api-pages 'mini.3: tarn_version is not in the section NAME'
make_tree
sed -i 's/TARN_E_MINI/TARN_E_TINY/' "$tree/doc/mini.3"
fails api-pages 'TARN_E_MINI is in no page'

# The header and the page of a miniature ABI.
author_tree() {
    make_tree
    bsd sdk/include/tarn/io.h '/* int old; TARN_OLD tarn_old() */
#define TARN_MINI 1u /* a flag */
struct tarn_mini {
    uint32_t struct_size;
    const char *const *name; /* of it */
    int32_t (*pread)(struct tarn_mini *mini, uint64_t offset,
                     uint64_t length);
};
static inline int32_t tarn_mini_pread(struct tarn_mini *mini)
{
    return mini->pread(mini, 0, 0);
}'
    printf '%s\n' '.Dt MINI-IO 3' '.In tarn/module.h' '.\" struct tarn_mini' '.It Va name' \
        '.Dv TARN_MINI' '.Ss pread' '.\" end' '.Ss write' '.Dv TARN_E_MINI , tarn_mini_pread' \
        >"$tree/doc/mini-io.3"
}

author_tree
run author-reference ||
    fault "author-reference finds fault with a tree that is in order: $(cat "$work/said")"
sed -i '/^\.It Va name/d' "$tree/doc/mini-io.3"
fails author-reference 'tarn_mini.name is in the headers and in no page'
author_tree
sed -i 's/^\.Ss pread/.Ss pread_all/' "$tree/doc/mini-io.3"
fails author-reference 'tarn_mini.pread is in the headers and in no page'
fails author-reference 'tarn_mini.pread_all is in a page and not in the headers'
author_tree
sed -i 's/TARN_MINI$/TARN_MAXI/' "$tree/doc/mini-io.3"
fails author-reference 'TARN_MINI is in the headers and in no page'
fails author-reference 'TARN_MAXI is in a page and not in the headers'
author_tree
sed -i 's/tarn_mini_pread/tarn_old/' "$tree/doc/mini-io.3"
fails author-reference 'tarn_mini_pread is in the headers and in no page'
fails author-reference 'tarn_old is in a page and not in the headers'
author_tree
printf '.\\" each function of struct tarn_mini\n.It write\n.\\" end\n' >>"$tree/doc/mini-io.3"
fails author-reference 'tarn_mini.pread is not in the table of them all'
author_tree
rm "$tree/doc/mini-io.3"
fails author-reference 'no headers, or no pages'

content headers-alone
bsd sdk/include/tarn/abi.h 'static inline mini_size f(void) { return 0; }'
fails headers-alone 'abi.h as c99'
bsd sdk/include/tarn/abi.h '#ifndef MINI_ABI_H
#define MINI_ABI_H
struct mini { int class; };
#endif'
fails headers-alone 'abi.h as c++11'

content forbidden-calls
for call in 'exit(1)' 'abort()' 'printf("a")' 'chdir("/")' 'umask(0)' 'setlocale(0, "")' \
    'signal(1, 0)' 'system ("ls")' 'popen("ls", "r")' 'fputs("a", stderr)'; do
    lgpl core/pool/pool.c "int f(void) { $call; }"
    word=${call%%[ (]*}
    [ "$word" = fputs ] && word=stderr
    fails forbidden-calls "core/pool/pool.c uses $word"
done
lgpl modules/dir/dir.c 'int f(struct s *s) { s->exit(1); my_abort(); snprintf(0, 0, ""); }'
lgpl core/pool/pool.c ''
run forbidden-calls || fault 'forbidden-calls takes members and longer names for calls'

content licence-lines
lgpl sdk/helpers/le.h ''
fails licence-lines 'sdk/helpers/le.h'
make_tree
echo 'int a;' >"$tree/core/pool/pool.c"
printf '#!/bin/sh\necho\n' >"$tree/tools/helper.sh"
fails licence-lines 'core/pool/pool.c'
fails licence-lines 'tools/helper.sh'

content man-pages
man_page '.Sh DESCRIPTION
.Foo'
fails man-pages 'mini.7:.*Foo'
man_page '.Sh SEE ALSO
.Xr tarn-mini 7'
fails man-pages 'doc/mini.7 refers to tarn-mini.7'
make_tree
sed -i 's/MINI 7/MAXI 7/' "$tree/doc/mini.7"
fails man-pages 'doc/mini.7: its title is not MINI 7'
make_tree
: >"$tree/doc/local.mk"
fails man-pages 'doc/mini.7 is in no local.mk'

content shell-scripts
# The dollar is the script's.
# shellcheck disable=SC2016
script tools/helper.sh 'cd $1'
fails shell-scripts 'tools/helper.sh'

finish
