//! What every store must do, whatever it is: run for each by its own tests.
//!
//! A check takes an empty store and uses nothing but [`Store`]'s methods.

#![allow(clippy::unwrap_used, reason = "a check that fails says where")]

pub(super) mod alerts;
pub(super) mod audit;
pub(super) mod cases;
pub(super) mod checkpoints;
mod fixtures;
pub(super) mod incidents;
pub(super) mod positions;
pub(super) mod reads;
pub(super) mod reviews;
pub(super) mod runs;

use std::pin::Pin;

use super::Store;

/// A check: what it shows, and what does it.
pub struct Check {
    /// What it shows, as the name of a function.
    pub name: &'static str,
    /// Panics when the store, which has to be empty, does not do what it must.
    pub run: fn(Store) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Gives every check to the macro `$each`, after `$first`.
macro_rules! every_check {
    ($each:ident, $($first:tt)*) => {
        $each! { $($first)*;
            runs: [
                of_many_openings_one_is_new,
                a_completed_run_stays_completed,
                a_failed_run_is_opened_again_beside_what_it_left,
                a_lost_answer_changes_nothing,
                an_input_is_sealed_once,
                an_input_seen_before_is_recognised,
            ],
            audit: [
                entries_are_appended_once,
                another_entry_in_its_place_is_a_fork,
                of_two_writers_one_forks,
                streams_are_listed_in_order,
                many_streams_are_listed_in_pages,
            ],
            alerts: [
                people_are_told_once_for_life,
                an_alert_goes_from_pending_to_sent,
                a_dead_alert_is_redriven,
                a_case_begins_once,
            ],
            cases: [
                an_act_is_done_once,
                an_attempt_that_is_refused_is_on_the_trail,
                of_two_acts_at_once_the_second_sees_the_first,
                many_are_acted_on_in_one_call,
                a_case_lives_on_from_run_to_run,
                the_case_of_a_summary_can_be_acted_on,
                a_run_knows_whether_anything_is_open,
                cases_are_selected_exactly,
            ],
            checkpoints: [
                what_grew_since_a_checkpoint_is_unsealed,
                checkpoints_follow_each_other_and_never_change,
                what_was_witnessed_is_remembered,
                the_whole_trail_is_read_in_pages,
            ],
            incidents: [
                an_incident_is_told_once_and_has_a_case,
                a_failure_and_its_incident_are_on_record_together,
                a_digest_is_of_what_is_open_and_knows_what_is_new,
            ],
            positions: [
                runs_of_one_source_take_turns,
                a_position_follows_the_last_one,
            ],
            reviews: [
                a_run_in_review_waits_for_people,
                a_sign_off_waits_for_second_persons_and_is_frozen,
                a_later_generation_finds_what_was_signed_off,
                shortened_ids_are_found,
            ],
            reads: [
                everything_comes_back_as_it_went_in,
                listings_are_filtered_and_paged,
                what_is_not_there_is_not_found,
            ],
        }
    };
}

macro_rules! listed {
    (checks; $($of:ident: [$($check:ident),+ $(,)?],)+) => {
        vec![$($(Check {
            name: stringify!($check),
            run: |store| Box::pin($of::$check(store)),
        },)+)+]
    };
}

/// All checks.
#[must_use]
pub fn checks() -> Vec<Check> {
    every_check!(listed, checks)
}

/// One test for each check, for a store that `$open` makes: a future of the [`super::Store`] and of
/// whatever has to live as long.
#[cfg(test)]
macro_rules! conformance_tests {
    ($open:path; $($module:ident: [$($check:ident),+ $(,)?],)+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let (store, _kept) = $open().await;
                $crate::store::conformance::$module::$check(store).await;
            }
        )+)+
    };
    ($open:path) => {
        $crate::store::conformance::every_check!(conformance_tests, $open);
    };
}
#[cfg(test)]
pub(crate) use fixtures::{SOURCE, at, completion, discrepancy, findings, opened, opening};
#[cfg(test)]
pub(super) use {conformance_tests, every_check};
