//! A control check and its message.

use domain::control::{Compared, ControlCheck};
use domain::money::{Currency, Money};

use super::record::{computed_amount, currency};
use super::{Carry, Staged, WireError};
use crate::wire::StagedControl;

impl Staged for ControlCheck {
    type Wire = StagedControl;

    fn to_wire(&self, _: &mut Carry) -> StagedControl {
        self.into()
    }

    fn from_wire(wire: StagedControl, _: &mut Carry) -> Result<Self, WireError> {
        wire.try_into()
    }
}

impl From<&ControlCheck> for StagedControl {
    fn from(check: &ControlCheck) -> Self {
        let (currency, stated, computed) = match check.compared {
            Compared::Sums { stated, computed } => (
                Some(stated.currency),
                stated.amount.to_string(),
                computed.amount.to_string(),
            ),
            Compared::Counts { stated, computed } => {
                (None, stated.to_string(), computed.to_string())
            }
        };
        StagedControl {
            file: check.file.clone(),
            subject: check.subject.clone(),
            identity: check.identity.clone(),
            currency: currency.map(|currency| currency.code().to_owned()),
            stated,
            computed,
        }
    }
}

impl TryFrom<StagedControl> for ControlCheck {
    type Error = WireError;

    fn try_from(wire: StagedControl) -> Result<Self, WireError> {
        let compared = match &wire.currency {
            Some(code) => {
                let currency = currency(code)?;
                Compared::Sums {
                    stated: sum("stated", &wire.stated, currency)?,
                    computed: sum("computed", &wire.computed, currency)?,
                }
            }
            None => Compared::Counts {
                stated: count("stated", &wire.stated)?,
                computed: count("computed", &wire.computed)?,
            },
        };
        Ok(ControlCheck {
            file: wire.file,
            subject: wire.subject,
            identity: wire.identity,
            compared,
        })
    }
}

fn sum(field: &'static str, text: &str, currency: Currency) -> Result<Money, WireError> {
    let amount = computed_amount(field, text)?;
    Ok(Money { amount, currency })
}

fn count(field: &'static str, text: &str) -> Result<u64, WireError> {
    text.parse()
        .map_err(|_| WireError::malformed(field, text, "a count"))
}
