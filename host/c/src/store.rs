//! Counter stores of the library.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use xoxzo_2fa::{Guard, GuardError, MemoryGuard, RedisGuard, SqliteGuard};

use crate::arguments::required;
use crate::fault::{Fault, caught, freed, told, x2f_failure};
use crate::hooks::{answer, listed, x2f_charge, x2f_no_answer, x2f_timer, x2f_totals};

/// Counters of a store, for any number of clients. Opaque. Many threads may use it at once.
pub struct x2f_store {
    pub(crate) guard: Arc<dyn Guard>,
}

fn boxed(guard: impl Guard + 'static) -> *mut x2f_store {
    let guard = Arc::new(guard);
    Box::into_raw(Box::new(x2f_store { guard }))
}

/// Opens a store by its name.
pub(crate) fn open(name: &str) -> Result<Arc<dyn Guard>, Fault> {
    if name == "memory" {
        Ok(Arc::new(MemoryGuard::default()))
    } else if let Some(path) = name.strip_prefix("sqlite:") {
        Ok(Arc::new(SqliteGuard::open(path).map_err(Fault::Guard)?))
    } else if name.starts_with("redis://") || name.starts_with("rediss://") {
        Ok(Arc::new(RedisGuard::open(name).map_err(Fault::Guard)?))
    } else {
        Err(Fault::misuse(
            "store: must be memory, sqlite:PATH, or a URL redis:// or rediss://",
        ))
    }
}

/// Opens a store: `memory`, for one process; `sqlite:PATH`, a file for all processes of one machine; or the URL of a Redis or Valkey server,
/// `redis://` or `rediss://`. A fork leaves a store in memory to the parent: in a child it makes no charge. The others work in children. Returns NULL
/// after a failure.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_store_open(
    name: *const c_char,
    failure: *mut x2f_failure,
) -> *mut x2f_store {
    // SAFETY: the header's rules for arguments.
    let opened = unsafe {
        told(failure, || {
            let guard = open(&required(name, "name")?)?;
            Ok(Box::into_raw(Box::new(x2f_store { guard })))
        })
    };
    opened.unwrap_or(ptr::null_mut())
}

/// Makes room for `counters` counters in memory; 0 means a million. A challenge has one and a user about six, and each takes about 50 bytes. `timer` is
/// NULL but in tests. Returns NULL after a failure.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_store_memory(
    counters: usize,
    timer: *const x2f_timer,
    failure: *mut x2f_failure,
) -> *mut x2f_store {
    let counters = if counters == 0 { 1_000_000 } else { counters };
    // SAFETY: the header's rules for arguments.
    let opened = unsafe {
        told(failure, || {
            let Some(timer) = timer.as_ref().copied() else {
                return Ok(boxed(MemoryGuard::with_capacity(counters)));
            };
            Ok(boxed(MemoryGuard::danger_with_clock(
                counters,
                move |began| timer.elapsed().unwrap_or_else(|| began.elapsed()),
            )))
        })
    };
    opened.unwrap_or(ptr::null_mut())
}

/// Makes the charges of a list, at most 64, as `add` of x2f_guard does: for a guard of the program's own that adds to a store of the library.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_store_add(
    store: *const x2f_store,
    charges: *const x2f_charge,
    count: usize,
    totals: *mut x2f_totals,
) -> x2f_no_answer {
    // SAFETY: the header's rules for arguments.
    let made = caught(|| unsafe {
        let store = store.as_ref().ok_or_else(|| Fault::null("store"))?;
        let charges = listed(charges, count).ok_or_else(|| Fault::misuse("charges"))?;
        Ok(store.guard.add(&charges))
    });
    let unanswered = |_| {
        Err(GuardError::Unreachable(
            "program: no list of charges".to_string(),
        ))
    };
    let made = made.unwrap_or_else(unanswered);
    // SAFETY: the header's rules for arguments.
    let answered = caught(|| Ok(unsafe { answer(totals, count, made) }));
    answered.unwrap_or(x2f_no_answer::X2F_GUARD_UNREACHABLE)
}

/// Closes a store. Clients that were opened with it keep what they need of it. Does nothing for NULL.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_store_close(store: *mut x2f_store) {
    if !store.is_null() {
        // SAFETY: it was made by one of the functions above, and is not used any more.
        let closed = unsafe { Box::from_raw(store) };
        freed(closed);
    }
}
