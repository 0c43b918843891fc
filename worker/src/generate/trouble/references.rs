//! Trouble with references: the partner writes ours in another way. The payments belong together.

use super::super::scenario::Teller;

/// Characters that truncated references keep: the number, or all but its last digit.
const KEPT: [usize; 2] = [10, 11];
/// Digits of the number in a reference, with those that check it.
const DIGITS: usize = 9;

impl Teller<'_> {
    /// Two neighbours changed places, one character is missing, one is there twice.
    pub(super) fn typo(&mut self, nth: usize) {
        let (mut partner, ledger) = self.payment_by_reference();
        let mut letters: Vec<char> = partner.reference.chars().collect();
        let first_digit = letters.len() - DIGITS;
        match nth % 3 {
            0 => {
                let places: Vec<usize> = (first_digit..letters.len() - 1)
                    .filter(|at| letters[*at] != letters[at + 1])
                    .collect();
                let at = self.random.pick(&places);
                letters.swap(at, at + 1);
            }
            1 => {
                let at = self.place_in(first_digit, letters.len());
                letters.remove(at);
            }
            _ => {
                let at = self.place_in(first_digit, letters.len());
                letters.insert(at, letters[at]);
            }
        }
        partner.reference = letters.into_iter().collect();
        self.agree([partner], [ledger]);
    }

    pub(super) fn truncated(&mut self) {
        let (mut partner, ledger) = self.payment_by_reference();
        let kept = self.random.pick(&KEPT);
        partner.reference.truncate(kept);
        self.agree([partner], [ledger]);
    }

    pub(super) fn spelled(&mut self, nth: usize) {
        let (mut partner, ledger) = self.payment_by_reference();
        let ours = &ledger.reference;
        let (prefix, digits) = ours.split_once('-').unwrap_or(("", ours));
        let digits = digits.to_owned();
        partner.reference = match nth % 6 {
            0 => ours.to_lowercase(),
            1 => format!("{prefix}{digits}"),
            2 => format!("{prefix} {digits}"),
            3 => format!("{prefix}-{}", digits.trim_start_matches('0')),
            4 => format!("INV-{ours}"),
            _ => digits,
        };
        self.agree([partner], [ledger]);
    }

    /// What people type into the line for a message.
    pub(super) fn embedded(&mut self, nth: usize) {
        let (mut partner, ledger) = self.payment_by_reference();
        let (ours, customer) = (&ledger.reference, partner.customer);
        partner.description = match nth % 4 {
            0 => format!("Payment {ours} thank you"),
            1 => format!("{customer}, your ref. {ours}, order of last week"),
            2 => format!("Überweisung zu {ours} vom Montag"),
            _ => format!("RE {ours}/{customer}"),
        };
        partner.reference.clear();
        self.agree([partner], [ledger]);
    }

    fn place_in(&mut self, from: usize, to: usize) -> usize {
        self.random.between(from as i64, to as i64 - 1) as usize
    }
}
