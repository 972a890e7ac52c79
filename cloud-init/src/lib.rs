//! Day-1 data: model, NoCloud rendering and validation.
