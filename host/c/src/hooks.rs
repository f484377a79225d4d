//! Functions of the program: a guard, a transport, a clock, and where events go. They are called from the threads that call the client, and from many
//! at once. A function must return, and must not throw through the library.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use xoxzo_2fa::{
    Body, Charge, Event, Guard, GuardError, GuardName, Lost, Scope, Total, Totals, Transport,
};

use crate::text::stored;

/// The way in which a guard or a transport answered, or failed to.
#[repr(C)]
#[expect(dead_code, reason = "programs make them")]
#[derive(Clone, Copy)]
pub enum x2f_no_answer {
    /// It answered.
    X2F_ANSWERED = 0,
    /// Transport: certainly no byte of the request left the host.
    X2F_NOT_SENT = 1,
    /// Transport: a part of the request may have left the host, and no complete answer came back. Use this if in doubt.
    X2F_UNKNOWN = 2,
    /// Guard: no answer. Whether the charges were made is not known.
    X2F_GUARD_UNREACHABLE = 3,
    /// Guard: there is no room for a new counter, and no live counter may be evicted for it.
    X2F_GUARD_FULL = 4,
}

const ANSWERED: u32 = x2f_no_answer::X2F_ANSWERED as u32;
const NOT_SENT: u32 = x2f_no_answer::X2F_NOT_SENT as u32;
const FULL: u32 = x2f_no_answer::X2F_GUARD_FULL as u32;

/// One change of one counter.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_charge {
    /// Name of the counter: 22 characters of base64url, a keyed hash that tells nothing personal.
    pub counter: *const c_char,
    /// Name of the group that the counter belongs to, always the same for one counter: 22 characters, likewise.
    pub group: *const c_char,
    /// The amount to add. A negative amount gives back, and zero only reads.
    pub amount: i32,
    /// The highest total this charge may lead to.
    pub limit: u32,
    /// Life of a new counter in seconds, at least 1.
    pub ttl_seconds: u32,
}

/// A counter after a charge.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_total {
    /// The new total; if it exceeds the limit, the total that was refused.
    pub total: u32,
    /// Seconds until the counter ends, rounded up. For an absent counter, the charge's own life.
    pub ends_in_seconds: u32,
}

/// A guard's answer to a list of charges.
#[repr(C)]
pub struct x2f_totals {
    /// Space for the total of each charge.
    pub totals: *mut x2f_total,
    /// Number of totals written, in the order of the charges: one for each that was made or refused. Initially 0.
    pub count: usize,
    /// The store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. Initially -1. Leave it if the store measures by a clock
    /// that nobody can set. The engine compares it with the host's clock, and fails with `clock` if they are more than 120 s apart.
    pub now_seconds: i64,
    /// The reason why there are no totals, for operators: one line that begins with the kind of fault, such as `connect:` or `busy:`, without URLs and passwords.
    /// Initially empty, which means not known.
    pub cause: [c_char; 256],
}

/// The processes that share the counters of a guard.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum x2f_scope {
    /// This process alone. The counters end with it.
    X2F_PROCESS = 0,
    /// Every process that uses the same store.
    X2F_SHARED = 1,
}

/// A guard of the program's own: counters that expire, the only state. wit/guard.wit says what `add` MUST and MUST NOT do.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_guard {
    /// Makes the charges in their order and stops after the first that its limit refuses, which has a total too. Deletes a counter that comes
    /// to 0. Makes neighbouring charges of one group as one. The library never repeats a call, whatever it answers. Returns X2F_ANSWERED,
    /// X2F_GUARD_UNREACHABLE or X2F_GUARD_FULL. NULL: there is no such guard.
    pub add: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            charges: *const x2f_charge,
            count: usize,
            totals: *mut x2f_totals,
        ) -> u32,
    >,
    /// Passed to `add`. Must outlive the client.
    pub context: *mut c_void,
    /// The processes that share the counters: one of x2f_scope.
    pub scope: u32,
}

/// An HTTP header field.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_header {
    /// The field's name.
    pub name: *const c_char,
    /// The field's value.
    pub value: *const c_char,
}

/// A request to Xoxzo. Its headers hold the account's credentials and its body a PIN: never log it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_request {
    /// `GET` or `POST`.
    pub method: *const c_char,
    /// Absolute, on the origin of the settings' `base_url`, which the library has checked.
    pub url: *const c_char,
    /// The headers to send.
    pub headers: *const x2f_header,
    /// Number of headers.
    pub header_count: usize,
    /// The body to send.
    pub body: *const c_char,
    /// Bytes of the body.
    pub body_length: usize,
    /// Time for the whole exchange, at most 30,000.
    pub timeout_milliseconds: u32,
}

/// A response. Initially all zero.
#[repr(C)]
pub struct x2f_response {
    /// HTTP status.
    pub status: u16,
    /// Value of the header `retry-after`, cut at 64 characters. Empty if there was none.
    pub retry_after: [c_char; 65],
    /// The first bytes of the body, of any encoding.
    pub body: [c_char; 16384],
    /// Bytes of the body, at most as many as there is room for.
    pub body_length: usize,
    /// The reason why there is no response, for operators: one line that begins with the kind of fault, such as `dns:` or `tls:`, without URLs and headers.
    pub cause: [c_char; 256],
}

/// A transport to Xoxzo of the program's own.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_transport {
    /// Makes one exchange within its time, without redirects and retries. A response of any status is an answer. Returns X2F_ANSWERED, X2F_NOT_SENT,
    /// which is a promise that nothing was sent, or X2F_UNKNOWN. NULL: the library's own transport.
    pub send: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            request: *const x2f_request,
            response: *mut x2f_response,
        ) -> u32,
    >,
    /// Passed to `send`. Must outlive the client.
    pub context: *mut c_void,
}

/// The clock for tokens.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_clock {
    /// Returns seconds since 1970-01-01T00:00:00Z. NULL: the system's clock. For tests: a clock that stands still never lets a challenge expire.
    pub seconds: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    /// Passed to `seconds`. Must outlive the client.
    pub context: *mut c_void,
}

/// The place where events go.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_auditor {
    /// Takes each operation that ended, as one JSON object on one line. Its fields are those of wit/SPEC.md, "Events", and it holds nothing personal. The text is
    /// valid during the call only. It should be quick. NULL: events go nowhere.
    pub event: Option<unsafe extern "C" fn(context: *mut c_void, json: *const c_char)>,
    /// Passed to `event`. Must outlive the client.
    pub context: *mut c_void,
}

/// A clock that only moves forward, for counters in memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_timer {
    /// Returns nanoseconds since any moment. For tests only: a jump ahead ends counters and so resets limits.
    pub nanoseconds: Option<unsafe extern "C" fn(context: *mut c_void) -> u64>,
    /// Passed to `nanoseconds`. Must outlive the store.
    pub context: *mut c_void,
}

macro_rules! promised {
    ($($name:ident)*) => {$(
        // SAFETY: the header demands that its function can be called from any thread, with its context.
        unsafe impl Send for $name {}
        // SAFETY: the same.
        unsafe impl Sync for $name {}
    )*};
}

promised!(x2f_guard x2f_transport x2f_clock x2f_auditor x2f_timer);

fn c_text(text: &str) -> CString {
    // What the engine hands out has no zero byte; what had one would be cut there.
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

fn cause(given: &[c_char; 256]) -> String {
    match stored(given) {
        cause if cause.is_empty() => "unknown".to_string(),
        cause => cause,
    }
}

fn seconds(time: Duration) -> u32 {
    let up = u64::from(time.subsec_nanos() > 0);
    u32::try_from(time.as_secs() + up).unwrap_or(u32::MAX)
}

impl Guard for x2f_guard {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let missing = || GuardError::Unreachable("program: there is no function".to_string());
        let add = self.add.ok_or_else(missing)?;
        let names: Vec<_> = charges
            .iter()
            .map(|charge| [charge.counter, charge.group].map(|name| c_text(&name.to_string())))
            .collect();
        let list: Vec<_> = charges
            .iter()
            .zip(&names)
            .map(|(charge, [counter, group])| x2f_charge {
                counter: counter.as_ptr(),
                group: group.as_ptr(),
                amount: charge.amount,
                limit: charge.limit,
                ttl_seconds: seconds(charge.ttl),
            })
            .collect();
        let empty = x2f_total {
            total: 0,
            ends_in_seconds: 0,
        };
        let mut room = vec![empty; charges.len()];
        let mut answer = x2f_totals {
            totals: room.as_mut_ptr(),
            count: 0,
            now_seconds: -1,
            cause: [0; 256],
        };
        // SAFETY: the header says what the function may do, and everything it is given lives until it returns.
        let how = unsafe { add(self.context, list.as_ptr(), list.len(), &raw mut answer) };
        match how {
            ANSWERED => {}
            FULL => return Err(GuardError::Full),
            _ => return Err(GuardError::Unreachable(cause(&answer.cause))),
        }
        let made = room.get(..answer.count).ok_or_else(|| {
            GuardError::Unfit("it answered more totals than there are charges".to_string())
        })?;
        let total =
            |it: &x2f_total| Total::new(it.total, Duration::from_secs(it.ends_in_seconds.into()));
        let totals = made.iter().map(total).collect();
        Ok(match u64::try_from(answer.now_seconds) {
            Ok(now) => Totals::at(totals, moment(now)),
            Err(_) => Totals::new(totals),
        })
    }

    fn scope(&self) -> Scope {
        scope_of(self.scope)
    }
}

/// The scope of a guard: a number that is none of them is checked before.
fn scope_of(scope: u32) -> Scope {
    if scope == x2f_scope::X2F_PROCESS as u32 {
        Scope::Process
    } else {
        Scope::Shared
    }
}

impl Transport for x2f_transport {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let missing = || Lost::NotSent("program: there is no function".to_string());
        let send = self.send.ok_or_else(missing)?;
        let method = c_text(request.method().as_str());
        let url = c_text(&request.uri().to_string());
        let fields: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                [c_text(name.as_str()), c_text(&value)]
            })
            .collect();
        let headers: Vec<_> = fields
            .iter()
            .map(|[name, value]| x2f_header {
                name: name.as_ptr(),
                value: value.as_ptr(),
            })
            .collect();
        let body = request.body().as_str();
        let whole = zeroize::Zeroizing::new([body.as_bytes(), b"\0"].concat());
        let outgoing = x2f_request {
            method: method.as_ptr(),
            url: url.as_ptr(),
            headers: headers.as_ptr(),
            header_count: headers.len(),
            body: whole.as_ptr().cast(),
            body_length: body.len(),
            timeout_milliseconds: u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX),
        };
        let mut incoming = Box::new(x2f_response {
            status: 0,
            retry_after: [0; 65],
            body: [0; 16384],
            body_length: 0,
            cause: [0; 256],
        });
        // SAFETY: the header says what the function may do, and everything it is given lives until it returns.
        let how = unsafe { send(self.context, &raw const outgoing, &raw mut *incoming) };
        match how {
            ANSWERED => answered(&incoming),
            NOT_SENT => Err(Lost::NotSent(cause(&incoming.cause))),
            _ => Err(Lost::Unknown(cause(&incoming.cause))),
        }
    }
}

fn answered(incoming: &x2f_response) -> Result<http::Response<Vec<u8>>, Lost> {
    let unfit = |what: &str| Lost::Unknown(format!("program: {what}"));
    let mut response = http::Response::builder().status(incoming.status);
    let wait = stored(&incoming.retry_after);
    if !wait.is_empty() {
        response = response.header(http::header::RETRY_AFTER, wait);
    }
    let body = incoming
        .body
        .get(..incoming.body_length)
        .ok_or_else(|| unfit("a body longer than there is room for"))?;
    let body = body.iter().map(|&byte| byte.cast_unsigned()).collect();
    response
        .body(body)
        .map_err(|_| unfit("no HTTP status, or no value of retry-after"))
}

fn moment(seconds: u64) -> SystemTime {
    // The engine keeps times until 2106, and refuses later ones.
    UNIX_EPOCH + Duration::from_secs(seconds.min(u64::from(u32::MAX) * 2))
}

impl x2f_clock {
    /// The time of the program or, without a function, of the system. Before 1970 it is 1970, which the engine refuses.
    pub(crate) fn now(self) -> SystemTime {
        match self.seconds {
            // SAFETY: the header says what the function may do.
            Some(seconds) => moment(u64::try_from(unsafe { seconds(self.context) }).unwrap_or(0)),
            None => SystemTime::now(),
        }
    }
}

impl x2f_timer {
    pub(crate) fn elapsed(self) -> Option<Duration> {
        let nanoseconds = self.nanoseconds?;
        // SAFETY: the header says what the function may do.
        Some(Duration::from_nanos(unsafe { nanoseconds(self.context) }))
    }
}

impl x2f_auditor {
    pub(crate) fn tell(self, told: &Event) {
        if let Some(event) = self.event {
            let line = c_text(&told.to_json());
            // SAFETY: the header says what the function may do, and the line lives until it returns.
            unsafe { event(self.context, line.as_ptr()) };
        }
    }
}

/// Reads a list of charges for a store of the library.
///
/// # Safety
///
/// `charges` points to `count` of them, whose names end with a zero byte.
pub(crate) unsafe fn listed(charges: *const x2f_charge, count: usize) -> Option<Vec<Charge>> {
    let charges = if count == 0 {
        &[]
    } else if charges.is_null() || !charges.is_aligned() || count > 64 {
        return None;
    } else {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(charges, count) }
    };
    let name = |text: *const c_char| {
        // SAFETY: the caller's promise.
        let text = unsafe { crate::text::optional(text) }?;
        let mut bytes = [0; 16];
        let decoded = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
        (decoded.len() == 16).then_some(GuardName::new(bytes))
    };
    let charge = |it: &x2f_charge| {
        let life = Duration::from_secs(it.ttl_seconds.into());
        let charge = Charge::new(name(it.counter)?, it.amount, it.limit, life);
        Some(charge.in_group(name(it.group)?))
    };
    charges.iter().map(charge).collect()
}

/// Writes the answer of a store of the library.
///
/// # Safety
///
/// `totals` is NULL, or has room for `count` totals.
pub(crate) unsafe fn answer(
    totals: *mut x2f_totals,
    count: usize,
    made: Result<Totals, GuardError>,
) -> x2f_no_answer {
    // SAFETY: the caller's promise.
    let Some(totals) = (unsafe { totals.as_mut() }) else {
        return x2f_no_answer::X2F_GUARD_UNREACHABLE;
    };
    totals.count = 0;
    totals.now_seconds = -1;
    totals.cause = [0; 256];
    match made {
        Ok(made) if made.len() <= count && (count == 0 || !totals.totals.is_null()) => {
            for (at, total) in made.iter().enumerate() {
                let total = x2f_total {
                    total: total.total,
                    ends_in_seconds: seconds(total.ends_in),
                };
                // SAFETY: there is room for as many as there are charges.
                unsafe { ptr::write(totals.totals.add(at), total) };
            }
            totals.count = made.len();
            if let Some(now) = made.now {
                totals.now_seconds = crate::results::since_1970(now).into();
            }
            x2f_no_answer::X2F_ANSWERED
        }
        Ok(_) => x2f_no_answer::X2F_GUARD_UNREACHABLE,
        Err(error) => {
            crate::text::put(&mut totals.cause, &error.to_string());
            match error {
                GuardError::Full => x2f_no_answer::X2F_GUARD_FULL,
                _ => x2f_no_answer::X2F_GUARD_UNREACHABLE,
            }
        }
    }
}
