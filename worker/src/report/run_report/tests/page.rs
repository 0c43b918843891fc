//! The page as a browser's parser sees it.

use std::collections::BTreeSet;

use activities::store::RunState;
use domain::audit::AuditEvent;
use domain::case::{Case, CaseState, Resolution};
use domain::policy::Scope;
use domain::severity::Severity;
use html5ever::driver::ParseOpts;
use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::super::{Material, html};
use super::fixtures::{Facts, audit, decided, material, reject, report};

/// Everything that must not get out of where it stands.
const HOSTILE: &str = "</style><script>alert(1)</script>\"'>&amp;\u{202e}evil\u{0}<img src=x>";

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    parent: Option<String>,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every element of the page in order, and nothing that a parser had to repair.
fn elements(material: Material) -> Vec<Element> {
    let page = html::page(&report(material));
    let dom = html5ever::parse_document(RcDom::default(), ParseOpts::default()).one(page);
    assert_eq!(*dom.errors.borrow(), Vec::<&str>::new());
    let mut found = Vec::new();
    collect(&dom.document, None, &mut found);
    found
}

fn collect(node: &Handle, parent: Option<&str>, found: &mut Vec<Element>) {
    let name = match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let attributes = attributes.iter().map(|attribute| {
                (
                    attribute.name.local.to_string(),
                    attribute.value.to_string(),
                )
            });
            found.push(Element {
                name: name.local.to_string(),
                attributes: attributes.collect(),
                text: text(node),
                parent: parent.map(str::to_owned),
            });
            Some(name.local.to_string())
        }
        _ => None,
    };
    for child in node.children.borrow().iter() {
        collect(child, name.as_deref(), found);
    }
}

fn text(node: &Handle) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => node.children.borrow().iter().map(text).collect(),
    }
}

fn body(elements: &[Element]) -> &str {
    let body = elements.iter().find(|element| element.name == "body");
    &body.expect("a body").text
}

/// A run in which everything that comes from outside is hostile.
fn hostile() -> Material {
    let resolution = Resolution::WriteOff {
        reason_code: HOSTILE.to_owned(),
        amount: super::fixtures::amount("1"),
        account: HOSTILE.to_owned(),
    };
    let mut resolved = decided(CaseState::Resolved, HOSTILE, resolution);
    if let Some(decision) = &mut resolved.decision {
        decision.approved_by = Some(HOSTILE.to_owned());
    }
    let assigned = Case {
        assigned_to: Some(HOSTILE.to_owned()),
        ..Case::default()
    };
    let facts = [resolved, assigned].map(|case| Facts {
        name: HOSTILE.to_owned(),
        case,
        ..Facts::default()
    });
    let mut material = material(&facts);
    material.source.as_mut().expect("a source").title = HOSTILE.to_owned();
    material.run.run_id = format!("recon/shop/2026-11-20/client/{HOSTILE}");
    material.run.scope = Scope::Client(HOSTILE.to_owned());
    material.run.requested_by = HOSTILE.to_owned();
    material.run.state = RunState::Failed;
    material.run.problem = Some(HOSTILE.to_owned());
    material.inputs[0].name = HOSTILE.to_owned();
    material.inputs[0].declared_id = Some(HOSTILE.to_owned());
    material.rejects[0].reject = reject(HOSTILE);
    material.audit = Ok(audit(&[
        (HOSTILE, AuditEvent::RunOpened),
        (HOSTILE, AuditEvent::RunSignedOff),
    ]));
    material
}

#[test]
fn what_others_wrote_stays_text_and_is_isolated() {
    let elements = elements(hostile());
    let shown = HOSTILE.replace('\0', "␀");
    let alien = [
        "script", "img", "iframe", "object", "link", "base", "form", "a",
    ];
    for element in &elements {
        assert!(
            !alien.contains(&element.name.as_str()),
            "<{}>",
            element.name
        );
        for (name, value) in &element.attributes {
            assert!(!value.contains("alert(1)"), "{name}={value}");
            assert!(!name.starts_with("on") && name != "style", "{name}={value}");
        }
        let is_direct = element.text == shown && element.name != "title";
        if is_direct && element.parent.as_deref() != Some("bdi") {
            let wraps = [
                "dd", "h1", "td", "th", "code", "div", "p", "li", "bdi", "small",
            ];
            assert!(wraps.contains(&element.name.as_str()), "<{}>", element.name);
        }
    }
    let isolated = elements.iter().filter(|element| element.name == "bdi");
    let isolated = isolated
        .filter(|element| element.text.contains(&shown))
        .count();
    let everywhere = body(&elements).matches(&shown).count();
    assert_eq!(isolated, everywhere, "each is in a <bdi> of its own");
    assert!(isolated > 20, "{isolated}: all the places were reached");
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let page = html::page(&report(material(&[Facts::default()])));
    assert!(page.contains("default-src 'none'"));
    for foreign in [
        "http:", "https:", "url(", "@import", "src=", "href=", "<script",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn tables_and_charts_can_be_read_aloud() {
    let elements = elements(material(&[Facts::default()]));
    let count = |name: &str| {
        elements
            .iter()
            .filter(|element| element.name == name)
            .count()
    };
    assert!(count("table") >= 8 && count("svg") == 3);
    assert_eq!(count("table"), count("caption"));
    assert_eq!(count("table"), count("thead"));
    for header in elements.iter().filter(|element| element.name == "th") {
        assert!(matches!(header.attribute("scope"), Some("col" | "row")));
    }
    let ids: Vec<&str> = elements
        .iter()
        .filter_map(|element| element.attribute("id"))
        .collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    for element in &elements {
        let labels = element.attribute("aria-labelledby").unwrap_or_default();
        for label in labels.split_whitespace() {
            assert!(unique.contains(label), "{label}");
        }
        if element.name == "svg" {
            assert_eq!(element.attribute("role"), Some("img"));
            assert_eq!(
                labels.split_whitespace().count(),
                2,
                "a title and a description"
            );
        }
    }
}

#[test]
fn the_five_questions_are_answered_first() {
    let critical = Facts {
        severity: Severity::Critical,
        amount: "1234567.89".to_owned(),
        ..Facts::default()
    };
    let resolved = Facts {
        name: "INV-2".to_owned(),
        case: decided(CaseState::Resolved, "ana", Resolution::Accept),
        ..Facts::default()
    };
    let mut material = material(&[critical, resolved]);
    material.audit = Ok(audit(&[
        ("ops", AuditEvent::RunOpened),
        ("zoë", AuditEvent::RunSignedOff),
    ]));
    let elements = elements(material);
    let cards: Vec<&str> = elements
        .iter()
        .filter(|element| element.name == "article")
        .map(|element| element.text.as_str())
        .collect();
    let expected = [
        "Does it balance?✓Yesevery record and every amount is accounted for, in 3 lines",
        "What is open?1 of 21234567.89 EUR at stake in 1oldest: 0 business days",
        "What is critical?!1 open1234567.89 EUR at stake in 1",
        "Who did what?·1 resolvedana: 1 resolved",
        "Is it signed off?✓By zoë2026-11-21 09:14 UTC: noted by zoë",
    ];
    for (card, expected) in cards.iter().zip(expected) {
        let card = card.replacen("·1 of", "1 of", 1);
        assert_eq!(card, expected);
    }
    assert!(
        body(&elements).contains("1234567.89"),
        "amounts are plain when copied"
    );
}

#[test]
fn a_run_in_any_state_says_which() {
    let shown = |state, problem: Option<&str>, with_totals: bool| {
        let mut material = material(&[]);
        material.run.state = state;
        material.run.problem = problem.map(str::to_owned);
        if !with_totals {
            material.run.totals = None;
            material.inputs = Vec::new();
            material.rejects = Vec::new();
        }
        body(&elements(material)).to_owned()
    };
    let failed = shown(RunState::Failed, Some("the ledger is down"), false);
    assert!(failed.contains("This run ended without a result. the ledger is down"));
    for question in ["Does it balance?", "What is open?", "What is critical?"] {
        let answer = format!("{question}·Not known");
        assert!(failed.contains(&answer), "{answer}");
    }
    for claim in ["Nothing was found", "Nothing is open", "No discrepancies"] {
        assert!(!failed.contains(claim), "{claim}");
    }
    let running = shown(RunState::Running, None, false);
    assert!(running.contains("This run has not ended."));
    assert!(running.contains("No input is on record."));
    let review = shown(RunState::InReview, None, true);
    assert!(review.contains("the run is in review") && !review.contains("has not ended"));
    assert!(shown(RunState::Quarantined, Some("x"), false).contains("an input can't be used"));
}

#[test]
fn only_the_first_of_each_severity_are_listed() {
    let many = (0..501).map(|index| Facts {
        name: format!("INV-{index:03}"),
        ..Facts::default()
    });
    let one = Facts {
        severity: Severity::Low,
        name: "LOW-1".to_owned(),
        ..Facts::default()
    };
    let elements = elements(material(&many.chain([one]).collect::<Vec<_>>()));
    let text = body(&elements);
    assert!(text.contains("The first 500 are shown; 1 more are not."));
    assert!(text.contains("INV-499") && !text.contains("INV-500"));
    assert!(text.contains("LOW-1"));
}
