//! Comma lists of names: `queue,direction:20`, `voci,-agentid`. Names with `,` or `:` stand in `"`, where `\` escapes.

/// One item of such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name without quotes.
    pub name: String,
    /// Whether a `-` stood before it.
    pub dropped: bool,
    /// What stood after a `:`.
    pub count: Option<String>,
}

/// Parts a list at the commas that are not quoted; blanks around items and empty items go.
pub fn split(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|letter: char| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        letter == ',' && !quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

/// Reads one item.
///
/// # Errors
/// When quotes are not closed or something else than `:count` follows them; in words.
pub fn item(part: &str) -> Result<Item, String> {
    let (dropped, part) = match part.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, part),
    };
    let Some(quoted) = part.strip_prefix('"') else {
        let (name, count) = match part.split_once(':') {
            Some((name, count)) => (name.trim_end(), Some(count.trim().to_owned())),
            None => (part, None),
        };
        return Ok(Item { name: name.to_owned(), dropped, count });
    };
    let mut name = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next() {
            Some('"') => break,
            Some('\\') => name.extend(letters.next()),
            Some(letter) => name.push(letter),
            None => return Err(format!("the quotes of {part} are not closed")),
        }
    }
    match letters.as_str() {
        "" => Ok(Item { name, dropped, count: None }),
        rest => match rest.strip_prefix(':') {
            Some(count) => Ok(Item { name, dropped, count: Some(count.trim().to_owned()) }),
            None => Err(format!("{rest:?} stands after the quotes of {part}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_commas_and_colons() {
        assert_eq!(split(r#"a, "b,\"c",,-d"#), ["a", r#""b,\"c""#, "-d"]);
        let read = item(r#""b,\"c:":20"#).unwrap();
        assert_eq!((read.name.as_str(), read.count.as_deref(), read.dropped), ("b,\"c:", Some("20"), false));
        let read = item("-hold time").unwrap();
        assert_eq!((read.name.as_str(), read.count, read.dropped), ("hold time", None, true));
        assert!(item("\"a").is_err());
        assert!(item("\"a\"b").is_err());
    }
}
