//! Standard output and standard error, of which either can be closed, full, or read by nobody.

use std::fs::{File, metadata};
use std::io::{self, Write};

/// Standard output did not take what was written.
pub(crate) struct NoOutput(pub(crate) io::Error);

/// Prints a line. Fails if nobody can read it.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::print(&format!($($argument)*))? };
}

/// Tells people at the terminal a line, if standard error is there.
macro_rules! note {
    ($($argument:tt)*) => { $crate::output::tell(&format!($($argument)*)) };
}

pub(crate) use {note, say};

/// Prints a line to standard output.
pub(crate) fn print(line: &str) -> Result<(), NoOutput> {
    write(&format!("{line}\n"))
}

/// Prints a text as it is to standard output.
pub(crate) fn write(text: &str) -> Result<(), NoOutput> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_bytes());
    written.and_then(|()| output.flush()).map_err(NoOutput)
}

/// Prints a line that exists only once, such as a token: to standard error, if standard output does not take it or was closed.
pub(crate) fn keep(line: &str) -> Result<(), NoOutput> {
    if was_closed() {
        tell(line);
        return Ok(());
    }
    print(line).inspect_err(|_| tell(line))
}

/// Prints a line to standard error, if that takes it.
pub(crate) fn tell(line: &str) {
    let _there_is_nobody_left_to_tell = writeln!(io::stderr(), "{line}");
}

/// Tells whether standard output was closed (`>&-`). Rust opens the null device in its place, for reading and writing. Whoever throws an output away
/// (`>/dev/null`) opens the same device for writing only, and wants nothing of it in a log of errors.
#[cfg(unix)]
fn was_closed() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{OFlags, fcntl_getfl};

    let output = io::stdout();
    let flags = fcntl_getfl(&output);
    let own = output.as_fd().try_clone_to_owned().map(File::from);
    let own = own.and_then(|file| file.metadata());
    let null = metadata("/dev/null");
    let is_null =
        matches!((own, null), (Ok(own), Ok(null)) if own.rdev() != 0 && own.rdev() == null.rdev());
    is_null && flags.is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR)
}

#[cfg(not(unix))]
fn was_closed() -> bool {
    false
}
