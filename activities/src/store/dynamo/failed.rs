//! What went wrong with a request, as what to do about it.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use crate::failures::innermost;
use crate::store::StoreError;

/// Why a write did not come about.
#[derive(Debug)]
pub(super) enum Failed {
    /// Something that it depends on was written meanwhile, perhaps by an earlier try of the same
    /// request whose answer got lost, or DynamoDB refuses more writes for the moment. What is there
    /// has to be read and decided about again.
    Moved,
    /// Anything else.
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed::Store(error)
    }
}

/// Of a read, or of what is not conditional.
pub(super) fn store_error<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    let message = error.as_service_error().and_then(|it| it.message());
    let said = message.map(str::to_owned);
    match code {
        Some("ResourceNotFoundException") => StoreError::NotFound(
            "there is no such table in DynamoDB; `trueup store create` makes it".to_owned(),
        ),
        // What we ask for is wrong for ever: an item that is too large, a key that is empty.
        Some("ValidationException") => {
            StoreError::Conflict(format!("DynamoDB refuses: {}", said.unwrap_or_default()))
        }
        // Throttled, out of reach, no rights yet: what a later try may find otherwise.
        Some(code) => StoreError::Unavailable(format!("{code}: {}", said.unwrap_or_default())),
        None => StoreError::Unavailable(innermost(&error)),
    }
}

/// Of a conditional write of one item.
pub(super) fn of_write<E, R>(error: SdkError<E, R>) -> Failed
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    match code {
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => Failed::Moved,
        _ => Failed::Store(store_error(error)),
    }
}

/// Of a transaction.
pub(super) fn of_transaction<R>(error: SdkError<TransactWriteItemsError, R>) -> Failed
where
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled_by(canceled.cancellation_reasons(), canceled.message())
        }
        Some(
            TransactWriteItemsError::TransactionInProgressException(_)
            | TransactWriteItemsError::IdempotentParameterMismatchException(_),
        ) => Failed::Moved,
        _ => Failed::Store(store_error(error)),
    }
}

/// One reason per item: what can't be repeated is the one that counts.
fn canceled_by(reasons: &[CancellationReason], message: Option<&str>) -> Failed {
    let may_pass = |code: &str| {
        matches!(
            code,
            "None"
                | "ConditionalCheckFailed"
                | "TransactionConflict"
                | "ThrottlingError"
                | "ProvisionedThroughputExceeded"
        )
    };
    let mut codes = reasons.iter().filter_map(|reason| {
        let code = reason.code()?;
        (!may_pass(code)).then(|| format!("{code}: {}", reason.message().unwrap_or_default()))
    });
    match (codes.next(), reasons.is_empty()) {
        (Some(refused), _) => {
            Failed::Store(StoreError::Conflict(format!("DynamoDB refuses: {refused}")))
        }
        (None, true) => Failed::Store(StoreError::Unavailable(
            message.unwrap_or("a transaction was cancelled").to_owned(),
        )),
        (None, false) => Failed::Moved,
    }
}
