//! Memory for bodies: all requests together hold no more of them than allowed, however many send at once.
//!
//! *Decision:* bytes count as they arrive, not as they are announced: who announces much and sends slowly takes little
//! from the others. What is announced is looked at once, so that a body with no room is refused before it is sent.
use super::error::Failure;
use crate::domain::refusal::Code;
use actix_web::{HttpMessage as _, HttpRequest, web};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The room for all bodies.
#[derive(Debug)]
pub struct Room {
    held: AtomicUsize,
    most: usize,
}

/// What one body takes of the room; gives it back when dropped.
struct Held {
    room: web::Data<Room>,
    bytes: usize,
}

impl Room {
    /// Room for `most` bytes.
    pub fn new(most: usize) -> Self {
        Self { held: AtomicUsize::new(0), most }
    }

    /// Bytes taken now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether `bytes` more would fit now.
    pub fn has(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= self.most
    }

    fn take(&self, bytes: usize) -> bool {
        let grown = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Refuses a body of `claimed` bytes for which there is no room now.
///
/// # Errors
/// `overloaded`.
pub fn look(request: &HttpRequest, claimed: usize) -> Result<(), Failure> {
    match request.app_data::<web::Data<Room>>() {
        Some(room) if !room.has(claimed) => Err(full()),
        _ => Ok(()),
    }
}

/// Takes room for `bytes` more of the request's body; it is given back when the request is over.
///
/// # Errors
/// `overloaded`.
pub fn take(request: &HttpRequest, bytes: usize) -> Result<(), Failure> {
    let Some(room) = request.app_data::<web::Data<Room>>() else { return Ok(()) };
    if !room.take(bytes) {
        return Err(full());
    }
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<Held>() {
        Some(held) => held.bytes += bytes,
        None => {
            extensions.insert(Held { room: room.clone(), bytes });
        }
    }
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
        let room = web::Data::new(Room::new(100));
        let request = || TestRequest::default().app_data(room.clone()).to_http_request();
        let (first, second) = (request(), request());
        assert!(look(&first, 100).is_ok() && look(&first, 101).is_err());
        assert!(take(&first, 30).is_ok() && take(&first, 30).is_ok() && take(&second, 40).is_ok());
        assert_eq!(room.held(), 100);
        let refused = take(&second, 1).unwrap_err();
        assert_eq!(refused.status_code().as_u16(), 503);
        drop(first);
        assert_eq!(room.held(), 40);
        assert!(take(&second, 60).is_ok());
        drop(second);
        assert_eq!(room.held(), 0);
    }
}
