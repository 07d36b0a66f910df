/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ptrace-xstate.c - preloaded into User-Mode Linux: lets it set the floating point registers of its
 * processes on hosts whose processors save more state than it knows.
 *
 * UML 6.1 keeps 2,696 bytes of XSAVE state, and hands PTRACE_SETREGSET (NT_X86_XSTATE) just those.
 * A host with AMX has more (11,008 bytes), and its kernel refuses a buffer that is shorter than
 * what the processor saves: UML dies with "ptrace set fp regs failed, errno = 14". So a short
 * buffer is copied into one of the full size, with the state components that lie behind what was
 * saved marked as being in their initial state. On other hosts nothing is ever short.
 *
 * It can go when UML asks the host for the size of its state: see whether a machine boots without
 * it on a host whose /proc/cpuinfo has amx_tile.
 */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FEATURE_MASK   512u /* in the XSAVE area: which components aren't in their initial state */
#define FIRST_EXTENDED 2u   /* components 0 and 1 lie in the legacy area */
#define COMPONENTS     63u
#define LEAF_XSAVE     0xdu

static size_t full_size(void)
{
    unsigned int a = 0, size = 0, c = 0, d = 0;

    return __get_cpuid_count(LEAF_XSAVE, 0, &a, &size, &c, &d) ? size : 0;
}

/* The components of which all bytes lie within the first `length`. */
static uint64_t components_within(size_t length)
{
    uint64_t mask = 3;
    unsigned int i;

    for (i = FIRST_EXTENDED; i < COMPONENTS; i++) {
        unsigned int size = 0, offset = 0, c = 0, d = 0;

        if (__get_cpuid_count(LEAF_XSAVE, i, &size, &offset, &c, &d) && size > 0 &&
            (size_t)offset + size <= length)
            mask |= (uint64_t)1 << i;
    }
    return mask;
}

static long set_state(pid_t pid, const struct iovec *given)
{
    struct iovec whole = { NULL, full_size() };
    uint64_t mask;
    long result;

    if (given->iov_len >= whole.iov_len || given->iov_len < FEATURE_MASK + sizeof(mask))
        return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, given);
    whole.iov_base = calloc(1, whole.iov_len);
    if (whole.iov_base == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(whole.iov_base, given->iov_base, given->iov_len);
    memcpy(&mask, (char *)whole.iov_base + FEATURE_MASK, sizeof(mask));
    mask &= components_within(given->iov_len);
    memcpy((char *)whole.iov_base + FEATURE_MASK, &mask, sizeof(mask));
    result = syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
    free(whole.iov_base);
    return result;
}

/* The library's ptrace() returns what PEEK requests read; the system call stores it. */
static long peek(enum __ptrace_request request, pid_t pid, void *address)
{
    long word = 0;

    if (syscall(SYS_ptrace, request, pid, address, &word) < 0)
        return -1;
    errno = 0;
    return word;
}

__attribute__((visibility("default"))) long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;
    pid_t pid;
    void *address;
    void *data;

    va_start(arguments, request);
    pid = va_arg(arguments, pid_t);
    address = va_arg(arguments, void *);
    data = va_arg(arguments, void *);
    va_end(arguments);
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER)
        return peek(request, pid, address);
    if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE)
        return set_state(pid, data);
    return syscall(SYS_ptrace, request, pid, address, data);
}
