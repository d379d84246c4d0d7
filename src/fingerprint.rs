//! Tells whether two things are the same, from one run to another.

use std::fmt::{self, Debug, Write};

/// FNV-1a of 64 bits over what a thing shows of itself for developers, which is all of
/// it (<http://www.isthe.com/chongo/tech/comp/fnv/>).
pub(crate) fn fingerprint(thing: &impl Debug) -> u64 {
    struct Hash(u64);
    impl Write for Hash {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(())
        }
    }
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    // What takes everything does not fail.
    let _ = write!(hash, "{thing:?}");
    hash.0
}

#[cfg(test)]
mod tests {
    #[test]
    fn as_published() {
        // The reference's vectors of "a" and "foobar", which show themselves bare.
        let bare = |text| super::fingerprint(&format_args!("{text}"));
        assert_eq!(bare("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(bare("foobar"), 0x8594_4171_f739_67e8);
    }
}
