// SPDX-License-Identifier: BSD-2-Clause
//
// layout.rs - prints where the members of src/abi.rs are, as layout.c does for the C headers.
#[path = "src/abi.rs"]
mod abi;

use abi::*;
use std::mem::{size_of, MaybeUninit};
use std::ptr::addr_of;

macro_rules! at {
    ($name:literal, $type:ty, $($member:ident)*) => {
        let place = MaybeUninit::<$type>::uninit();
        let start = place.as_ptr();
        $(
            let member = unsafe { addr_of!((*start).$member) } as usize;
            println!(concat!($name, ".", stringify!($member), " {}"), member - start as usize);
        )*
    };
}

macro_rules! whole {
    ($name:literal, $type:ty, $($member:ident)*) => {
        println!(concat!($name, " {}"), size_of::<$type>());
        at!($name, $type, $($member)*);
    };
}

fn main() {
    whole!("tarn_call", Call,
        struct_size reserved host module_state pool volume);
    at!("tarn_host", Host,
        struct_size abi_version fail forget interrupted cancel_fd time_left progress log option
        query secret volume_known open_related create_related amend identify notify emit_volume
        emit_pool emit_source emit_capability emit_free emit_claim emit_changed emit_image);
    whole!("tarn_io", Io,
        struct_size flags fd block_size pread pwrite flush size truncate extents zero discard
        allocate identity close);
    whole!("tarn_image_info", ImageInfo,
        struct_size flags capacity cluster_size subformat compat features backing_name
        backing_format encryption compression creator files properties);
    whole!("tarn_magic", Magic,
        struct_size length offset bytes);
    whole!("tarn_probe", Probe,
        struct_size reserved head head_length tail tail_length size);
    whole!("tarn_image_spec", ImageSpec,
        struct_size preallocation capacity allocation backing_name backing_format subformat
        compat cluster_size features options);
    whole!("tarn_image_open", ImageOpen,
        struct_size flags snapshot);
    whole!("tarn_format", Format,
        struct_size capabilities name summary magics head_needed tail_needed params probe info
        measure create open check);
    whole!("tarn_module", Module,
        struct_size abi_version name version summary licence threads reserved lock_domain
        pool_types formats params load unload);
}
