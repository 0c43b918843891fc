//! Keeps a channel below the rate that its service allows, and quiet for as long as it asked.
//!
//! Per process and in memory: two workers each keep their own pace; the service's own limit, and
//! its `Retry-After`, still hold between them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest that a delivery waits for its turn; who would wait longer comes back later.
pub(crate) const TURN_WAIT_MAX: Duration = Duration::from_secs(5);
/// Latest that somebody is asked to come back.
const COME_BACK_MAX: Duration = Duration::from_secs(15 * 60);

/// When the next message may go.
pub(crate) struct Pace {
    interval: Duration,
    turns: Mutex<Turns>,
}

#[derive(Clone, Copy, Default)]
struct Turns {
    /// The first moment that is free.
    free_from: Option<Instant>,
    /// The last moment that somebody was asked to come back at, so that not all do at once.
    asked_back: Option<Instant>,
    /// Nobody sends before this moment, not even who has a turn.
    quiet_until: Option<Instant>,
}

/// The answer to who wants to send now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// Send after this time.
    After(Duration),
    /// Too many are waiting: ask again after this time.
    ComeBack(Duration),
}

impl Pace {
    pub(crate) fn new(interval: Duration) -> Self {
        Pace {
            interval,
            turns: Mutex::default(),
        }
    }

    /// Takes the next free turn.
    pub(crate) fn take(&self, now: Instant) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.free_from.unwrap_or(now).max(now);
        if turn - now <= TURN_WAIT_MAX {
            turns.free_from = Some(turn + self.interval);
            return Turn::After(turn - now);
        }
        let back = turns
            .asked_back
            .map_or(turn, |last| turn.max(last + self.interval));
        let back = back.min(now + COME_BACK_MAX);
        turns.asked_back = Some(back);
        Turn::ComeBack(back - now)
    }

    /// Nobody sends before `pause` is over.
    pub(crate) fn hold(&self, now: Instant, pause: Duration) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.free_from = turns.free_from.max(Some(now + pause));
        turns.quiet_until = turns.quiet_until.max(Some(now + pause));
    }

    /// How long nobody may send yet; none when somebody whose turn it is may.
    pub(crate) fn quiet_for(&self, now: Instant) -> Option<Duration> {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let left = turns.quiet_until?.checked_duration_since(now)?;
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_a_second_then_come_back_in_order() {
        let pace = Pace::new(SECOND);
        let now = Instant::now();
        let turns: Vec<Turn> = (0..9).map(|_| pace.take(now)).collect();
        let after = |seconds| Turn::After(SECOND * seconds);
        let back = |seconds| Turn::ComeBack(SECOND * seconds);
        let expected = [0, 1, 2, 3, 4, 5]
            .map(after)
            .into_iter()
            .chain([6, 7, 8].map(back));
        assert_eq!(turns, expected.collect::<Vec<_>>());
        assert_eq!(
            pace.take(now + SECOND * 6),
            after(0),
            "who comes back as asked goes at once"
        );
    }

    #[test]
    fn a_pause_holds_for_everybody() {
        let pace = Pace::new(SECOND);
        let now = Instant::now();
        pace.hold(now, SECOND * 60);
        assert_eq!(pace.take(now), Turn::ComeBack(SECOND * 60));
        assert_eq!(pace.take(now + SECOND * 58), Turn::After(SECOND * 2));
        pace.hold(now, SECOND);
        assert_eq!(
            pace.take(now + SECOND * 58),
            Turn::After(SECOND * 3),
            "never shortened"
        );
        assert_eq!(pace.quiet_for(now + SECOND * 58), Some(SECOND * 2));
        assert_eq!(pace.quiet_for(now + SECOND * 60), None);
    }

    #[test]
    fn a_million_wait_a_quarter_of_an_hour_at_most() {
        let pace = Pace::new(SECOND);
        let now = Instant::now();
        for _ in 0..5000 {
            pace.take(now);
        }
        assert_eq!(pace.take(now), Turn::ComeBack(COME_BACK_MAX));
    }
}
