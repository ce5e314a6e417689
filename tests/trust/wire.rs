//! One connection that stays open, and a small generator of chance: what many clients need to be quick.
use crate::support::Answer;
use crate::support::client::Connection;

/// A client with one connection, made when first needed and again after it broke.
pub struct Wire {
    bearer: String,
    connection: Connection,
}

impl Wire {
    pub fn new(addr: &str, token: &str) -> Self {
        Self { bearer: format!("Bearer {token}"), connection: Connection::to(addr) }
    }

    /// Sends a request and waits for its answer; `None` when the connection broke: whether the request took effect is
    /// then unknown.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Option<Answer> {
        let mut all = vec![("Authorization", self.bearer.as_str()), ("Accept", "application/json")];
        all.extend(body.map(|_| ("Content-Type", "application/json")));
        all.extend_from_slice(headers);
        self.connection.send_once(method, path, &all, body.map(str::as_bytes))
    }
}

/// Seeded chance (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap()
    }

    /// Whether something happens that happens `percent` times of a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}
