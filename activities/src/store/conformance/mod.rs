//! What every store must do, whatever it is: run for each by its own tests.
//!
//! A check takes an empty store and uses nothing but [`Store`]'s methods.

pub(super) mod alerts;
pub(super) mod audit;
mod fixtures;
pub(super) mod reads;
pub(super) mod runs;

/// One test for each check, for a store that `$open` makes: a future of the [`super::Store`] and of
/// whatever has to live as long.
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
        conformance_tests! { $open;
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
            ],
            alerts: [
                people_are_told_once_for_life,
                an_alert_goes_from_pending_to_sent,
                a_dead_alert_is_redriven,
                a_case_begins_once,
            ],
            reads: [
                everything_comes_back_as_it_went_in,
                listings_are_filtered_and_paged,
                what_is_not_there_is_not_found,
            ],
        }
    };
}
pub(super) use conformance_tests;
pub(super) use fixtures::{completion, discrepancy, findings, opening};
