//! The life of a worker process: start, register, poll, stop in order.

mod memory;
mod processors;
mod shutdown;
mod telemetry;
mod worker;

pub use memory::huge_pages;
pub(crate) use processors::{on_each_processor, processors};
pub use shutdown::Interruption;
pub use telemetry::init_logging;
pub use worker::{Ready, run_worker};
