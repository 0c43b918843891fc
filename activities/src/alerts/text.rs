//! What an alert says to a person who was woken by it: what, how much, where, why, what to do.
//!
//! The same words for every channel; a channel adds its own markup only. Data from files is kept
//! to one line and to a length, so that it can break neither a message nor a mail header.

mod checkpoint;
mod words;

use domain::alert::{
    AlertBody, AlertContent, CauseFacts, DigestFacts, DiscrepancyFacts, IncidentFacts, SideFacts,
    SummaryFacts,
};
use domain::discrepancy::{Kind, NO_RULE};
use domain::masking;
use domain::money::Money;

pub(crate) use self::checkpoint::of_checkpoint;
use self::words::{advice, cause_advice, incident_advice, kind_words};

/// Longest line of a message, in characters.
const LINE_CHARS_MAX: usize = 1200;
/// Longest title, in characters; a mail subject and a Slack header show about this much.
pub(crate) const TITLE_CHARS_MAX: usize = 150;
/// How much of the alert's id a person compares, in characters.
const SHORT_ID_CHARS: usize = 8;

/// An alert as words, before any markup.
pub(crate) struct AlertText {
    /// One line: severity, source, what happened.
    pub(crate) title: String,
    /// In order; none is empty.
    pub(crate) blocks: Vec<Block>,
    /// How to recognise a repeat of this message.
    pub(crate) footer: String,
}

/// Lines that belong together.
pub(crate) struct Block {
    pub(crate) heading: Option<&'static str>,
    pub(crate) lines: Vec<Line>,
}

/// One line of a block.
pub(crate) enum Line {
    Text(String),
    Fact {
        label: &'static str,
        value: String,
    },
    /// Something to do, with the command that does it.
    Step {
        say: String,
        command: Option<String>,
    },
}

/// The words for this alert. `alert_id` is the same for the same alert.
pub(crate) fn compose(alert_id: &str, content: &AlertContent) -> AlertText {
    let severity = content.severity.name().to_uppercase();
    let title = format!("{severity} {}: {}", content.source, content.headline);
    let mut first = vec![about(content)];
    first.extend(content.occasion.iter().map(|occasion| text(occasion)));
    let mut blocks = vec![Block {
        heading: None,
        lines: first,
    }];
    blocks.extend(match &content.body {
        AlertBody::Discrepancy(facts) => discrepancy_blocks(content, facts),
        AlertBody::Summary(facts) => summary_blocks(content, facts),
        AlertBody::Cause(facts) => cause_blocks(content, facts),
        AlertBody::Incident(facts) => incident_blocks(content, facts),
        AlertBody::Digest(facts) => digest_blocks(content, facts),
    });
    let short_id = short_id(alert_id);
    AlertText {
        title: one_line(&title, TITLE_CHARS_MAX),
        blocks,
        footer: one_line(
            &format!("Alert {short_id}. A second message with this number is a repeat."),
            LINE_CHARS_MAX,
        ),
    }
}

/// What people tell alerts apart by: the beginning of its subject's id, and which one about it this is, from the
/// second on.
fn short_id(alert_id: &str) -> String {
    let mut short: String = alert_id.chars().take(SHORT_ID_CHARS).collect();
    if let Some((of_channel, number)) = alert_id.rsplit_once('/')
        && of_channel.contains('/')
        && number.parse::<u32>().is_ok()
    {
        short = format!("{short}-{number}");
    }
    short
}

/// The message as plain text.
pub(crate) fn plain(text: &AlertText) -> String {
    let mut out = format!("{}\n", text.title);
    for block in &text.blocks {
        out.push('\n');
        if let Some(heading) = block.heading {
            out.push_str(&format!("{heading}:\n"));
        }
        let label_width = block.lines.iter().map(Line::label_width).max().unwrap_or(0);
        for line in &block.lines {
            match line {
                Line::Text(text) => out.push_str(&format!("{text}\n")),
                Line::Fact { label, value } => {
                    out.push_str(&format!("{label:label_width$}  {value}\n"));
                }
                Line::Step { say, command: None } => out.push_str(&format!("- {say}\n")),
                Line::Step {
                    say,
                    command: Some(command),
                } => {
                    out.push_str(&format!("- {say}\n    {command}\n"));
                }
            }
        }
    }
    out.push_str(&format!("\n{}\n", text.footer));
    out
}

/// `text` without line breaks, control and direction-changing characters and account numbers, cut at
/// `chars_max`. What people wrote, and what was put on record before, may have one.
pub(crate) fn one_line(text: &str, chars_max: usize) -> String {
    let unfit = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let words: Vec<&str> = text.split(unfit).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    let line = masking::accounts_in(&line).into_owned();
    if line.chars().count() <= chars_max {
        return line;
    }
    let kept: String = line.chars().take(chars_max.saturating_sub(3)).collect();
    format!("{kept}...")
}

impl Line {
    fn label_width(&self) -> usize {
        match self {
            Line::Fact { label, .. } => label.len(),
            Line::Text(_) | Line::Step { .. } => 0,
        }
    }
}

fn about(content: &AlertContent) -> Line {
    text(&format!(
        "Source {}, business date {}",
        content.source, content.business_date
    ))
}

fn discrepancy_blocks(content: &AlertContent, facts: &DiscrepancyFacts) -> Vec<Block> {
    let decided_by = match &*facts.rule {
        NO_RULE => "no rule could look for it".to_owned(),
        rule => format!("decided by: {rule}"),
    };
    let mut why = vec![text(&format!("{} ({decided_by})", facts.reason))];
    why.extend(
        facts
            .nearest
            .iter()
            .map(|nearest| text(&format!("What came closest: {nearest}"))),
    );
    let mut steps = vec![Line::Step {
        say: advice(facts).to_owned(),
        command: None,
    }];
    steps.push(step(
        "See both records and how this was decided:",
        format!("trueup show {}", facts.id),
    ));
    steps.push(list_step("See all that this run found:", content));
    steps.extend(link_step(content));
    vec![
        Block {
            heading: None,
            lines: fact_lines(facts),
        },
        Block {
            heading: Some("Why"),
            lines: why,
        },
        Block {
            heading: Some("What to do"),
            lines: steps,
        },
    ]
}

fn fact_lines(facts: &DiscrepancyFacts) -> Vec<Line> {
    let mut lines = vec![fact("Reference", &facts.reference)];
    let missing_at_partner = facts.kind == Kind::MissingAtPartner;
    let missing_in_ledger = facts.kind == Kind::MissingInLedger;
    lines.extend(side_line(
        "Partner",
        facts.partner.as_ref(),
        missing_at_partner,
    ));
    lines.extend(side_line(
        "Ledger",
        facts.ledger.as_ref(),
        missing_in_ledger,
    ));
    match facts
        .difference
        .filter(|difference| !difference.amount.is_zero())
    {
        Some(difference) if facts.kind == Kind::StatementOutOfBalance => {
            lines.push(fact(
                "Difference",
                &format!("{difference} (stated minus computed)"),
            ));
        }
        Some(difference) => {
            lines.push(fact(
                "Difference",
                &format!("{difference} (partner minus ledger)"),
            ));
        }
        None if facts.at_stake.amount.is_zero() => {}
        None => lines.push(fact("At stake", &facts.at_stake.to_string())),
    }
    lines
}

/// One side's record; when there is none, a line only if that is the point.
fn side_line(label: &'static str, side: Option<&SideFacts>, is_the_point: bool) -> Option<Line> {
    let Some(side) = side else {
        return is_the_point.then(|| fact(label, "nothing found"));
    };
    let SideFacts {
        money,
        value_date,
        status,
        file,
        line,
        counterparty,
    } = side;
    let mut value = format!("{money}, value date {value_date}, {file} line {line}");
    if let Some(status) = status {
        value.push_str(&format!(", {status}"));
    }
    if let Some(name) = counterparty {
        value.push_str(&format!(", {name}"));
    }
    Some(fact(label, &value))
}

fn cause_blocks(content: &AlertContent, facts: &CauseFacts) -> Vec<Block> {
    let mut steps = vec![Line::Step {
        say: cause_advice(facts.kind).to_owned(),
        command: None,
    }];
    steps.push(step(
        "If that is it, deal with all of them at once:",
        format!("trueup show {}", content.case_id),
    ));
    steps.push(list_step("See all that this run found:", content));
    steps.extend(link_step(content));
    many_blocks(&facts.members, steps)
}

fn incident_blocks(content: &AlertContent, facts: &IncidentFacts) -> Vec<Block> {
    let mut steps = vec![Line::Step {
        say: incident_advice(facts.kind).to_owned(),
        command: None,
    }];
    let again = format!(
        "trueup run {} --date {}",
        shell_word(&content.source),
        content.business_date
    );
    steps.push(step("Then reconcile the day:", again));
    steps.extend(link_step(content));
    vec![
        Block {
            heading: Some("What happened"),
            lines: vec![text(&facts.problem)],
        },
        Block {
            heading: Some("What to do"),
            lines: steps,
        },
    ]
}

fn digest_blocks(content: &AlertContent, facts: &DigestFacts) -> Vec<Block> {
    let list = format!("trueup case list --source {}", shell_word(&content.source));
    let mut steps = vec![step("See them all:", list)];
    steps.extend(link_step(content));
    let ages = facts.ages.iter().map(|(from, to, count)| {
        let days = match to {
            Some(to) => format!("{from} to {to}"),
            None => format!("{from} or more"),
        };
        text(&format!("{count} open for {days} business days"))
    });
    let mut blocks = many_blocks(&facts.open, steps);
    let ages = Block {
        heading: Some("Age"),
        lines: ages.collect(),
    };
    let before_the_steps = blocks.len().saturating_sub(1);
    blocks.insert(before_the_steps, ages);
    blocks
}

fn summary_blocks(content: &AlertContent, facts: &SummaryFacts) -> Vec<Block> {
    let cause = "So many at once mostly have one cause: a file that is missing, cut short or sent \
                 twice, or a shifted cut-off. Check the report and the ledger export first.";
    let mut steps = vec![Line::Step {
        say: cause.to_owned(),
        command: None,
    }];
    steps.push(list_step("See them all:", content));
    steps.extend(link_step(content));
    many_blocks(facts, steps)
}

/// Many discrepancies: how many of what, how much, the largest, and what to do.
fn many_blocks(facts: &SummaryFacts, steps: Vec<Line>) -> Vec<Block> {
    let counts = facts.counts.iter().map(|((kind, severity), count)| {
        text(&format!("{count} x {} ({severity})", kind_words(*kind)))
    });
    let totals = facts.totals.iter().map(|total| {
        let discrepancies = plural(total.count);
        text(&match total.at_stake {
            Some(amount) => {
                format!(
                    "{} in {discrepancies}",
                    Money {
                        amount,
                        currency: total.currency
                    }
                )
            }
            None => format!("{} in {discrepancies}: too large to add up", total.currency),
        })
    });
    let mut largest: Vec<Line> = facts
        .largest
        .iter()
        .map(|line| {
            let severity = line.severity.name().to_uppercase();
            let what = kind_words(line.kind);
            text(&format!(
                "{severity} {}: {what}, {}",
                line.reference, line.at_stake
            ))
        })
        .collect();
    let named = facts.largest.len() as u64;
    if facts.count > named {
        largest.push(text(&format!("and {} more", facts.count - named)));
    }
    let blocks = [
        ("Found", counts.collect()),
        ("At stake", totals.collect()),
        ("Largest", largest),
        ("What to do", steps),
    ];
    let heading = |(heading, lines)| Block {
        heading: Some(heading),
        lines,
    };
    blocks
        .into_iter()
        .map(heading)
        .filter(|block| !block.lines.is_empty())
        .collect()
}

fn list_step(say: &str, content: &AlertContent) -> Line {
    let command = format!("trueup discrepancies --run {}", shell_word(&content.run_id));
    step(say, command)
}

fn link_step(content: &AlertContent) -> Option<Line> {
    let link = content.link.as_deref()?;
    let say = format!("Open it: {}", one_line(link, LINE_CHARS_MAX));
    Some(Line::Step { say, command: None })
}

fn step(say: &str, command: String) -> Line {
    Line::Step {
        say: say.to_owned(),
        command: Some(command),
    }
}

fn text(text: &str) -> Line {
    Line::Text(one_line(text, LINE_CHARS_MAX))
}

fn fact(label: &'static str, value: &str) -> Line {
    Line::Fact {
        label,
        value: one_line(value, LINE_CHARS_MAX),
    }
}

fn plural(count: u64) -> String {
    match count {
        1 => "1 discrepancy".to_owned(),
        _ => format!("{count} discrepancies"),
    }
}

/// `word` as a shell takes it literally: people copy these commands.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!(
        "'{}'",
        one_line(word, LINE_CHARS_MAX).replace('\'', r"'\''")
    )
}

#[cfg(test)]
mod tests;
