//! Who may do what: an authority matrix of roles, kinds and amounts, delegations with an end, and
//! from where on a second person has to agree.
//!
//! Knows names as they are given; whether somebody is who they say is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::civil::Date;

use super::content::is_same_person;
use super::resolution::ResolutionKind;
use super::{Act, Subject};
use crate::discrepancy::Kind;
use crate::money::{Amount, Currency, Money};
use crate::named_enum;

named_enum! {
    /// What a person does.
    Action {
        /// Says who is to look at a case.
        Assign = "assign",
        /// Writes something down.
        Comment = "comment",
        /// Resolves, or proposes to.
        Resolve = "resolve",
        /// Agrees to what another person proposed.
        Approve = "approve",
        /// Sends a proposal back.
        Reject = "reject",
        /// Opens a resolved case again.
        Reopen = "reopen",
        /// Says that they saw it.
        Acknowledge = "acknowledge",
        /// Signs a run off.
        SignOff = "sign_off",
    }
}

/// The role that everybody has.
pub const EVERYBODY: &str = "*";

/// One line of the authority matrix: what a role may do. All conditions given must hold: a run has
/// no kind and no amount, so that a line with conditions on them does not grant to sign it off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Whose right it is; `*` is everybody's.
    pub role: String,
    /// What may be done. Never empty.
    pub actions: BTreeSet<Action>,
    /// Only in these sources; empty is any.
    pub sources: BTreeSet<String>,
    /// Only for these kinds; empty is any.
    pub kinds: BTreeSet<Kind>,
    /// Only these resolutions (of `resolve`, `approve`); empty is any.
    pub resolutions: BTreeSet<ResolutionKind>,
    /// Only up to these amounts at stake. Empty is any amount; a currency that is not listed in a
    /// list is not granted.
    pub amount_up_to: BTreeMap<Currency, Amount>,
}

/// One person acts for another for a while. Not passed on: who acts for somebody has the rights of
/// that person's own roles only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delegation {
    /// Whose rights.
    pub from: String,
    /// Who has them too.
    pub to: String,
    /// The last day.
    pub until: Date,
}

/// From where on a second person has to agree; the default is always.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApprovalRule {
    /// Only for these kinds; empty is any.
    pub kinds: BTreeSet<Kind>,
    /// Only these resolutions; empty is any.
    pub resolutions: BTreeSet<ResolutionKind>,
    /// Only this currency; none is any.
    pub currency: Option<Currency>,
    /// Only from this amount at stake up; none is any amount.
    pub amount_from: Option<Amount>,
}

/// A source's rules for a second person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Approval {
    /// A resolution that fits any of these is proposed first.
    pub rules: Vec<ApprovalRule>,
}

/// Who may do what, in the whole installation. Without any grant, everybody may do everything;
/// that nobody approves their own holds always.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authority {
    /// Roles of each person; who is not listed has none.
    pub people: BTreeMap<String, BTreeSet<String>>,
    /// What roles may do.
    pub grants: Vec<Grant>,
    /// Who acts for whom.
    pub delegations: Vec<Delegation>,
}

/// What somebody wants to do, as far as their rights depend on that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) person: &'a str,
    pub(super) action: Action,
    pub(super) source: &'a str,
    /// None for a whole run.
    pub(super) subject: Option<&'a Subject>,
    /// What is to be resolved how, or what is approved.
    pub(super) resolution: Option<ResolutionKind>,
    /// Who proposed what is to be approved: their rights don't count, whoever uses them.
    pub(super) proposer: Option<&'a str>,
    pub(super) today: Date,
}

impl Approval {
    /// Whether this resolution of this subject takes a second person.
    #[must_use]
    pub fn is_needed(&self, subject: &Subject, resolution: ResolutionKind) -> bool {
        self.rules.iter().any(|rule| {
            fits(&rule.kinds, &subject.kind)
                && fits(&rule.resolutions, &resolution)
                && rule.currency.is_none_or(|it| it == subject.currency)
                && rule
                    .amount_from
                    .is_none_or(|from| subject.at_stake.abs() >= from)
        })
    }
}

impl Authority {
    /// Whether `person` may do `act` to `subject` on the day `today`: by a role of their own, or of
    /// somebody who delegated to them. For an approval `proposed` is what is approved.
    #[must_use]
    pub fn allows(
        &self,
        person: &str,
        act: &Act,
        proposed: Option<ResolutionKind>,
        subject: &Subject,
        today: Date,
    ) -> bool {
        let resolution = match act {
            Act::Resolve { resolution, .. } => Some(resolution.kind()),
            Act::Approve { .. } => proposed,
            _ => None,
        };
        act.action().is_some_and(|action| {
            let wanted = Wanted {
                person,
                action,
                source: &subject.source,
                subject: Some(subject),
                resolution,
                proposer: None,
                today,
            };
            self.right(&wanted).is_ok()
        })
    }

    /// Whether `person` may sign off runs of `source` on the day `today`.
    #[must_use]
    pub fn allows_sign_off(&self, person: &str, source: &str, today: Date) -> bool {
        let wanted = Wanted {
            person,
            action: Action::SignOff,
            source,
            subject: None,
            resolution: None,
            proposer: None,
            today,
        };
        self.right(&wanted).is_ok()
    }

    /// Whose rights allow it, none for the person's own; or what would be needed instead.
    pub(super) fn right(&self, wanted: &Wanted<'_>) -> Result<Option<&str>, String> {
        if self.grants.is_empty() || self.grants_to(wanted.person, wanted) {
            return Ok(None);
        }
        self.delegations_to(wanted.person)
            .filter(|delegation| delegation.until >= wanted.today)
            .map(|delegation| delegation.from.as_str())
            .filter(|from| !wanted.is_proposer(from))
            .find(|from| self.grants_to(from, wanted))
            .map(Some)
            .ok_or_else(|| self.what_is_needed(wanted))
    }

    fn grants_to(&self, person: &str, wanted: &Wanted<'_>) -> bool {
        let mut grants = self.grants_of(person);
        grants.any(|grant| grant.is_about(wanted) && grant.reaches(wanted))
    }

    /// The lines for the person's own roles.
    fn grants_of(&self, person: &str) -> impl Iterator<Item = &Grant> {
        let roles = self.people.get(person);
        self.grants.iter().filter(move |grant| {
            grant.role == EVERYBODY || roles.is_some_and(|roles| roles.contains(&grant.role))
        })
    }

    fn delegations_to(&self, person: &str) -> impl Iterator<Item = &Delegation> {
        let delegations = self.delegations.iter();
        delegations.filter(move |delegation| delegation.to == person)
    }

    /// Why it is not granted, in words: how near the person's rights come, and which roles have it.
    fn what_is_needed(&self, wanted: &Wanted<'_>) -> String {
        let mut why = String::new();
        let mut say = |what: std::fmt::Arguments<'_>| {
            let apart = if why.is_empty() { "" } else { "; " };
            let _ = write!(why, "{apart}{what}");
        };
        let near = |grant: &&Grant| grant.is_about(wanted);
        if let Some(subject) = wanted.subject {
            let money = |amount| Money {
                amount,
                currency: subject.currency,
            };
            let limit = |grant: &Grant| grant.amount_up_to.get(&subject.currency).copied();
            let highest = self.grants_of(wanted.person).filter(near);
            if let Some(grant) = highest.max_by_key(|grant| limit(grant)) {
                let role = &grant.role;
                match limit(grant) {
                    Some(limit) => say(format_args!(
                        "the amount of {} is above the {} of role {role}",
                        money(subject.at_stake.abs()),
                        money(limit),
                    )),
                    None => say(format_args!("role {role} has no {}", subject.currency)),
                }
            }
        }
        for delegation in self.delegations_to(wanted.person) {
            let Delegation { from, until, .. } = delegation;
            if !self.grants_to(from, wanted) {
                continue;
            }
            match wanted.is_proposer(from) {
                true => say(format_args!(
                    "{from} proposed it: acting for them is not enough"
                )),
                false => say(format_args!("acting for {from} ended on {until}")),
            }
        }
        let enough = |grant: &&Grant| near(grant) && grant.reaches(wanted);
        let roles = self.grants.iter().filter(enough);
        let roles: BTreeSet<&str> = roles.map(|grant| grant.role.as_str()).collect();
        let roles: Vec<&str> = roles.into_iter().collect();
        match roles[..] {
            [] => say(format_args!("no role has this right")),
            [role] => say(format_args!("it takes the role {role}")),
            _ => say(format_args!(
                "it takes one of the roles {}",
                roles.join(", ")
            )),
        }
        why
    }
}

impl Grant {
    /// Whether it is about this at all; a whole run has no kind and no
    /// resolution.
    fn is_about(&self, wanted: &Wanted<'_>) -> bool {
        self.actions.contains(&wanted.action)
            && fits(&self.sources, wanted.source)
            && match wanted.subject {
                Some(subject) => fits(&self.kinds, &subject.kind),
                None => self.kinds.is_empty() && self.resolutions.is_empty(),
            }
            && wanted
                .resolution
                .is_none_or(|it| fits(&self.resolutions, &it))
    }

    /// Whether it goes up to the amount at stake.
    fn reaches(&self, wanted: &Wanted<'_>) -> bool {
        self.amount_up_to.is_empty()
            || wanted.subject.is_some_and(|subject| {
                let limit = self.amount_up_to.get(&subject.currency);
                limit.is_some_and(|limit| subject.at_stake.abs() <= *limit)
            })
    }
}

impl Wanted<'_> {
    fn is_proposer(&self, person: &str) -> bool {
        self.proposer
            .is_some_and(|proposer| is_same_person(proposer, person))
    }
}

/// Whether `value` is in the list; an empty list is any.
fn fits<T: Ord + ?Sized, L: Ord + std::borrow::Borrow<T>>(list: &BTreeSet<L>, value: &T) -> bool {
    list.is_empty() || list.contains(value)
}
