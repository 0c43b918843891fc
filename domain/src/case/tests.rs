//! The life of a case: every transition and refusal, the authority matrix as a whole, and thousands
//! of made-up lives against a simple model.

mod content;
mod life;
mod matrix;
mod model;
mod people;
mod simulation;
mod together;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::*;
use crate::audit::AuditEvent;

const TODAY: Date = date(2026, 11, 20);

/// A case among people who may do everything, of which 1,200.00 EUR are at stake.
struct Scene {
    subject: Subject,
    authority: Authority,
    approval: Approval,
    case: Case,
}

impl Scene {
    fn new() -> Self {
        Scene {
            subject: Subject {
                source: "acme-pay".to_owned(),
                kind: Kind::MissingInLedger,
                severity: Severity::Critical,
                currency: euro(),
                at_stake: amount("1200"),
                has_both_sides: false,
            },
            authority: Authority::default(),
            approval: Approval::default(),
            case: Case::default(),
        }
    }

    /// Where every resolution takes a second person.
    fn with_second_person() -> Self {
        let everything = ApprovalRule {
            kinds: [].into(),
            resolutions: [].into(),
            currency: None,
            amount_from: None,
        };
        let approval = Approval {
            rules: vec![everything],
        };
        Scene {
            approval,
            ..Scene::new()
        }
    }

    fn try_on(&self, today: Date, by: &str, act: &Act) -> Result<Applied, Refusal> {
        let change = Change {
            by,
            act,
            subject: &self.subject,
            authority: &self.authority,
            approval: &self.approval,
            at: now(),
            today,
        };
        apply(&self.case, &change)
    }

    fn try_as(&self, by: &str, act: &Act) -> Result<Applied, Refusal> {
        self.try_on(TODAY, by, act)
    }

    /// What must change something; its fields.
    fn does(&mut self, by: &str, act: Act, event: AuditEvent) -> Vec<(&'static str, String)> {
        let applied = self.try_as(by, &act).expect("it is allowed");
        assert_eq!(applied.event, Some(event), "{act:?}");
        assert_eq!(applied.case.version, self.case.version + 1, "{act:?}");
        self.case = applied.case;
        applied.fields
    }

    /// What must leave everything as it is.
    fn is_unchanged_by(&self, by: &str, act: &Act) {
        let applied = self.try_as(by, act).expect("it is allowed");
        assert_eq!(applied.case, self.case, "{act:?}");
        assert_eq!((applied.event, applied.fields), (None, vec![]), "{act:?}");
    }

    fn refused(&self, by: &str, act: &Act) -> String {
        let refusal = self.try_as(by, act).expect_err("it is refused");
        refusal.to_string()
    }
}

fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().expect("a time")
}

fn euro() -> Currency {
    Currency::parse("EUR").expect("a currency")
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

fn note(text: &str) -> String {
    text.to_owned()
}

fn resolve(resolution: Resolution) -> Act {
    Act::Resolve {
        resolution,
        note: note("looked at it"),
    }
}

fn write_off(how_much: &str) -> Resolution {
    Resolution::WriteOff {
        reason_code: "bank fee".to_owned(),
        amount: amount(how_much),
        account: "4711".to_owned(),
    }
}

fn in_transit() -> Resolution {
    Resolution::InTransit {
        until: date(2026, 11, 24),
    }
}

fn seen_again(run: &str) -> Act {
    Act::SeenAgain {
        run_id: run.to_owned(),
    }
}

fn clear(run: &str) -> Act {
    Act::AutoClear {
        run_id: run.to_owned(),
        evidence: "ledger line 7 arrived".to_owned(),
        undoes: false,
    }
}

fn undo(run: &str) -> Act {
    Act::AutoClear {
        run_id: run.to_owned(),
        evidence: "the amended report no longer has it".to_owned(),
        undoes: true,
    }
}

fn approve() -> Act {
    Act::Approve { note: note("") }
}

fn reject() -> Act {
    Act::Reject {
        note: note("not like this"),
    }
}

fn reopen() -> Act {
    Act::Reopen {
        note: note("it was a mistake"),
    }
}

fn comment() -> Act {
    Act::Comment {
        note: note("called the bank"),
    }
}

fn acknowledge() -> Act {
    Act::Acknowledge { note: note("") }
}

fn assign(to: &str) -> Act {
    Act::Assign {
        to: to.to_owned(),
        note: note(""),
    }
}
