/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A mixture of images for the benchmarks.
 */
#ifndef TESTS_BENCH_MIX_H
#define TESTS_BENCH_MIX_H

/* Makes `count` files in the folder: copies of the samples in turn, called "volNNNNN.SAMPLE". One
 * with "-base." in its name is copied once, under its name. Ends the program if it cannot. */
void mix_fill(const char *folder, const char *samples, unsigned count);

#endif
