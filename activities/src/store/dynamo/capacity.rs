//! What DynamoDB charges for: read and write units, added up for the work that is being done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

use super::item::Item;
use super::{DynamoStore, keys};
use crate::store::StoreError;

/// Read and write units, in tenths: DynamoDB counts half units.
#[derive(Debug, Default)]
struct Meter {
    read: AtomicU64,
    write: AtomicU64,
}

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Units that some work used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Capacity {
    /// Tenths of read units.
    pub read_tenths: u64,
    /// Tenths of write units.
    pub write_tenths: u64,
}

impl Capacity {
    /// Read units, with one decimal.
    #[must_use]
    pub fn read_units(self) -> String {
        units(self.read_tenths)
    }

    /// Write units, with one decimal.
    #[must_use]
    pub fn write_units(self) -> String {
        units(self.write_tenths)
    }
}

fn units(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Does some work, and says what it used; nothing, if the store does not charge.
pub async fn metered<T>(work: impl Future<Output = T>) -> (T, Capacity) {
    let meter = Arc::new(Meter::default());
    let done = METER.scope(Arc::clone(&meter), work).await;
    let used = Capacity {
        read_tenths: meter.read.load(Ordering::Relaxed),
        write_tenths: meter.write.load(Ordering::Relaxed),
    };
    (done, used)
}

impl DynamoStore {
    /// Adds what a step used to a run's account. Whoever does a step twice pays twice.
    pub(in crate::store) async fn charge(
        &self,
        run_id: &str,
        used: Capacity,
    ) -> Result<(), StoreError> {
        self.write(|unit| async move {
            let key = keys::capacity(run_id);
            let item = unit.get(&key).await?.unwrap_or_default();
            let before = account(&item)?.unwrap_or_default();
            let item = item
                .with_number("read_tenths", before.read_tenths + used.read_tenths)
                .with_number("write_tenths", before.write_tenths + used.write_tenths);
            unit.put(key, item);
            Ok(())
        })
        .await
    }

    /// What the steps of a run used so far; none of one that was not counted: it came with a copy.
    pub(in crate::store) async fn capacity(
        &self,
        run_id: &str,
    ) -> Result<Option<Capacity>, StoreError> {
        let item = self.get(&keys::capacity(run_id)).await?;
        account(&item.unwrap_or_default())
    }

    pub(super) fn read_capacity(&self, used: Option<&ConsumedCapacity>) {
        add(used, |meter| &meter.read);
    }

    pub(super) fn write_capacity(&self, used: Option<&ConsumedCapacity>) {
        add(used, |meter| &meter.write);
    }
}

fn account(item: &Item) -> Result<Option<Capacity>, StoreError> {
    if !item.has("read_tenths") {
        return Ok(None);
    }
    Ok(Some(Capacity {
        read_tenths: item.number("read_tenths")?,
        write_tenths: item.number("write_tenths")?,
    }))
}

fn add(used: Option<&ConsumedCapacity>, which: impl Fn(&Meter) -> &AtomicU64) {
    let Some(units) = used.and_then(|used| used.capacity_units) else {
        return;
    };
    // Outside of metered work nobody asks.
    let _ = METER.try_with(|meter| which(meter).fetch_add(tenths(units), Ordering::Relaxed));
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "DynamoDB tells units as floating-point numbers; they are counted, not paid with"
)]
fn tenths(units: f64) -> u64 {
    (units * 10.0).round() as u64
}
