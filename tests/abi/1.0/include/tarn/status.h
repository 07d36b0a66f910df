/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/status.h - what an operation can answer.
 *
 * Hosts and modules share these numbers. They are part of both ABIs: a number is never reused
 * and never changes its meaning; new ones are appended.
 */
#ifndef TARN_STATUS_H
#define TARN_STATUS_H

#define TARN_OK             0
#define TARN_E_NOT_FOUND    1   /* no such pool, volume, module, type, format or file */
#define TARN_E_EXISTS       2   /* the name, path or source is taken */
#define TARN_E_INVALID      3   /* an argument or a definition makes no sense */
#define TARN_E_SCHEMA       4   /* XML that the schema refuses */
#define TARN_E_STATE        5   /* not in this state (start of a running pool, …) */
#define TARN_E_BUSY         6   /* in use by another program, or needed by something else */
#define TARN_E_ACCESS       7   /* the operating system or a policy forbids it */
#define TARN_E_NO_SPACE     8   /* the storage or a quota is full */
#define TARN_E_IO           9   /* the storage failed */
#define TARN_E_CORRUPT      10  /* bytes that break the rules of their format */
#define TARN_E_TIMEOUT      11  /* the deadline of the call has passed */
#define TARN_E_CANCELLED    12  /* the host cancelled the call */
#define TARN_E_UNSUPPORTED  13  /* this type, format or host cannot do it; nothing was touched */
#define TARN_E_NO_MODULE    14  /* the module that would do it is absent, disabled or broken */
#define TARN_E_ABI          15  /* the other side speaks another ABI */
#define TARN_E_INTERNAL     16  /* a defect in tarn or in a module */
#define TARN_E_REPLACED     17  /* other storage is there than the pool was made with; untouched */
#define TARN_STATUS_COUNT   18  /* one more than the highest code of this header */

#endif
