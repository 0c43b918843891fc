//! What becomes of a case, by hand: one table by state and act, sharing nothing with the state
//! machine but the types of what goes in.

use super::people::{Asked, LAST_DAY, may};
use super::*;

/// What somebody is about to do.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) by: &'static str,
    pub(super) act: Act,
}

/// What the model knows of a case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Model {
    state: &'static str,
    decided: Option<(&'static str, Resolution)>,
    approved_by: Option<&'static str>,
    assigned_to: Option<String>,
    acknowledged_by: Option<&'static str>,
    last_run: Option<String>,
    version: u64,
}

impl Model {
    /// Of a case that nobody has touched.
    pub(super) fn new() -> Self {
        Model {
            state: "open",
            ..Model::default()
        }
    }

    /// The same of the real case.
    pub(super) fn of(
        case: &Case,
    ) -> (
        String,
        Option<String>,
        Option<String>,
        [Option<String>; 3],
        u64,
    ) {
        let decision = case.decision.as_ref();
        let decided = decision.map(|it| format!("{} {:?}", it.by, it.resolution));
        let approved = decision.and_then(|it| it.approved_by.clone());
        let rest = [
            &case.assigned_to,
            &case.acknowledged_by,
            &case.last_seen_run,
        ];
        let state = case.state.name().to_owned();
        (
            state,
            decided,
            approved,
            rest.map(Clone::clone),
            case.version,
        )
    }

    pub(super) fn comparable(
        &self,
    ) -> (
        String,
        Option<String>,
        Option<String>,
        [Option<String>; 3],
        u64,
    ) {
        let decided = self.decided.as_ref().map(|(by, it)| format!("{by} {it:?}"));
        let acknowledged = self.acknowledged_by.map(str::to_owned);
        (
            self.state.to_owned(),
            decided,
            self.approved_by.map(str::to_owned),
            [
                self.assigned_to.clone(),
                acknowledged,
                self.last_run.clone(),
            ],
            self.version,
        )
    }

    /// What becomes of it, by hand: the event, or why nothing does.
    pub(super) fn step(
        &mut self,
        message: &Message,
        subject: &Subject,
        today: Date,
    ) -> &'static str {
        let is_system = message.by == SYSTEM;
        if let Some(action) = message.act.action() {
            let is_due = is_system && self.is_overdue(today) && action == Action::Reopen;
            if !is_due && !self.is_entitled(message, action, subject, today) {
                return "not allowed";
            }
        } else if !is_system {
            return "invalid";
        }
        let outcome = self.transition(message, subject, today);
        self.version += u64::from(outcome.starts_with("case_"));
        outcome
    }

    fn transition(&mut self, message: &Message, subject: &Subject, today: Date) -> &'static str {
        let is_closed = matches!(self.state, "resolved" | "cleared");
        match (&message.act, self.state) {
            (Act::Comment { note }, _) if note.is_empty() => "invalid",
            (Act::Comment { .. }, _) => "case_commented",
            (Act::Assign { .. } | Act::Acknowledge { .. }, _) if is_closed => "closed",
            (Act::Assign { to, .. }, _) if self.assigned_to.as_ref() == Some(to) => "unchanged",
            (Act::Assign { to, .. }, _) => {
                self.assigned_to = Some(to.clone());
                "case_assigned"
            }
            (Act::Acknowledge { .. }, _) if self.acknowledged_by == Some(message.by) => "unchanged",
            (Act::Acknowledge { .. }, _) => {
                self.acknowledged_by = Some(message.by);
                "case_acknowledged"
            }
            (Act::Resolve { .. }, "proposed") => "proposal waits",
            (Act::Resolve { resolution, .. }, "resolved")
                if self.decided == Some((message.by, resolution.clone())) =>
            {
                "unchanged"
            }
            (Act::Resolve { .. }, "resolved" | "cleared") => "closed",
            (Act::Resolve { resolution, .. }, _) if !is_sound(resolution, subject, today) => {
                "invalid"
            }
            (Act::Resolve { resolution, .. }, _) => {
                self.decided = Some((message.by, resolution.clone()));
                let takes_two = match resolution {
                    Resolution::WriteOff { .. } => subject.at_stake >= amount("500"),
                    Resolution::PartnerToCorrect => subject.at_stake >= amount("900"),
                    other => *other == Resolution::Void,
                };
                self.state = if takes_two { "proposed" } else { "resolved" };
                if takes_two {
                    "case_proposed"
                } else {
                    "case_resolved"
                }
            }
            (Act::Approve { .. }, "proposed") => {
                let (by, resolution) = self.decided.clone().expect("it is proposed");
                if by == message.by {
                    "own proposal"
                } else if !is_sound(&resolution, subject, today) {
                    "invalid"
                } else {
                    self.state = "resolved";
                    self.approved_by = Some(message.by);
                    "case_resolved"
                }
            }
            (Act::Reject { .. }, "proposed") => {
                self.state = "open";
                self.decided = None;
                "case_rejected"
            }
            (Act::Approve { .. } | Act::Reject { .. }, _) => "nothing proposed",
            (Act::Reopen { .. }, "open" | "proposed") => "not closed",
            (Act::Reopen { .. }, "cleared") => "gone",
            (Act::Reopen { .. }, _) => self.reopen(),
            (Act::SeenAgain { run_id }, _) if self.last_run.as_ref() == Some(run_id) => "unchanged",
            (Act::SeenAgain { run_id }, _) => {
                self.last_run = Some(run_id.clone());
                if self.is_over(subject) {
                    self.reopen()
                } else {
                    "case_seen_again"
                }
            }
            (Act::MemberOpen { .. }, "open" | "proposed") => "unchanged",
            (Act::MemberOpen { .. }, _) => self.reopen(),
            (Act::AutoClear { undoes: true, .. }, "cleared") => "unchanged",
            (Act::AutoClear { undoes: false, .. }, _) if self.is_over(subject) => "unchanged",
            (Act::MembersClosed { .. }, _) if self.is_over(&nothing_left(subject)) => "unchanged",
            (Act::AutoClear { .. } | Act::MembersClosed { .. }, _) => {
                (self.state, self.decided, self.approved_by) = ("cleared", None, None);
                "case_cleared"
            }
        }
    }

    fn reopen(&mut self) -> &'static str {
        self.state = "open";
        (self.decided, self.approved_by, self.acknowledged_by) = (None, None, None);
        "case_reopened"
    }

    fn is_over(&self, subject: &Subject) -> bool {
        let waits = |(_, resolution): &(&str, Resolution)| match resolution {
            Resolution::PartnerToCorrect | Resolution::InTransit { .. } => true,
            Resolution::WriteOff { amount, .. } => *amount < subject.at_stake,
            _ => false,
        };
        self.state == "cleared"
            || self.state == "resolved" && !self.decided.as_ref().is_some_and(waits)
    }

    fn is_overdue(&self, today: Date) -> bool {
        let last_day = match self.decided {
            Some((_, Resolution::InTransit { until })) => until,
            _ => return false,
        };
        self.state == "resolved" && last_day < today
    }

    fn is_entitled(
        &self,
        message: &Message,
        action: Action,
        subject: &Subject,
        today: Date,
    ) -> bool {
        let proposal = self.decided.as_ref().filter(|_| self.state == "proposed");
        let resolution = match &message.act {
            Act::Resolve { resolution, .. } => resolution.kind(),
            // Where nothing is proposed, who may approve anything learns that.
            _ => proposal.map_or(ResolutionKind::Accept, |(_, it)| it.kind()),
        };
        let asked = Asked {
            action,
            resolution,
            subject,
        };
        let is_approval = action == Action::Approve;
        let by_cora = is_approval && proposal.is_some_and(|(by, _)| *by == "cora");
        match message.by {
            "carl" => may("clerk", &asked),
            "anna" => may("accountant", &asked),
            "cora" => may("controller", &asked),
            "stan" if today <= LAST_DAY && !by_cora => may("controller", &asked),
            _ => may("", &asked),
        }
    }
}

fn nothing_left(subject: &Subject) -> Subject {
    Subject {
        at_stake: Amount::ZERO,
        ..subject.clone()
    }
}

fn is_sound(resolution: &Resolution, subject: &Subject, today: Date) -> bool {
    match resolution {
        Resolution::Accept => subject.has_both_sides,
        Resolution::WriteOff { amount, .. } => *amount <= subject.at_stake,
        Resolution::InTransit { until } => *until >= today,
        _ => true,
    }
}
