//! A side's input, about to be read against the position.

use std::sync::Arc;

use domain::open_items::{Reading, ReadingContext};
use domain::policy::Scope;
use domain::record::{Record, Side};
use workflows::ports::{Run, Stored};

use super::{Memory, Position, Prints, Resolved, date};
use crate::Trueup;
use crate::failures::Failure;
use crate::runs::{context, source};
use crate::staging::{Recognition, RememberedPrints};

/// What the side's records are recognised by; nothing before a source's first run.
pub(crate) async fn begin(
    trueup: &Trueup,
    run: &Run,
    attempt: &str,
    side: Side,
    stored: Option<&Stored>,
) -> Result<Option<Recognition>, Failure> {
    let Some(stored) = stored else {
        return Ok(None);
    };
    let staging = &trueup.staging;
    let position = Position::load(staging, stored).await?;
    let resolved = Resolved::of(trueup, run, attempt, stored, &position).await?;
    let context = context(run)?;
    let memory = Memory::load(staging, &position, &resolved, context.business_date).await?;
    let (source, is_whole) = (source(trueup, run)?, context.scope == Scope::Whole);
    let returned = memory.returned.into_iter().filter(|r| r.side == side);
    let returned: Vec<Record> = returned.collect();
    let mut reopened = returned.len() as u64;
    let mut open = returned;
    for item in position.open_items(staging, side).await? {
        let found_in = item.found_in().map(|(id, _)| id);
        if found_in.is_none_or(|id| resolved.settles(id).is_none()) {
            let was_settled = found_in.is_some_and(|id| resolved.earlier.contains_key(id));
            reopened += u64::from(was_settled);
            open.push(item);
        }
    }
    let reading = ReadingContext {
        side,
        records: source.side(side).records,
        business_date: context.business_date,
        value_dates: source.policy.value_dates(context.business_date),
        is_whole,
    };
    let mut prints = Vec::new();
    let mut replaced_sides = Vec::new();
    for spent in &position.spent {
        let is_replaced = date(&spent.business_date)? == context.business_date;
        let run: Arc<str> = Arc::from(spent.run_id.as_str());
        let mut add = |is_replaced: bool, of_side: &Prints| {
            prints.push(RememberedPrints {
                run: Arc::clone(&run),
                is_replaced,
                value_dates: (date(&of_side.from)?, date(&of_side.to)?),
                stored: of_side.stored.clone(),
            });
            Ok::<(), Failure>(())
        };
        if let Some(own) = spent.own(side) {
            add(is_replaced, own)?;
        }
        // Else its pairs are among the groups.
        if !spent.concerns(context.business_date)? {
            for carried in spent.carried(side) {
                add(false, carried)?;
            }
        }
        if is_replaced && side == Side::Ledger {
            replaced_sides.push((run, spent.ledger_side.clone()));
        }
    }
    Ok(Some(Recognition {
        reading: Reading::new(reading, source.policy.clone(), open, memory.used),
        business_date: context.business_date,
        reopened,
        prints,
        replaced_sides,
        staging: staging.clone(),
    }))
}
