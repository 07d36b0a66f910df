/* SPDX-License-Identifier: BSD-2-Clause
 *
 * quiet-thread.h - a thread of a module: signals are the application's, so none is delivered to it.
 */
#ifndef TARN_QUIET_THREAD_H
#define TARN_QUIET_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* As pthread_create(3). Who is `detached` is joined by nobody. Returns 0 or an errno. */
static inline int quiet_thread_start(pthread_t *out, bool detached, void *(*run)(void *), void *arg)
{
    pthread_attr_t attributes;
    sigset_t all;
    int result = pthread_attr_init(&attributes);

    if (result != 0)
        return result;
    sigfillset(&all);
    if (detached)
        result = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (result == 0)
        result = pthread_attr_setsigmask_np(&attributes, &all);
    if (result == 0)
        result = pthread_create(out, &attributes, run, arg);
    pthread_attr_destroy(&attributes);
    return result;
}

#endif
