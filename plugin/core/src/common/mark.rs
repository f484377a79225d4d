//! First bytes of everything that is signed: version 1 in the upper half, the kind in the lower. One registry, so that no two formats
//! share one.

/// A challenge's token.
pub const TOKEN: u8 = 0x11;
/// A receipt.
pub const RECEIPT: u8 = 0x12;
/// A handle.
pub const HANDLE: u8 = 0x13;
/// A receipt of test mode.
pub const TEST_RECEIPT: u8 = 0x14;
/// A pass of the gate.
pub const PASS: u8 = 0x15;
/// A visit of the gate.
pub const VISIT: u8 = 0x16;
/// An operation that waits.
pub const STATE: u8 = 0x17;
/// A step-up request.
pub const STEP_UP: u8 = 0x18;
/// A payment that was confirmed at the gate.
pub const CONFIRMATION: u8 = 0x19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_formats_share_a_mark() {
        let mut marks = [
            TOKEN,
            RECEIPT,
            HANDLE,
            TEST_RECEIPT,
            PASS,
            VISIT,
            STATE,
            STEP_UP,
            CONFIRMATION,
        ];
        marks.sort_unstable();
        assert!(marks.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
