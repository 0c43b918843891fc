//! Which of many records add up to one amount: the only combination, if there is only one.
//!
//! All combinations are gone through, or none: half of the amounts are added up in every way, and
//! the other half looked up against them. Where that would be more than the rule allows, nothing is
//! looked for, and that is said.

use std::collections::BTreeMap;

use super::twins::Member;
use crate::money::Amount;

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Combined {
    /// The only combination: how often each amount is in it, in the units of [`Amount::to_units`].
    /// Records with equal amounts are interchangeable.
    Only(BTreeMap<i128, usize>),
    /// No combination.
    None,
    /// Different amounts give it as well.
    Several,
    /// There are more combinations than may be gone through.
    TooMany,
    /// There are so many that one of them may be any amount.
    Chance,
}

/// So many combinations of whatever records leave hardly any amount to chance.
const FEW: u128 = 12;

/// More combinations than that are many.
const MANY: u128 = 64;

/// Sums that there have to be for each combination, and for each of many: then one of ten amounts is met by chance, or
/// one of a hundred. Where they are not many, somebody meant one of them more often than not.
const SUMS_FOR_EACH: u128 = 10;
const SUMS_FOR_EACH_OF_MANY: u128 = 100;

/// Whether some of these may add up to `target` though they have nothing to do with it: where combinations
/// are too many for the sums that there can be, in steps that all amounts are made of. All of them together
/// are no choice.
pub(super) fn may_be_chance(target: Amount, candidates: &[Member<'_>]) -> bool {
    let Ok(target) = target.to_units() else {
        return false;
    };
    let Some(classes) = classes(candidates, usize::MAX) else {
        return false;
    };
    let step = classes.iter().fold(target.unsigned_abs(), |step, class| {
        greatest_common_divisor(step, class.units.unsigned_abs())
    });
    let reach = classes.iter().fold(0, |reach: u128, class| {
        reach.saturating_add(
            class
                .units
                .unsigned_abs()
                .saturating_mul(class.count.into()),
        )
    });
    let all = classes.iter().try_fold(0, |sum: i128, class| {
        sum.checked_add(class.units.checked_mul(class.count.into())?)
    });
    let ways = number_of_ways(&classes);
    let sums_for_each = if ways > MANY {
        SUMS_FOR_EACH_OF_MANY
    } else {
        SUMS_FOR_EACH
    };
    let sums = ways.saturating_mul(sums_for_each);
    all != Some(target) && ways > FEW && sums > reach / step.max(1)
}

/// Whether all of these come so near to `one` that hardly any amount would that has nothing to do with them: nearer,
/// either way, than one of so many sums that there can be.
pub(super) fn is_hardly_chance(one: &Member<'_>, several: &[Member<'_>]) -> bool {
    let units = |member: &Member<'_>| member.record.money.amount.to_units().ok();
    let sums = several
        .iter()
        .try_fold((0i128, 0u128), |(sum, reach), member| {
            let units = units(member)?;
            Some((
                sum.checked_add(units)?,
                reach.checked_add(units.unsigned_abs())?,
            ))
        });
    let near = units(one).zip(sums).and_then(|(one, (sum, reach))| {
        let either_way = sum.checked_sub(one)?.unsigned_abs().checked_mul(2)?;
        Some(either_way.checked_mul(SUMS_FOR_EACH)? <= reach)
    });
    near.unwrap_or_default()
}

fn greatest_common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

fn number_of_ways(classes: &[Class]) -> u128 {
    let each = classes.iter().map(|class| u128::from(class.count) + 1);
    each.fold(1, u128::saturating_mul)
}

/// Records with equal amounts.
struct Class {
    units: i128,
    count: u64,
}

/// One way to take some of the classes: the sum, and how many of each, as one number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    sum: i128,
    code: u64,
}

/// The only combination of `candidates` that is `target` exactly.
pub(super) fn combine(target: Amount, candidates: &[Member<'_>], limit: u32) -> Combined {
    let Ok(target) = target.to_units() else {
        return Combined::None;
    };
    let Some(classes) = classes(candidates, distinct_max(limit)) else {
        return Combined::None;
    };
    if classes.len() > distinct_max(limit) {
        return Combined::TooMany;
    }
    let (first, second) = halves(&classes);
    let ways_of = |classes: &[Class]| ways(classes, u64::from(limit));
    let (Some(mut first_ways), Some(second_ways)) = (ways_of(first), ways_of(second)) else {
        return Combined::TooMany;
    };
    first_ways.sort_unstable();
    let mut only: Option<(u64, u64)> = None;
    for way in second_ways {
        let Some(wanted) = target.checked_sub(way.sum) else {
            continue;
        };
        let start = first_ways.partition_point(|other| other.sum < wanted);
        let fitting = first_ways[start..].iter().take_while(|it| it.sum == wanted);
        for other in fitting {
            // Nothing at all is no combination.
            if (other.code, way.code) == (0, 0) {
                continue;
            }
            if only.replace((other.code, way.code)).is_some() {
                return Combined::Several;
            }
        }
    }
    match only {
        None => Combined::None,
        Some((in_first, in_second)) => {
            let mut amounts = decoded(first, in_first);
            amounts.extend(decoded(second, in_second));
            Combined::Only(amounts)
        }
    }
}

/// Where there are more different amounts than so many, one half of them has more combinations than
/// `limit`, however they are halved: each amount doubles them at least.
fn distinct_max(limit: u32) -> usize {
    2 * limit.max(1).ilog2() as usize + 2
}

/// By amount, of which more than `distinct_max` need not be known; `None` when an amount does not fit.
fn classes(candidates: &[Member<'_>], distinct_max: usize) -> Option<Vec<Class>> {
    let mut classes: BTreeMap<i128, u64> = BTreeMap::new();
    for member in candidates {
        if classes.len() > distinct_max {
            break;
        }
        let units = member.record.money.amount.to_units().ok()?;
        // With it or without it is the same sum.
        if units == 0 {
            continue;
        }
        *classes.entry(units).or_default() += 1;
    }
    let classes = classes.into_iter();
    let classes = classes.map(|(units, count)| Class { units, count });
    Some(classes.collect())
}

/// Two parts with about as many ways each.
fn halves(classes: &[Class]) -> (&[Class], &[Class]) {
    let balance = |at: &usize| number_of_ways(&classes[..*at]).max(number_of_ways(&classes[*at..]));
    let middle = (0..=classes.len()).min_by_key(balance).unwrap_or(0);
    classes.split_at(middle)
}

/// Every way to take some of these; `None` when there are more than `limit`.
fn ways(classes: &[Class], limit: u64) -> Option<Vec<Way>> {
    let mut each = classes.iter().map(|class| class.count + 1);
    let count = each.try_fold(1, u64::checked_mul)?;
    if count > limit {
        return None;
    }
    let mut ways = vec![Way { sum: 0, code: 0 }];
    let mut base = 1u64;
    for class in classes {
        let known = ways.clone();
        let mut added: i128 = 0;
        for taken in 1..=class.count {
            added = added.checked_add(class.units)?;
            for way in &known {
                ways.push(Way {
                    sum: way.sum.checked_add(added)?,
                    code: way.code + taken * base,
                });
            }
        }
        base *= class.count + 1;
    }
    Some(ways)
}

/// How often each amount is in a way.
fn decoded(classes: &[Class], mut code: u64) -> BTreeMap<i128, usize> {
    let mut amounts = BTreeMap::new();
    for class in classes {
        let base = class.count + 1;
        if let Ok(taken @ 1..) = usize::try_from(code % base) {
            amounts.insert(class.units, taken);
        }
        code /= base;
    }
    amounts
}
