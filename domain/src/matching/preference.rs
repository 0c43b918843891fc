//! Which of several records of equal money is meant: the one that says most of the same.
//!
//! First those go together that say the same of everything that both sides say. Then, nearest first, those
//! that agree in something and contradict each other in nothing, those that say nothing of each other, then
//! strangers by their names, since somebody else may pay, and last those that name other clients, invoices or
//! orders, if nobody else is there. Days come into it only between those that are as near.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use super::about::{About, Distance, Said};
use super::guess::without_guesses;
use super::twins::{Member, Members, is_series, pair_by_date, pair_near_dates, sort};
use crate::policy::{Accepts, Key};
use crate::record::Side;

/// Comparisons of two, at most, to find which are nearest: of more, days alone tell.
const COMPARED_MAX: usize = 100_000;

type Pairs<'r> = Vec<(Member<'r>, Member<'r>)>;

/// Takes as many pairs as both lists allow out of them, and gives them back. Both lists are in canonical order
/// and stay so.
pub(super) fn pair_off<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Pairs<'r> {
    let is_choice = partner.len() + ledger.len() > 2;
    let said = is_choice.then(|| Said::of(accepts.rule, partner, ledger));
    let Some(said) = said.flatten() else {
        return pair_plain(accepts, partner, ledger, |partner, ledger| {
            pair_by_date(accepts, partner, ledger, false)
        });
    };
    let all = take(partner).into_iter().chain(take(ledger));
    let mut choice = Choice::of(accepts, said, all);
    choice.pair_equal(Said::is_all);
    if choice.is_too_large() {
        choice.pair_equal(|_, about| !about.is_nothing());
    }
    match choice.is_too_large() {
        true => choice.pair_all(),
        false => choice.pair_nearest(|_| true),
    }
    let (left, pairs) = choice.left();
    (*partner, *ledger) = (left.partner, left.ledger);
    pairs
}

/// Those only that have a reference in common, where a rule does not say what records are about: whatever else it
/// can't choose between, these are meant. Not where another one that has it, too, is left over.
pub(super) fn pair_named<'r>(
    accepts: Accepts<'_>,
    partner: &[Member<'r>],
    ledger: &[Member<'r>],
) -> Pairs<'r> {
    let is_choice = partner.len() + ledger.len() > 2;
    let said = is_choice.then(|| Said::of(accepts.rule, partner, ledger));
    let Some(said) = said.flatten().and_then(Said::named) else {
        return Vec::new();
    };
    let all = partner.iter().chain(ledger).copied();
    let mut choice = Choice::of(accepts, said, all);
    choice.needs_days = true;
    choice.pair_equal(Said::is_all);
    if choice.is_too_large() {
        return Vec::new();
    }
    choice.pair_nearest(Distance::is_named);
    choice.without_rivals()
}

/// The same of what a series left: nothing whose dates don't agree.
pub(super) fn pair_of_series<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Pairs<'r> {
    pair_plain(accepts, partner, ledger, |partner, ledger| {
        pair_near_dates(accepts, partner, ledger)
    })
}

/// As `pair` takes pairs out of both lists, but for guesses.
fn pair_plain<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
    pair: impl FnOnce(&mut Vec<Member<'r>>, &mut Vec<Member<'r>>) -> Pairs<'r>,
) -> Pairs<'r> {
    let (pairs, mut guessed) = without_guesses(accepts, partner, ledger, pair);
    if !guessed.partner.is_empty() {
        partner.append(&mut guessed.partner);
        ledger.append(&mut guessed.ledger);
        sort(partner);
        sort(ledger);
    }
    pairs
}

/// Of a rule that spells texts in one way, or looks at parts of them, those that are written alike.
pub(super) fn pair_as_written<'r>(
    accepts: Accepts<'_>,
    partner: &mut Vec<Member<'r>>,
    ledger: &mut Vec<Member<'r>>,
) -> Pairs<'r> {
    let keys = &accepts.rule.on;
    let spells = |key: &Key| {
        Side::BOTH
            .iter()
            .any(|side| !key.of(*side).steps.is_empty())
    };
    if partner.len() + ledger.len() <= 2 || !keys.iter().any(spells) {
        return Vec::new();
    }
    let all = take(partner).into_iter().chain(take(ledger));
    let written = Members::alike_in(all, |record| -> Vec<_> {
        let written = keys.iter().map(|key| key.of(record.side).written(record));
        written.collect()
    });
    let mut pairs = Vec::new();
    for mut alike in written {
        pairs.extend(pair_off(accepts, &mut alike.partner, &mut alike.ledger));
        partner.append(&mut alike.partner);
        ledger.append(&mut alike.ledger);
    }
    sort(partner);
    sort(ledger);
    pairs
}

/// Records of equal money, by what they say.
struct Choice<'a, 'r> {
    accepts: Accepts<'a>,
    said: Said,
    /// Those that say the same, each side in canonical order.
    alike: Vec<(About<'r>, Members<'r>)>,
    /// Those that can't be told from each other: nobody's any more.
    aside: Members<'r>,
    pairs: Pairs<'r>,
    /// Whether nothing goes together whose dates don't agree.
    needs_days: bool,
}

/// What two say that are of different sides, by its places: the partner's, and ours.
type Two = (usize, usize);

impl<'a, 'r> Choice<'a, 'r> {
    fn of(accepts: Accepts<'a>, said: Said, all: impl Iterator<Item = Member<'r>>) -> Self {
        let mut alike: BTreeMap<About, Members> = BTreeMap::new();
        for member in all {
            let about = said.by(member.record);
            alike.entry(about).or_default().push(member);
        }
        Choice {
            accepts,
            said,
            alike: alike.into_iter().collect(),
            aside: Members::default(),
            pairs: Vec::new(),
            needs_days: false,
        }
    }

    /// Those that say the same, where it is as `are_meant` says.
    fn pair_equal(&mut self, are_meant: impl Fn(&Said, &About<'_>) -> bool) {
        for (about, members) in &mut self.alike {
            if are_meant(&self.said, about) {
                let (pairs, guessed) = pair_told(self.accepts, members, self.needs_days);
                self.pairs.extend(pairs);
                self.aside.append(guessed);
            }
        }
    }

    /// The nearest first, of those that are as near as `are_meant` says.
    fn pair_nearest(&mut self, are_meant: impl Fn(&Distance) -> bool) {
        let [of_partner, of_ledger] = Side::BOTH.map(|side| self.left_of(side));
        let mut by_distance: BTreeMap<Distance, BTreeSet<Two>> = BTreeMap::new();
        for one in &of_partner {
            for other in &of_ledger {
                let (about, another) = (&self.alike[*one].0, &self.alike[*other].0);
                let distance = self.said.distance(about, another);
                if are_meant(&distance) {
                    let near = by_distance.entry(distance).or_default();
                    near.insert((*one, *other));
                }
            }
        }
        for mut near in by_distance.into_values() {
            near.retain(|(one, other)| {
                self.is_left(Side::Partner, *one) && self.is_left(Side::Ledger, *other)
            });
            let is_series = self.needs_days || is_series(self.accepts, &self.pairs);
            for part in parts(&near) {
                let members = self.take(&part);
                match part.are_all_in(&near) {
                    true => self.pair(members, is_series),
                    false => self.pair_by_days(&near, &members, is_series),
                }
            }
        }
    }

    /// Those that are near each other, where not all of these are: only of days that leave no choice.
    fn pair_by_days(&mut self, near: &BTreeSet<Two>, members: &Members<'r>, is_series: bool) {
        for members in members.far_apart(self.accepts) {
            let part = self.part_of(&members);
            match (part.is_any_in(near), part.are_all_in(near)) {
                (true, true) => self.pair(members, is_series),
                (false, false) => self.put_back(members),
                _ => self.aside.append(members),
            }
        }
    }

    /// Of all that is left, by their days alone.
    fn pair_all(&mut self) {
        let [partner, ledger] = Side::BOTH.map(|side| self.left_of(side).into_iter().collect());
        let members = self.take(&Part { partner, ledger });
        self.pair(members, is_series(self.accepts, &self.pairs));
    }

    /// Between these only days tell.
    fn pair(&mut self, mut members: Members<'r>, is_series: bool) {
        let (pairs, guessed) = pair_told(self.accepts, &mut members, is_series);
        self.pairs.extend(pairs);
        self.aside.append(guessed);
        self.put_back(members);
    }

    /// Takes out what is left of these, in canonical order.
    fn take(&mut self, part: &Part) -> Members<'r> {
        let mut taken = Members::default();
        for at in &part.partner {
            taken.partner.append(&mut self.alike[*at].1.partner);
        }
        for at in &part.ledger {
            taken.ledger.append(&mut self.alike[*at].1.ledger);
        }
        sort(&mut taken.partner);
        sort(&mut taken.ledger);
        taken
    }

    /// Those in canonical order that were taken.
    fn put_back(&mut self, members: Members<'r>) {
        for member in members.partner.into_iter().chain(members.ledger) {
            if let Some(at) = self.place(&member) {
                self.alike[at].1.push(member);
            }
        }
    }

    fn place(&self, member: &Member<'r>) -> Option<usize> {
        let about = self.said.by(member.record);
        self.alike.binary_search_by(|(it, _)| it.cmp(&about)).ok()
    }

    fn part_of(&self, members: &Members<'r>) -> Part {
        let places = |side: &[Member<'r>]| side.iter().filter_map(|it| self.place(it)).collect();
        Part {
            partner: places(&members.partner),
            ledger: places(&members.ledger),
        }
    }

    fn is_left(&self, side: Side, at: usize) -> bool {
        let members = &self.alike[at].1;
        let is_none = match side {
            Side::Partner => members.partner.is_empty(),
            Side::Ledger => members.ledger.is_empty(),
        };
        !is_none
    }

    /// Places of what some that are left say.
    fn left_of(&self, side: Side) -> Vec<usize> {
        let places = 0..self.alike.len();
        places.filter(|at| self.is_left(side, *at)).collect()
    }

    fn is_too_large(&self) -> bool {
        let [partner, ledger] = Side::BOTH.map(|side| self.left_of(side).len());
        partner.saturating_mul(ledger) > COMPARED_MAX
    }

    /// The pairs of which neither could as well have gone with another one that is left over.
    fn without_rivals(self) -> Pairs<'r> {
        let said = self.said.clone();
        let (left, mut pairs) = self.left();
        let compared = (left.partner.len() + left.ledger.len()).saturating_mul(pairs.len());
        if compared > COMPARED_MAX {
            return Vec::new();
        }
        let is_rival = |it: &Member, one: &Member, other: &Member| {
            let (about, another) = (said.by(it.record), said.by(other.record));
            it.record.references != one.record.references
                && said.distance(&about, &another).is_named()
        };
        pairs.retain(|(one, other)| {
            let mut partner = left.partner.iter();
            let mut ledger = left.ledger.iter();
            !partner.any(|it| is_rival(it, one, other))
                && !ledger.any(|it| is_rival(it, other, one))
        });
        pairs
    }

    /// What found no counterpart, in canonical order.
    fn left(mut self) -> (Members<'r>, Pairs<'r>) {
        let mut left = take(&mut self.aside);
        for (_, members) in self.alike {
            left.append(members);
        }
        sort(&mut left.partner);
        sort(&mut left.ledger);
        (left, self.pairs)
    }
}

/// By date, without guesses, which are given back apart.
fn pair_told<'r>(
    accepts: Accepts<'_>,
    members: &mut Members<'r>,
    is_series: bool,
) -> (Pairs<'r>, Members<'r>) {
    let Members { partner, ledger } = members;
    without_guesses(accepts, partner, ledger, |partner, ledger| {
        pair_by_date(accepts, partner, ledger, is_series)
    })
}

/// What records of both sides say, by its places.
#[derive(Default)]
struct Part {
    partner: BTreeSet<usize>,
    ledger: BTreeSet<usize>,
}

impl Part {
    fn all(&self) -> impl Iterator<Item = Two> {
        let partner = self.partner.iter();
        partner.flat_map(|one| self.ledger.iter().map(move |other| (*one, *other)))
    }

    fn is_any_in(&self, near: &BTreeSet<Two>) -> bool {
        self.all().any(|it| near.contains(&it))
    }

    /// Not where it has nothing of one side.
    fn are_all_in(&self, near: &BTreeSet<Two>) -> bool {
        self.is_any_in(near) && self.all().all(|it| near.contains(&it))
    }
}

/// Parts so that nothing of one is near anything of another.
fn parts(near: &BTreeSet<Two>) -> Vec<Part> {
    let mut of_ledger: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut of_partner: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (one, other) in near {
        of_partner.entry(*one).or_default().push(*other);
        of_ledger.entry(*other).or_default().push(*one);
    }
    let mut parts = Vec::new();
    while let Some((first, others)) = of_partner.pop_first() {
        let mut part = Part::default();
        part.partner.insert(first);
        let mut to_do = others;
        while let Some(other) = to_do.pop() {
            let Some(ones) = of_ledger.remove(&other) else {
                continue;
            };
            part.ledger.insert(other);
            for one in ones {
                part.partner.insert(one);
                to_do.extend(of_partner.remove(&one).unwrap_or_default());
            }
        }
        parts.push(part);
    }
    parts
}
