//! What goes with what among records that share the references of a rule.
//!
//! In this order, and separately for money in and money out, so that a payment and its refund
//! under one reference never meet:
//!
//! 1. equal amounts, as many as both sides have;
//! 2. amounts that are within tolerance of each other and of nothing else;
//! 3. what one side has more of than the other, if it repeats an amount: a duplicate;
//! 4. where one record is left on a side, the only one of the other of its days, if no amount of other days is
//!    nearer; where one amount is left on each side in a currency, those; then the same across currencies;
//! 5. what is left on both sides fits equally well: undecided, never guessed.
//!
//! Of a series, payments of one amount under one reference on days far from each other, nothing goes
//! together whose dates don't agree, and what is left over is a repetition only if it is much nearer to
//! another one than they are to each other.
//!
//! Where the references of the rule don't say what a record is about, records with others are not each
//! other's repetitions: which of them is meant is a choice, too.
//!
//! Of equal amounts the one is taken that says most of the same; between records of other clients, names,
//! invoices or orders that are as near, nothing is chosen.
//!
//! So the fewest discrepancies are found that explain the group. What is left on one side only is
//! not decided here: a later rule may know it.

use std::collections::BTreeMap;
use std::slice;

use super::choice::{choices, pair_of_days, that_may_go};
use super::claims::LeftOut;
use super::class::{Class, classes, count_free, free_members, free_of, take};
use super::combine::Combined;
use super::listed::Listed;
use super::namesakes::Namesakes;
use super::paid_back::PaidBack;
use super::surplus::{duplicates, hold_surplus};
use super::twins::{self, Member, Members};
use super::{pair, preference};
use crate::money::{Amount, Currency, Money};
use crate::policy::{Accepts, Tolerance};
use crate::record::{Record, Side};

/// Whether later rules are still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// They are: what is undecided waits for them.
    First,
    /// They have had their turn: what is undecided is ambiguous.
    Last,
}

/// What is decided about records of a group, by their slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    /// They belong together, whether they agree or not.
    Pair { partner: usize, ledger: usize },
    /// One too many.
    Duplicate(Duplicate),
    /// They belong together, one or several of each side, and agree.
    Together {
        partner: Vec<usize>,
        ledger: Vec<usize>,
    },
    /// They belong together, and their sums differ.
    Apart {
        partner: Vec<usize>,
        ledger: Vec<usize>,
    },
    /// What is to be said of a record should nothing be found for it.
    Note(Note),
    /// None can be told from the others.
    Ambiguous {
        partner: Vec<usize>,
        ledger: Vec<usize>,
    },
}

/// Why a rule took nothing for a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Note {
    pub(super) side: Side,
    pub(super) slot: usize,
    pub(super) why: Why,
}

/// What kept a record from a counterpart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// What a search for combinations of so many records gave.
    Combined {
        gave: Combined,
        candidates: usize,
        left_out: LeftOut,
    },
    /// More than so many of the other side have its amount on its days.
    TooMany(usize),
    /// So many of the other side may go with it.
    Several(usize),
    /// The only one that may go with it may go with so many others of its side.
    Shared(usize),
    /// A text names it, or what its own text names, and not all of that can be taken.
    Listed(Listed),
}

/// A record that repeats another of its side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Duplicate {
    pub(super) side: Side,
    /// The one too many.
    pub(super) slot: usize,
    /// The first of its kind, which has a counterpart.
    pub(super) original: usize,
    /// How often its side has it.
    pub(super) copies: usize,
    /// How often the other side has it.
    pub(super) counterparts: usize,
}

impl Decision {
    /// The records of which it decides what becomes of them.
    pub(super) fn slots(&self) -> Vec<(Side, usize)> {
        let of = |side: Side, slots: &[usize]| -> Vec<(Side, usize)> {
            slots.iter().map(|slot| (side, *slot)).collect()
        };
        match self {
            Decision::Pair { partner, ledger } => {
                vec![(Side::Partner, *partner), (Side::Ledger, *ledger)]
            }
            Decision::Duplicate(it) => vec![(it.side, it.slot)],
            Decision::Together { partner, ledger }
            | Decision::Apart { partner, ledger }
            | Decision::Ambiguous { partner, ledger } => {
                [of(Side::Partner, partner), of(Side::Ledger, ledger)].concat()
            }
            Decision::Note(_) => Vec::new(),
        }
    }

    /// One of a side's copies repeats another one.
    pub(super) fn duplicate(
        copy: &Member<'_>,
        original: &Member<'_>,
        copies: usize,
        counterparts: usize,
    ) -> Self {
        Decision::Duplicate(Duplicate {
            side: copy.record.side,
            slot: copy.slot,
            original: original.slot,
            copies,
            counterparts,
        })
    }
}

type Pairs<'r> = Vec<(Member<'r>, Member<'r>)>;

/// Decides about a group; both lists are in canonical order. Members that no decision names stay
/// where they are.
pub(super) fn decide<'r>(
    accepts: Accepts<'_>,
    partner: &[Member<'r>],
    ledger: &[Member<'r>],
    look: Look,
) -> Vec<Decision> {
    let named = match look {
        Look::First => Namesakes::of(accepts, partner, ledger),
        Look::Last => None,
    };
    let Some(Namesakes { pairs, others }) = named else {
        return decide_by_money(accepts, partner, ledger, look);
    };
    let mut decisions = in_pairs(pairs);
    decisions.extend(decide_by_money(
        accepts,
        &others.partner,
        &others.ledger,
        look,
    ));
    decisions
}

fn decide_by_money<'r>(
    accepts: Accepts<'_>,
    partner: &[Member<'r>],
    ledger: &[Member<'r>],
    look: Look,
) -> Vec<Decision> {
    let (all_of_partner, all_of_ledger) = (partner, ledger);
    let (mut partner, mut ledger) = (
        classes(accepts.rule, partner),
        classes(accepts.rule, ledger),
    );
    let mut pairs = pair_equal(accepts, &mut partner, &mut ledger);
    let (accepted, rounding) = (Tolerance::accepted_of, Tolerance::rounding_of);
    pairs.extend(pair_near(accepts, &mut partner, &mut ledger, accepted));
    pairs.extend(pair_near(accepts, &mut partner, &mut ledger, rounding));

    let is_out = |class: &Class| class.money.amount.is_negative();
    let (partner_out, partner_in) = partner.into_iter().partition(is_out);
    let (ledger_out, ledger_in) = ledger.into_iter().partition(is_out);
    let mut back = [all_of_partner, all_of_ledger]
        .map(|members| PaidBack::of(members.iter().map(|member| member.record)));
    let mut decisions = in_pairs(pairs);
    decisions.extend(settle(accepts, partner_in, ledger_in, look, &mut back));
    decisions.extend(settle(accepts, partner_out, ledger_out, look, &mut back));
    decisions
}

/// Pairs as many as both have. Which of several different ones is meant has to be clear.
fn pair_off<'r>(
    accepts: Accepts<'_>,
    partner: &mut Class<'r>,
    ledger: &mut Class<'r>,
) -> Pairs<'r> {
    let pairs = match accepts.rule.identifies_both() {
        true => pair_those(accepts, partner, ledger),
        false => pair_of_one(accepts, partner, ledger),
    };
    if twins::is_series(accepts, &pairs) {
        (partner.is_series, ledger.is_series) = (true, true);
    }
    pairs
}

/// The same where the rule says only whose they are: first those that name each other. Of the others those are asked
/// that have nothing against each other, and all of them have to go together.
fn pair_of_one<'r>(
    accepts: Accepts<'_>,
    partner: &mut Class<'r>,
    ledger: &mut Class<'r>,
) -> Pairs<'r> {
    let are_one = |one: &Record, other: &Record| {
        !pair::are_strange(accepts, one, other) && !pair::contradicts(one, other)
    };
    let may_go = |(one, other): &(Member, Member)| are_one(one.record, other.record);
    let named = preference::pair_named(accepts, &partner.free, &ledger.free);
    let mut taken: Pairs = named.into_iter().filter(may_go).collect();
    take_pairs(slice::from_mut(partner), slice::from_mut(ledger), &taken);
    let (left_of_partner, left_of_ledger) = (partner.free.clone(), ledger.free.clone());
    let asked = that_may_go(&left_of_partner, &left_of_ledger, are_one);
    (partner.free, ledger.free) = (asked.partner, asked.ledger);
    let pairs = pair_those(accepts, partner, ledger);
    (partner.free, ledger.free) = (left_of_partner, left_of_ledger);
    if pairs.iter().all(may_go) {
        take_pairs(slice::from_mut(partner), slice::from_mut(ledger), &pairs);
        taken.extend(pairs);
    }
    taken
}

fn take_pairs<'r>(partner: &mut [Class<'r>], ledger: &mut [Class<'r>], pairs: &Pairs<'r>) {
    take(partner, pairs.iter().map(|(one, _)| one));
    take(ledger, pairs.iter().map(|(_, other)| other));
}

fn pair_those<'r>(
    accepts: Accepts<'_>,
    partner: &mut Class<'r>,
    ledger: &mut Class<'r>,
) -> Pairs<'r> {
    let mut pairs = preference::pair_as_written(accepts, &mut partner.free, &mut ledger.free);
    let is_choice =
        partner.is_choice_of(ledger.free.len()) || ledger.is_choice_of(partner.free.len());
    let pair = match (is_choice, partner.is_series || ledger.is_series) {
        (true, _) => twins::pair_off_by_date_alone,
        (false, true) => preference::pair_of_series,
        (false, false) => preference::pair_off,
    };
    pairs.extend(pair(accepts, &mut partner.free, &mut ledger.free));
    pairs
}

fn in_pairs(pairs: Pairs<'_>) -> Vec<Decision> {
    pairs
        .into_iter()
        .map(|(partner, ledger)| Decision::Pair {
            partner: partner.slot,
            ledger: ledger.slot,
        })
        .collect()
}

fn pair_equal<'r>(
    accepts: Accepts<'_>,
    partner: &mut [Class<'r>],
    ledger: &mut [Class<'r>],
) -> Pairs<'r> {
    let mut pairs = Vec::new();
    for class in partner {
        if let Ok(twin) = ledger.binary_search_by_key(&class.position(), Class::position) {
            pairs.extend(pair_off(accepts, class, &mut ledger[twin]));
        }
    }
    pairs
}

/// Pairs classes that are near each other and near nothing else that is free.
fn pair_near<'r>(
    accepts: Accepts<'_>,
    partner: &mut [Class<'r>],
    ledger: &mut [Class<'r>],
    limit: impl Fn(&Tolerance, Amount) -> Amount,
) -> Pairs<'r> {
    // What is accepted is a share of the ledger's amount, from whichever side one looks.
    let are_near = |reported: Money, booked: Money| {
        let limit = limit(&accepts.tolerance(booked.currency), booked.amount);
        let gap = reported.amount.checked_sub(booked.amount);
        gap.is_ok_and(|gap| gap.abs() <= limit)
    };
    let free_partner = free_of(partner);
    let free_ledger = free_of(ledger);
    let mut pairs = Vec::new();
    for &(one, reported) in &free_partner {
        let near = only_one_near(reported, &free_ledger, |booked| are_near(reported, booked));
        let Some(other) = near else {
            continue;
        };
        let booked = ledger[other].money;
        let back = only_one_near(booked, &free_partner, |reported| are_near(reported, booked));
        if back == Some(one) {
            let (one, other) = (&mut partner[one], &mut ledger[other]);
            pairs.extend(pair_off(accepts, one, other));
        }
    }
    pairs
}

/// The only one of `others` that is near `money`, on the same side of zero. They are in order of
/// money, and between `money` and one that is near all are.
fn only_one_near(
    money: Money,
    others: &[(usize, Money)],
    is_near: impl Fn(Money) -> bool,
) -> Option<usize> {
    let place = (money.currency, money.amount);
    let start = others.partition_point(|(_, other)| (other.currency, other.amount) < place);
    let (below, above) = others.split_at(start);
    let is_one = |(_, other): &&(usize, Money)| {
        other.currency == money.currency
            && other.amount.is_negative() == money.amount.is_negative()
            && is_near(*other)
    };
    let below = below.iter().rev().take_while(is_one);
    let mut near = above.iter().take_while(is_one).chain(below);
    let first = near.next()?;
    near.next().is_none().then_some(first.0)
}

/// Decides what is left in one direction, after everything that fits is paired.
fn settle<'r>(
    accepts: Accepts<'_>,
    mut partner: Vec<Class<'r>>,
    mut ledger: Vec<Class<'r>>,
    look: Look,
    [partner_back, ledger_back]: &mut [PaidBack; 2],
) -> Vec<Decision> {
    for class in partner.iter_mut().chain(&mut ledger) {
        class.has_equal = class.is_any_decided();
    }
    let (reported, booked) = (count_free(&partner), count_free(&ledger));
    let surplus = [
        reported.saturating_sub(booked),
        booked.saturating_sub(reported),
    ];
    hold_surplus(accepts, &mut partner, &ledger, surplus[0]);
    hold_surplus(accepts, &mut ledger, &partner, surplus[1]);
    let mut pairs = pair_named_apart(accepts, &mut partner, &mut ledger);
    let of_days = pair_of_days(accepts, free_members(&partner), free_members(&ledger));
    pairs.extend(of_days);
    take_pairs(&mut partner, &mut ledger, &pairs);
    pairs.extend(pair_last_of_each_currency(
        accepts,
        &mut partner,
        &mut ledger,
    ));
    for class in partner.iter_mut().chain(&mut ledger) {
        if class.is_series {
            class.held.append(&mut class.free);
        }
    }
    let choices = match count_free(&partner) > 0 && count_free(&ledger) > 0 {
        true => choices(accepts, free_members(&partner), free_members(&ledger)),
        false => Vec::new(),
    };
    take(&mut partner, choices.iter().flat_map(|it| &it.partner));
    take(&mut ledger, choices.iter().flat_map(|it| &it.ledger));
    let mut decisions = Vec::new();
    // Until later rules have looked, these are nobody's originals. What repeats one that is decided is told now: when
    // they have, that one is gone.
    let mut waiting = Members::default();
    match look == Look::First && !choices.is_empty() {
        true => {
            let pairs = pairs.into_iter();
            waiting.extend(pairs.flat_map(|(one, other)| [one, other]));
            choices.into_iter().for_each(|it| waiting.append(it));
        }
        false => {
            decisions = in_pairs(pairs);
            decisions.extend(choices.iter().map(ambiguous));
        }
    }
    let Members {
        partner: reported,
        ledger: booked,
    } = waiting;
    decisions.extend(duplicates(
        accepts,
        &partner,
        &ledger,
        &reported,
        partner_back,
    ));
    decisions.extend(duplicates(accepts, &ledger, &partner, &booked, ledger_back));
    decisions
}

/// All of these, of which nothing is chosen.
pub(super) fn ambiguous(choice: &Members<'_>) -> Decision {
    let slots = |some: &[Member]| some.iter().map(|member| member.slot).collect();
    Decision::Ambiguous {
        partner: slots(&choice.partner),
        ledger: slots(&choice.ledger),
    }
}

/// Those that have a reference in common, whatever their amounts, where the rule says only whose they are: what else
/// is left of somebody's is nothing to them.
fn pair_named_apart<'r>(
    accepts: Accepts<'_>,
    partner: &mut [Class<'r>],
    ledger: &mut [Class<'r>],
) -> Pairs<'r> {
    if accepts.rule.identifies_both() {
        return Vec::new();
    }
    let (reported, booked) = (free_members(partner), free_members(ledger));
    let mut pairs = preference::pair_named(accepts, &reported, &booked);
    pairs.retain(|(one, other)| !pair::are_strange(accepts, one.record, other.record));
    take_pairs(partner, ledger, &pairs);
    pairs
}

/// Where one amount is left on each side in a currency, those belong together; then the same
/// with the currencies that are left. Not what is there again of another reference.
fn pair_last_of_each_currency<'r>(
    accepts: Accepts<'_>,
    partner: &mut [Class<'r>],
    ledger: &mut [Class<'r>],
) -> Pairs<'r> {
    let mut by_currency: BTreeMap<Currency, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, money) in free_of(partner) {
        by_currency.entry(money.currency).or_default().0.push(index);
    }
    for (index, money) in free_of(ledger) {
        by_currency.entry(money.currency).or_default().1.push(index);
    }
    let mut pairs = Vec::new();
    for indexes in by_currency.values() {
        if let ([one], [other]) = (&indexes.0[..], &indexes.1[..]) {
            pairs.extend(pair_last(accepts, &mut partner[*one], &mut ledger[*other]));
        }
    }
    if let ([(one, _)], [(other, _)]) = (&free_of(partner)[..], &free_of(ledger)[..]) {
        pairs.extend(pair_last(accepts, &mut partner[*one], &mut ledger[*other]));
    }
    pairs
}

fn pair_last<'r>(
    accepts: Accepts<'_>,
    partner: &mut Class<'r>,
    ledger: &mut Class<'r>,
) -> Pairs<'r> {
    let is_again = |class: &Class<'r>, other: &Class<'r>| {
        let of_other = other.free.first().map(|member| member.record);
        class.repeats_what_is_not(of_other)
    };
    let says_only_whose = !accepts.rule.identifies_both();
    if says_only_whose && (is_again(partner, ledger) || is_again(ledger, partner)) {
        return Vec::new();
    }
    pair_off(accepts, partner, ledger)
}
