// SPDX-License-Identifier: BSD-2-Clause
//
// abi.rs - the module ABI as far as this module needs it, written down by hand from <tarn/module.h>.
// What it never looks at is a pointer of the right size. layout.c and layout.rs compare the two.
#![allow(dead_code)]

use core::ffi::c_void;
use core::mem::size_of;

pub type Text = *const u8; // ends with a zero
pub type Unused = *const c_void;

pub const ABI_MAJOR: u32 = 1;
pub const ABI_VERSION: u32 = ABI_MAJOR << 16;

pub const OK: i32 = 0;
pub const E_INVALID: i32 = 3;
pub const E_ACCESS: i32 = 7;
pub const E_NO_SPACE: i32 = 8;
pub const E_NOT_FOUND: i32 = 1;
pub const E_CORRUPT: i32 = 10;
pub const E_UNSUPPORTED: i32 = 13;
pub const E_INTERNAL: i32 = 16;

pub const IO_WRITABLE: u32 = 1;
pub const IO_FIXED_SIZE: u32 = 2;
pub const IO_ZERO_NEW: u32 = 8;
pub const ZERO_MAY_UNMAP: u32 = 1;
pub const PROBE_NO: i32 = 0;
pub const PROBE_SURE: i32 = 90;
pub const FORMAT_PROBE: u32 = 1;
pub const FORMAT_READ: u32 = 2;
pub const FORMAT_WRITE: u32 = 4;
pub const FORMAT_CREATE: u32 = 8;
pub const PREALLOC_FALLOC: u32 = 20;
pub const IMAGE_OPEN_WRITE: u32 = 1;
pub const IMAGE_OPEN_COMPRESS: u32 = 4;
pub const THREADS_PARALLEL: u32 = 40;

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub reserved: u32,
    pub host: *const Host,
    pub module_state: *mut c_void,
    pub pool: Unused,
    pub volume: Unused,
}

// Up to the last function that is used; what comes after it is the host's.
#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_version: u32,
    pub fail: unsafe extern "C" fn(*mut Call, i32, i32, Text) -> i32,
    pub forget: Unused,
    pub interrupted: unsafe extern "C" fn(*mut Call) -> i32,
    pub cancel_fd: Unused,
    pub time_left: Unused,
    pub progress: Unused,
    pub log: Unused,
    pub option: Unused,
    pub query: Unused,
    pub secret: Unused,
    pub volume_known: Unused,
    pub open_related: Unused,
    pub create_related: Unused,
    pub amend: Unused,
    pub identify: Unused,
    pub notify: Unused,
    pub emit_volume: Unused,
    pub emit_pool: Unused,
    pub emit_source: Unused,
    pub emit_capability: Unused,
    pub emit_free: Unused,
    pub emit_claim: Unused,
    pub emit_changed: Unused,
    pub emit_image: unsafe extern "C" fn(*mut Call, *const ImageInfo) -> i32,
}

type Transfer<Pointer> = Option<unsafe extern "C" fn(*mut Call, *mut Io, Pointer, u64, u64) -> i32>;

#[repr(C)]
pub struct Io {
    pub struct_size: u32,
    pub flags: u32,
    pub fd: i32,
    pub block_size: u32,
    pub pread: Transfer<*mut u8>,
    pub pwrite: Transfer<*const u8>,
    pub flush: Option<unsafe extern "C" fn(*mut Call, *mut Io) -> i32>,
    pub size: Option<unsafe extern "C" fn(*mut Call, *mut Io, *mut u64) -> i32>,
    pub truncate: Option<unsafe extern "C" fn(*mut Call, *mut Io, u64, u32) -> i32>,
    pub extents: Unused,
    pub zero: Option<unsafe extern "C" fn(*mut Call, *mut Io, u64, u64, u32) -> i32>,
    pub discard: Unused,
    pub allocate: Unused,
    pub identity: Unused,
    pub close: Option<unsafe extern "C" fn(*mut Call, *mut Io) -> i32>,
}

#[repr(C)]
pub struct ImageInfo {
    pub struct_size: u32,
    pub flags: u32,
    pub capacity: u64,
    pub cluster_size: u64,
    pub subformat: Text,
    pub compat: Text,
    pub features: Unused,
    pub backing_name: Text,
    pub backing_format: Text,
    pub encryption: Text,
    pub compression: Text,
    pub creator: Text,
    pub files: Unused,
    pub properties: Unused,
}

#[repr(C)]
pub struct Magic {
    pub struct_size: u32,
    pub length: u32,
    pub offset: i64,
    pub bytes: *const u8,
}

#[repr(C)]
pub struct Probe {
    pub struct_size: u32,
    pub reserved: u32,
    pub head: *const u8,
    pub head_length: u64,
    pub tail: *const u8,
    pub tail_length: u64,
    pub size: u64,
}

#[repr(C)]
pub struct ImageSpec {
    pub struct_size: u32,
    pub preallocation: u32,
    pub capacity: u64,
    pub allocation: u64,
    pub backing_name: Text,
    pub backing_format: Text,
    pub subformat: Text,
    pub compat: Text,
    pub cluster_size: u64,
    pub features: *const Text,
    pub options: Unused,
}

#[repr(C)]
pub struct ImageOpen {
    pub struct_size: u32,
    pub flags: u32,
    pub snapshot: Text,
}

#[repr(C)]
pub struct Format {
    pub struct_size: u32,
    pub capabilities: u32,
    pub name: Text,
    pub summary: Text,
    pub magics: *const List<Magic, 2>,
    pub head_needed: u64,
    pub tail_needed: u64,
    pub params: Unused,
    pub probe: Option<unsafe extern "C" fn(*const Probe) -> i32>,
    pub info: Option<unsafe extern "C" fn(*mut Call, *mut Io) -> i32>,
    pub measure: Option<unsafe extern "C" fn(*mut Call, *const ImageSpec, *mut u64) -> i32>,
    pub create: Option<unsafe extern "C" fn(*mut Call, *mut Io, *const ImageSpec) -> i32>,
    pub open: Option<unsafe extern "C" fn(*mut Call, *mut Io, *const ImageOpen, *mut *mut Io) -> i32>,
    pub check: Unused,
}

#[repr(C)]
pub struct Module {
    pub struct_size: u32,
    pub abi_version: u32,
    pub name: Text,
    pub version: Text,
    pub summary: Text,
    pub licence: Text,
    pub threads: u32,
    pub reserved: u32,
    pub lock_domain: Text,
    pub pool_types: Unused,
    pub formats: *const List<Format, 2>,
    pub params: Unused,
    pub load: Unused,
    pub unload: Unused,
}

// An array of pointers that ends with a null one.
#[repr(transparent)]
pub struct List<T, const COUNT: usize>(pub [*const T; COUNT]);

// They are constant, and all that they point to is.
unsafe impl Sync for Magic {}
unsafe impl Sync for Format {}
unsafe impl Sync for Module {}
unsafe impl<T, const COUNT: usize> Sync for List<T, COUNT> {}

pub const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

// A constant text for the other side.
#[macro_export]
macro_rules! text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr()
    };
}

// --- what the inline functions of the C headers do ----------------------------------------------

pub unsafe fn fail(call: *mut Call, status: i32, text: Text) -> i32 {
    ((*(*call).host).fail)(call, status, 0, text)
}

pub unsafe fn interrupted(call: *mut Call) -> i32 {
    ((*(*call).host).interrupted)(call)
}

pub unsafe fn io_pread(call: *mut Call, io: *mut Io, to: *mut u8, length: u64, offset: u64) -> i32 {
    match (*io).pread {
        Some(pread) => pread(call, io, to, length, offset),
        None => fail(call, E_UNSUPPORTED, text!("this byte store cannot be read")),
    }
}

pub unsafe fn io_pwrite(
    call: *mut Call,
    io: *mut Io,
    from: *const u8,
    length: u64,
    offset: u64,
) -> i32 {
    match (*io).pwrite {
        Some(pwrite) if (*io).flags & IO_WRITABLE != 0 => pwrite(call, io, from, length, offset),
        _ => fail(call, E_UNSUPPORTED, text!("this byte store is read-only")),
    }
}

pub unsafe fn io_flush(call: *mut Call, io: *mut Io) -> i32 {
    match (*io).flush {
        Some(flush) => flush(call, io),
        None => OK,
    }
}

pub unsafe fn io_size(call: *mut Call, io: *mut Io, out: *mut u64) -> i32 {
    match (*io).size {
        Some(size) => size(call, io, out),
        None => fail(call, E_UNSUPPORTED, text!("this byte store does not tell its size")),
    }
}

pub unsafe fn io_truncate(call: *mut Call, io: *mut Io, size: u64, flags: u32) -> i32 {
    match (*io).truncate {
        Some(truncate) if (*io).flags & IO_WRITABLE != 0 => truncate(call, io, size, flags),
        _ => fail(call, E_UNSUPPORTED, text!("this byte store cannot change its size")),
    }
}

// E_UNSUPPORTED without a word, so that the caller can write zeros.
pub unsafe fn io_zero(call: *mut Call, io: *mut Io, offset: u64, length: u64, flags: u32) -> i32 {
    match (*io).zero {
        Some(zero) if (*io).flags & IO_WRITABLE != 0 => zero(call, io, offset, length, flags),
        _ => E_UNSUPPORTED,
    }
}
