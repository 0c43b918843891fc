//! What DynamoDB charges for: read and write units, added up for the work that is being done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

use super::DynamoStore;

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
    pub(super) fn read_capacity(&self, used: Option<&ConsumedCapacity>) {
        add(used, |meter| &meter.read);
    }

    pub(super) fn write_capacity(&self, used: Option<&ConsumedCapacity>) {
        add(used, |meter| &meter.write);
    }
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
