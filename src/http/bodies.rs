//! Memory for bodies: all requests together hold no more of them than allowed, however many send at once.
//!
//! *Decision:* bytes count as they arrive, not as they are announced: who announces much and sends slowly takes little
//! from the others. What is announced is looked at once, so that a body with no room is refused before it is sent.
use super::error::Failure;
use crate::base::room::{Held, Room};
use crate::domain::refusal::Code;
use actix_web::{HttpMessage as _, HttpRequest};
use std::sync::Arc;

/// The room for all bodies.
#[derive(Clone, Debug)]
pub struct Bodies(Arc<Room>);

impl Bodies {
    /// Room for `most` bytes.
    pub fn new(most: usize) -> Self {
        Self(Room::new(most))
    }

    /// Bytes of bodies that have arrived.
    pub fn held(&self) -> usize {
        self.0.held()
    }
}

/// Refuses a body of `claimed` bytes for which there is no room now.
///
/// # Errors
/// `overloaded`.
pub fn look(request: &HttpRequest, claimed: usize) -> Result<(), Failure> {
    match request.app_data::<Bodies>() {
        Some(bodies) if !bodies.0.has(claimed) => Err(full()),
        _ => Ok(()),
    }
}

/// Takes room for `bytes` more of the request's body; it is given back when the request is over.
///
/// # Errors
/// `overloaded`.
pub fn take(request: &HttpRequest, bytes: usize) -> Result<(), Failure> {
    let Some(bodies) = request.app_data::<Bodies>() else { return Ok(()) };
    let mut extensions = request.extensions_mut();
    if let Some(held) = extensions.get_mut::<Held>() {
        return if held.more(bytes) { Ok(()) } else { Err(full()) };
    }
    extensions.insert(bodies.0.take(bytes).ok_or_else(full)?);
    Ok(())
}

fn full() -> Failure {
    Failure::refused(Code::Overloaded, "the server holds as many bytes of bodies as it may; try again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError as _;
    use actix_web::test::TestRequest;

    #[test]
    fn bodies_take_room_as_they_arrive_and_give_it_back_with_their_request() {
        let bodies = Bodies::new(100);
        let request = || TestRequest::default().app_data(bodies.clone()).to_http_request();
        let (first, second) = (request(), request());
        assert!(look(&first, 100).is_ok() && look(&first, 101).is_err());
        assert!(take(&first, 30).is_ok() && take(&first, 30).is_ok() && take(&second, 40).is_ok());
        assert_eq!(bodies.held(), 100);
        let refused = take(&second, 1).unwrap_err();
        assert_eq!(refused.status_code().as_u16(), 503);
        drop(first);
        assert_eq!(bodies.held(), 40);
        assert!(take(&second, 60).is_ok());
        drop(second);
        assert_eq!(bodies.held(), 0);
    }
}
