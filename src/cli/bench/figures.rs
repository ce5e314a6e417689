//! What was measured: rates and percentiles, as a table or as JSON.
use crate::cli::output::table;
use serde_json::{Value, json};
use std::time::Duration;

/// Answers of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// A second.
    pub rate: f64,
    /// Half of them took at most so many milliseconds.
    pub p50_ms: f64,
    /// All but a hundredth.
    pub p99_ms: f64,
}

impl Figure {
    /// Of how long each took, microseconds.
    pub fn of(mut micros: Vec<u32>, span: Duration) -> Self {
        micros.sort_unstable();
        Self {
            rate: micros.len() as f64 / span.as_secs_f64().max(1e-9),
            p50_ms: percentile(&micros, 50),
            p99_ms: percentile(&micros, 99),
        }
    }
}

fn percentile(sorted: &[u32], hundredth: usize) -> f64 {
    let at = (sorted.len() * hundredth / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
}

/// One line of the answer.
#[derive(Clone, Debug)]
pub struct Line {
    /// W1 … W3, S1 … S6.
    pub name: &'static str,
    /// In words.
    pub what: String,
    /// Connections at once.
    pub connections: usize,
    /// What was measured.
    pub figure: Figure,
    /// What the echoing server did, a second, just before, asked by the same connections.
    pub echo: Option<f64>,
}

impl Line {
    fn cells(&self) -> Vec<String> {
        let number = |value: f64| if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let Figure { rate, p50_ms, p99_ms } = &self.figure;
        let [echo, ratio] = match self.echo {
            Some(echo) => [number(echo), format!("{:.3}", rate / echo.max(1e-9))],
            None => [String::new(), String::new()],
        };
        let connections = self.connections.to_string();
        let (rate, p50, p99) = (number(*rate), number(*p50_ms), number(*p99_ms));
        vec![self.name.to_owned(), self.what.clone(), connections, rate, p50, p99, echo, ratio]
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let Figure { rate, p50_ms, p99_ms } = &self.figure;
        json!({
            "name": self.name, "what": self.what, "connections": self.connections, "per_second": rate,
            "p50_ms": p50_ms, "p99_ms": p99_ms, "echo_per_second": self.echo,
            "ratio_to_echo": self.echo.map(|echo| rate / echo.max(1e-9)),
        })
    }
}

/// For eyes.
pub fn shown(lines: &[Line]) -> String {
    let headings = ["", "", "connections", "a second", "p50 ms", "p99 ms", "echo", "of echo"];
    table(&headings, &lines.iter().map(Line::cells).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let figure = Figure::of((1..=1_000).rev().collect(), Duration::from_secs(2));
        assert_eq!((figure.rate, figure.p50_ms, figure.p99_ms), (500.0, 0.501, 0.991));
        assert_eq!(Figure::of(Vec::new(), Duration::ZERO).p99_ms, 0.0);
    }

    #[test]
    fn a_line_without_an_echo_has_no_ratio() {
        let figure = Figure { rate: 50.0, p50_ms: 1.0, p99_ms: 123.4 };
        let line = Line { name: "W3", what: String::from("found"), connections: 1, figure, echo: None };
        assert!(line.json()["ratio_to_echo"].is_null());
        let text = shown(&[line.clone(), Line { echo: Some(100.0), ..line }]);
        assert!(text.lines().nth(2).is_some_and(|last| last.ends_with("0.500")), "{text}");
    }
}
