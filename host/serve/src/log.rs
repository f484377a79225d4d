//! Lines on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line. One that cannot be written, on a full disk or to a closed pipe, is lost: requests are answered without it.
pub(crate) fn log(line: impl Display) {
    let _lost = writeln!(io::stderr().lock(), "{line}");
}
