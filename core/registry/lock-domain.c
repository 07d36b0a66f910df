/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one list of the process. What is guarded is global (a library's statics), so the guard must
 * be; it is empty again when the last context is closed.
 */
#include "core/registry/lock-domain.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct lock_domain {
    struct lock_domain *next;
    pthread_mutex_t lock;
    unsigned references;
    char name[];
};

static pthread_mutex_t domains_lock = PTHREAD_MUTEX_INITIALIZER;
static struct lock_domain *domains;

static struct lock_domain *domain_new(const char *name)
{
    size_t length = strlen(name) + 1;
    struct lock_domain *domain = calloc(1, sizeof(*domain) + length);
    pthread_mutexattr_t recursive;

    if (domain == NULL)
        return NULL;
    memcpy(domain->name, name, length);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&domain->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    domain->next = domains;
    domains = domain;
    return domain;
}

struct lock_domain *lock_domain_get(const char *name)
{
    struct lock_domain *domain;

    pthread_mutex_lock(&domains_lock);
    for (domain = domains; domain != NULL; domain = domain->next)
        if (strcmp(domain->name, name) == 0)
            break;
    if (domain == NULL)
        domain = domain_new(name);
    if (domain != NULL)
        domain->references++;
    pthread_mutex_unlock(&domains_lock);
    return domain;
}

void lock_domain_unref(struct lock_domain *domain)
{
    struct lock_domain **link;

    if (domain == NULL)
        return;
    pthread_mutex_lock(&domains_lock);
    if (--domain->references == 0) {
        for (link = &domains; *link != domain;)
            link = &(*link)->next;
        *link = domain->next;
        pthread_mutex_destroy(&domain->lock);
        free(domain);
    }
    pthread_mutex_unlock(&domains_lock);
}

void lock_domain_enter(struct lock_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
}

void lock_domain_leave(struct lock_domain *domain)
{
    pthread_mutex_unlock(&domain->lock);
}
