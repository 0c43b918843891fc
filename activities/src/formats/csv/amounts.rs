//! The amounts of one row: which cells, which direction, which currency, and the split into gross,
//! fee and net.

use domain::money::{Amount, Currency, Money};
use domain::record::FeeSplit;

use super::columns::Sign;
use super::header::{Amounts, Places, Text};
use super::mapping::ComparedAmount;
use super::number::NotAnAmount;
use super::row::{RowReader, value};
use super::rules::same;
use super::tokens::Row;
use crate::formats::lines::Fault;

impl<'m> RowReader<'m> {
    /// What the row is compared by.
    pub(super) fn money(&self, row: &Row<'_>) -> Result<Money, Fault> {
        let layout = &self.layout;
        let (source, own_currency) = match self.mapping.compare {
            ComparedAmount::Amount => (&layout.amount, &None),
            ComparedAmount::Gross => (&layout.gross, &layout.gross_currency),
            ComparedAmount::Net => (&layout.net, &layout.net_currency),
        };
        let currency = self.currency(row, own_currency.as_ref().or(layout.currency.as_ref()))?;
        let source = source
            .as_ref()
            .ok_or_else(|| Fault::new("", "", "no amount is mapped"))?;
        let amount = self
            .amount(row, source, currency.exponent())?
            .ok_or_else(|| {
                let reason = "no amount given: a payment of nothing would have to say 0";
                Fault::new(&layout.name(source.first_place()), "", reason)
            })?;
        Ok(Money { amount, currency })
    }

    /// The total that a totals row states, and its currency when the row names one.
    pub(super) fn stated_total(
        &self,
        row: &Row<'_>,
        source: &Amounts<'m>,
        only_currency: Option<Currency>,
    ) -> Result<Option<Money>, Fault> {
        let layout = &self.layout;
        let own = match self.mapping.compare {
            ComparedAmount::Amount => &None,
            ComparedAmount::Gross => &layout.gross_currency,
            ComparedAmount::Net => &layout.net_currency,
        };
        let source_of_currency = own.as_ref().or(layout.currency.as_ref());
        let named = source_of_currency.and_then(|source| value(row, source));
        let currency = match named {
            Some(_) => Some(self.currency(row, source_of_currency)?),
            None => only_currency,
        };
        let exponent = currency.map_or(2, |currency| currency.exponent());
        let amount = self.amount(row, source, exponent)?.ok_or_else(|| {
            let column = layout.name(source.first_place());
            Fault::new(&column, "", "a totals row without its total")
        })?;
        Ok(currency.map(|currency| Money { amount, currency }))
    }

    /// The split, when the row states all of it, or two of which the third follows, in one currency.
    pub(super) fn fees(&self, row: &Row<'_>, money: Money) -> Result<Option<FeeSplit>, Fault> {
        let layout = &self.layout;
        let columns = [&layout.gross, &layout.fee, &layout.net];
        if columns.iter().filter(|column| column.is_some()).count() < 2 {
            return Ok(None);
        }
        let exponent = money.currency.exponent();
        let stated = |column: &Option<Amounts<'_>>| match column {
            Some(column) => self.amount(row, column, exponent),
            None => Ok(None),
        };
        let own = [
            (&layout.gross_currency, &layout.gross),
            (&layout.net_currency, &layout.net),
        ];
        for (currency, column) in own {
            let Some(currency) = currency else { continue };
            // Of an amount that is not there, nobody has to say the currency; the fee may be in it, though.
            if value(row, currency).is_none() && stated(column) == Ok(None) {
                return Ok(None);
            }
            if self.currency(row, Some(currency))? != money.currency {
                return Ok(None);
            }
        }
        let [gross, fee, net] = columns.map(stated);
        FeeSplit::of(gross?, fee?, net?).map_err(|error| Fault::new("", "", error.to_string()))
    }

    fn currency(&self, row: &Row<'_>, source: Option<&Text<'_>>) -> Result<Currency, Fault> {
        let label = || {
            source
                .map(|source| source.label(&self.layout))
                .unwrap_or_default()
        };
        let Some(text) = source.and_then(|source| value(row, source)) else {
            return Err(Fault::new(&label(), "", "no currency given"));
        };
        Currency::parse(text).map_err(|error| Fault::new(&label(), text, error.to_string()))
    }

    /// An amount as the row states it; `None` when its cells are empty.
    fn amount(
        &self,
        row: &Row<'_>,
        source: &Amounts<'_>,
        exponent: usize,
    ) -> Result<Option<Amount>, Fault> {
        let cell = |place: usize| {
            let text = row.get(place).unwrap_or_default();
            self.notation
                .read(text, exponent)
                .map_err(|NotAnAmount(reason)| Fault::new(&self.layout.name(place), text, reason))
        };
        let unsigned = |place: usize| match cell(place)? {
            Some(amount) if amount.is_negative() => {
                let reason =
                    "has a sign of its own, though its column or marker tells the direction";
                let text = row.get(place).unwrap_or_default();
                Err(Fault::new(&self.layout.name(place), text, reason))
            }
            amount => Ok(amount),
        };
        let amount = match &source.places {
            Places::Signed(place) => cell(*place)?,
            Places::Sum(places) => {
                let mut sum: Option<Amount> = None;
                for &place in places {
                    let Some(part) = cell(place)? else { continue };
                    sum = Some(sum.unwrap_or_default().checked_add(part).map_err(|error| {
                        Fault::new(&self.layout.name(place), "", error.to_string())
                    })?);
                }
                sum
            }
            Places::Split { debit, credit } => {
                let both = (unsigned(*debit)?, unsigned(*credit)?);
                self.one_of(both, *debit, *credit)?
            }
            Places::Directed {
                amount,
                direction,
                credit,
                debit,
            } => match unsigned(*amount)? {
                Some(value) => Some(match self.direction(row, *direction, credit, debit)? {
                    Direction::Credit => value,
                    Direction::Debit => value.negated(),
                }),
                None => None,
            },
        };
        Ok(match source.sign {
            Sign::Signed => amount,
            Sign::Inverted => amount.map(Amount::negated),
        })
    }

    fn one_of(
        &self,
        (debit, credit): (Option<Amount>, Option<Amount>),
        debit_place: usize,
        credit_place: usize,
    ) -> Result<Option<Amount>, Fault> {
        match (
            debit.filter(|a| !a.is_zero()),
            credit.filter(|a| !a.is_zero()),
        ) {
            (Some(debit), None) => Ok(Some(debit.negated())),
            (None, Some(credit)) => Ok(Some(credit)),
            (None, None) => Ok(debit.or(credit)),
            (Some(debit), Some(credit)) => Err(Fault::new(
                &self.layout.name(debit_place),
                &format!("{debit} and {credit}"),
                format!(
                    "both this and {:?} are filled",
                    self.layout.name(credit_place)
                ),
            )),
        }
    }

    fn direction(
        &self,
        row: &Row<'_>,
        place: usize,
        credit: &[String],
        debit: &[String],
    ) -> Result<Direction, Fault> {
        let marker = row.get(place).unwrap_or_default().trim();
        if credit.iter().any(|known| same(marker, known)) {
            return Ok(Direction::Credit);
        }
        if debit.iter().any(|known| same(marker, known)) {
            return Ok(Direction::Debit);
        }
        let reason = format!("unknown direction; credit is {credit:?}, debit is {debit:?}");
        Err(Fault::new(&self.layout.name(place), marker, reason))
    }
}

enum Direction {
    Credit,
    Debit,
}

impl Amounts<'_> {
    fn first_place(&self) -> usize {
        match &self.places {
            Places::Signed(place) => *place,
            Places::Sum(places) => places.first().copied().unwrap_or_default(),
            Places::Split { debit, .. } => *debit,
            Places::Directed { amount, .. } => *amount,
        }
    }
}
