//! Words: Unicode word boundaries (UAX 29), case folded, no stemming; Chinese, Japanese and Korean by the character,
//! so that any run of characters is found as a phrase (contract section 6).
use crate::base::fold::fold;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded.
    pub text: String,
    /// Byte where it begins in the text.
    pub from: usize,
    /// Byte after its end.
    pub to: usize,
}

/// Longest word kept, bytes folded; what is longer is cut (tantivy's bound is 65,526 within JSON fields).
pub const TOKEN_BYTES_MAX: usize = 1_024;

/// Calls `each` with every word of `text` in order. Positions are counted by the caller.
pub fn each_token(text: &str, mut each: impl FnMut(Token)) {
    each_folded(text, |word, from, to| each(Token { text: word.to_owned(), from, to }));
}

/// [`each_token`] without a string of its own for each word: folded word, first byte, byte after the last.
pub fn each_folded(text: &str, mut each: impl FnMut(&str, usize, usize)) {
    let mut lower = String::new();
    each_span(text, &mut |from, to| {
        let word = text.get(from..to).unwrap_or_default();
        if !word.is_ascii() {
            each(shortened(&fold(word)), from, to);
        } else if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower.clear();
            lower.push_str(shortened(word));
            lower.make_ascii_lowercase();
            each(&lower, from, to);
        } else {
            each(shortened(word), from, to);
        }
    });
}

/// All words of `text`.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    each_token(text, |token| all.push(token));
    all
}

/// How many words `text` has.
pub fn count(text: &str) -> usize {
    let mut words = 0;
    each_span(text, &mut |_, _| words += 1);
    words
}

/// At most [`TOKEN_BYTES_MAX`] bytes of `word`, whole characters.
fn shortened(word: &str) -> &str {
    let longest = (0..=TOKEN_BYTES_MAX.min(word.len())).rev().find(|end| word.is_char_boundary(*end));
    word.get(..longest.unwrap_or(0)).unwrap_or_default()
}

/// The words' first bytes and ends. A text with a few other characters is mostly ASCII still, so it is taken in pieces
/// that end behind a blank: no rule of UAX 29 looks across one that an ASCII character other than a blank follows.
fn each_span(text: &str, each: &mut impl FnMut(usize, usize)) {
    if text.is_ascii() {
        return ascii_spans(text.as_bytes(), 0, each);
    }
    let mut from = 0;
    for blank in memchr::memchr_iter(b' ', text.as_bytes()) {
        if text.as_bytes().get(blank + 1).is_some_and(|next| next.is_ascii() && *next != b' ') {
            piece_spans(text.get(from..=blank).unwrap_or_default(), from, each);
            from = blank + 1;
        }
    }
    piece_spans(text.get(from..).unwrap_or_default(), from, each);
}

fn piece_spans(piece: &str, base: usize, each: &mut impl FnMut(usize, usize)) {
    if piece.is_ascii() {
        return ascii_spans(piece.as_bytes(), base, each);
    }
    for (at, word) in piece.unicode_word_indices() {
        if word.chars().any(by_character) {
            character_spans(word, base + at, each);
        } else {
            each(base + at, base + at + word.len());
        }
    }
}

/// UAX 29 for ASCII: letters, digits and `_` hold together; `'` `.` `:` between letters and `'` `.` `,` `;` between
/// digits belong to the word. What has neither letter nor digit is no word.
fn ascii_spans(text: &[u8], base: usize, each: &mut impl FnMut(usize, usize)) {
    let mut from = 0;
    while from < text.len() {
        let (mut end, mut is_word) = (from, false);
        while let Some(&byte) = text.get(end) {
            let alphanumeric = byte.is_ascii_alphanumeric();
            if !alphanumeric && byte != b'_' && !(end > from && bridges(text.get(end - 1), byte, text.get(end + 1))) {
                break;
            }
            is_word |= alphanumeric;
            end += 1;
        }
        if is_word {
            each(base + from, base + end);
        }
        from = end + 1;
    }
}

fn bridges(before: Option<&u8>, byte: u8, after: Option<&u8>) -> bool {
    let both = |is: fn(&u8) -> bool| before.is_some_and(is) && after.is_some_and(is);
    match byte {
        b'\'' | b'.' => both(u8::is_ascii_alphabetic) || both(u8::is_ascii_digit),
        b':' => both(u8::is_ascii_alphabetic),
        b',' | b';' => both(u8::is_ascii_digit),
        _ => false,
    }
}

/// Splits a word so that each Chinese, Japanese or Korean character, with its marks, is one; other runs stay.
fn character_spans(word: &str, base: usize, each: &mut impl FnMut(usize, usize)) {
    // The piece being read, and whether it is such a character.
    let (mut from, mut single) = (0, false);
    let mut close = |from: usize, to: usize| {
        let piece = word.get(from..to).unwrap_or_default();
        if piece.chars().any(char::is_alphanumeric) {
            each(base + from, base + to);
        }
    };
    for (at, character) in word.char_indices() {
        let belongs = if single { continues(character) } else { !by_character(character) };
        if at > 0 && !belongs {
            close(from, at);
            from = at;
        }
        if at == 0 || !belongs {
            single = by_character(character);
        }
    }
    close(from, word.len());
}

/// Marks, and the vowels and finals of a Hangul syllable written in parts.
fn continues(character: char) -> bool {
    matches!(character, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}') || is_combining_mark(character)
}

/// Whether a character is Han, Hiragana, Katakana or Hangul (their blocks; unassigned code points do not matter).
fn by_character(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11FF}'            // Hangul Jamo
        | '\u{2E80}'..='\u{2FDF}'          // radicals
        | '\u{3005}' | '\u{3007}'          // 々 〇
        | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303B}'
        | '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{309F}' // Hiragana
        | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' // Katakana, the long mark among it
        | '\u{3131}'..='\u{318E}'          // Hangul Compatibility Jamo
        | '\u{31F0}'..='\u{31FF}'          // Katakana extensions
        | '\u{3200}'..='\u{321E}' | '\u{3260}'..='\u{327E}' | '\u{32D0}'..='\u{32FE}' | '\u{3300}'..='\u{3357}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7A3}' | '\u{D7B0}'..='\u{D7FB}' // Hangul
        | '\u{F900}'..='\u{FAFF}'          // Han compatibility
        | '\u{FF66}'..='\u{FF9F}' | '\u{FFA0}'..='\u{FFDC}' // half width
        | '\u{16FE2}'..='\u{16FFF}' | '\u{1AFF0}'..='\u{1B16F}' | '\u{1F200}'
        | '\u{20000}'..='\u{3FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_are_folded_and_keep_their_place() {
        assert_eq!(
            words("Can't PAY 1,000.50 to a_b: e.g. __ Straße!"),
            ["can't", "pay", "1,000.50", "to", "a_b", "e.g", "strasse"]
        );
        let token = tokens("é Caf\u{65}\u{301}!").remove(1);
        assert_eq!((token.text.as_str(), token.from, token.to), ("café", 3, 9));
        assert_eq!(count("Hi. It is 3.14"), 4);
    }

    #[test]
    fn chinese_japanese_and_korean_are_taken_by_the_character() {
        assert_eq!(words("比特币core网络"), ["比", "特", "币", "core", "网", "络"]);
        assert_eq!(words("サーバーです"), ["サ", "ー", "バ", "ー", "で", "す"]);
        assert_eq!(words("한국어abc"), ["한", "국", "어", "abc"]);
        assert_eq!(words("カ\u{3099}_x"), words("ガ_x"));
        assert_eq!(words("\u{1112}\u{1161}\u{11ab}\u{1100}"), ["한", "\u{1100}"]);
        assert_eq!(words("ア_イ"), ["ア", "イ"]);
    }

    #[test]
    fn long_words_are_cut_at_a_character() {
        assert_eq!(words(&"A".repeat(2_000)), ["a".repeat(TOKEN_BYTES_MAX)]);
        let long = words(&format!("x{}", "é".repeat(1_000)));
        assert_eq!(long[0].len(), TOKEN_BYTES_MAX - 1);
        assert_eq!(tokens(&"A".repeat(2_000))[0].to, 2_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn ascii_words_are_those_of_uax_29(text in "[a-c0-2_'.,:; \t\n\r\"-]{0,40}") {
            let mut ours = Vec::new();
            each_span(&text, &mut |from, to| ours.push((from, &text[from..to])));
            // Behind a mark from another script the library takes its slow way, the tables of the standard.
            let with_mark = format!("{text} \u{e9}");
            let theirs: Vec<_> = with_mark.unicode_word_indices().filter(|(at, _)| *at < text.len()).collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn pieces_give_the_words_of_the_whole(text in "[ab1. '\u{e9}\u{301}\u{345}\u{200d}\u{2019}\u{5d0}\"\u{1f1e6}\u{1f600}_:]{0,40}") {
            let mut ours = Vec::new();
            each_span(&text, &mut |from, to| ours.push((from, &text[from..to])));
            prop_assert_eq!(ours, text.unicode_word_indices().collect::<Vec<_>>());
        }

        #[test]
        fn every_text_gives_ordered_words_within_it(text in ".{0,60}") {
            let mut last = 0;
            for token in tokens(&text) {
                prop_assert!(token.from >= last && token.to > token.from && token.to <= text.len());
                prop_assert!(!token.text.is_empty() && token.text.len() <= TOKEN_BYTES_MAX);
                last = token.to;
            }
        }
    }
}
