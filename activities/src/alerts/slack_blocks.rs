//! An alert as a Slack message: Block Kit, and plain text for notifications and screen readers.
//!
//! Refuses nothing and fits everything: what is longer than Slack takes is cut, visibly. All data
//! is escaped, so that nothing in a partner's file can mention people or make links.

use serde_json::{Value, json};

use super::text::{AlertText, Block, Line};

/// Slack's limits, in characters and blocks (docs.slack.dev, Block Kit reference).
const SECTION_CHARS_MAX: usize = 3000;
const HEADER_CHARS_MAX: usize = 150;
const BLOCKS_MAX: usize = 50;
/// Slack cuts the fallback text at 40,000 and advises 4,000.
const FALLBACK_CHARS_MAX: usize = 4000;

/// The body of a webhook request.
pub(crate) fn message(text: &AlertText) -> Value {
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": cut(&text.title, HEADER_CHARS_MAX), "emoji": false},
    })];
    blocks.extend(text.blocks.iter().take(BLOCKS_MAX - 2).map(section));
    blocks.push(json!({
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": escape(&text.footer, SECTION_CHARS_MAX)}],
    }));
    json!({
        "text": escape(&format!("{} ({})", text.title, text.footer), FALLBACK_CHARS_MAX),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn section(block: &Block) -> Value {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(block.heading.map(|heading| format!("*{heading}*")));
    lines.extend(block.lines.iter().map(line));
    let mut shown = String::new();
    for line in lines {
        if shown.chars().count() + line.chars().count() + 4 > SECTION_CHARS_MAX {
            shown.push_str("\n...");
            break;
        }
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(&line);
    }
    json!({"type": "section", "text": {"type": "mrkdwn", "text": shown}})
}

fn line(line: &Line) -> String {
    // A third of a section at most, so that one long line does not hide the others.
    let data = |text: &str| escape(text, SECTION_CHARS_MAX / 3);
    match line {
        Line::Text(text) => data(text),
        Line::Fact { label, value } => format!("*{label}:* {}", data(value)),
        Line::Step { say, command: None } => format!("\u{2022} {}", data(say)),
        Line::Step {
            say,
            command: Some(command),
        } => {
            format!(
                "\u{2022} {} `{}`",
                data(say),
                data(&command.replace('`', "'"))
            )
        }
    }
}

/// `text` with Slack's three control characters escaped, cut so that the result fits.
fn escape(text: &str, chars_max: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut length = 0;
    for character in text.chars() {
        let replacement = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        length += replacement.len().max(1);
        if length > chars_max - 3 {
            escaped.push_str("...");
            break;
        }
        match replacement {
            "" => escaped.push(character),
            _ => escaped.push_str(replacement),
        }
    }
    escaped
}

fn cut(text: &str, chars_max: usize) -> String {
    super::text::one_line(text, chars_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(lines: Vec<Line>) -> AlertText {
        AlertText {
            title: "CRITICAL acme: <!channel> & more".to_owned(),
            blocks: vec![Block {
                heading: Some("Why"),
                lines,
            }],
            footer: "Alert 12345678.".to_owned(),
        }
    }

    fn section_text(message: &Value) -> String {
        message["blocks"][1]["text"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn data_can_not_mention_people_or_make_links() {
        let lines = vec![
            Line::Fact {
                label: "Reference",
                value: "<!here> <https://x|y> A&B".to_owned(),
            },
            Line::Step {
                say: "Look:".to_owned(),
                command: Some("trueup `x`".to_owned()),
            },
        ];
        let message = message(&text_of(lines));
        assert_eq!(
            section_text(&message),
            "*Why*\n*Reference:* &lt;!here&gt; &lt;https://x|y&gt; A&amp;B\n\
             \u{2022} Look: `trueup 'x'`"
        );
        assert_eq!(
            message["text"],
            "CRITICAL acme: &lt;!channel&gt; &amp; more (Alert 12345678.)"
        );
        assert_eq!(
            message["blocks"][0]["text"]["type"], "plain_text",
            "a header has no markup"
        );
    }

    #[test]
    fn everything_fits() {
        let long = || Line::Text("<&>".repeat(3000));
        let mut text = text_of((0..20).map(|_| long()).collect());
        text.title = "T".repeat(5000);
        text.footer = "&".repeat(5000);
        text.blocks.extend((0..80).map(|_| Block {
            heading: None,
            lines: vec![long()],
        }));
        let message = message(&text);
        let blocks = message["blocks"].as_array().expect("blocks");
        assert_eq!(blocks.len(), BLOCKS_MAX);
        for block in blocks {
            let text = block["text"]["text"]
                .as_str()
                .or(block["elements"][0]["text"].as_str());
            let text = text.expect("every block has a text");
            let max = if block["type"] == "header" {
                HEADER_CHARS_MAX
            } else {
                SECTION_CHARS_MAX
            };
            assert!(
                text.chars().count() <= max,
                "{} is {}",
                block["type"],
                text.len()
            );
            assert!(text.ends_with("..."), "a cut shows");
        }
        assert!(
            message["text"]
                .as_str()
                .is_some_and(|text| text.len() <= FALLBACK_CHARS_MAX)
        );
    }
}
