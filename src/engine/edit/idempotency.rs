//! Idempotency keys: scope is token, method, path and key; hashes and numbers are kept, no body (contract section 4).
use crate::base::clock::Timestamp;
use crate::base::digest::sha256;
use crate::engine::access::Caller;
use crate::engine::types::Idempotency;
use crate::stores::database::writes::Remember;

/// How long a key is remembered, microseconds.
const KEPT_US: i64 = 24 * 3_600 * 1_000_000;

/// What is kept of a request under its key.
pub fn remember(caller: &Caller, idempotency: &Idempotency, now: Timestamp) -> Remember {
    // Lengths keep the parts apart: no two different requests give the same text.
    let parts = [caller.token_id(), idempotency.request.as_str(), idempotency.key.as_str()];
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    Remember { digest: sha256(text.as_bytes()), body: idempotency.body, until: now.0 + KEPT_US }
}
