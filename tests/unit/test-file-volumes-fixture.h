/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the tests of helpers/file-volumes.h begin with: a pool on a scratch directory.
 */
#ifndef TESTS_FILE_VOLUMES_FIXTURE_H
#define TESTS_FILE_VOLUMES_FIXTURE_H

#include <limits.h>

#include "helpers/file-volumes.h"
#include "tests/unit/fake-pool-host.h"

struct fixture {
    struct fake_pool_host host;
    void *pool;
    char top[64];         /* the scratch directory */
    char dir[PATH_MAX];   /* the pool's directory in it, "<top>/pool"; exists */
    char path[PATH_MAX];  /* room for fixture_path */
};

void fixture_begin(struct fixture *fixture);
/* The scratch directory and everything in it go. */
void fixture_end(struct fixture *fixture);
/* "<top>/<name>", until the next call. */
const char *fixture_path(struct fixture *fixture, const char *name);
/* Writes a file of that content to <top>/<name>. */
void fixture_put(struct fixture *fixture, const char *name, const char *content);
/* Refreshes the pool; what was told of that volume, or NULL. */
const struct fake_volume *fixture_refreshed(struct fixture *fixture, const char *name);
/* How many entries the pool's directory has. */
unsigned fixture_entries(const struct fixture *fixture);
/* Acts with the rights of somebody without any, and as before again. False if that is impossible
 * because the test does not run as root. */
bool become_nobody(void);
void become_root(void);

#define NOBODY 65534

#endif
