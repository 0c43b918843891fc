//! What leaves say of matches and discrepancies, and what erasing a text leaves of them.

use std::collections::BTreeSet;

use jiff::civil::date;

use super::super::*;
use crate::discrepancy::{Discrepancy, DiscrepancyId, Kind, NearestCandidate};
use crate::money::{Amount, Currency, Money};
use crate::record::{FeeSplit, Origin, Past, Record, RecordFields, ReferenceKind, Side, Status};
use crate::severity::Severity;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn money(text: &str) -> Money {
    Money {
        amount: amount(text),
        currency: Currency::parse("EUR").unwrap(),
    }
}

pub(super) fn record(side: Side, value: &str) -> Record {
    Record::from(RecordFields {
        side,
        origin: Origin {
            file: "day.csv".into(),
            line: 7,
            raw: "INV-1;Zoë Müller;10,50".into(),
        },
        references: [(ReferenceKind::Invoice, "INV-1".into())].into(),
        money: money(value),
        value_date: date(2026, 11, 20),
        booking_date: None,
        status: None,
        fees: None,
        client: None,
        counterparty: Some("Zoë Müller".into()),
        description: None,
        past: None,
        has_namesake: false,
        takes_back: false,
    })
}

pub(super) fn discrepancy() -> Discrepancy {
    let kind = Kind::AmountMismatch;
    Discrepancy {
        id: DiscrepancyId::fingerprint("acme-pay", kind, &["INV-1"]),
        kind,
        severity: Severity::High,
        reference: "INV-1".into(),
        currency: Currency::parse("EUR").unwrap(),
        at_stake: amount("0.5"),
        difference: Some(amount("0.5")),
        partner: Some(record(Side::Partner, "10.5")),
        ledger: Some(record(Side::Ledger, "10")),
        related: Vec::new(),
        rule: "invoice".into(),
        reason: "the amounts differ by 0.50 EUR".to_owned(),
        nearest: None,
    }
}

fn leaf(discrepancy: &Discrepancy) -> Hash {
    let commitment = Commitment::of(CommitmentKey::NONE, &discrepancy.id);
    discrepancy_leaf(discrepancy, &commitment).leaf()
}

#[test]
fn a_key_of_commitments_is_called_by_an_id_that_gives_nothing_away() {
    let id = |byte| CommitmentKey::new([byte; 32]).id();
    assert_eq!(CommitmentKey::NONE.id(), "none");
    assert_eq!(id(1).len(), 16);
    assert_ne!(id(1), id(2));
}

/// Everything that a discrepancy can say, each said otherwise.
fn changes() -> Vec<fn(&mut Discrepancy)> {
    fn partner(discrepancy: &mut Discrepancy) -> &mut Record {
        discrepancy.partner.as_mut().unwrap()
    }
    fn past(discrepancy: &mut Discrepancy) -> &mut Past {
        let past = Past {
            received_by: None,
            since: date(2026, 11, 19),
            found_in: None,
            repeats: None,
        };
        partner(discrepancy).past.get_or_insert(Box::new(past))
    }
    vec![
        |it| it.id = DiscrepancyId::fingerprint("acme-pay", Kind::Rounding, &["INV-1"]),
        |it| it.kind = Kind::Rounding,
        |it| it.severity = Severity::Low,
        |it| it.reference = "INV-2".into(),
        |it| it.currency = Currency::parse("USD").unwrap(),
        |it| it.at_stake = amount("0.6"),
        |it| it.difference = None,
        |it| it.rule = "reference".into(),
        |it| it.reason = "they differ".to_owned(),
        |it| it.ledger = None,
        |it| it.related.push(record(Side::Partner, "10.5")),
        |it| std::mem::swap(&mut it.partner, &mut it.ledger),
        |it| {
            it.nearest = Some(Box::new(NearestCandidate {
                record: record(Side::Ledger, "11"),
                kept_apart_by: "its amount".to_owned(),
                settled: None,
            }));
        },
        |it| partner(it).side = Side::Ledger,
        |it| partner(it).origin.file = "night.csv".into(),
        |it| partner(it).origin.line = 8,
        |it| partner(it).origin.raw = "INV-1;Zoë Müller;10,51".into(),
        |it| partner(it).references[0].0 = ReferenceKind::Order,
        |it| partner(it).references[0].1 = "INV-2".into(),
        |it| partner(it).references.clear(),
        |it| partner(it).money = money("10.6"),
        |it| partner(it).money.currency = Currency::parse("USD").unwrap(),
        |it| partner(it).value_date = date(2026, 11, 21),
        |it| partner(it).booking_date = Some(date(2026, 11, 20)),
        |it| partner(it).status = Some(Status::Settled),
        |it| {
            let (gross, fee, net) = (amount("12"), amount("1.5"), amount("10.5"));
            let split = FeeSplit::of(Some(gross), Some(fee), Some(net));
            partner(it).fees = split.unwrap().map(Box::new);
        },
        |it| {
            let split = FeeSplit::of(Some(amount("12")), Some(amount("1.5")), None);
            partner(it).fees = split.unwrap().map(Box::new);
        },
        |it| partner(it).client = Some("C-1".into()),
        |it| partner(it).counterparty = None,
        |it| partner(it).counterparty = Some("Zoe Müller".into()),
        |it| partner(it).description = Some("Zoë Müller".into()),
        |it| past(it).received_by = Some("recon/acme-pay/2026-11-19".into()),
        |it| past(it).since = date(2026, 11, 18),
        |it| past(it).found_in = Some((it_id(), Kind::Ambiguous)),
        |it| past(it).repeats = Some("recon/acme-pay/2026-11-19".into()),
    ]
}

fn it_id() -> DiscrepancyId {
    DiscrepancyId::fingerprint("acme-pay", Kind::Ambiguous, &["INV-1"])
}

#[test]
fn whatever_is_changed_gives_another_leaf() {
    let changes = changes();
    let mut leaves = BTreeSet::from([leaf(&discrepancy())]);
    for change in &changes {
        let mut changed = discrepancy();
        change(&mut changed);
        leaves.insert(leaf(&changed));
    }
    assert_eq!(leaves.len(), changes.len() + 1, "each is another");
}

#[test]
fn an_erased_text_leaves_the_leaf_as_it_was() {
    let original = discrepancy();
    let key = CommitmentKey::new([7; 32]);
    let commitment = Commitment::of(key, &original.id);
    let before = discrepancy_leaf(&original, &commitment);
    let erased = |text: &str| format!("erased:{}", commitment.to(text));
    let mut without = original.clone();
    for record in [&mut without.partner, &mut without.ledger]
        .into_iter()
        .flatten()
    {
        record.origin.raw = erased(&record.origin.raw).into();
        record.counterparty = record
            .counterparty
            .as_deref()
            .map(|text| erased(text).into());
        for (_, reference) in &mut record.references {
            *reference = erased(reference).into();
        }
    }
    without.reason = erased(&without.reason);
    assert_eq!(discrepancy_leaf(&without, &commitment), before);
    let committed = committed_texts(&original);
    assert_eq!(committed.len(), 7);
    // What people call the discrepancy is there, and is one of its references.
    let committed = committed.into_iter();
    let hidden = committed.filter(|(name, _)| !name.contains("reference."));
    let texts: Vec<String> = hidden.map(|(_, text)| text).collect();
    assert_eq!(texts.len(), 5);
    for (_, value) in before.fields() {
        assert!(!texts.iter().any(|text| value.contains(&**text)), "{value}");
    }
    // What only looks like one is a text like any other.
    let short = "erased:00";
    assert_ne!(commitment.to(short), "00");
}

#[test]
fn equal_texts_of_two_discrepancies_can_not_be_recognised_by_their_commitments() {
    let key = CommitmentKey::new([7; 32]);
    let (one, other) = (discrepancy().id, it_id());
    let (one, other) = (Commitment::of(key, &one), Commitment::of(key, &other));
    assert_ne!(one.to("Zoë Müller"), other.to("Zoë Müller"));
    assert_eq!(
        one.to("Zoë Müller"),
        Commitment::with_key(one.key()).to("Zoë Müller")
    );
    let (none, ours) = (CommitmentKey::NONE, discrepancy().id);
    assert_ne!(Commitment::of(none, &ours).to("x"), one.to("x"));
}

#[test]
fn a_match_says_both_records_and_what_brought_them_together() {
    let line = |line, value| MatchedLine {
        file: "day.csv",
        line,
        money: money(value),
    };
    let references = [(ReferenceKind::Reference, "R-1".into())];
    let leaf = |rule, partner, ledger| match_leaf(rule, &references, &[partner], &[ledger]).leaf();
    let (two, three) = ([line(1, "4"), line(3, "6")], [line(1, "4"), line(4, "6")]);
    let together = |partner, ledger| match_leaf("reference", &references, partner, ledger).leaf();
    let leaves = BTreeSet::from([
        leaf("reference", line(1, "10"), line(2, "10")),
        leaf("invoice", line(1, "10"), line(2, "10")),
        leaf("reference", line(2, "10"), line(1, "10")),
        leaf("reference", line(1, "10.01"), line(2, "10")),
        match_leaf("reference", &[], &[line(1, "10")], &[line(2, "10")]).leaf(),
        together(&two, &[line(2, "10")]),
        together(&three, &[line(2, "10")]),
        together(&[line(2, "10")], &two),
    ]);
    assert_eq!(leaves.len(), 8);
}

#[test]
fn leaves_of_pairs_are_leaves_of_matches() {
    let line = |file, line, value| MatchedLine {
        file,
        line,
        money: money(value),
    };
    let pairs = [
        (
            "R-1",
            line("day.csv", 1, "10.5"),
            line("ledger.csv", 4_000_000_000, "-10.5"),
        ),
        ("", line("", 0, "0"), line("x", 17, "99999999999.00000001")),
        (
            "Ö",
            line("a, b.csv", 2, "-0.01"),
            line("ledger.csv", 3, "7"),
        ),
    ];
    let mut leaves = PairLeaves::new("by invoice", ReferenceKind::Invoice);
    for (reference, partner, ledger) in pairs {
        let amounts = [partner, ledger].map(|it| it.money.amount.to_string());
        let files = [partner, ledger].map(|it| it.file.into());
        let paired = |at: usize, it: MatchedLine<'_>| PairedLine {
            file: &files[at],
            line: it.line,
            amount: &amounts[at],
            currency: it.money.currency,
        };
        let (partner_paired, ledger_paired) = (paired(0, partner), paired(1, ledger));
        let references = [(ReferenceKind::Invoice, reference.into())];
        assert_eq!(
            leaves.leaf(reference, partner_paired, ledger_paired),
            match_leaf("by invoice", &references, &[partner], &[ledger]).leaf()
        );
    }
}

#[test]
fn the_documented_vectors_hold() {
    let line = |line| MatchedLine {
        file: "day.csv",
        line,
        money: money("10.5"),
    };
    let references = [(ReferenceKind::Reference, "R-1".into())];
    let of_lines = |first| {
        let (partner, ledger) = ([line(first)], [line(first + 1)]);
        match_leaf("reference", &references, &partner, &ledger)
    };
    let leaves: Vec<Hash> = (2..5).map(|first| of_lines(first).leaf()).collect();
    let id = DiscrepancyId::parse("00112233445566778899aabbccddeeff").unwrap();
    let commitment = Commitment::of(CommitmentKey::NONE, &id);
    let head = StreamHead {
        stream: "recon/acme-pay/2026-11-20".to_owned(),
        length: 2,
        hash: Hash::parse("69aeaaddb7b463e13d0b081f129739c2fbf7d31e02b1d2e86e568ff0a1a0d157")
            .unwrap(),
    };
    let at = "2026-11-20T07:00:00Z".parse().unwrap();
    let checkpoint = Checkpoint::over(std::slice::from_ref(&head), None, at, "0123456789abcdef");
    let root = |count: usize| root_of(leaves[..count].iter().copied());
    let lines = [
        format!("match      {}", hex::encode(of_lines(2).bytes())),
        format!("leaf       {}", leaves[0]),
        format!("key        {}", hex::encode(commitment.key())),
        format!("commitment {}", commitment.to("Zoë")),
        format!("roots      {} {} {}", root(1), root(2), root(3)),
        format!("head       {}", head.leaf()),
        format!("checkpoint {}", hex::encode(checkpoint.bytes())),
        format!("hash       {}", checkpoint.hash()),
    ];
    let document = include_str!("../../../../docs/audit-format.md");
    for line in &lines {
        assert!(
            document.contains(line),
            "docs/audit-format.md lacks\n{}",
            lines.join("\n")
        );
    }
}
