//! The client's side of Temporal: connecting, starting runs, asking and waking workflows,
//! schedules.

mod acts;
mod connect;
mod error;
mod kept;
mod schedules;
mod search_attributes;
mod start;
mod timing;

pub use acts::{BatchHandle, act_on_case, decide_review, start_batch};
pub use connect::{Patience, connect};
pub use error::TemporalError;
pub use kept::{Kept, configured as configured_schedules, keep_schedules};
pub use schedules::{
    Described, Fired, MATCHING_TIMES_MAX, SetOutcome, Wanted, backfill_schedule, delete_schedule,
    describe_schedule, launched, matching_times, pause_schedule, schedule_id, scheduled_sources,
    set_schedule, trigger_schedule,
};
pub use search_attributes::register_search_attributes;
pub use start::{RunHandle, Started, run_status, start_run, wake_case};
pub use timing::{MonthDay, Timing};
