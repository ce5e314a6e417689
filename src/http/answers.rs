//! Memory for answers that are on their way: all together hold no more than allowed, however many clients ask and do
//! not read.
//!
//! *Decision:* an answer is handed to the connection in pieces, and counts until its last piece is taken: the library
//! would copy it whole into the connection's buffer at once, and nobody would know how long it lies there. Short ones
//! are not worth it. Who changes something is answered in any case: what is done must not be called refused.
use super::error::Failure;
use crate::base::room::{Held, Room};
use crate::domain::refusal::Code;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::web::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes up to which an answer does not count: a connection's buffer holds as much.
const SHORT: u64 = 64 << 10;
/// Bytes handed to the connection at once.
const PIECE: usize = 64 << 10;
/// What an answer counts that is made while it is read, beside its piece under way.
const STREAM: usize = 256 << 10;

/// The room for all answers.
#[derive(Clone, Debug)]
pub struct Answers(Arc<Room>);

impl Answers {
    /// Room for `most` bytes.
    pub fn new(most: usize) -> Self {
        Self(Room::new(most))
    }

    /// Bytes of answers that are not taken yet.
    pub fn held(&self) -> usize {
        self.0.held()
    }
}

/// The answer, counted, or `overloaded` in its place when there is no room for it.
pub fn admit(answers: &Answers, response: ServiceResponse) -> ServiceResponse {
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) if bytes > SHORT => usize::try_from(bytes).unwrap_or(usize::MAX),
        BodySize::Stream => STREAM,
        BodySize::None | BodySize::Sized(_) => return response,
    };
    let method = response.request().method();
    if *method == Method::HEAD {
        return response;
    }
    let held = match *method {
        Method::GET => answers.0.take_or_be_alone(bytes),
        _ => Some(answers.0.take_anyway(bytes)),
    };
    match held {
        Some(held) => response.map_body(|_, body| counted(body, held)),
        None => {
            let (request, _) = response.into_parts();
            let words = "the server holds as many bytes of answers as it may that nobody has read yet; try again";
            ServiceResponse::from_err(Failure::refused(Code::Overloaded, words), request)
        }
    }
}

fn counted(body: BoxBody, held: Held) -> BoxBody {
    match body.try_into_bytes() {
        Ok(rest) => BoxBody::new(Pieces { rest, _held: held }),
        Err(stream) => BoxBody::new(Counted { stream, held }),
    }
}

/// An answer handed out piece by piece.
struct Pieces {
    rest: Bytes,
    _held: Held,
}

impl MessageBody for Pieces {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let piece = self.rest.len().min(PIECE);
        Poll::Ready((piece > 0).then(|| Ok(self.rest.split_to(piece))))
    }
}

/// An answer that is made while it is read.
struct Counted {
    stream: BoxBody,
    held: Held,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.stream.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.stream).poll_next(context);
        if let Poll::Ready(Some(Ok(piece))) = &next {
            // It lies in the connection's buffer until the next one is asked for.
            self.held.count(STREAM + piece.len());
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::HttpResponse;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    fn answer(method: Method, bytes: usize) -> ServiceResponse {
        TestRequest::default().method(method).to_srv_response(HttpResponse::Ok().body(vec![7; bytes]))
    }

    #[tokio::test]
    async fn long_answers_count_until_they_are_taken_and_are_refused_without_room() {
        let answers = Answers::new(1 << 20);
        let short = admit(&answers, answer(Method::GET, 60_000));
        assert_eq!((short.status().as_u16(), answers.held()), (200, 0));
        let alone = admit(&answers, answer(Method::GET, 3 << 20));
        assert_eq!((alone.status().as_u16(), answers.held()), (200, 3 << 20));
        let refused = admit(&answers, answer(Method::GET, 100_000));
        assert!(refused.status().as_u16() == 503 && refused.response().error().is_some());
        assert_eq!(answers.held(), 3 << 20);
        let done = admit(&answers, answer(Method::POST, 100_000));
        assert_eq!((done.status().as_u16(), answers.held()), (200, (3 << 20) + 100_000));
        assert_eq!(admit(&answers, answer(Method::HEAD, 9 << 20)).status().as_u16(), 200);
        let body = to_bytes(alone.into_body()).await.unwrap();
        assert!(body.len() == 3 << 20 && body.iter().all(|byte| *byte == 7));
        drop(done);
        assert_eq!(answers.held(), 0);
        assert_eq!(admit(&answers, answer(Method::GET, 100_000)).status().as_u16(), 200);
    }
}
