//! Random numbers from a seed: the same seed gives the same numbers on every machine and in every version.
//!
//! The generator is xoshiro256**, seeded by splitmix64, both by Blackman and Vigna. The distributions use a
//! logarithm and an exponential of their own: those of the platform may differ in the last bit, and one bit is
//! enough to move a request into another second.

/// A generator of random numbers with the distributions that traffic follows.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    /// The second half of the last pair of normal deviates.
    spare: Option<f64>,
}

impl Random {
    /// A generator that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self { state: std::array::from_fn(|_| splitmix64(&mut state)), spare: None }
    }

    /// A generator for one part of the work. Parts with different labels are independent of each other, so that
    /// more numbers drawn in one do not shift those of another.
    #[must_use]
    pub fn part(&self, label: &str) -> Self {
        let mut hash = self.state[0] ^ self.state[3].rotate_left(17);
        for byte in label.bytes() {
            hash = splitmix64(&mut hash) ^ u64::from(byte);
        }
        Self::new(hash)
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number in `0..n`; 0 where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A whole number of seconds in `0..n`; 0 where `n` is not positive.
    pub fn second(&mut self, n: i64) -> i64 {
        self.below(n.max(0).cast_unsigned()).cast_signed()
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `items`, all equally likely. `items` holds at least one.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// One of `items`, as likely as its weight says. `items` holds at least one.
    pub fn weighted<'a, T>(&mut self, items: &'a [(T, f64)]) -> &'a T {
        let total: f64 = items.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (item, weight) in items {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        &items[items.len() - 1].0
    }

    /// The time to the next event of a Poisson process with `rate` events per unit of time.
    pub fn exponential(&mut self, rate: f64) -> f64 {
        -ln(1.0 - self.unit()) / rate
    }

    /// A normal deviate with mean 0 and variance 1 (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * ln(square) / square).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }

    /// A log-normal deviate: what latencies look like.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// `n` hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// A GUID of version 4.
    pub fn guid(&mut self) -> String {
        let digits = self.hex(30);
        let variant = *self.pick(&['8', '9', 'a', 'b']);
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..30]
        )
    }

    /// `count` different numbers of `0..n`, each set equally likely, in ascending order.
    pub fn choose(&mut self, n: usize, count: usize) -> Vec<usize> {
        // Floyd's way would need a set; selection sampling needs none and gives them in order.
        let mut chosen = Vec::with_capacity(count.min(n));
        for index in 0..n {
            let wanted = (count.min(n) - chosen.len()) as u64;
            if self.below((n - index) as u64) < wanted {
                chosen.push(index);
            }
        }
        chosen
    }
}

/// The popularity of URLs: rank `k` is drawn in proportion to `1 / k^exponent`.
#[derive(Clone, Debug)]
pub struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// A distribution over `ranks` ranks (at least one).
    pub fn new(ranks: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let cumulative = (1..=ranks.max(1))
            .map(|rank| {
                sum += exp(-exponent * ln(rank as f64));
                sum
            })
            .collect();
        Self { cumulative }
    }

    /// A rank, counted from 0.
    pub fn sample(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(1.0);
        let at = random.unit() * total;
        self.cumulative.partition_point(|&sum| sum <= at).min(self.cumulative.len() - 1)
    }
}

fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The natural logarithm of a positive, normal number, from additions, multiplications and divisions alone.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) as i32) - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    // ln(m) = 2 artanh((m - 1) / (m + 1)), whose series converges fast for m in 0.7..1.4.
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for k in (0..12).rev() {
        sum = sum * square + 1.0 / f64::from(2 * k + 1);
    }
    2.0 * ratio * sum + f64::from(exponent) * std::f64::consts::LN_2
}

/// The exponential of a number of moderate size (-700 to 700), from additions and multiplications alone.
fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let exponent = (x / std::f64::consts::LN_2).round();
    let rest = x - exponent * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for k in (1..18).rev() {
        sum = 1.0 + sum * rest / f64::from(k);
    }
    sum * f64::from_bits(((exponent as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(n: usize, mut draw: impl FnMut() -> f64) -> f64 {
        (0..n).map(|_| draw()).sum::<f64>() / n as f64
    }

    #[test]
    fn the_first_numbers_never_change() {
        let mut random = Random::new(7);
        assert_eq!(
            [random.bits(), random.bits(), random.below(1000), random.below(6)],
            [12_923_355_070_828_475_994, 5_142_052_590_334_782_674, 839, 5]
        );
        assert_eq!(random.guid().len(), 36);
        assert_ne!(Random::new(7).part("a").bits(), Random::new(7).part("b").bits());
    }

    #[test]
    fn logarithm_and_exponential_agree_with_the_platform() {
        for x in [1e-9, 0.3, 0.5, 0.999, 1.0, 1.5, 2.0, 10.0, 12345.678, 9e15] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-13 * f64::ln(x).abs().max(1.0), "ln {x}");
        }
        for x in [-50.0, -1.0, -1e-6, 0.0, 0.3, 1.0, 20.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-13, "exp {x}");
        }
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut random = Random::new(1);
        assert!((mean(50_000, || random.unit()) - 0.5).abs() < 0.01);
        assert!((mean(50_000, || random.exponential(4.0)) - 0.25).abs() < 0.01);
        assert!(mean(50_000, || random.normal()).abs() < 0.02);
        assert!((mean(50_000, || random.normal().powi(2)) - 1.0).abs() < 0.03);
        let below_median =
            mean(50_000, || f64::from(u8::from(random.log_normal(80.0, 0.7) < 80.0)));
        assert!((below_median - 0.5).abs() < 0.01);
    }

    #[test]
    fn popular_urls_are_drawn_more_often() {
        let (zipf, mut random) = (Zipf::new(10, 1.0), Random::new(3));
        let mut counts = [0u32; 10];
        for _ in 0..29_290 {
            counts[zipf.sample(&mut random)] += 1;
        }
        // 1 + 1/2 + … + 1/10 = 2.929, so the first rank is drawn ten thousand times.
        assert!(counts[0].abs_diff(10_000) < 300, "{counts:?}");
        assert!(counts[9].abs_diff(1_000) < 150, "{counts:?}");
    }

    #[test]
    fn chosen_indexes_are_different_and_in_order() {
        let mut random = Random::new(5);
        for (n, count) in [(0, 3), (5, 0), (5, 5), (5, 9), (100, 20)] {
            let chosen = random.choose(n, count);
            assert_eq!(chosen.len(), count.min(n));
            assert!(chosen.is_sorted_by(|a, b| a < b) && chosen.iter().all(|&index| index < n));
        }
    }
}
