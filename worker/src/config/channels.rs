//! What goes for the alert channels beside how they are reached: quiet hours and fallbacks, and what
//! can't be meant by them.

use std::collections::BTreeMap;

use activities::alerts::{ChannelConfig, ChannelRules, Fallback, QuietHoursConfig};
use domain::quiet_hours::QuietHours;
use domain::severity::Severity;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::checks::no_channel;
use super::document::Document;
use super::policy::Findings;
use super::tree::Place;
use super::values::FromText;

/// How long a channel is tried before its fallback is told, unless the file says otherwise.
const FALLBACK_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// The rules of all channels. What is wrong with them is added to `findings`.
pub(crate) fn rules(
    channels: &BTreeMap<String, ChannelConfig>,
    document: &Document,
    findings: &mut Findings,
) -> BTreeMap<String, ChannelRules> {
    let mut rules = BTreeMap::new();
    for (name, channel) in channels {
        let place = Place::root().key("alerts").key("channels").key(name);
        let mut reading = Reading { document, findings };
        let quiet = channel.quiet_hours();
        let quiet_hours =
            quiet.and_then(|quiet| reading.quiet_hours(quiet, &place.key("quiet_hours")));
        let fallback = reading.fallback(name, channels, &place);
        rules.insert(
            name.clone(),
            ChannelRules {
                quiet_hours,
                fallback,
            },
        );
    }
    rules
}

struct Reading<'a> {
    document: &'a Document,
    findings: &'a mut Findings,
}

impl Reading<'_> {
    fn quiet_hours(&mut self, quiet: &QuietHoursConfig, place: &Place) -> Option<QuietHours> {
        let from = self.value(Some(&quiet.from), &place.key("from"), None);
        let to = self.value(Some(&quiet.to), &place.key("to"), None);
        let zone = quiet.time_zone.as_deref();
        let time_zone = self.value(zone, &place.key("time_zone"), Some(TimeZone::UTC));
        let except = quiet.except_from.as_deref();
        let critical = Some(Severity::Critical);
        let except_from = self.value(except, &place.key("except_from"), critical);
        let quiet_hours = QuietHours {
            from: from?,
            to: to?,
            time_zone: time_zone?,
            days_off: quiet.days_off,
            except_from: except_from?,
        };
        if quiet_hours.from == quiet_hours.to && !quiet.days_off {
            let message = "quiet hours that begin and end at the same time are none";
            let help = "set `to` to another time, or `days_off = true` for whole days only";
            self.wrong(&place.key("to"), message.to_owned(), help.to_owned());
        }
        Some(quiet_hours)
    }

    fn fallback(
        &mut self,
        name: &str,
        channels: &BTreeMap<String, ChannelConfig>,
        place: &Place,
    ) -> Option<Fallback> {
        let (fallback, after) = channels.get(name)?.fallback();
        let here = place.key("fallback_after");
        let after = match (fallback, after) {
            (None, Some(_)) => {
                let message = "`fallback_after` without a `fallback`".to_owned();
                self.wrong(
                    &here,
                    message,
                    "name another channel: `fallback`".to_owned(),
                );
                return None;
            }
            (_, after) => self.value(after, &here, Some(FALLBACK_AFTER))?,
        };
        let fallback = fallback?;
        let here = place.key("fallback");
        if !channels.contains_key(fallback) {
            let problem = no_channel(fallback, channels, &here, self.document);
            self.findings.problems.push(problem);
            return None;
        }
        if let Some(way) = way_back(name, fallback, channels) {
            let message = match way.is_empty() {
                true => format!("`{name}` can't fall back to itself"),
                false => format!(
                    "a circle: `{fallback}` falls back to `{}`",
                    way.join("`, `")
                ),
            };
            let help = "the last channel of a row has no `fallback`".to_owned();
            self.wrong(&here, message, help);
            return None;
        }
        Some(Fallback {
            channel: fallback.to_owned(),
            after,
        })
    }

    /// What a text stands for; `otherwise` where there is none.
    fn value<T: FromText>(
        &mut self,
        text: Option<&str>,
        place: &Place,
        otherwise: Option<T>,
    ) -> Option<T> {
        let Some(text) = text else { return otherwise };
        match T::from_text(text) {
            Ok(value) => Some(value),
            Err(message) => {
                let problem = self.document.problem(place, message);
                self.findings.problems.push(problem);
                None
            }
        }
    }

    fn wrong(&mut self, place: &Place, message: String, help: String) {
        let problem = self.document.problem(place, message);
        self.findings.problems.push(problem.with_help(help));
    }
}

/// The fallbacks from `fallback` on that lead to `name`; none when they don't.
fn way_back<'a>(
    name: &str,
    fallback: &'a str,
    channels: &'a BTreeMap<String, ChannelConfig>,
) -> Option<Vec<&'a str>> {
    let mut way = Vec::new();
    let mut at = fallback;
    while at != name {
        // As many steps as there are channels: a circle that `name` is not on is told of elsewhere.
        if way.len() > channels.len() {
            return None;
        }
        at = channels.get(at)?.fallback().0?;
        way.push(at);
    }
    Some(way)
}
