//! `<1-12>`: the decimal numbers between two, as an expression.

/// The most digits a number may have.
pub const DIGITS_MAX: usize = 18;

/// An expression for the numbers from `low` to `high` (digits, at most [`DIGITS_MAX`]; in either order). Written with
/// equally many digits, so must the numbers be; else they may have zeros before them.
pub fn between(low: &str, high: &str) -> String {
    let number = |digits: &str| digits.parse::<u64>().unwrap_or_default();
    let (low, high) = if number(low) <= number(high) { (low, high) } else { (high, low) };
    if low.len() == high.len() {
        return format!("(?:{})", of_length(low, high));
    }
    let (low, high) = (number(low).to_string(), number(high).to_string());
    let alternatives: Vec<String> = (low.len()..=high.len())
        .map(|length| {
            let least = if length == low.len() { low.clone() } else { format!("1{}", "0".repeat(length - 1)) };
            let most = if length == high.len() { high.clone() } else { "9".repeat(length) };
            of_length(&least, &most)
        })
        .collect();
    format!("0*(?:{})", alternatives.join("|"))
}

/// Between two numbers of as many digits.
fn of_length(low: &str, high: &str) -> String {
    let mut alternatives = Vec::new();
    let mut common = String::new();
    let (mut lows, mut highs) = (low.chars(), high.chars());
    loop {
        let (low_rest, high_rest) = (lows.as_str(), highs.as_str());
        let (Some(least), Some(most)) = (lows.next(), highs.next()) else { return common };
        if least == most {
            common.push(least);
            continue;
        }
        let free = lows.as_str().len();
        above(low_rest, &mut String::new(), &mut alternatives);
        let (next, before) = (shifted(least, 1), shifted(most, -1));
        if next <= before {
            alternatives.push(format!("[{next}-{before}]{}", any(free)));
        }
        below(high_rest, &mut String::new(), &mut alternatives);
        return format!("{common}(?:{})", alternatives.join("|"));
    }
}

/// From `digits` on, the first digit kept.
fn above(digits: &str, kept: &mut String, alternatives: &mut Vec<String>) {
    let mut rest = digits.chars();
    kept.extend(rest.next());
    while let Some(digit) = rest.next() {
        if digit < '9' {
            alternatives.push(format!("{kept}[{}-9]{}", shifted(digit, 1), any(rest.as_str().len())));
        }
        kept.push(digit);
    }
    alternatives.push(kept.clone());
}

/// Up to `digits`, the first digit kept.
fn below(digits: &str, kept: &mut String, alternatives: &mut Vec<String>) {
    let mut rest = digits.chars();
    kept.extend(rest.next());
    while let Some(digit) = rest.next() {
        if digit > '0' {
            alternatives.push(format!("{kept}[0-{}]{}", shifted(digit, -1), any(rest.as_str().len())));
        }
        kept.push(digit);
    }
    alternatives.push(kept.clone());
}

fn any(digits: usize) -> String {
    if digits == 0 { String::new() } else { format!("[0-9]{{{digits}}}") }
}

fn shifted(digit: char, by: i8) -> char {
    u8::try_from(digit).ok().and_then(|byte| byte.checked_add_signed(by)).map_or(digit, char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn exactly_the_numbers_between_match(a in 0_u64..3_000, b in 0_u64..3_000, asked in 0_u64..3_000) {
            let expression = ::regex::Regex::new(&format!("^(?:{})$", between(&a.to_string(), &b.to_string()))).unwrap();
            let within = (a.min(b)..=a.max(b)).contains(&asked);
            let fixed = a.to_string().len() == b.to_string().len();
            proptest::prop_assert_eq!(expression.is_match(&asked.to_string()), within);
            proptest::prop_assert_eq!(expression.is_match(&format!("00{asked}")), within && !fixed);
        }
    }

    #[test]
    fn numbers_of_equal_length_keep_their_zeros() {
        let expression = ::regex::Regex::new(&format!("^{}$", between("007", "120"))).unwrap();
        for (text, within) in
            [("007", true), ("7", false), ("006", false), ("099", true), ("120", true), ("121", false)]
        {
            assert_eq!(expression.is_match(text), within, "{text}");
        }
    }
}
