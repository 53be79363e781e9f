//! Traffic made by hand, as the courses of one or more instances.

use daaslens_stats::stall::in_flight;
use proptest::prelude::*;

use super::*;

/// Three requests a second of 200 ms for ten minutes; who comes in `from..to` waits until `to`.
fn traffic(from: i64, to: i64) -> Vec<Request> {
    (0..600)
        .flat_map(|second| {
            let (end, time_taken_ms) = if (from..to).contains(&second) {
                (to, u32::try_from((to - second) * 1000).unwrap())
            } else {
                (second, 200)
            };
            [Request { end_second: end, time_taken_ms }; 3]
        })
        .collect()
}

fn course(requests: &[Request]) -> Course {
    let mut course = Course::default();
    for one in requests {
        course.record(one.start_second(), one.end_second, None);
    }
    course.settle();
    course
}

fn found(lanes: &[Vec<Request>]) -> Vec<Gap> {
    let courses: Vec<Course> = lanes.iter().map(|lane| course(lane)).collect();
    let mut gaps = Vec::new();
    scan(&mut together(courses.iter()), &mut |gap| gaps.push(gap));
    gaps
}

/// From, to, peak of the gap, instances that were active, whether what ended afterwards makes it a stall.
fn shown(lanes: &[Vec<Request>]) -> Vec<(i64, i64, u32, usize, bool)> {
    let all: Vec<Request> = lanes.iter().flatten().copied().collect();
    let peak = |gap: &Gap| gap.in_flight.iter().skip(gap.offset()).copied().max().unwrap();
    found(lanes)
        .iter()
        .map(|gap| (gap.start, gap.end, peak(gap), gap.active, gap.stall(&all).is_some()))
        .collect()
}

#[test]
fn who_waits_and_is_released_makes_a_stall() {
    assert_eq!(shown(&[traffic(300, 320)]), [(300, 320, 63, 1, true)]);
    let two = [traffic(300, 320), traffic(298, 321)];
    assert_eq!(shown(&two), [(300, 320, 129, 2, true)]);
    // One goes on: nothing is wrong with all of them, but with the other one.
    let one = [traffic(300, 320), traffic(0, 0)];
    assert_eq!(shown(&one), []);
    assert_eq!(shown(&one[..1]), [(300, 320, 63, 1, true)]);
}

#[test]
fn a_crash_that_loses_its_requests_leaves_no_stall() {
    let mut crash = traffic(300, 330);
    crash.retain(|one| one.time_taken_ms == 200 || one.time_taken_ms < 3_000);
    // Six wait for the new process and are answered; the silence was seventeen times as long.
    assert_eq!(shown(&[crash]), [(300, 330, 9, 1, false)]);
}

#[test]
fn nights_short_gaps_and_the_edges_of_the_log_are_none() {
    let mut night = traffic(0, 0);
    night.extend(
        traffic(0, 0).iter().map(|one| Request { end_second: one.end_second + 9_000, ..*one }),
    );
    assert_eq!(shown(&[night]), []);
    assert_eq!(shown(&[traffic(300, 304)]), []);
    assert_eq!(shown(&[traffic(0, 30)]), []);
    let mut cut = traffic(590, 640);
    cut.retain(|one| one.end_second < 640);
    assert_eq!(shown(&[cut]), []);
    assert_eq!(shown(&[]), []);
}

#[test]
fn a_pause_of_one_that_is_the_pause_of_all_is_said_once() {
    let range = |from, to| TimeRange::new(Time::from_seconds(from), Time::from_seconds(to));
    assert!(is_part(range(100, 129), range(105, 129)));
    assert!(is_part(range(110, 119), range(100, 129)));
    assert!(!is_part(range(100, 199), range(150, 160)));
    assert!(!is_part(range(100, 119), range(200, 229)));
}

/// The signs are what causes are ranked by: a growing queue is no plateau, a full one is.
#[test]
fn a_plateau_is_a_number_that_stays() {
    let plateau = |requests: &[Request]| {
        let gaps = found(&[requests.to_vec()]);
        let stall = gaps[0].stall(requests).unwrap();
        let signs = signs(&gaps[0], stall);
        let state = |sign| signs.iter().find(|one| one.sign == sign).map(|one| one.state);
        (state("slow-before"), state("in-flight-plateau"))
    };
    assert_eq!(plateau(&traffic(300, 330)), (Some(State::Present), Some(State::Absent)));
    let mut full = traffic(300, 330);
    full.retain(|one| one.time_taken_ms == 200 || one.time_taken_ms > 20_000);
    assert_eq!(plateau(&full), (Some(State::Present), Some(State::Present)));
}

proptest! {
    /// What is known of a gap is what counting all requests anew gives, wherever it lies and however it is split.
    #[test]
    fn a_gap_knows_what_was_in_progress(
        from in 1_i64..560,
        length in 5_i64..40,
        slow in prop::collection::vec((0_i64..700, 0_u32..900_000), 0..40),
        lanes in 1_usize..4,
    ) {
        let mut requests = traffic(from, from + length);
        requests.extend(slow.iter().filter(|(end, _)| !(from..from + length).contains(end)).map(
            |&(end_second, time_taken_ms)| Request { end_second, time_taken_ms },
        ));
        let mut split = vec![Vec::new(); lanes];
        for (i, one) in requests.iter().enumerate() {
            split[i * 7 % lanes].push(*one);
        }
        for gap in found(&split) {
            let seconds = gap.completions.len();
            let counted = in_flight(&requests, gap.first_second, seconds);
            prop_assert_eq!(&gap.in_flight[..], &counted[..seconds - 1]);
            for (at, count) in gap.completions[..seconds - 1].iter().enumerate() {
                let second = gap.first_second + i64::try_from(at).unwrap();
                let ended = requests.iter().filter(|one| one.end_second == second).count();
                prop_assert_eq!(usize::try_from(*count).unwrap(), ended);
            }
        }
    }
}
