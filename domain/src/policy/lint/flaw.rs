//! A flaw of a rule, in words: what is wrong, and what to do about it.

use std::fmt;

/// Something in a rule that can't be meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleFlaw {
    /// Whatever it could bring together is decided before.
    Shadowed {
        /// By the rule of this name.
        by: String,
    },
    /// It has other limits than a rule of pairs before it, which takes the same pairs whatever they differ in: only what
    /// that one can't choose between is left.
    BehindSame {
        /// The name of that rule.
        by: String,
    },
    /// The same of a rule that compares less of the same texts, and so pays no heed to the rest.
    BehindCoarser {
        /// The name of that rule.
        coarser: String,
    },
    /// It takes several as one, as the first rule: payments of earlier runs are not known.
    SeveralFirst,
    /// It takes pairs by what says only whose they are, in the field of this name.
    OnlyWhose {
        /// The field.
        field: &'static str,
    },
    /// It takes pairs that are alike before a later rule takes those that are equal.
    AlikeBeforeEqual {
        /// The later rule.
        later: String,
    },
    /// It takes several as one before a later rule takes its pairs.
    SeveralBeforePairs {
        /// The later rule.
        later: String,
    },
    /// The key at this index is there twice.
    SameKeyTwice {
        /// Index of the second.
        key: usize,
    },
    /// What this step looks for can't be there: the steps before it change or remove it.
    NeverThere {
        /// Index of the key.
        key: usize,
        /// The step, as it is written.
        step: String,
    },
    /// What this step finds may be a part of a longer number, which names something else.
    CutsNumbers {
        /// Index of the key.
        key: usize,
        /// The step, as it is written.
        step: String,
    },
    /// What this step finds in people's texts may be any number.
    AnyNumber {
        /// Index of the key.
        key: usize,
        /// The step, as it is written.
        step: String,
    },
}

impl fmt::Display for RuleFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleFlaw::Shadowed { by } => {
                write!(f, "this rule never decides: `{by}` has decided before")
            }
            RuleFlaw::BehindSame { by } => write!(
                f,
                "this rule gets only what `{by}`, which compares the same texts, can't choose between before"
            ),
            RuleFlaw::BehindCoarser { coarser } => write!(
                f,
                "this rule gets only what `{coarser}`, which compares less of the same, can't choose between before"
            ),
            RuleFlaw::SeveralFirst => f.write_str(
                "a first rule of several as one remembers no payments: what is settled or paid again in a later run is not known",
            ),
            RuleFlaw::OnlyWhose { field } => write!(
                f,
                "equal amounts of one {field} are matched, though their references differ"
            ),
            RuleFlaw::AlikeBeforeEqual { later } => write!(
                f,
                "what is alike is matched before `{later}` has matched what is equal"
            ),
            RuleFlaw::SeveralBeforePairs { later } => write!(
                f,
                "several are matched as one before `{later}` has matched pairs by the same keys"
            ),
            RuleFlaw::SameKeyTwice { .. } => f.write_str("the same is compared twice"),
            RuleFlaw::NeverThere { step, .. } => write!(
                f,
                "{step} never finds anything: the steps before it leave no such text"
            ),
            RuleFlaw::CutsNumbers { step, .. } => {
                write!(
                    f,
                    "{step} also finds a part of a longer number: another reference"
                )
            }
            RuleFlaw::AnyNumber { step, .. } => write!(
                f,
                "{step} finds any number in a text, as that of a day or an amount"
            ),
        }
    }
}

impl RuleFlaw {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            RuleFlaw::Shadowed { .. } => "match on something else, or drop it",
            RuleFlaw::BehindSame { .. } => "give that rule its limits, or match on something else",
            RuleFlaw::BehindCoarser { .. } => "put it before that rule",
            RuleFlaw::SeveralFirst => "put a rule of pairs by the same keys before it",
            RuleFlaw::OnlyWhose { .. } => "compare a reference, too",
            RuleFlaw::AlikeBeforeEqual { .. } => "put it behind the rules that take what is equal",
            RuleFlaw::SeveralBeforePairs { .. } => "put the rule that takes pairs first",
            RuleFlaw::SameKeyTwice { .. } => "drop one of them",
            RuleFlaw::NeverThere { .. } => {
                "put it before the other steps, or write it as they leave it"
            }
            RuleFlaw::CutsNumbers { .. } => {
                "write `\\b` where the number begins or ends, or `+` for any number of digits"
            }
            RuleFlaw::AnyNumber { .. } => "write what stands before the number, as `INV-[0-9]+`",
        }
    }

    /// The key that it is about; none when it is the whole rule.
    #[must_use]
    pub fn key(&self) -> Option<usize> {
        match self {
            RuleFlaw::SameKeyTwice { key }
            | RuleFlaw::NeverThere { key, .. }
            | RuleFlaw::CutsNumbers { key, .. }
            | RuleFlaw::AnyNumber { key, .. } => Some(*key),
            _ => None,
        }
    }
}
