/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The progress bar.
 */
#include "tools/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tools/size.h"

/* There is one terminal, and one job at a time. */
static struct {
    const char *title;
    bool counts_bytes;
    struct timespec start;
    double shown; /* seconds after the start when it was drawn last; 0 = not yet */
} bar;

static double seconds_since_start(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - bar.start.tv_sec) +
           (double)(now.tv_nsec - bar.start.tv_nsec) / 1e9;
}

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void write_time(char *text, size_t room, double seconds)
{
    uint64_t left = (uint64_t)(seconds + 0.5);

    if (left < 60)
        snprintf(text, room, "%" PRIu64 " s", left);
    else
        snprintf(text, room, "%" PRIu64 ":%02" PRIu64 " min", left / 60, left % 60);
}

static const char *rate_shown(char *text, double elapsed, uint64_t done)
{
    char size[SIZE_TEXT];

    size_in_units(size, (uint64_t)((double)done / elapsed));
    snprintf(text, SIZE_TEXT + 4, "%s/s, ", size);
    return bar.counts_bytes ? text : "";
}

static void draw_unknown(double elapsed, uint64_t done)
{
    char rate[SIZE_TEXT + 4], amount[SIZE_TEXT];

    if (bar.counts_bytes)
        fprintf(stderr, "\r%s: %s%s\033[K", bar.title, rate_shown(rate, elapsed, done),
                size_in_units(amount, done));
    else
        fprintf(stderr, "\r%s: %" PRIu64 "\033[K", bar.title, done);
}

static void draw_known(double elapsed, uint64_t done, uint64_t total)
{
    static const char full[] = "########################################";
    char rate[SIZE_TEXT + 4], left[32], facts[160];
    double share = done < total ? (double)done / (double)total : 1;

    write_time(left, sizeof(left), share > 0 ? elapsed / share - elapsed : 0);
    int used = snprintf(facts, sizeof(facts), "%3d%%, %s%s left", (int)(share * 100),
                        rate_shown(rate, elapsed, done), left);
    int width = terminal_columns() - (int)strlen(bar.title) - used - 7;
    if (width > (int)sizeof(full) - 1)
        width = (int)sizeof(full) - 1;
    if (width < 5)
        fprintf(stderr, "\r%s\033[K", facts);
    else
        fprintf(stderr, "\r%s: [%-*.*s] %s\033[K", bar.title, width, (int)(share * width), full,
                facts);
}

/* As tarn_progress_fn. */
static void draw(void *arg, uint64_t done, uint64_t total)
{
    double elapsed = seconds_since_start();

    (void)arg;
    if (elapsed < 0.5 || elapsed - bar.shown < 0.1)
        return;
    bar.shown = elapsed;
    if (total == 0)
        draw_unknown(elapsed, done);
    else
        draw_known(elapsed, done, total);
}

void progress_begin(struct tool *tool, bool counts_bytes)
{
    bar.shown = 0;
    bar.counts_bytes = counts_bytes;
    if (tool->settings.quiet || tool->settings.json || !isatty(STDERR_FILENO))
        return;
    bar.title = tool->command;
    clock_gettime(CLOCK_MONOTONIC, &bar.start);
    tarn_job_set_progress(tool->job, draw, NULL);
}

void progress_end(void)
{
    if (bar.shown > 0)
        fputs("\r\033[K", stderr);
    bar.shown = 0;
}
