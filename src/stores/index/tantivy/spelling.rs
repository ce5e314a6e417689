//! Keywords as one column holds them: the folded and the shown spelling in one string.
//!
//! The dictionary of such a column is sorted by the folded value, so that its entries come out in the order in which
//! values compare, equal ones side by side, and nothing need be folded again when a segment is read. NUL within the
//! folded value is written as NUL 1; NUL NUL divides the two.
use crate::base::digest;
use std::borrow::Cow;

/// Bytes of a folded value that are kept as they are; longer ones are cut and told apart by their digest (a column
/// silently cuts strings at 65,535 bytes).
const FOLDED_MAX: usize = 28_000;
/// Bytes of a shown value that are kept.
const SHOWN_MAX: usize = 8_000;
/// Bytes of a label that are kept.
const LABEL_MAX: usize = 60_000;

/// The folded value as the index compares it: itself unless it is very long.
pub fn kept(folded: &str) -> Cow<'_, str> {
    if folded.len() <= FOLDED_MAX {
        return Cow::Borrowed(folded);
    }
    Cow::Owned(format!("{}\u{1}{}", cut(folded, FOLDED_MAX), digest::sha256_hex(folded.as_bytes())))
}

/// A speaker's label, cut to what a column can hold.
pub fn label(text: &str) -> &str {
    cut(text, LABEL_MAX)
}

/// Folded and shown spelling in one string.
pub fn pack(folded: &str, shown: &str) -> String {
    let folded = kept(folded);
    let shown = cut(shown, SHOWN_MAX);
    let mut packed = String::with_capacity(folded.len() + 2 + shown.len());
    if folded.contains('\0') {
        packed.push_str(&folded.replace('\0', "\0\u{1}"));
    } else {
        packed.push_str(&folded);
    }
    packed.push_str("\0\0");
    packed.push_str(shown);
    packed
}

/// The folded and the shown spelling of a packed string.
pub fn unpack(packed: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(0, packed.as_bytes().get(from..)?)?;
        if packed.as_bytes().get(at + 1) == Some(&0) {
            let folded = packed.get(..at)?;
            let folded = if from == 0 { Cow::Borrowed(folded) } else { Cow::Owned(folded.replace("\0\u{1}", "\0")) };
            return Some((folded, packed.get(at + 2..)?));
        }
        from = at + 2;
    }
}

fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks_anything() {
        for (folded, shown) in [("billing", "Billing"), ("", ""), ("a\0b", "A\0B"), ("\0", "\0\0"), ("ß", "ẞ")] {
            let packed = pack(folded, shown);
            assert_eq!(unpack(&packed), Some((Cow::Borrowed(folded), shown)), "{folded:?}");
        }
    }

    #[test]
    fn packed_strings_sort_as_their_folded_values() {
        let mut folded = ["a", "a\0", "a\0b", "a\u{1}", "ab", "b"].map(str::to_owned);
        let mut packed = folded.clone().map(|text| pack(&text, "Z"));
        packed.sort();
        folded.sort();
        assert_eq!(packed.map(|text| unpack(&text).unwrap().0.into_owned()), folded);
    }

    #[test]
    fn very_long_values_stay_apart_and_fit() {
        let (a, b) = ("é".repeat(30_000) + "a", "é".repeat(30_000) + "b");
        assert_ne!(kept(&a), kept(&b));
        assert!(pack(&a, &a).len() < 60_000);
    }
}
