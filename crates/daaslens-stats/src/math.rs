//! The few elementary functions that the rest needs, from `libm`'s portable code.
//!
//! `f64::ln` calls whatever mathematics library the platform has, and two of them may differ in the last bit. A
//! last bit decides which of two equally good boundaries wins, so the report of one bundle could differ between
//! Windows and Linux.

/// Natural logarithm.
pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `e` to the power of `x`.
pub(crate) fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `x ln x`, with its limit 0 at 0.
pub(crate) fn x_ln_x(x: u64) -> f64 {
    if x < 2 { 0.0 } else { x as f64 * ln(x as f64) }
}

/// `ln(1 + e^x)` without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + libm::log1p(exp(-x)) } else { libm::log1p(exp(x)) }
}

/// `1 - e^-x`, exact for small `x` too: the chance of at least one event where `x` are expected.
pub(crate) fn at_least_one(x: f64) -> f64 {
    -libm::expm1(-x)
}

/// The natural logarithm of `n!`.
pub(crate) fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

/// The probability that a standard normal variable lies further from 0 than `z`, on either side.
pub(crate) fn two_sided_normal_tail(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// `k / n`, 0 where `n` is 0.
pub(crate) fn share(k: u64, n: u64) -> f64 {
    if n == 0 { 0.0 } else { k as f64 / n as f64 }
}
