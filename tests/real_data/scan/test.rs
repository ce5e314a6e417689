//! What a question means, put together of words said and values kept with `&`, `|` and `!`.
use super::hall::Record;
use super::said::Said;
use serde_json::Value;
use std::ops::{BitAnd, BitOr, Not};

type Judge = Box<dyn Fn(&[String], &Record<'_>) -> bool>;

pub struct Test(Judge);

impl Test {
    pub fn holds(&self, vocabulary: &[String], record: &Record<'_>) -> bool {
        (self.0)(vocabulary, record)
    }
}

/// A condition on the record itself.
pub fn kept(judge: impl Fn(&Value) -> bool + 'static) -> Test {
    Test(Box::new(move |_, record| judge(record.json)))
}

/// Every record.
pub fn all() -> Test {
    kept(|_| true)
}

impl From<Said> for Test {
    fn from(said: Said) -> Self {
        Self(Box::new(move |vocabulary, record| said.holds(vocabulary, record)))
    }
}

macro_rules! operators {
    ($kind:ty) => {
        impl<T: Into<Test>> BitAnd<T> for $kind {
            type Output = Test;
            fn bitand(self, other: T) -> Test {
                let (one, other): (Test, Test) = (self.into(), other.into());
                Test(Box::new(move |words, record| one.holds(words, record) && other.holds(words, record)))
            }
        }
        impl<T: Into<Test>> BitOr<T> for $kind {
            type Output = Test;
            fn bitor(self, other: T) -> Test {
                let (one, other): (Test, Test) = (self.into(), other.into());
                Test(Box::new(move |words, record| one.holds(words, record) || other.holds(words, record)))
            }
        }
        impl Not for $kind {
            type Output = Test;
            fn not(self) -> Test {
                let one: Test = self.into();
                Test(Box::new(move |words, record| !one.holds(words, record)))
            }
        }
    };
}
operators!(Test);
operators!(Said);
