//! Generated traffic with known outages.
//!
//! Everything follows from a seed. Requests come as a Poisson process whose rate swings over the day and may jump;
//! each minute draws its own error ratio from a beta distribution, so that errors come in company (beta-binomial),
//! as they do in real logs.

use daaslens_stats::Second;

/// `SplitMix64`: small, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `low..high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low) as f64) as i64
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 30.0 {
            return self.poisson(mean / 2.0) + self.poisson(mean / 2.0);
        }
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    pub(crate) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        (0..n).filter(|_| self.unit() < p).count() as u64
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Marsaglia and Tsang.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let u = self.unit().max(1e-300);
            return self.gamma(shape + 1.0) * u.powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    fn beta(&mut self, mean: f64, rho: f64) -> f64 {
        if mean <= 0.0 || mean >= 1.0 || rho <= 0.0 {
            return mean;
        }
        let total = (1.0 - rho) / rho;
        let (a, b) = (self.gamma(mean * total), self.gamma((1.0 - mean) * total));
        if a + b > 0.0 { a / (a + b) } else { mean }
    }
}

/// A planted outage: from `start`, `seconds` long, at this error ratio.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planted {
    pub(crate) start: i64,
    pub(crate) seconds: i64,
    pub(crate) ratio: f64,
}

/// What a log is made of.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) seconds: i64,
    pub(crate) per_second: f64,
    /// 0: the same all day; 0.8: from 0.2 to 1.8 of the mean.
    pub(crate) swing: f64,
    /// How many times a day traffic is five times as much for ten minutes.
    pub(crate) bursts: usize,
    pub(crate) usual: f64,
    /// Correlation of errors within a minute.
    pub(crate) rho: f64,
    pub(crate) planted: Vec<Planted>,
}

/// The log, and of each planted outage the first and last second with an error and its errors.
pub(crate) fn generate(
    recipe: &Recipe,
    random: &mut Random,
) -> (Vec<Second>, Vec<(i64, i64, u64)>) {
    let start = 1_700_000_000 + random.between(0, 86_400);
    let bursts: Vec<i64> = (0..recipe.bursts).map(|_| random.between(0, recipe.seconds)).collect();
    let mut truth = vec![(i64::MAX, i64::MIN, 0); recipe.planted.len()];
    let mut log = Vec::new();
    let mut ratio_now = 0.0;
    for second in 0..recipe.seconds {
        if second % 60 == 0 {
            ratio_now = random.beta(recipe.usual, recipe.rho);
        }
        let phase = second as f64 / 86_400.0 * std::f64::consts::TAU;
        let mut rate = recipe.per_second * (1.0 + recipe.swing * phase.sin());
        if bursts.iter().any(|burst| (*burst..*burst + 600).contains(&second)) {
            rate *= 5.0;
        }
        let requests = random.poisson(rate);
        let planted =
            recipe.planted.iter().position(|p| (p.start..p.start + p.seconds).contains(&second));
        let ratio = planted.map_or(ratio_now, |index| recipe.planted[index].ratio);
        let errors = random.binomial(requests, ratio);
        if let Some(index) = planted
            && errors > 0
        {
            let (first, last, count) = &mut truth[index];
            *first = (*first).min(start + second);
            *last = (*last).max(start + second);
            *count += errors;
        }
        log.push(Second { second: start + second, requests, errors });
    }
    (log, truth)
}
