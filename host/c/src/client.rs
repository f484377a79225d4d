//! Clients: opened with options, or the one of a process.

use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::SystemTime;

use xoxzo_2fa::{Guard, Scope, Settings, TwoFactor};

use crate::arguments::required;
use crate::event;
use crate::fault::{Fault, done, freed, told, x2f_failure, x2f_outcome};
use crate::hooks::{x2f_auditor, x2f_clock, x2f_guard, x2f_scope, x2f_transport};
use crate::record::{read, records};
use crate::store::{self, x2f_store};

/// The options of a client.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_options {
    /// sizeof(x2f_options).
    pub size: usize,
    /// The settings: the JSON text that wit/settings.schema.json describes. For a secret there may stand `{"env": NAME}` or `{"file": PATH}`.
    /// If `guard.scope` is absent, the scope of the store applies. A different scope is refused.
    pub settings: *const c_char,
    /// The store of the counters, or NULL for a guard of the program's own.
    pub store: *const x2f_store,
    /// A guard of the program's own, if there is no store.
    pub guard: x2f_guard,
    /// All zero: the library's own, with TLS 1.2 or later and the system's resolver.
    pub transport: x2f_transport,
    /// All zero: the system's.
    pub clock: x2f_clock,
    /// All zero: events go nowhere.
    pub auditor: x2f_auditor,
}

records!(x2f_options);

/// Settings, engine, guard and transport. Opaque. Many threads may use one client at once.
pub struct x2f_client {
    pub(crate) two_factor: TwoFactor,
    pub(crate) settings: Settings,
    pub(crate) scope: Scope,
    clock: x2f_clock,
    effective: CString,
    warnings: Vec<CString>,
}

impl x2f_client {
    /// The time, by the client's clock.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn new(
        settings: Settings,
        guard: Arc<dyn Guard>,
        transport: x2f_transport,
        clock: x2f_clock,
        auditor: x2f_auditor,
    ) -> Result<Self, Fault> {
        set_up();
        let scope = guard.scope();
        let mut builder = TwoFactor::builder(settings.clone(), guard)
            .audit(move |event| {
                event::keep(event);
                auditor.tell(event);
            })
            .danger_clock(move || clock.now());
        if transport.send.is_some() {
            builder = builder.transport(transport);
        }
        let two_factor = builder.build()?;
        let text = |text: &str| CString::new(text).unwrap_or_default();
        Ok(Self {
            effective: text(two_factor.effective_settings()),
            warnings: two_factor.warnings().iter().map(|it| text(it)).collect(),
            two_factor,
            settings,
            scope,
            clock,
        })
    }
}

/// Sets up the engine as a guest of this process, before it is first used, with the code that was compiled when the library was installed.
pub(crate) fn set_up() {
    /// No lock, since a fork could leave it locked in the child. Doing it twice does no harm.
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.load(Ordering::Acquire) {
        xoxzo_2fa::without_signals();
        if let Some(folder) = beside_the_library() {
            xoxzo_2fa::compiled_ahead(folder);
        }
        DONE.store(true, Ordering::Release);
    }
}

/// The folder `xoxzo-2fa` beside the file that this code was loaded from.
fn beside_the_library() -> Option<PathBuf> {
    // SAFETY: all zero is a value of it.
    let mut found: libc::Dl_info = unsafe { std::mem::zeroed() };
    let here = beside_the_library as *const () as *const c_void;
    // SAFETY: the address is one of this code, and there is a place for the answer.
    let known = unsafe { libc::dladdr(here, &raw mut found) };
    if known == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's text, which lives as long as the library is loaded.
    let file = unsafe { CStr::from_ptr(found.dli_fname) };
    let file = Path::new(OsStr::from_bytes(file.to_bytes()));
    Some(file.canonicalize().ok()?.parent()?.join("xoxzo-2fa"))
}

/// Reads a client that must be there.
///
/// # Safety
///
/// `client` is NULL, or was opened and not closed.
pub(crate) unsafe fn client<'a>(client: *const x2f_client) -> Result<&'a x2f_client, Fault> {
    // SAFETY: the caller's promise.
    unsafe { client.as_ref() }.ok_or_else(|| Fault::null("client"))
}

unsafe fn guard(options: &x2f_options) -> Result<Arc<dyn Guard>, Fault> {
    // SAFETY: it is NULL, or was opened and not closed.
    let store = unsafe { options.store.as_ref() };
    let scopes = [x2f_scope::X2F_PROCESS, x2f_scope::X2F_SHARED];
    match (store, options.guard.add) {
        (Some(store), None) => Ok(Arc::clone(&store.guard)),
        (None, Some(_)) if scopes.map(|it| it as u32).contains(&options.guard.scope) => {
            Ok(Arc::new(options.guard))
        }
        (None, Some(_)) => Err(Fault::misuse(
            "options.guard.scope: must be one of x2f_scope",
        )),
        _ => Err(Fault::misuse(
            "options: must have a store or a guard, not both",
        )),
    }
}

/// Checks the settings, tests the store and compiles the engine, or loads it where it was compiled before: some milliseconds then, otherwise about a second.
///
/// Returns NULL after a failure: X2F_MISUSE with `settings` or `request`, X2F_UPSTREAM with `guard` or `plugin`.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_open(
    options: *const x2f_options,
    failure: *mut x2f_failure,
) -> *mut x2f_client {
    // SAFETY: the header's rules for arguments.
    let opened = unsafe {
        told(failure, || {
            let options = read(options)?.ok_or_else(|| Fault::null("options"))?;
            let guard = guard(&options)?;
            let settings = Settings::from_json(&required(options.settings, "settings")?)?;
            let x2f_options {
                transport,
                clock,
                auditor,
                ..
            } = options;
            x2f_client::new(settings, guard, transport, clock, auditor)
        })
    };
    opened.map_or(ptr::null_mut(), |client| Box::into_raw(Box::new(client)))
}

/// Tests the store as x2f_open() did, and compares its clock with the client's: for the health check of a service. It charges no user, asks Xoxzo
/// nothing, makes no event, and takes three or four round trips to the store. X2F_UPSTREAM with `guard` for a store that is unreachable or unfit, with
/// the reason in `audit.cause`, and with `clock` for clocks that are over two minutes apart.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_ready(
    client: *const x2f_client,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe { done(failure, || Ok(self::client(client)?.two_factor.ready()?)) }
}

/// Wipes and frees a client that no thread uses any more. Does nothing for NULL and for the client of x2f_shared().
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_close(client: *mut x2f_client) {
    let shared = SHARED.load(Ordering::Acquire);
    // SAFETY: it is NULL, or lives for ever.
    let is_shared =
        unsafe { shared.as_ref() }.is_some_and(|it| ptr::eq(&raw const it.client, client));
    if !client.is_null() && !is_shared {
        // SAFETY: it was made by x2f_open, and is not used any more.
        let closed = unsafe { Box::from_raw(client) };
        freed(closed);
    }
}

/// The client of the process, and what it was asked for with.
struct Shared {
    asked: (String, String),
    client: x2f_client,
}

/// No lock, since a fork could leave it locked in the child.
static SHARED: AtomicPtr<Shared> = AtomicPtr::new(ptr::null_mut());

/// Returns the one client of this process, which the first call opens, with a store by its name as for x2f_store_open(). It is for languages in which
/// objects end with a request and the process goes on. Nobody closes it.
///
/// Every call must have the same text of settings and the same store. Returns NULL after a failure, and then the next call tries again.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_shared(
    settings: *const c_char,
    store: *const c_char,
    failure: *mut x2f_failure,
) -> *const x2f_client {
    // SAFETY: the header's rules for arguments.
    let shared = unsafe {
        told(failure, || {
            shared((required(settings, "settings")?, required(store, "store")?))
        })
    };
    shared.map_or(ptr::null(), |shared| &raw const shared.client)
}

fn shared(asked: (String, String)) -> Result<&'static Shared, Fault> {
    // SAFETY: it is NULL, or lives for ever.
    let mut shared = unsafe { SHARED.load(Ordering::Acquire).as_ref() };
    if shared.is_none() {
        let guard = store::open(&asked.1)?;
        // SAFETY: all zero stands for none of them.
        let (transport, clock, auditor) = unsafe { std::mem::zeroed() };
        let settings = Settings::from_json(&asked.0)?;
        let client = x2f_client::new(settings, guard, transport, clock, auditor)?;
        let asked = asked.clone();
        let made = Box::into_raw(Box::new(Shared { asked, client }));
        let (none, order) = (ptr::null_mut(), Ordering::AcqRel);
        let placed = SHARED.compare_exchange(none, made, order, Ordering::Acquire);
        let stays = placed.err().unwrap_or(made);
        if !ptr::eq(stays, made) {
            // SAFETY: another thread came first, and nobody has seen this one.
            drop(unsafe { Box::from_raw(made) });
        }
        // SAFETY: it lives for ever.
        shared = unsafe { stays.as_ref() };
    }
    match shared {
        Some(shared) if shared.asked == asked => Ok(shared),
        _ => Err(Fault::misuse(
            "this process has a client with other settings or another store",
        )),
    }
}

/// Returns the settings in effect, defaults filled in, as one JSON object without secrets. Lives as long as the client. NULL for NULL.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_effective(client: *const x2f_client) -> *const c_char {
    // SAFETY: the header's rules for arguments.
    let client = unsafe { client.as_ref() };
    client.map_or(ptr::null(), |client| client.effective.as_ptr())
}

/// Returns the warning number `at`, from 0 on: a sentence on settings that are allowed but unwise. NULL after the last. Lives as long as the client.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_warning(client: *const x2f_client, at: usize) -> *const c_char {
    // SAFETY: the header's rules for arguments.
    let client = unsafe { client.as_ref() };
    let warning = client.and_then(|client| client.warnings.get(at));
    warning.map_or(ptr::null(), |warning| warning.as_ptr())
}
