//! Thousands of made-up lives of cases against a simple model: several people who act on what they
//! saw a while ago, messages of runs that come twice and out of order, amounts and days that change.
//!
//! The model is in [`super::model`]; what must hold whatever happens is checked beside it.

use std::collections::BTreeMap;

use super::model::{Message, Model};
use super::people::authority;
use super::*;

const LIVES: u64 = 4_000;
const ACTS: usize = 40;
/// How often each transition must have happened for the rest to mean something.
const SEEN_MIN: u64 = 50;

/// Every transition that there is: from, act, event, to.
const TRANSITIONS: &[(&str, &str, &str, &str)] = &[
    ("open", "assign", "case_assigned", "open"),
    ("open", "comment", "case_commented", "open"),
    ("open", "acknowledge", "case_acknowledged", "open"),
    ("open", "resolve", "case_resolved", "resolved"),
    ("open", "resolve", "case_proposed", "proposed"),
    ("open", "seen_again", "case_seen_again", "open"),
    ("open", "auto_clear", "case_cleared", "cleared"),
    ("proposed", "assign", "case_assigned", "proposed"),
    ("proposed", "comment", "case_commented", "proposed"),
    ("proposed", "acknowledge", "case_acknowledged", "proposed"),
    ("proposed", "approve", "case_resolved", "resolved"),
    ("proposed", "reject", "case_rejected", "open"),
    ("proposed", "seen_again", "case_seen_again", "proposed"),
    ("proposed", "auto_clear", "case_cleared", "cleared"),
    ("resolved", "comment", "case_commented", "resolved"),
    ("resolved", "reopen", "case_reopened", "open"),
    ("resolved", "run_out", "case_reopened", "open"),
    ("resolved", "seen_again", "case_seen_again", "resolved"),
    ("resolved", "seen_again", "case_reopened", "open"),
    ("resolved", "auto_clear", "case_cleared", "cleared"),
    ("cleared", "comment", "case_commented", "cleared"),
    ("cleared", "seen_again", "case_reopened", "open"),
];

/// Every way to be refused, and that nothing changes.
const OTHERWISE: [&str; 9] = [
    "unchanged",
    "closed",
    "nothing proposed",
    "proposal waits",
    "own proposal",
    "not allowed",
    "not closed",
    "gone",
    "invalid",
];

/// Numbers that look random and are the same for the same seed: SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }
}

/// One life: the case, the model of it, and the world around.
struct Life {
    dice: Dice,
    scene: Scene,
    model: Model,
    today: Date,
    trail: String,
    /// Messages on their way. What is taken from here may be sent again.
    under_way: Vec<Message>,
    runs: usize,
}

#[test]
fn every_life_goes_as_the_model_says() {
    let mut seen: BTreeMap<(String, String, String, String), u64> = BTreeMap::new();
    let mut otherwise: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..LIVES {
        let mut life = Life::new(seed);
        for _ in 0..ACTS {
            life.time_passes();
            let message = life.next_message();
            match life.live(&message) {
                Ok(transition) => *seen.entry(transition).or_default() += 1,
                Err(outcome) => *otherwise.entry(outcome).or_default() += 1,
            }
        }
    }
    for transition in TRANSITIONS {
        let (from, act, event, to) = *transition;
        let key = [from, act, event, to].map(str::to_owned);
        let count = seen.remove(&key.into()).unwrap_or(0);
        assert!(count >= SEEN_MIN, "{transition:?} was seen {count} times");
    }
    assert_eq!(seen, BTreeMap::new(), "transitions that should not be");
    for outcome in OTHERWISE {
        let count = otherwise.get(outcome).copied().unwrap_or(0);
        assert!(count >= SEEN_MIN, "{outcome} was seen {count} times");
    }
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut scene = Scene::new();
        scene.authority = authority("cora");
        scene.subject.has_both_sides = dice.roll(2) == 0;
        let rule = |resolutions: &[ResolutionKind], amount_from: &str| ApprovalRule {
            kinds: [].into(),
            resolutions: resolutions.iter().copied().collect(),
            currency: Some(euro()),
            amount_from: Some(amount(amount_from)),
        };
        scene.approval.rules = vec![
            rule(&[ResolutionKind::WriteOff], "500"),
            rule(&[ResolutionKind::PartnerToCorrect], "900"),
            rule(&[ResolutionKind::Void], "0"),
        ];
        let trail = scene.case.text(euro());
        Life {
            dice,
            scene,
            model: Model::new(),
            today: date(2026, 11, 18),
            trail,
            under_way: Vec::new(),
            runs: 0,
        }
    }

    /// The delegation ends on the way, and the amount at stake changes.
    fn time_passes(&mut self) {
        if self.dice.roll(8) == 0 {
            self.today = self.today.tomorrow().expect("a day");
        }
        if self.dice.roll(6) == 0 {
            let at_stake = self.dice.one_of(&["400", "700", "950", "1000", "1200"]);
            self.scene.subject.at_stake = amount(at_stake);
        }
    }

    fn next_message(&mut self) -> Message {
        if let Some(act) = due(&self.scene.case, self.today)
            && self.dice.roll(2) == 0
        {
            return Message { by: SYSTEM, act };
        }
        while self.under_way.len() < 4 {
            let message = match self.dice.roll(4) {
                0 => self.something_a_run_says(),
                _ => self.something_a_person_does(),
            };
            self.under_way.push(message);
        }
        let at = self.dice.roll(self.under_way.len());
        match self.dice.roll(4) {
            0 => self.under_way[at].clone(),
            _ => self.under_way.swap_remove(at),
        }
    }

    fn something_a_run_says(&mut self) -> Message {
        self.runs += self.dice.roll(2);
        let run = format!("run-{}", self.runs);
        let act = match self.dice.roll(8) {
            0 => undo(&run),
            1 | 2 => clear(&run),
            _ => seen_again(&run),
        };
        // Now and then somebody claims to be a run.
        let by = self.dice.one_of(&[SYSTEM, SYSTEM, SYSTEM, SYSTEM, "anna"]);
        Message { by, act }
    }

    fn something_a_person_does(&mut self) -> Message {
        let people = [
            "nora", "carl", "anna", "cora", "stan", "cora", "stan", "anna",
        ];
        let by = self.dice.one_of(&people);
        let act = match self.dice.roll(11) {
            0 => assign(self.dice.one_of(&["anna", "carl"])),
            1 => comment(),
            2 => acknowledge(),
            3 => reopen(),
            4 => reject(),
            5 | 6 => approve(),
            7 => Act::Comment { note: note("") },
            _ => resolve(self.some_resolution()),
        };
        Message { by, act }
    }

    fn some_resolution(&mut self) -> Resolution {
        let until = date(2026, 11, 18 + self.dice.roll(4) as i8);
        self.dice.one_of(&[
            Resolution::Void,
            Resolution::Accept,
            Resolution::NotAnError,
            Resolution::PartnerToCorrect,
            Resolution::PartnerToCorrect,
            Resolution::InTransit { until },
            Resolution::InTransit { until },
            write_off("950"),
            write_off("400"),
        ])
    }

    /// Does it, and holds the outcome against the model and against what always must be.
    fn live(
        &mut self,
        message: &Message,
    ) -> Result<(String, String, String, String), &'static str> {
        let before = self.scene.case.clone();
        let result = self.scene.try_on(self.today, message.by, &message.act);
        let (outcome, after) = match result {
            Ok(applied) => {
                match applied.event {
                    None => {
                        assert_eq!(applied.case, before, "{message:?}");
                        assert!(applied.fields.is_empty(), "{message:?}");
                    }
                    Some(_) => self.follow_trail(&before, &applied, message),
                }
                let event = applied.event.map_or("unchanged", AuditEvent::name);
                (event, applied.case)
            }
            Err(refusal) => (name_of(&refusal), before.clone()),
        };
        let expected = self.model.step(message, &self.scene.subject, self.today);
        assert_eq!(outcome, expected, "{message:?} on {before:?}");
        self.scene.case = after;
        let after = &self.scene.case;
        assert_eq!(Model::of(after), self.model.comparable(), "{message:?}");
        let has_decision = matches!(after.state, CaseState::Proposed | CaseState::Resolved);
        assert_eq!(after.decision.is_some(), has_decision, "{after:?}");
        if OTHERWISE.contains(&outcome) {
            return Err(OTHERWISE
                .into_iter()
                .find(|it| *it == outcome)
                .unwrap_or(""));
        }
        let (from, to) = (before.state.name(), after.state.name());
        let act = match (message.by, &message.act) {
            (SYSTEM, Act::Reopen { .. }) => "run_out",
            (_, act) => act.name(),
        };
        Ok([from, act, outcome, to].map(str::to_owned).into())
    }

    /// What holds for every change, whatever the model says.
    fn follow_trail(&mut self, before: &Case, applied: &Applied, message: &Message) {
        let after = &applied.case;
        assert_eq!(after.version, before.version + 1, "{message:?}");
        let text = |name: &str| {
            let mut fields = applied.fields.iter();
            let found = fields.find(|(field, _)| *field == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        assert_eq!(text("before"), self.trail, "the texts chain");
        assert_ne!(text("after"), self.trail, "every change is visible");
        self.trail = text("after").to_owned();
        let mut names: Vec<&str> = applied.fields.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "no field is there twice");

        let is_resolving = !matches!(before.state, CaseState::Resolved)
            && matches!(after.state, CaseState::Resolved);
        if is_resolving {
            let decision = after.decision.as_ref().expect("it is resolved");
            assert_ne!(decision.approved_by.as_ref(), Some(&decision.by));
            let takes_two = self
                .scene
                .approval
                .is_needed(&self.scene.subject, decision.resolution.kind());
            let is_approval = matches!(message.act, Act::Approve { .. });
            assert!(is_approval || !takes_two, "{decision:?}");
            assert_eq!(decision.approved_by.is_some(), is_approval);
        }
        if before.state == CaseState::Cleared || before.state == CaseState::Resolved {
            let may_change = matches!(
                message.act,
                Act::Comment { .. }
                    | Act::Reopen { .. }
                    | Act::SeenAgain { .. }
                    | Act::AutoClear { .. }
            );
            assert!(may_change, "{message:?} on {before:?}");
        }
    }
}

fn name_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Closed { .. } => "closed",
        Refusal::NothingProposed { .. } => "nothing proposed",
        Refusal::ProposalWaits { .. } => "proposal waits",
        Refusal::OwnProposal { .. } => "own proposal",
        Refusal::NotAllowed { .. } => "not allowed",
        Refusal::NotClosed => "not closed",
        Refusal::Gone => "gone",
        Refusal::Invalid(_) => "invalid",
    }
}
