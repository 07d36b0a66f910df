/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-definition.c - what is asked of a type about a definition alone: no storage is touched.
 */
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

static bool same_text(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static const char *shown(const char *text)
{
    return text != NULL ? text : "nothing";
}

static void must_be_same(struct trial *trial, const char *what, const char *first,
                         const char *second)
{
    trial_require(trial, same_text(first, second),
                  "define made the %s \"%s\" of a definition, and \"%s\" when it was asked again: "
                  "it must be the same", what, shown(first), shown(second));
}

static void must_touch_nothing(struct trial *trial, const struct traces *before, const char *what)
{
    struct traces after;

    traces_take(&after, trial);
    traces_must_equal(trial, before, &after, what);
}

void pool_define_again(struct trial *trial)
{
    struct host *host = host_new(trial);
    const struct tarn_pool_def *pool = &host->definition->abi;
    const char *target, *format, *name;
    struct traces before;

    if (trial->type->define == NULL)
        trial_skip(trial, "it has no define");
    traces_take(&before, trial);
    host_begin(host, "define", HOST_MAY_AMEND);
    host_must(host, trial->type->define(&host->call));
    target = pool->target_path;
    format = pool->source->format;
    name = pool->source->name;
    host_begin(host, "define, of the definition that it had completed,", HOST_MAY_AMEND);
    host_must(host, trial->type->define(&host->call));
    must_be_same(trial, "target path", target, pool->target_path);
    must_be_same(trial, "source format", format, pool->source->format);
    must_be_same(trial, "source name", name, pool->source->name);
    must_touch_nothing(trial, &before, "define");
}

/* --- claims ----------------------------------------------------------------------------------- */

static struct results take_claims(struct host *host)
{
    struct results taken;

    host_begin(host, "claims", HOST_TAKES_CLAIMS);
    host_must(host, host->trial->type->claims(&host->call));
    taken = host->results;
    memset(&host->results, 0, sizeof(host->results));
    return taken;
}

static bool has_claim(const struct results *results, const char *claim)
{
    for (size_t index = 0; index < results->claim_count; index++)
        if (strcmp(results->claims[index], claim) == 0)
            return true;
    return false;
}

void pool_claims(struct trial *trial)
{
    struct host *host = host_new(trial);
    struct results first, second;
    struct traces before;

    if (trial->type->claims == NULL)
        trial_skip(trial, "it has no claims");
    if (pool_define(host) != TARN_OK)
        trial_fail(trial, "define answered %s: %s", status_word(host->status), host->text);
    traces_take(&before, trial);
    first = take_claims(host);
    second = take_claims(host);
    for (size_t index = 0; index < first.claim_count; index++) {
        const char *claim = first.claims[index];
        const char *colon = strchr(claim, ':');

        trial_require(trial, colon != NULL && colon > claim && colon[1] != '\0',
                      "it claims \"%s\": a claim is KIND:WHAT, as \"path:/srv/images\"", claim);
        trial_require(trial, has_claim(&second, claim),
                      "it claimed \"%s\" once and not again: of one definition the claims are "
                      "always the same", claim);
    }
    trial_require(trial, first.claim_count == second.claim_count,
                  "of one definition it told %zu claims, and then %zu", first.claim_count,
                  second.claim_count);
    must_touch_nothing(trial, &before, "claims");
}

/* --- sources ---------------------------------------------------------------------------------- */

static bool is_word_of(const char *word, const char *const *words)
{
    for (; words != NULL && *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static void judge_source(struct trial *trial, const struct tarn_source *source)
{
    const struct tarn_pool_type *type = trial->type;

    if (source->format != NULL && type->source_formats != NULL)
        trial_require(trial, is_word_of(source->format, type->source_formats),
                      "find_sources tells a source of the format \"%s\", which is none of its "
                      "source_formats: no definition with it would be taken", source->format);
    if (type->source_required & TARN_SOURCE_NAME)
        trial_require(trial, source->name != NULL && *source->name != '\0',
                      "find_sources tells a source without a name, which a definition must have");
}

/* Where nothing answers there is an error, which is an answer, too. */
void pool_sources(struct trial *trial)
{
    struct host *host = host_new(trial);
    int32_t status;

    if (trial->type->find_sources == NULL)
        trial_skip(trial, "it finds no sources");
    host_begin(host, "find_sources", HOST_TAKES_SOURCES);
    status = host_end(host, trial->type->find_sources(&host->call));
    if (status != TARN_OK)
        trial_skip(trial, "it can find none here: %s", host->text);
    for (size_t index = 0; index < host->results.source_count; index++)
        judge_source(trial, &host->results.sources[index]);
}
