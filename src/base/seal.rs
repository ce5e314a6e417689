//! Values that travel through strangers' hands: nobody can read them or alter them, and they open only where they belong.
use super::digest;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes that make every sealed value a key of its own.
const SALT: usize = 16;

/// Seals `plain` under `key` for `context`.
pub fn seal(key: &[u8; 32], context: &[u8], plain: &[u8]) -> Vec<u8> {
    let salt = digest::random();
    let salt = salt.get(..SALT).unwrap_or_default();
    let mut rest = plain.to_vec();
    let sealed = cipher(key, salt)
        .and_then(|cipher| cipher.seal_in_place_append_tag(nonce(), Aad::from(context), &mut rest).ok());
    match sealed {
        Some(()) => [salt, &rest].concat(),
        // Only values of many gigabytes cannot be sealed: what is empty opens nowhere.
        None => Vec::new(),
    }
}

/// The value, if it was sealed under `key` for `context` and not altered since.
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (salt, rest) = sealed.split_at_checked(SALT)?;
    let mut rest = rest.to_vec();
    let length = cipher(key, salt)?.open_in_place(nonce(), Aad::from(context), &mut rest).ok()?.len();
    rest.truncate(length);
    Some(rest)
}

/// No two values share a key, so that all may share a nonce.
fn cipher(key: &[u8; 32], salt: &[u8]) -> Option<LessSafeKey> {
    let own = digest::keyed(key, &[b"seal", salt].concat());
    UnboundKey::new(&CHACHA20_POLY1305, &own).ok().map(LessSafeKey::new)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let sealed = seal(&[1; 32], b"here", b"value");
        assert_eq!(open(&[1; 32], b"here", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(open(&[2; 32], b"here", &sealed), None);
        assert_eq!(open(&[1; 32], b"there", &sealed), None);
        assert_ne!(seal(&[1; 32], b"here", b"value"), sealed, "no two are alike");
        assert!(!sealed.windows(5).any(|window| window == b"value"));
    }

    #[test]
    fn every_altered_bit_is_told() {
        let sealed = seal(&[1; 32], b"", b"v");
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[1; 32], b"", &altered), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(&[1; 32], b"", &sealed[..length]), None, "{length} bytes");
        }
    }
}
