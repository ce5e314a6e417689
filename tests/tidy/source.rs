//! Reading Rust as text: comments, literals and test modules blanked out; `use` and `mod` lines read.

/// One name brought in from elsewhere, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Segments; the last may be `*`.
    pub path: Vec<String>,
    /// The line of its statement, from 1.
    pub line: usize,
    /// `pub use`: handed on to others.
    pub handed_on: bool,
    /// The name it has here, when it is handed on.
    pub name: String,
    /// Written in a `use` statement, not in the middle of code.
    pub used: bool,
}

/// A `mod x;` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The name.
    pub name: String,
    /// Under `#[cfg(test)]`.
    pub for_tests: bool,
}

/// `text` with comments, strings and characters blanked out; every line keeps its number.
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match at(i) {
            '/' if at(i + 1) == '/' => skip_line(&chars, i),
            '/' if at(i + 1) == '*' => skip_block(&chars, i),
            '"' => skip_string(&chars, i),
            'r' if !is_word(at(i.wrapping_sub(1))) && (at(i + 1) == '"' || at(i + 1) == '#') => skip_raw(&chars, i),
            '\'' => skip_character(&chars, i),
            _ => i,
        };
        if end == i {
            out.push(at(i));
            i += 1;
        } else {
            out.extend(chars.iter().take(end).skip(i).map(|&c| if c == '\n' { '\n' } else { ' ' }));
            i = end;
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn skip_line(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).position(|&c| c == '\n').map_or(chars.len(), |length| from + length)
}

fn skip_block(chars: &[char], from: usize) -> usize {
    let (mut depth, mut i) = (0, from);
    while i < chars.len() {
        match (chars.get(i), chars.get(i + 1)) {
            (Some('/'), Some('*')) => (depth, i) = (depth + 1, i + 2),
            (Some('*'), Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i.min(chars.len())
}

fn skip_string(chars: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while i < chars.len() && chars.get(i) != Some(&'"') {
        i += if chars.get(i) == Some(&'\\') { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

/// A raw string `r"…"`, `r#"…"#`; a raw identifier `r#x` is left alone.
fn skip_raw(chars: &[char], from: usize) -> usize {
    let hashes = chars.iter().skip(from + 1).take_while(|&&c| c == '#').count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return from;
    }
    let closed = |i: usize| {
        chars.get(i) == Some(&'"') && chars.iter().skip(i + 1).take(hashes).filter(|&&c| c == '#').count() == hashes
    };
    (open + 1..chars.len()).find(|&i| closed(i)).map_or(chars.len(), |i| i + 1 + hashes)
}

/// A character `'x'`, `'\n'`; a lifetime `'a` is left alone.
fn skip_character(chars: &[char], from: usize) -> usize {
    if chars.get(from + 1) == Some(&'\\') {
        let close = chars.iter().skip(from + 3).position(|&c| c == '\'');
        return close.map_or(from, |length| from + 3 + length + 1);
    }
    if chars.get(from + 2) == Some(&'\'') { from + 3 } else { from }
}

/// Blanks out `#[cfg(test)]` modules with a body; `code` has no comments or strings any more.
pub fn without_tests(code: &str) -> String {
    const MARKER: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(found) = out.get(from..).and_then(|rest| rest.find(MARKER)) {
        let start = from + found;
        let rest = out.get(start..).unwrap_or("");
        let body = rest.find(['{', ';']).map(|length| start + length);
        let Some(body) = body else { break };
        let head = out.get(start + MARKER.len()..body).unwrap_or("");
        let is_module = head.split_whitespace().any(|word| word == "mod");
        from = body + 1;
        if is_module && out.get(body..=body) == Some("{") {
            let end = closing(&out, body);
            let blank: String =
                out.get(start..end).unwrap_or("").chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            out.replace_range(start..end, &blank);
            from = start + blank.len();
        }
    }
    out
}

/// The place after the bracket that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (i, c) in code.char_indices().skip_while(|(i, _)| *i < open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    code.len()
}

/// The `mod x;` lines of `code` (comments and strings blanked out).
pub fn declared(code: &str) -> Vec<Declared> {
    let mut all = Vec::new();
    let mut for_tests = false;
    for line in code.lines().map(str::trim) {
        let bare = line.trim_start_matches("#[cfg(test)]").trim();
        for_tests |= line.starts_with("#[cfg(test)]");
        let words: Vec<&str> = bare.split_whitespace().collect();
        let name = match words.as_slice() {
            ["mod", name] | [_, "mod", name] | [_, _, "mod", name] => name.strip_suffix(';'),
            _ => None,
        };
        if let Some(name) = name {
            all.push(Declared { name: name.to_owned(), for_tests });
        }
        if !bare.is_empty() && !bare.starts_with('#') {
            for_tests = false;
        }
    }
    all
}

/// Every `use` of `code`, and every path in it that begins with `crate::`, `$crate::` or `linernotes::`.
pub fn written(code: &str) -> Vec<Written> {
    let mut all = Vec::new();
    let mut rest = code.to_owned();
    while let Some((start, end, handed_on)) = next_use(&rest) {
        let line = rest.get(..start).unwrap_or("").matches('\n').count() + 1;
        let tree = rest.get(start..end).unwrap_or("").trim().trim_end_matches(';').to_owned();
        let tree = tree.strip_prefix("use").unwrap_or(&tree).trim().to_owned();
        expand(&tree, &[], &mut |path, name| {
            all.push(Written { path, line, handed_on, name, used: true });
        });
        let blank: String =
            rest.get(start..end).unwrap_or("").chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    inline(&rest, &mut all);
    all
}

/// The next `use …;`: its start, the place after it, and whether it is public.
fn next_use(code: &str) -> Option<(usize, usize, bool)> {
    let mut from = 0;
    loop {
        let start = from + code.get(from..)?.find("use")?;
        let before = code.get(..start)?;
        let after = code.get(start + 3..)?;
        let stands_alone = !before.ends_with(is_word) && after.starts_with(char::is_whitespace);
        let line = before.rsplit(['\n', ';', '{', '}']).next().unwrap_or("").trim();
        let opens = line.is_empty() || line.starts_with("pub") || line.ends_with(']');
        if stands_alone && opens {
            let end = start + code.get(start..)?.find(';')? + 1;
            return Some((start, end, line.starts_with("pub")));
        }
        from = start + 3;
    }
}

/// `a::{b, c::d as e}` as `a::b` and `a::c::d`.
fn expand(tree: &str, before: &[String], each: &mut impl FnMut(Vec<String>, String)) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let mut path = before.to_vec();
        path.extend(segments(tree.get(..open).unwrap_or("")));
        let inner = tree.get(open + 1..tree.rfind('}').unwrap_or(tree.len())).unwrap_or("");
        for part in split_outside(inner) {
            expand(part, &path, each);
        }
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (written, alias) = match tree.split_once(" as ") {
        Some((written, alias)) => (written, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    let mut path = before.to_vec();
    path.extend(segments(written));
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
    each(path, name);
}

fn segments(text: &str) -> impl Iterator<Item = String> {
    text.split("::").map(|segment| segment.trim().to_owned()).filter(|segment| !segment.is_empty())
}

/// Splits at commas that stand in no inner bracket.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(text.get(from..i));
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

fn inline(code: &str, all: &mut Vec<Written>) {
    for (number, line) in code.lines().enumerate() {
        for root in ["crate::", "linernotes::"] {
            for (start, _) in line.match_indices(root) {
                let before = line.get(..start).unwrap_or("");
                // `pub(in crate::x)` says who may see, not who is needed.
                if before.ends_with(is_word) || before.trim_end().ends_with("(in") {
                    continue;
                }
                let rest = line.get(start..).unwrap_or("");
                let end = rest.find(|c: char| !is_word(c) && c != ':').unwrap_or(rest.len());
                let path: Vec<String> = segments(rest.get(..end).unwrap_or("")).collect();
                let name = path.last().cloned().unwrap_or_default();
                all.push(Written { path, line: number + 1, handed_on: false, name, used: false });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_blanked_out() {
        let text = "a /* b /* c */ d */ e // f\n\"g \\\" h\" r#\"i \" j\"# 'k' '\\'' 'l: &'m str \"n\nn\" r#type";
        let code = code_only(text);
        for gone in ["b", "c", "d", "f", "g", "h", "i", "j", "'k'", "n"] {
            assert!(!code.contains(gone), "{gone} in {code:?}");
        }
        assert!(code.contains("&'m str") && code.contains("r#type") && code.contains('e'), "{code:?}");
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn trees_of_names_are_spread_out() {
        let code = "use crate::{a::{self, B as C}, d::*};\npub use x::Y;\nfn reuse() {}\n";
        let shown: Vec<_> = written(code).iter().map(|w| (w.path.join("::"), w.name.clone(), w.handed_on)).collect();
        let expected =
            [("crate::a", "a", false), ("crate::a::B", "C", false), ("crate::d::*", "*", false), ("x::Y", "Y", true)];
        assert_eq!(shown, expected.map(|(path, name, on)| (path.to_owned(), name.to_owned(), on)));
    }

    #[test]
    fn module_lines_are_read() {
        let code = "mod a;\npub(crate) mod b;\n#[cfg(test)]\nmod c;\npub mod d;\nmod e { }\npub(in x) mod f;\n";
        let found = declared(code);
        let names: Vec<_> = found.iter().map(|d| (d.name.as_str(), d.for_tests)).collect();
        assert_eq!(names, [("a", false), ("b", false), ("c", true), ("d", false), ("f", false)]);
    }

    #[test]
    fn what_follows_a_test_module_is_still_read() {
        let code = without_tests("use a::A;\n#[cfg(test)]\nmod t {\n use b::B; fn x() {}\n}\nuse c::C;\n");
        assert!(code.contains("use a::A") && !code.contains("b::B") && code.contains("use c::C"), "{code:?}");
        assert_eq!(code.lines().count(), 6);
    }
}
