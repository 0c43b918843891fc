//! What an act must hold to be meant: names, notes, and what each resolution takes. Refuses in words
//! that say what to give instead. Changes nothing, and corrects nothing.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::act::{Act, Refusal};
use super::resolution::{Resolution, ResolutionKind};
use super::{SYSTEM, Subject};
use crate::money::{Amount, Money};

/// Most characters of a note, or of the evidence of a run.
const NOTE_CHARACTERS_MAX: usize = 2_000;
/// Most characters of a person's name and of a reference.
const NAME_CHARACTERS_MAX: usize = 200;
/// Most characters of a run's id, which Temporal limits to as many.
const RUN_CHARACTERS_MAX: usize = 1_000;
/// Most characters of a reason code and of an account.
const CODE_CHARACTERS_MAX: usize = 100;
/// Longest time to wait for what is in transit, in days from today.
const IN_TRANSIT_DAYS_MAX: i64 = 366;

/// Whether two names are the same person's: nobody is another person in capital letters.
#[must_use]
pub fn is_same_person(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// Checks the name of a person, given in the field `field`: one line of at most 200 characters
/// without space around it, and not [`SYSTEM`].
///
/// # Errors
/// [`Refusal::Invalid`] says what is wrong with it.
pub fn check_person(field: &str, name: &str) -> Result<(), Refusal> {
    text(field, name, NAME_CHARACTERS_MAX)?;
    if is_same_person(name, SYSTEM) {
        let what = format!("`{field}`: {SYSTEM} is no person; give a person's name");
        return Err(Refusal::Invalid(what));
    }
    Ok(())
}

/// What only runs say was said by somebody else.
pub(super) fn only_runs(act: &Act) -> Refusal {
    let name = act.name();
    Refusal::Invalid(format!("only a run says `{name}`; write a comment instead"))
}

/// A note; an empty one where none is required.
pub(super) fn note(note: &str, is_required: bool) -> Result<(), Refusal> {
    if is_required && note.trim().is_empty() {
        let what = "`note` is required: say why, for those who ask later";
        return Err(Refusal::Invalid(what.to_owned()));
    }
    long_text("note", note)
}

/// The id of a run.
pub(super) fn run(run_id: &str) -> Result<(), Refusal> {
    text("run_id", run_id, RUN_CHARACTERS_MAX)
}

/// What shows that a difference is gone.
pub(super) fn evidence(evidence: &str) -> Result<(), Refusal> {
    if evidence.trim().is_empty() {
        let what = "`evidence` is required: what shows that the difference is gone";
        return Err(Refusal::Invalid(what.to_owned()));
    }
    long_text("evidence", evidence)
}

/// What a resolution takes, for what the case is about.
pub(super) fn resolution(
    resolution: &Resolution,
    subject: &Subject,
    today: Date,
) -> Result<(), Refusal> {
    match resolution {
        Resolution::Match { with } => {
            if subject.has_both_sides {
                return Err(Refusal::Invalid(format!(
                    "`{}` is for a record that is alone, and this has both sides; `{}` them",
                    ResolutionKind::Match,
                    ResolutionKind::Accept
                )));
            }
            text("match_with", with, NAME_CHARACTERS_MAX)
        }
        Resolution::Accept if !subject.has_both_sides => Err(Refusal::Invalid(format!(
            "`{}` takes a record on both sides, and one is missing; use `{}` or `{}`",
            ResolutionKind::Accept,
            ResolutionKind::WriteOff,
            ResolutionKind::Match
        ))),
        Resolution::WriteOff {
            reason_code,
            amount,
            account,
        } => {
            text("reason_code", reason_code, CODE_CHARACTERS_MAX)?;
            text("account", account, CODE_CHARACTERS_MAX)?;
            write_off_amount(*amount, subject)
        }
        Resolution::InTransit { until } => last_day(*until, today),
        Resolution::Accept
        | Resolution::DuplicateConfirmed
        | Resolution::PartnerToCorrect
        | Resolution::LedgerToCorrect
        | Resolution::NotAnError
        | Resolution::Void => Ok(()),
    }
}

fn write_off_amount(amount: Amount, subject: &Subject) -> Result<(), Refusal> {
    let money = |amount| Money {
        amount,
        currency: subject.currency,
    };
    if amount <= Amount::ZERO {
        let what = "`amount` must be more than zero: how much is written off, without sign";
        return Err(Refusal::Invalid(what.to_owned()));
    }
    if amount > subject.at_stake.abs() {
        return Err(Refusal::Invalid(format!(
            "{} cannot be written off, only {} is at stake",
            money(amount),
            money(subject.at_stake.abs())
        )));
    }
    Ok(())
}

fn last_day(until: Date, today: Date) -> Result<(), Refusal> {
    if until < today {
        let what = format!("`until` is {until}, which is past; today is {today}");
        return Err(Refusal::Invalid(what));
    }
    let longest: Span = IN_TRANSIT_DAYS_MAX.days();
    // At the end of the calendar there is no such day, and nothing is later.
    if today
        .checked_add(longest)
        .is_ok_and(|latest| until > latest)
    {
        return Err(Refusal::Invalid(format!(
            "`until` is {until}, more than {IN_TRANSIT_DAYS_MAX} days from today, {today}"
        )));
    }
    Ok(())
}

/// One line of at most `longest` characters, without space around it.
fn text(field: &str, value: &str, longest: usize) -> Result<(), Refusal> {
    if value.trim().is_empty() {
        return Err(Refusal::Invalid(format!("`{field}` is required")));
    }
    let problem = if value.chars().nth(longest).is_some() {
        format!("`{field}` has more than {longest} characters")
    } else if value.trim() != value {
        format!("`{field}` begins or ends with a space")
    } else if value.contains(char::is_control) {
        format!("`{field}` has a control character")
    } else {
        return Ok(());
    };
    Err(Refusal::Invalid(problem))
}

/// Text of several lines.
fn long_text(field: &str, value: &str) -> Result<(), Refusal> {
    if value.chars().nth(NOTE_CHARACTERS_MAX).is_some() {
        return Err(Refusal::Invalid(format!(
            "`{field}` has more than {NOTE_CHARACTERS_MAX} characters"
        )));
    }
    let refused = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if value.contains(refused) {
        return Err(Refusal::Invalid(format!(
            "`{field}` has a control character other than line break and tab"
        )));
    }
    Ok(())
}
