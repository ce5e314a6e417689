//! Freshness marks: store epoch and commit number, signed, opaque to clients (contract section 6).
use crate::base::digest;
use crate::domain::refusal::{Code, Refusal};

/// The moment of a write: a search `after` it sees that write and all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which life of the store; a restore begins a new one.
    pub epoch: u64,
    /// The commit that made the write durable.
    pub commit: u64,
}

impl Mark {
    /// As it is sent: 16 bytes of value and 8 of signature, in hex.
    pub fn sign(self, key: &[u8; 32]) -> String {
        let mut bytes = Vec::with_capacity(24);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.commit.to_be_bytes());
        let signature = digest::keyed(key, &bytes);
        bytes.extend(signature.iter().take(8));
        digest::hex(&bytes)
    }

    /// Reads a mark back.
    ///
    /// # Errors
    /// `mark_unknown` when it was not signed with `key` or belongs to another epoch.
    pub fn verify(text: &str, key: &[u8; 32], epoch: u64) -> Result<Self, Refusal> {
        let unknown = || Refusal::at(Code::MarkUnknown, "after", "the mark was not made by this store");
        let value = text.get(..32).ok_or_else(unknown)?;
        let number = |part: Option<&str>| part.and_then(|p| u64::from_str_radix(p, 16).ok()).ok_or_else(unknown);
        let mark = Self { epoch: number(value.get(..16))?, commit: number(value.get(16..))? };
        if mark.epoch != epoch || !digest::equal(mark.sign(key).as_bytes(), text.as_bytes()) {
            return Err(unknown());
        }
        Ok(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_marks_are_known() {
        let key = [7; 32];
        let mark = Mark { epoch: 3, commit: 99 };
        let text = mark.sign(&key);
        assert_eq!(Mark::verify(&text, &key, 3).unwrap(), mark);
        assert!(Mark::verify(&text, &key, 4).is_err());
        assert!(Mark::verify(&text, &[8; 32], 3).is_err());
        assert!(Mark::verify("é", &key, 3).is_err());
        assert!(Mark::verify(&text.replace('9', "8"), &key, 3).is_err() || !text.contains('9'));
    }
}
