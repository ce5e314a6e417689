//! A body that arrives as NDJSON, taken in batches: large while the sender is quick, at once when it pauses.
use super::body;
use super::error::Failure;
use super::ndjson::{Content, Line, Splitter};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::collections::VecDeque;
use std::time::Duration;

/// Lines of one batch.
const BATCH_LINES: usize = 500;
/// Bytes of one batch, unless a single line is longer.
const BATCH_BYTES: usize = 4 << 20;
/// A sender that pauses so long gets the verdicts of what it sent.
const PAUSE: Duration = Duration::from_millis(20);
/// The lines of a body, handed out in batches.
pub struct Batches<S> {
    source: S,
    splitter: Splitter,
    ready: VecDeque<Line>,
    ended: bool,
    broken: Option<Failure>,
}

impl<S> Batches<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    /// The lines of `source`, each of at most `longest` bytes.
    pub fn new(source: S, longest: usize) -> Self {
        Self { source, splitter: Splitter::new(longest), ready: VecDeque::new(), ended: false, broken: None }
    }

    /// Whether every line was handed out.
    pub fn at_end(&self) -> bool {
        self.ended && self.ready.is_empty() && self.broken.is_none()
    }

    /// The next lines; none at the end. A body that breaks off gives its whole lines first, then the failure.
    ///
    /// # Errors
    /// [`Failure::BodyCut`].
    pub async fn next(&mut self) -> Result<Vec<Line>, Failure> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            while let Some(line) = self.ready.front() {
                let length = if let Content::Text(text) = &line.content { text.len() } else { 0 };
                if batch.len() == BATCH_LINES || (!batch.is_empty() && bytes + length > BATCH_BYTES) {
                    return Ok(batch);
                }
                bytes += length;
                batch.extend(self.ready.pop_front());
            }
            if self.ended {
                return match self.broken.take() {
                    Some(failure) if batch.is_empty() => Err(failure),
                    broken => {
                        self.broken = broken;
                        Ok(batch)
                    }
                };
            }
            if !self.receive(batch.is_empty()).await {
                return Ok(batch);
            }
        }
    }

    /// Whether more is here, or comes before the sender would count as pausing.
    pub async fn arrives(&mut self) -> bool {
        !self.ready.is_empty() || self.ended || self.receive(false).await
    }

    /// Takes the next piece; false when the sender pauses and there is something to do meanwhile.
    async fn receive(&mut self, idle: bool) -> bool {
        let next = if idle {
            body::next(&mut self.source).await
        } else {
            match tokio::time::timeout(PAUSE, self.source.next()).await {
                Err(_) => return false,
                Ok(piece) => piece.transpose().map_err(|error| body::cut(&error)),
            }
        };
        match next {
            Ok(Some(piece)) => self.splitter.push(&piece, |line| self.ready.push_back(line)),
            Ok(None) => {
                self.ready.extend(self.splitter.finish());
                self.ended = true;
            }
            Err(failure) => {
                self.broken = Some(failure);
                self.ended = true;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn lines(
        pieces: Vec<Result<&'static str, PayloadError>>,
    ) -> Batches<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin> {
        let pieces = pieces.into_iter().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes())));
        Batches::new(stream::iter(pieces), 1 << 20)
    }

    #[actix_web::test]
    async fn batches_end_with_the_body_or_when_they_are_full() {
        let mut short = lines(vec![Ok("a\nb"), Ok("\nc")]);
        let numbers: Vec<_> = short.next().await.unwrap().iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert!(short.at_end() && short.next().await.unwrap().is_empty());
        let mut long = lines(
            vec![Ok("x\n"); 1_100]
                .into_iter()
                .map(|piece: Result<&str, ()>| piece.map_err(|()| PayloadError::Overflow))
                .collect(),
        );
        let mut sizes = Vec::new();
        while !long.at_end() {
            sizes.push(long.next().await.unwrap().len());
        }
        assert_eq!(sizes, [500, 500, 100]);
    }

    #[actix_web::test]
    async fn a_body_that_breaks_off_gives_its_whole_lines_and_then_the_failure() {
        let mut cut = lines(vec![Ok("whole\nhal"), Err(PayloadError::Incomplete(None))]);
        assert_eq!(cut.next().await.unwrap().len(), 1);
        assert!(!cut.at_end());
        assert!(matches!(cut.next().await, Err(Failure::BodyCut(_))));
    }

    #[actix_web::test]
    async fn a_sender_that_pauses_gets_what_it_sent_so_far() {
        let pieces = stream::iter([Ok(Bytes::from_static(b"a\n"))]).chain(stream::pending());
        let mut paused = Batches::new(pieces, 100);
        assert_eq!(paused.next().await.unwrap().len(), 1);
    }
}
