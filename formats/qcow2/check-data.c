/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-data.c - the external data file: it is there, and, if it is to be a raw image of the disk
 * by itself, it is as long as the disk.
 */
#include "check.h"

static int32_t open_file(struct tarn_call *call, struct checker *checker, const char *name,
                         uint32_t flags, struct tarn_io **out)
{
    char text[1200];
    int32_t status = TARN_E_NOT_FOUND;

    *out = NULL;
    if (name[0] != '\0')
        status = call->host->open_related(call, TARN_RELATED_DATA_FILE, name, NULL, flags, out);
    if (status == TARN_OK || status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT)
        return status;
    call->host->forget(call);
    if (name[0] != '\0')
        snprintf(text, sizeof(text), "the data file %s cannot be opened", name);
    else
        snprintf(text, sizeof(text), "the image keeps its data in another file and does not name "
                 "it");
    return check_error(call, checker, 0, text);
}

static int32_t check_length(struct tarn_call *call, struct checker *checker, const char *name,
                            struct tarn_io *data, bool repair)
{
    uint64_t size = checker->image->header.size;
    uint64_t have;
    int32_t status = tarn_io_size(call, data, &have);

    if (status != TARN_OK || have >= size)
        return status;
    if (repair) {
        status = tarn_io_truncate(call, data, size, 0);
        if (status == TARN_OK)
            status = tarn_io_flush(call, data);
    }
    if (status == TARN_OK)
        status = check_corruption(call, checker, repair, 0, 0,
                                  "the data file %.100s has %llu bytes, the disk %llu", name,
                                  (unsigned long long)have, (unsigned long long)size);
    if (status == TARN_OK && repair) {
        checker->result.corruptions--;
        checker->result.corruptions_fixed++;
    }
    return status;
}

int32_t check_data_file(struct tarn_call *call, struct checker *checker, const char *name,
                        uint32_t repair)
{
    bool mend = (repair & TARN_CHECK_REPAIR_ALL) != 0 && qcow2_raw_data(checker->image);
    struct tarn_io *data;
    int32_t status;
    int32_t closed;

    if (!qcow2_external(checker->image))
        return TARN_OK;
    status = open_file(call, checker, name, mend ? TARN_IMAGE_OPEN_WRITE : 0, &data);
    if (status == TARN_OK && data != NULL && qcow2_raw_data(checker->image))
        status = check_length(call, checker, name, data, mend);
    closed = tarn_io_close(call, data);
    return status != TARN_OK ? status : closed;
}
