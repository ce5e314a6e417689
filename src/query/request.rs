//! x
/// x
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {}
