/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-checks.c - the checks of volume formats, in the order in which an author meets them.
 */
#include "conform/format-checks.h"

#include "conform/check.h"

const struct check format_checks[] = {
    { "format/round-trip", "what was created is what info tells, and the size that the disk has",
      CHECK_FORMAT, 0, check_round_trip },
    { "format/options", "every declared value of a parameter makes an image", CHECK_FORMAT, 0,
      check_options },
    { "format/unknown", "create refuses what it does not know, before it writes", CHECK_FORMAT, 0,
      check_unknown },
    { "format/measure", "a container of the measured size is enough, and not too large",
      CHECK_FORMAT, 0, check_measure },
    { "format/preallocation", "what is reserved at the start is enough, and reads as zeros",
      CHECK_FORMAT, 0, check_preallocation },
    { "format/containers", "nothing that a container held before shows, and one that is too small "
      "and cannot grow is refused", CHECK_FORMAT, 0, check_containers },
    { "format/probe-own", "probe recognises the images that the format makes", CHECK_FORMAT, 0,
      check_probe_own },
    { "format/probe-magic", "the images that the format makes hold one of its magics", CHECK_FORMAT,
      0, check_probe_magic },
    { "format/probe-pure", "probe answers 0 to 100, the same each time, and reads only what it is "
      "shown", CHECK_FORMAT, 0, check_probe_pure },
    { "format/probe-strangers", "probe takes zeros, noise and text for no image", CHECK_FORMAT, 0,
      check_probe_strangers },
    { "format/others", "images of the other installed formats are still told as what they are",
      CHECK_FORMAT, 0, check_others },
    { "format/model", "random reads, writes, zeroes, discards and resizes give what a plain array "
      "gives", CHECK_FORMAT, 0, check_model },
    { "format/edges", "the rules for the end of a disk and for transfers of nothing hold",
      CHECK_FORMAT, 0, check_edges },
    { "format/fast-zero", "a zero that is to be fast writes no zeros", CHECK_FORMAT, 0,
      check_fast_zero },
    { "format/map", "the map covers a range in order, and its holes and zeros read as zeros",
      CHECK_FORMAT, 0, check_map },
    { "format/grow", "growing adds zeros and keeps all that was there", CHECK_FORMAT, 0,
      check_grow },
    { "format/shrink", "shrinking needs its flag, and keeps what is left", CHECK_FORMAT, 0,
      check_shrink },
    { "format/undeclared", "what is not promised is refused before anything is touched",
      CHECK_FORMAT, 0, check_undeclared },
    { "format/read-only", "describing, reading, mapping and checking change no byte", CHECK_FORMAT,
      0, check_read_only },
    { "format/close", "close frees all that was taken, and leaves the container to its owner",
      CHECK_FORMAT, 0, check_close },
    { "format/sound", "check finds nothing in what the format made and wrote", CHECK_FORMAT, 0,
      check_sound },
    { "format/flush", "what was written before a flush is in the container after it", CHECK_FORMAT,
      0, check_flush },
    { "format/findings", "check tells what it counts, and writes only when it is to repair",
      CHECK_FORMAT, 0, check_findings },
    { "format/repair", "what check says that it mended is mended", CHECK_FORMAT, 0, check_repair },
    { "format/backing", "a backing store shows through where nothing was written, and is not "
      "changed", CHECK_FORMAT, 0, check_backing },
    { "format/fill", "an image that is filled once holds what it was filled with", CHECK_FORMAT, 0,
      check_fill },
    { "format/compress", "what is written compressed takes less, and reads the same", CHECK_FORMAT,
      0, check_compress },
    { "format/bounded", "a large empty image is described, opened and read with little memory and "
      "few reads", CHECK_FORMAT, 0, check_bounded },
    { "format/truncated", "an image that is cut off anywhere is refused or read, and no more",
      CHECK_FORMAT, 0, check_truncated },
    { "format/flips", "an image with a wrong bit is refused or read, and no more", CHECK_FORMAT, 0,
      check_flips },
    { "format/absurd", "an image that tells of absurd sizes is refused or read, and no more",
      CHECK_FORMAT, 0, check_absurd },
    { 0 },
};
