//! How the API says no.

use crate::service::ServiceError;
use crate::store::StoreError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// Body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What failed, on what, why, and what to do.
    pub error: String,
}

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Refusal(pub StatusCode, pub String);

impl Refusal {
    pub(super) fn no_such_node(name: &str) -> Self {
        Self(
            StatusCode::NOT_FOUND,
            format!("there is no node named {name:?}; `daybreak node list` shows them all"),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(Problem { error: self.1 })).into_response()
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let status = match &error {
            ServiceError::Store(
                StoreError::NameTaken(_) | StoreError::MacTaken { .. } | StoreError::Taken { .. },
            ) => StatusCode::CONFLICT,
            ServiceError::Store(StoreError::NoSuchNode(_)) => StatusCode::NOT_FOUND,
            ServiceError::NoImage { .. }
            | ServiceError::Node(_)
            | ServiceError::Seed { .. }
            | ServiceError::Value { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, crate::chain(&error))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        ServiceError::from(error).into()
    }
}
