//! Payments that runs matched, kept so that one made twice is known in any later run.

use std::sync::Arc;

use domain::matching::Pool;
use domain::open_items::{Asked, PAYMENT_BYTES, Payment};
use domain::policy::{RunContext, SourcePolicy};
use workflows::ports::Stored;

use super::{Standing, damaged, date};
use crate::failures::Failure;
use crate::staging::{Folder, SideManifest, Staging};

impl Standing {
    /// Marks what is left of a run's records and that an earlier run matched already: should no rule find
    /// anything for it, it is a payment made twice.
    pub(crate) async fn mark_paid(
        &self,
        staging: &Staging,
        policy: &SourcePolicy,
        context: &RunContext,
        sides: [&SideManifest; 2],
        pool: &mut Pool,
    ) -> Result<(), Failure> {
        let Some(begun_with) = &self.begun_with else {
            return Ok(());
        };
        let mut asked = Asked::of(policy, context, pool);
        asked.leave_out(policy, &self.undone(staging, sides).await?.records);
        for spent in &begun_with.position.spent {
            if asked.is_empty() {
                break;
            }
            // A run of this day is replaced by this one.
            if date(&spent.business_date)? != self.asked.business_date {
                let payments = get(staging, spent.payments.as_ref()).await?;
                asked.look(&Arc::from(spent.run_id.as_str()), &payments);
            }
        }
        asked.mark(context, pool);
        Ok(())
    }
}

/// Stores payments, sorted; nothing when there are none.
pub(super) async fn put(
    staging: &Staging,
    folder: Folder<'_>,
    mut payments: Vec<Payment>,
) -> Result<Option<Stored>, Failure> {
    if payments.is_empty() {
        return Ok(None);
    }
    payments.sort_unstable();
    let bytes: Vec<u8> = payments.iter().flat_map(|payment| payment.0).collect();
    Ok(Some(staging.put(folder, bytes).await?))
}

/// Reads payments back.
pub(super) async fn get(
    staging: &Staging,
    stored: Option<&Stored>,
) -> Result<Vec<Payment>, Failure> {
    let Some(stored) = stored else {
        return Ok(Vec::new());
    };
    let bytes = staging.get(stored).await?;
    match bytes.as_chunks::<PAYMENT_BYTES>() {
        (whole, []) => Ok(whole.iter().map(|bytes| Payment(*bytes)).collect()),
        _ => Err(damaged(stored, "it ends within a payment")),
    }
}
