// SPDX-License-Identifier: BSD-2-Clause
//
// lib.rs - a volume format in Rust: 512 bytes of header (16 of magic, 8 of capacity, little-endian),
// and behind it the guest's bytes.
//
// It does without the standard library, which keeps state in statics and ends the process when memory
// does. A panic could only end the process, too; so there is none: the handler calls a function that
// nobody has, and if the optimiser leaves a call of it the module cannot be loaded.
#![no_std]

mod abi;

use abi::*;
use core::ptr::{null, null_mut};

const HEADER: u64 = 512;
const AT_CAPACITY: usize = 16;
const CAPACITY_MAX: u64 = i64::MAX as u64 - HEADER;
static MAGIC: [u8; AT_CAPACITY] = *b"ferrous image 1\n";

#[link(name = "c")]
extern "C" {
    fn calloc(count: usize, size: usize) -> *mut u8;
    fn free(memory: *mut u8);
    fn a_panic_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { a_panic_is_left() }
}

// --- the guest's disk -----------------------------------------------------------------------------

#[repr(C)]
struct Disk {
    io: Io, // first: the host's pointer to it is ours to the whole
    container: *mut Io,
    capacity: u64,
}

unsafe fn passes_end(disk: *const Disk, length: u64, offset: u64) -> bool {
    offset > (*disk).capacity || length > (*disk).capacity - offset
}

unsafe extern "C" fn disk_pread(
    call: *mut Call,
    io: *mut Io,
    to: *mut u8,
    length: u64,
    offset: u64,
) -> i32 {
    let disk = io as *mut Disk;

    if passes_end(disk, length, offset) {
        return fail(call, E_INVALID, text!("a read passes the end of the disk"));
    }
    io_pread(call, (*disk).container, to, length, HEADER + offset)
}

unsafe extern "C" fn disk_pwrite(
    call: *mut Call,
    io: *mut Io,
    from: *const u8,
    length: u64,
    offset: u64,
) -> i32 {
    let disk = io as *mut Disk;

    if (*io).flags & IO_WRITABLE == 0 {
        return fail(call, E_ACCESS, text!("the disk is open for reading only"));
    }
    if passes_end(disk, length, offset) {
        return fail(call, E_NO_SPACE, text!("a write passes the end of the disk"));
    }
    io_pwrite(call, (*disk).container, from, length, HEADER + offset)
}

unsafe extern "C" fn disk_flush(call: *mut Call, io: *mut Io) -> i32 {
    io_flush(call, (*(io as *mut Disk)).container)
}

unsafe extern "C" fn disk_size(_: *mut Call, io: *mut Io, out: *mut u64) -> i32 {
    *out = (*(io as *mut Disk)).capacity;
    OK
}

unsafe extern "C" fn disk_close(_: *mut Call, io: *mut Io) -> i32 {
    free(io as *mut u8); // the container stays its owner's
    OK
}

// --- the header -----------------------------------------------------------------------------------

unsafe fn is_ours(head: *const u8) -> bool {
    core::slice::from_raw_parts(head, MAGIC.len()) == MAGIC.as_slice()
}

unsafe fn read_header(call: *mut Call, io: *mut Io, out: *mut u64) -> i32 {
    let mut head = [0u8; AT_CAPACITY + 8];
    let mut size = 0;
    let mut status = io_size(call, io, &mut size);

    if status == OK && size < HEADER {
        status = fail(call, E_CORRUPT, text!("the image is cut off within its header"));
    }
    if status == OK {
        status = io_pread(call, io, head.as_mut_ptr(), head.len() as u64, 0);
    }
    if status != OK {
        return status;
    }
    if !is_ours(head.as_ptr()) {
        return fail(call, E_CORRUPT, text!("there is no header of a ferrous image"));
    }
    *out = u64::from_le((head.as_ptr().add(AT_CAPACITY) as *const u64).read_unaligned());
    if *out > size - HEADER {
        return fail(call, E_CORRUPT, text!("the header tells of more bytes than are behind it"));
    }
    OK
}

// --- callbacks ------------------------------------------------------------------------------------

unsafe extern "C" fn probe(shown: *const Probe) -> i32 {
    if (*shown).head_length >= HEADER && is_ours((*shown).head) {
        PROBE_SURE
    } else {
        PROBE_NO
    }
}

unsafe extern "C" fn info(call: *mut Call, io: *mut Io) -> i32 {
    let mut image = ImageInfo {
        struct_size: size::<ImageInfo>(),
        flags: 0,
        capacity: 0,
        cluster_size: 0,
        subformat: null(),
        compat: null(),
        features: null(),
        backing_name: null(),
        backing_format: null(),
        encryption: null(),
        compression: null(),
        creator: null(),
        files: null(),
        properties: null(),
    };
    let status = read_header(call, io, &mut image.capacity);

    if status != OK {
        return status;
    }
    ((*(*call).host).emit_image)(call, &image)
}

// What is not known is refused, never passed over.
unsafe extern "C" fn measure(call: *mut Call, spec: *const ImageSpec, out: *mut u64) -> i32 {
    let spec = &*spec;

    if !spec.backing_name.is_null()
        || !spec.subformat.is_null()
        || !spec.compat.is_null()
        || spec.cluster_size != 0
        || (!spec.features.is_null() && !(*spec.features).is_null())
    {
        return fail(
            call,
            E_UNSUPPORTED,
            text!("ferrous images have no backing store, subformat, compat, cluster or feature"),
        );
    }
    if spec.preallocation >= PREALLOC_FALLOC {
        return fail(call, E_UNSUPPORTED, text!("ferrous images reserve no space"));
    }
    if spec.capacity > CAPACITY_MAX {
        return fail(call, E_INVALID, text!("no disk has so many bytes"));
    }
    *out = HEADER + spec.capacity;
    OK
}

unsafe fn write_zeros(call: *mut Call, io: *mut Io, mut from: u64, to: u64) -> i32 {
    static ZEROS: [u8; 65536] = [0; 65536];
    let mut status = OK;

    while status == OK && from < to {
        let part = (to - from).min(ZEROS.len() as u64);

        status = interrupted(call);
        if status == OK {
            status = io_pwrite(call, io, ZEROS.as_ptr(), part, from);
        }
        from += part;
    }
    status
}

// The container has so many bytes, and they read as zeros.
unsafe fn make_room(call: *mut Call, io: *mut Io, need: u64) -> i32 {
    let mut now = 0;
    let mut status = io_size(call, io, &mut now);
    let mut end = need;

    if status == OK && now < need && (*io).flags & IO_FIXED_SIZE != 0 {
        return fail(call, E_NO_SPACE, text!("the container is too small for the image"));
    }
    if status == OK && now < need {
        status = io_truncate(call, io, need, 0);
        if (*io).flags & IO_ZERO_NEW != 0 {
            end = now;
        }
    }
    if status != OK || end == 0 {
        return status;
    }
    status = io_zero(call, io, 0, end, ZERO_MAY_UNMAP);
    if status == E_UNSUPPORTED {
        status = write_zeros(call, io, 0, end);
    }
    status
}

unsafe extern "C" fn create(call: *mut Call, io: *mut Io, spec: *const ImageSpec) -> i32 {
    let mut head = [0u8; AT_CAPACITY + 8];
    let mut need = 0;
    let mut status = measure(call, spec, &mut need);

    if status == OK {
        status = make_room(call, io, need);
    }
    if status != OK {
        return status;
    }
    head[..AT_CAPACITY].copy_from_slice(&MAGIC);
    head[AT_CAPACITY..].copy_from_slice(&(*spec).capacity.to_le_bytes());
    io_pwrite(call, io, head.as_ptr(), head.len() as u64, 0)
}

unsafe fn check_how(call: *mut Call, io: *const Io, how: *const ImageOpen) -> i32 {
    if (*how).flags & IMAGE_OPEN_COMPRESS != 0 {
        return fail(call, E_UNSUPPORTED, text!("ferrous images hold nothing compressed"));
    }
    if !(*how).snapshot.is_null() {
        return fail(call, E_NOT_FOUND, text!("ferrous images have no snapshots"));
    }
    if (*how).flags & IMAGE_OPEN_WRITE != 0 && (*io).flags & IO_WRITABLE == 0 {
        return fail(call, E_ACCESS, text!("the container is open for reading only"));
    }
    OK
}

unsafe extern "C" fn open(
    call: *mut Call,
    io: *mut Io,
    how: *const ImageOpen,
    out: *mut *mut Io,
) -> i32 {
    let mut capacity = 0;
    let mut status = check_how(call, io, how);

    *out = null_mut();
    if status == OK {
        status = read_header(call, io, &mut capacity);
    }
    if status != OK {
        return status;
    }
    let disk = calloc(1, core::mem::size_of::<Disk>()) as *mut Disk;
    if disk.is_null() {
        return fail(call, E_INTERNAL, text!("no memory to open an image"));
    }
    (*disk).container = io;
    (*disk).capacity = capacity;
    (*disk).io.struct_size = size::<Io>();
    (*disk).io.flags = IO_FIXED_SIZE | ((*how).flags & IMAGE_OPEN_WRITE);
    (*disk).io.fd = -1; // the container's bytes are at other offsets
    (*disk).io.pread = Some(disk_pread);
    (*disk).io.pwrite = Some(disk_pwrite);
    (*disk).io.flush = Some(disk_flush);
    (*disk).io.size = Some(disk_size);
    (*disk).io.close = Some(disk_close);
    *out = &mut (*disk).io;
    OK
}

// --- the descriptor -------------------------------------------------------------------------------

static MAGIC_PLACE: Magic = Magic {
    struct_size: size::<Magic>(),
    length: AT_CAPACITY as u32,
    offset: 0,
    bytes: MAGIC.as_ptr(),
};
static MAGICS: List<Magic, 2> = List([&MAGIC_PLACE, null()]);

static FORMAT: Format = Format {
    struct_size: size::<Format>(),
    capabilities: FORMAT_PROBE | FORMAT_READ | FORMAT_WRITE | FORMAT_CREATE,
    name: text!("ferrous"),
    summary: text!("a header and the guest's bytes, in Rust"),
    magics: &MAGICS,
    head_needed: 0,
    tail_needed: 0,
    params: null(),
    probe: Some(probe),
    info: Some(info),
    measure: Some(measure),
    create: Some(create),
    open: Some(open),
    check: null(),
};
static FORMATS: List<Format, 2> = List([&FORMAT, null()]);

static MODULE: Module = Module {
    struct_size: size::<Module>(),
    abi_version: ABI_VERSION,
    name: text!("ferrous"),
    version: text!("1.0"),
    summary: text!("an example: a volume format in Rust"),
    licence: text!("BSD-2-Clause"),
    threads: THREADS_PARALLEL,
    reserved: 0,
    lock_domain: null(),
    pool_types: null(),
    formats: &FORMATS,
    params: null(),
    load: null(),
    unload: null(),
};

#[no_mangle]
pub extern "C" fn tarn_module_entry(host_abi_version: u32) -> *const Module {
    if host_abi_version >> 16 == ABI_MAJOR {
        &MODULE
    } else {
        null()
    }
}
