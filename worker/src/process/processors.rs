//! Work on all processors of the machine.

use std::thread;

use domain::threads::joined;

/// How many there are for this process.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does the same in a thread for each processor; what each gives back.
pub(crate) fn on_each_processor<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..processors()).map(|_| scope.spawn(&work)).collect();
        workers.into_iter().map(joined).collect()
    })
}
