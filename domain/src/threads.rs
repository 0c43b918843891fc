//! Two things at once: the same answers, sooner.

use std::thread;

/// Does both, the second in a thread of its own.
pub fn at_once<A: Send, B: Send>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    thread::scope(|scope| {
        let second = scope.spawn(second);
        let first = first();
        (first, joined(second))
    })
}

/// What a thread gives back; its panic goes on in this one.
pub fn joined<T>(worker: thread::ScopedJoinHandle<'_, T>) -> T {
    worker
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
