//! What a build tells while it runs. The builder names its steps; the caller has the clock and the terminal.

/// Follows a build.
pub trait Progress {
    /// A step begins; `total` is its work in bytes, where that is known.
    fn start(&mut self, step: &str, total: Option<u64>);
    /// More bytes of the step's work are done.
    fn advance(&mut self, bytes: u64);
    /// What the step is at, or something that the operator should know.
    fn note(&mut self, text: &str);
    /// The step is done, or its result was there already. Gives the seconds that it took.
    fn finish(&mut self, cached: bool) -> f64;
}

/// Says nothing and measures nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&mut self, _step: &str, _total: Option<u64>) {}

    fn advance(&mut self, _bytes: u64) {}

    fn note(&mut self, _text: &str) {}

    fn finish(&mut self, _cached: bool) -> f64 {
        0.0
    }
}
