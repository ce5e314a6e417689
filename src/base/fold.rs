//! Comparison of text: NFC, Unicode case folding, outer blanks (contract section 5).
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// NFC then full case folding; what two spellings must share to be one name or one word.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let folded = if is_nfc(text) {
        caseless::default_case_fold_str(text)
    } else {
        caseless::default_case_fold_str(&text.nfc().collect::<String>())
    };
    if is_nfc(&folded) { folded } else { folded.nfc().collect() }
}

/// [`fold`] without outer blanks: how `varchar` values compare.
pub fn fold_value(text: &str) -> String {
    fold(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds() {
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_eq!(fold_value("  Billing\n"), "billing");
        assert_eq!(fold("Σίσυφος"), fold("ΣΊΣΥΦΟΣ"));
    }
}
