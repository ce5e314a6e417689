//! Comma lists of names: `queue,direction:20`, `voci,-agentid`. Names with `,` or `:` stand in `"`, where `\` escapes.

/// One item of such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name without quotes.
    pub name: String,
    /// Whether a `-` stood before it.
    pub dropped: bool,
    /// What stood after the first `:`, without outer blanks.
    pub tail: Option<String>,
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
/// When quotes are not closed or something else than `:…` follows them; in words.
pub fn item(part: &str) -> Result<Item, String> {
    let (dropped, part) = match part.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, part),
    };
    if !part.starts_with('"') {
        let (name, tail) = match part.split_once(':') {
            Some((name, tail)) => (name.trim_end(), Some(tail.trim().to_owned())),
            None => (part, None),
        };
        return Ok(Item { name: name.to_owned(), dropped, tail });
    }
    let (name, rest) = unquote(part)?;
    match rest.trim_start() {
        "" => Ok(Item { name, dropped, tail: None }),
        rest => match rest.strip_prefix(':') {
            Some(tail) => Ok(Item { name, dropped, tail: Some(tail.trim().to_owned()) }),
            None => Err(format!("{rest:?} stands after the quotes of {part}")),
        },
    }
}

/// The text in the quotes that `text` begins with, and what follows them.
///
/// # Errors
/// When they are not closed; in words.
pub fn unquote(text: &str) -> Result<(String, &str), String> {
    let mut name = String::new();
    let mut letters = text.strip_prefix('"').unwrap_or(text).chars();
    loop {
        match letters.next() {
            Some('"') => return Ok((name, letters.as_str())),
            Some('\\') => name.extend(letters.next()),
            Some(letter) => name.push(letter),
            None => return Err(format!("the quotes of {text} are not closed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_commas_and_colons() {
        assert_eq!(split(r#"a, "b,\"c",,-d"#), ["a", r#""b,\"c""#, "-d"]);
        let read = item(r#""b,\"c:":20"#).unwrap();
        assert_eq!((read.name.as_str(), read.tail.as_deref(), read.dropped), ("b,\"c:", Some("20"), false));
        let read = item("-hold time").unwrap();
        assert_eq!((read.name.as_str(), read.tail, read.dropped), ("hold time", None, true));
        assert!(item("\"a").is_err());
        assert!(item("\"a\"b").is_err());
    }
}
