//! Structs of the program, each of which begins with its own size.
//!
//! A program that was compiled with a later version has longer structs. What this version does not know of them must be zero in an argument, and is
//! zeroed in a result.

use std::{ptr, slice};

/// Bytes of the longest struct that can be meant.
const LONGEST: usize = 1 << 20;

/// A struct whose first field is `size: usize`.
///
/// # Safety
///
/// The struct is `repr(C)`, begins with that field, and every pattern of bits is a value of it, all zero among them.
pub(crate) unsafe trait Record: Copy {
    /// Its name in C.
    const NAME: &'static str;
}

macro_rules! records {
    ($($name:ident),* $(,)?) => {$(
        // SAFETY: see its definition, where it stands right after this.
        unsafe impl crate::record::Record for $name {
            const NAME: &'static str = stringify!($name);
        }
    )*};
}

pub(crate) use records;

/// Looks at the size that a struct says it has.
///
/// # Safety
///
/// `record` is NULL, or points to a struct that begins with its size.
unsafe fn size<T: Record>(record: *const T) -> Result<usize, String> {
    if !record.is_aligned() {
        return Err(format!("{}: is not aligned", T::NAME));
    }
    // SAFETY: it points to such a struct, and is aligned.
    let size = unsafe { record.cast::<usize>().read() };
    if (size_of::<T>()..=LONGEST).contains(&size) {
        Ok(size)
    } else {
        Err(format!("{0}: its size must be sizeof({0})", T::NAME))
    }
}

/// Copies an argument: `None` for NULL.
///
/// # Safety
///
/// `record` is NULL, or points to a struct of the size that it says.
pub(crate) unsafe fn read<T: Record>(record: *const T) -> Result<Option<T>, String> {
    if record.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise. Beyond what is known, the struct goes on up to its size.
    unsafe {
        let size = size(record)?;
        let known = size_of::<T>();
        let rest = slice::from_raw_parts(record.cast::<u8>().add(known), size - known);
        if rest.iter().any(|&byte| byte != 0) {
            let what = "has a field that this version of the library does not know";
            return Err(format!("{}: {what}", T::NAME));
        }
        Ok(Some(record.read()))
    }
}

/// The place of a result.
pub(crate) struct Place<T>(*mut T);

impl<T: Record> Place<T> {
    /// Zeroes a result, apart from its size.
    ///
    /// # Safety
    ///
    /// `record` is NULL, or points to a struct of the size that it says, which nothing else uses meanwhile.
    pub(crate) unsafe fn new(record: *mut T) -> Result<Self, String> {
        if !record.is_null() {
            // SAFETY: the caller's promise.
            unsafe {
                let size = size(record)?;
                let first = size_of::<usize>();
                ptr::write_bytes(record.cast::<u8>().add(first), 0, size - first);
            }
        }
        Ok(Self(record))
    }

    /// Fills the result, if there is a place for one.
    pub(crate) fn fill(self, fill: impl FnOnce(&mut T)) {
        // SAFETY: it was made from such a pointer, and every field has a value.
        if let Some(record) = unsafe { self.0.as_mut() } {
            fill(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct x2f_short {
        size: usize,
        number: u32,
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct x2f_long {
        known: x2f_short,
        other: [u8; 40],
    }

    records!(x2f_short);

    fn long(size: usize) -> x2f_long {
        let number = 7;
        x2f_long {
            known: x2f_short { size, number },
            other: [0; 40],
        }
    }

    #[test]
    fn a_longer_struct_is_read_if_the_rest_is_zero() {
        let whole = size_of::<x2f_long>();
        for (size, other, reads) in [
            (size_of::<x2f_short>(), 1, true),
            (whole, 0, true),
            (whole, 1, false),
            (size_of::<x2f_short>() - 1, 0, false),
            (0, 0, false),
            (usize::MAX, 0, false),
        ] {
            let mut given = long(size);
            given.other[39] = other;
            // SAFETY: it is as long as it says, or refused.
            let read = unsafe { read(ptr::from_ref(&given).cast::<x2f_short>()) };
            assert_eq!(read.is_ok(), reads, "{size}, {other}");
            assert!(read.is_err() || read.ok() == Some(Some(given.known)));
        }
    }

    #[test]
    fn a_result_is_zeroed_up_to_its_size() {
        let mut result = long(size_of::<x2f_long>() - 1);
        result.other = [9; 40];
        // SAFETY: it is as long as it says.
        let place = unsafe { Place::new(ptr::from_mut(&mut result).cast::<x2f_short>()) };
        let Ok(place) = place else {
            panic!("its size is known")
        };
        place.fill(|result| assert_eq!(result.number, 0));
        assert_eq!((result.other[38], result.other[39]), (0, 9));
    }

    #[test]
    fn null_is_an_absent_argument_and_a_result_that_nobody_wants() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert!(matches!(read::<x2f_short>(ptr::null()), Ok(None)));
            let place = Place::<x2f_short>::new(ptr::null_mut());
            place
                .unwrap_or_else(|_| panic!("NULL is allowed"))
                .fill(|_| panic!("there is no place"));
        }
    }

    #[test]
    fn what_is_not_aligned_is_refused() {
        let bytes = [0_u64; 8];
        let odd = ptr::from_ref(&bytes).wrapping_byte_add(1);
        // SAFETY: it is refused before it is read.
        assert!(unsafe { read(odd.cast::<x2f_short>()) }.is_err());
    }
}
