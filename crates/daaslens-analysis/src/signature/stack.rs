//! The frames that decide: machinery gone, recursion folded.

use std::cmp::Reverse;

use daaslens_core::model::Frame;
use daaslens_eventlog::RawFrame;
use daaslens_kb::{NameRole, Runtime, has_role};

use super::{MAX_FRAME, bounded};

/// The most frames that are kept. What decides stands on top.
const MAX_FRAMES: usize = 40;
/// The longest cycle of calls that is recognised as recursion.
const MAX_CYCLE: usize = 8;

/// A .NET stack, the place of the throw first.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    pub(crate) frames: Vec<Frame>,
    /// Whether the place is the cycle of calls that used the stack up.
    overflow: bool,
}

impl Stack {
    pub(crate) fn of(raw: &[RawFrame], overflow: bool) -> Self {
        let role = |role: NameRole, name: &str| has_role(Runtime::DotNet, role, name);
        let names: Vec<String> =
            raw.iter().map(RawFrame::normalised).filter(|name| !name.is_empty()).collect();
        let start = names
            .iter()
            .position(|name| role(NameRole::Sentinel, name))
            .map_or(0, |sentinel| sentinel + 1);
        let kept: Vec<&str> = names
            .get(start..)
            .unwrap_or_default()
            .iter()
            .map(String::as_str)
            .filter(|name| !role(NameRole::Noise, name))
            .collect();
        // A stack of nothing but machinery is still better than none.
        let kept = if kept.is_empty() { names.iter().map(String::as_str).collect() } else { kept };
        let mut frames: Vec<Frame> = Vec::new();
        let mut rest = kept.as_slice();
        while let Some((first, tail)) = rest.split_first()
            && frames.len() < MAX_FRAMES
        {
            let own = |name: &str| !role(NameRole::Framework, name) && !role(NameRole::Noise, name);
            let frame = |name: &str, repeat| Frame {
                text: bounded(name, MAX_FRAME),
                own: own(name),
                repeat,
            };
            if let Some((length, repeat)) = cycle(rest) {
                let (calls, behind) = rest.split_at(length.min(rest.len()));
                frames.extend(calls.iter().map(|name| frame(name, repeat)));
                rest = behind.get(length * (repeat as usize - 1)..).unwrap_or_default();
            } else {
                frames.push(frame(first, 1));
                rest = tail;
            }
        }
        Self { frames, overflow }
    }

    /// The frames that name the place: where it was thrown, with the next one where that says too little alone, and
    /// the first of the application's own. Of a stack overflow, the calls that go round.
    pub(crate) fn place(&self) -> Vec<&str> {
        if self.overflow
            && let Some(round) = self.round()
        {
            return round;
        }
        let mut place: Vec<&Frame> = Vec::new();
        for frame in &self.frames {
            place.push(frame);
            if !has_role(Runtime::DotNet, NameRole::Join, &frame.text) || place.len() >= 2 {
                break;
            }
        }
        if !place.iter().any(|frame| frame.own)
            && let Some(own) = self.own()
        {
            place.push(own);
        }
        place.into_iter().map(|frame| frame.text.as_str()).collect()
    }

    /// The first frame of the application's own, or the first one; of a stack overflow, the first that goes round.
    pub(crate) fn own_or_first(&self) -> &str {
        let round = self.overflow.then(|| self.round()).flatten();
        let first = || self.own().or(self.frames.first()).map(|frame| frame.text.as_str());
        round.and_then(|round| round.first().copied()).or_else(first).unwrap_or_default()
    }

    fn own(&self) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.own)
    }

    /// The cycle that repeats most, begun at its least name: where the stack ran out is chance.
    fn round(&self) -> Option<Vec<&str>> {
        let most = self.frames.iter().map(|frame| frame.repeat).max().filter(|&most| most > 1)?;
        let mut round: Vec<&str> = self
            .frames
            .iter()
            .skip_while(|frame| frame.repeat < most)
            .take_while(|frame| frame.repeat == most)
            .map(|frame| frame.text.as_str())
            .collect();
        let least = (0..round.len()).min_by_key(|&at| {
            let (behind, before) = round.split_at(at);
            before.iter().chain(behind).copied().collect::<Vec<_>>()
        })?;
        round.rotate_left(least);
        Some(round)
    }
}

/// The cycle that begins `names` and takes up most of them, the shortest of equals, and how often it goes round;
/// `None` where nothing repeats at once.
fn cycle(names: &[&str]) -> Option<(usize, u64)> {
    let cycles = (1..=MAX_CYCLE.min(names.len() / 2)).filter_map(|length| {
        let (round, rest) = names.split_at(length);
        let more = rest.chunks_exact(length).take_while(|next| *next == round).count();
        (more > 0).then_some((length, 1 + more))
    });
    cycles
        .max_by_key(|&(length, times)| (length * times, Reverse(length)))
        .map(|(length, times)| (length, times as u64))
}

#[cfg(test)]
mod tests {
    use daaslens_eventlog::ExceptionText;

    use super::Stack;

    fn shown(text: &str) -> Vec<(String, bool, u64)> {
        let stack = Stack::of(&ExceptionText::parse(text).frames, false);
        stack.frames.into_iter().map(|f| (f.text, f.own, f.repeat)).collect()
    }

    #[test]
    fn recursion_is_folded_and_machinery_gone() {
        let text = "System.Exception: x\n   \
            at System.ThrowHelper.ThrowKeyNotFoundException()\n   \
            at System.Collections.Generic.Dictionary`2.get_Item(TKey key)\n   \
            at Shop.Tree.<WalkAsync>d__3.MoveNext() in C:\\a.cs:line 3\n   \
            at System.Runtime.CompilerServices.TaskAwaiter.GetResult()\n   \
            at Shop.Tree.<WalkAsync>d__3.MoveNext() in C:\\a.cs:line 5\n   \
            at Shop.A.One()\n   at Shop.B.Two()\n   at Shop.A.One()\n   at Shop.B.Two()\n   \
            at Program.<Main>$(String[] args)";
        let expected = [
            ("System.Collections.Generic.Dictionary.get_Item", false, 1),
            ("Shop.Tree.WalkAsync", true, 2),
            ("Shop.A.One", true, 2),
            ("Shop.B.Two", true, 2),
            ("Program.Main", true, 1),
        ];
        assert_eq!(shown(text), expected.map(|(name, own, repeat)| (name.to_owned(), own, repeat)));
    }

    #[test]
    fn a_stack_of_machinery_alone_is_kept() {
        let text = "System.Exception: x\n   at System.Threading.Tasks.Task.Execute()";
        assert_eq!(shown(text), [("System.Threading.Tasks.Task.Execute".to_owned(), false, 1)]);
    }
}
