//! An authority matrix, and what it means in a form that shares nothing with it: one line per role
//! and action, by hand.

use super::*;

/// The last day of every delegation.
pub(super) const LAST_DAY: Date = date(2026, 11, 20);

/// Who holds which role. `stan` holds none and acts for others; `tess` acts for `stan`.
pub(super) const HOLDERS: [(&str, &str); 4] = [
    ("nora", ""),
    ("carl", "clerk"),
    ("anna", "accountant"),
    ("cora", "controller"),
];
pub(super) const ROLES: [&str; 3] = ["accountant", "clerk", "controller"];
pub(super) const SOURCES: [&str; 2] = ["acme-pay", "north-bank"];

/// What is asked about a right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) action: Action,
    pub(super) resolution: ResolutionKind,
    pub(super) subject: &'a Subject,
}

/// What the matrix below means: whether a holder of `role` may.
pub(super) fn may(role: &str, asked: &Asked<'_>) -> bool {
    use Action::{Acknowledge, Approve, Assign, Comment, Reject, Reopen, Resolve, SignOff};
    let subject = asked.subject;
    let up_to = |currency: &str, limit: &str| {
        subject.currency.code() == currency && subject.at_stake <= amount(limit)
    };
    let at_acme = subject.source == "acme-pay";
    let is_small_change = matches!(subject.kind, Kind::Rounding | Kind::DateMismatch)
        && asked.resolution == ResolutionKind::NotAnError;
    match (role, asked.action) {
        (_, Comment) => true,
        ("clerk", Assign | Acknowledge) => true,
        ("clerk", Resolve) => is_small_change && up_to("EUR", "10"),
        ("accountant", Resolve | Reject | Reopen) => {
            at_acme && (up_to("EUR", "1000") || up_to("USD", "10"))
        }
        ("controller", Resolve | Reject | Reopen | Assign) => true,
        ("controller", Approve) => asked.resolution != ResolutionKind::Void,
        ("controller", SignOff) => at_acme,
        _ => false,
    }
}

/// The matrix. `stan` acts for `from` through [`LAST_DAY`].
pub(super) fn authority(from: &str) -> Authority {
    use Action::{Acknowledge, Approve, Assign, Comment, Reject, Reopen, Resolve, SignOff};
    let grant = |role: &str, actions: &[Action]| Grant {
        role: role.to_owned(),
        actions: actions.iter().copied().collect(),
        sources: [].into(),
        kinds: [].into(),
        resolutions: [].into(),
        amount_up_to: [].into(),
    };
    let delegation = |from: &str, to: &str| Delegation {
        from: from.to_owned(),
        to: to.to_owned(),
        until: LAST_DAY,
    };
    let dollar = Currency::parse("USD").expect("a currency");
    let all_but_void = ResolutionKind::ALL.iter().copied();
    let all_but_void = all_but_void.filter(|kind| *kind != ResolutionKind::Void);
    let roles = |(name, role): (&str, &str)| {
        let role = Some(role).filter(|role| !role.is_empty());
        (
            name.to_owned(),
            role.into_iter().map(str::to_owned).collect(),
        )
    };
    Authority {
        people: HOLDERS.into_iter().map(roles).collect(),
        grants: vec![
            grant("*", &[Comment]),
            grant("clerk", &[Assign, Acknowledge]),
            Grant {
                kinds: [Kind::Rounding, Kind::DateMismatch].into(),
                resolutions: [ResolutionKind::NotAnError].into(),
                amount_up_to: [(euro(), amount("10"))].into(),
                ..grant("clerk", &[Resolve])
            },
            Grant {
                sources: ["acme-pay".to_owned()].into(),
                amount_up_to: [(euro(), amount("1000")), (dollar, amount("10"))].into(),
                ..grant("accountant", &[Resolve, Reject, Reopen])
            },
            grant("controller", &[Resolve, Reject, Reopen, Assign]),
            Grant {
                resolutions: all_but_void.collect(),
                ..grant("controller", &[Approve])
            },
            Grant {
                sources: ["acme-pay".to_owned()].into(),
                ..grant("controller", &[SignOff])
            },
        ],
        delegations: vec![delegation(from, "stan"), delegation("stan", "tess")],
    }
}
