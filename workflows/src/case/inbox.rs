//! Acts that wait for their turn: one after the other, in the order in which they came, whoever
//! sent them and however.

use std::collections::{BTreeMap, VecDeque};

use proto::case::refused;
use proto::wire::CaseReply;
use serde::{Deserialize, Serialize};

/// Mistakes of signals that people are shown: the latest ones.
const PROBLEMS_MAX: usize = 5;

/// One act that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Names it for ever.
    pub(super) act_id: String,
    /// Name of the update or signal.
    pub(super) action: String,
    /// Its message.
    pub(super) input: serde_json::Value,
}

impl Asked {
    /// For the Temporal UI.
    pub(super) fn summary(&self) -> String {
        match self.input.get("by").and_then(serde_json::Value::as_str) {
            Some(by) => format!("{} by {by}", self.action),
            None => self.action.clone(),
        }
    }
}

/// What one execution hands to the next one of the same case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// Asked for by signals, and not done yet.
    asked: VecDeque<Asked>,
    /// Mistakes that people are still shown.
    problems: VecDeque<String>,
    /// Somebody asked for a look at the store.
    pub(super) look_again: bool,
}

/// Names the one who waits for an answer.
pub(super) type Ticket = u64;

/// The acts that wait, and the answers that were not fetched yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    asked: VecDeque<(Option<Ticket>, Asked)>,
    /// Acts that came so far.
    count: u64,
    answers: BTreeMap<Ticket, CaseReply>,
    problems: VecDeque<String>,
}

impl Inbox {
    /// Number of the act that comes next.
    pub(super) fn next_number(&self) -> u64 {
        self.count + 1
    }

    /// Puts an act at the end of the row that nobody waits for.
    pub(super) fn tell(&mut self, asked: Asked) {
        self.count += 1;
        self.asked.push_back((None, asked));
    }

    /// Puts an act at the end of the row; its answer will be under this ticket.
    pub(super) fn ask(&mut self, asked: Asked) -> Ticket {
        self.count += 1;
        self.asked.push_back((Some(self.count), asked));
        self.count
    }

    /// Whether an act waits.
    pub(super) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// The act whose turn it is.
    pub(super) fn next(&mut self) -> Option<(Option<Ticket>, Asked)> {
        self.asked.pop_front()
    }

    /// What an act came to. Where nobody waits for it, people see a refusal with the case.
    pub(super) fn answer(&mut self, ticket: Option<Ticket>, asked: &Asked, reply: CaseReply) {
        match ticket {
            Some(ticket) => {
                self.answers.insert(ticket, reply);
            }
            None if reply.outcome == "refused" => {
                self.complain(format!("`{}`: {}", asked.summary(), reply.reason));
            }
            None => {}
        }
    }

    pub(super) fn is_answered(&self, ticket: Ticket) -> bool {
        self.answers.contains_key(&ticket)
    }

    pub(super) fn take_answer(&mut self, ticket: Ticket) -> Option<CaseReply> {
        self.answers.remove(&ticket)
    }

    /// Answers everybody who waits: nothing more will be done.
    pub(super) fn refuse_all(&mut self, reason: &str) {
        while let Some((ticket, asked)) = self.next() {
            self.answer(ticket, &asked, refused(reason));
        }
    }

    /// Keeps a mistake for people to see.
    pub(super) fn complain(&mut self, problem: String) {
        self.problems.push_back(problem);
        if self.problems.len() > PROBLEMS_MAX {
            self.problems.pop_front();
        }
    }

    pub(super) fn problems(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(String::as_str)
    }

    /// What is left for the next execution. Only what nobody waits for is left by then.
    pub(super) fn hand_over(&mut self, look_again: bool) -> Carried {
        let asked = std::mem::take(&mut self.asked);
        Carried {
            asked: asked.into_iter().map(|(_, asked)| asked).collect(),
            problems: std::mem::take(&mut self.problems),
            look_again,
        }
    }

    /// Goes on with what the execution before left, ahead of what came since.
    pub(super) fn take_over(&mut self, carried: Carried) {
        for asked in carried.asked.into_iter().rev() {
            self.asked.push_front((None, asked));
        }
        for problem in carried.problems.into_iter().rev() {
            self.problems.push_front(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str) -> Asked {
        Asked {
            act_id: name.to_owned(),
            action: "comment".to_owned(),
            input: serde_json::json!({ "by": "ann", "note": name }),
        }
    }

    fn order(inbox: &mut Inbox) -> Vec<String> {
        std::iter::from_fn(|| inbox.next().map(|(_, asked)| asked.act_id)).collect()
    }

    #[test]
    fn acts_are_done_in_the_order_in_which_they_came() {
        let mut inbox = Inbox::default();
        inbox.tell(asked("a"));
        let ticket = inbox.ask(asked("b"));
        inbox.tell(asked("c"));
        assert_eq!(inbox.next_number(), 4);
        assert!(!inbox.is_answered(ticket));
        assert_eq!(order(&mut inbox), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_handed_over_stands_before_what_came_since() {
        let mut before = Inbox::default();
        before.tell(asked("a"));
        before.tell(asked("b"));
        before.complain("wrong".to_owned());
        let carried = serde_json::to_value(before.hand_over(true)).expect("JSON");
        let carried: Carried = serde_json::from_value(carried).expect("the same");
        assert!(carried.look_again && before.is_empty());

        let mut after = Inbox::default();
        after.ask(asked("c"));
        after.take_over(carried);
        assert_eq!(order(&mut after), ["a", "b", "c"]);
        assert_eq!(after.problems().collect::<Vec<_>>(), ["wrong"]);
    }

    #[test]
    fn who_waits_is_answered_and_who_does_not_is_shown() {
        let mut inbox = Inbox::default();
        let ticket = inbox.ask(asked("a"));
        inbox.tell(asked("b"));
        inbox.refuse_all("it is over");
        let reply = inbox.take_answer(ticket).expect("an answer");
        assert_eq!((&*reply.outcome, &*reply.reason), ("refused", "it is over"));
        assert!(!inbox.is_answered(ticket), "fetched once");
        let shown = ["`comment by ann`: it is over"];
        assert_eq!(inbox.problems().collect::<Vec<_>>(), shown);
        for number in 0..9 {
            inbox.complain(number.to_string());
        }
        assert_eq!(inbox.problems().count(), PROBLEMS_MAX);
        assert_eq!(inbox.problems().last(), Some("8"), "the latest ones");
    }
}
