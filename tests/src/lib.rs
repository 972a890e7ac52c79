//! Labs and end-to-end tests.
