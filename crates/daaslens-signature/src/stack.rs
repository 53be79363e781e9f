//! The frames that decide: machinery gone, recursion folded.

use std::cmp::Reverse;

use daaslens_core::model::Frame;
use daaslens_kb::{NameRole, Runtime, has_role};
use daaslens_stacktrace::{ExceptionText, Place};

use super::{MAX_FRAME, bounded, runtime};

/// The most frames that are kept. What decides stands on top.
const MAX_FRAMES: usize = 40;
/// The longest cycle of calls that is recognised as recursion.
const MAX_CYCLE: usize = 8;

/// A stack, the place of the throw first.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    frames: Vec<Told>,
    /// Whether the place is the cycle of calls that used the stack up.
    overflow: bool,
}

/// One frame, and whether it says too little alone.
#[derive(Debug)]
struct Told {
    frame: Frame,
    join: bool,
}

/// A frame with what the lists of a runtime are asked for.
#[derive(Debug, PartialEq)]
struct Named {
    runtime: Runtime,
    text: String,
    place: Place,
    /// The file as it was told.
    file: Option<String>,
}

impl Named {
    fn has(&self, role: NameRole) -> bool {
        let is = |name: &str| !name.is_empty() && has_role(self.runtime, role, name);
        is(&self.place.function)
            || self.file.as_deref().is_some_and(is)
            || self.place.file.as_deref().is_some_and(is)
    }
}

impl Stack {
    /// The stack of an exception.
    pub(crate) fn of(text: &ExceptionText, overflow: bool) -> Self {
        let runtime = runtime(text.language);
        let named = text.frames.iter().map(|frame| {
            let place = text.place(frame);
            let file = place
                .file
                .is_some()
                .then(|| frame.file.as_deref().unwrap_or_default().replace('\\', "/"));
            Named { runtime, text: place.to_string(), place, file }
        });
        Self::of_named(named.collect(), overflow)
    }

    /// A stack of which only names are known, as their language writes them.
    pub(crate) fn of_names<'a>(runtime: Runtime, names: impl IntoIterator<Item = &'a str>) -> Self {
        let named = names.into_iter().map(|name| {
            let function = match runtime {
                // Where a module ends and an offset begins; the case of names of modules is chance.
                Runtime::Native => match name.split_once('!') {
                    Some((module, function)) => {
                        let function = function.split("+0x").next().unwrap_or(function);
                        format!("{}!{function}", module.to_lowercase())
                    }
                    None => name.to_lowercase(),
                },
                _ => daaslens_stacktrace::normalise_frame(name),
            };
            let place = Place { function, file: None };
            // Lists name modules without what is in them.
            let module = place.function.split(['!', '+']).next().unwrap_or_default().to_owned();
            let file = (runtime == Runtime::Native).then_some(module);
            Named { runtime, text: place.to_string(), place, file }
        });
        Self::of_named(named.collect(), false)
    }

    fn of_named(mut named: Vec<Named>, overflow: bool) -> Self {
        named.retain(|one| !one.text.is_empty());
        let start = named
            .iter()
            .position(|one| one.has(NameRole::Sentinel))
            .map_or(0, |sentinel| sentinel + 1);
        let kept: Vec<&Named> = named
            .get(start..)
            .unwrap_or_default()
            .iter()
            .filter(|one| !one.has(NameRole::Noise))
            .collect();
        // A stack of nothing but machinery is still better than none.
        let kept: Vec<&Named> = if kept.is_empty() { named.iter().collect() } else { kept };
        let mut frames: Vec<Told> = Vec::new();
        let mut rest = kept.as_slice();
        while let Some((first, tail)) = rest.split_first()
            && frames.len() < MAX_FRAMES
        {
            if let Some((length, repeat)) = cycle(rest) {
                let (calls, behind) = rest.split_at(length.min(rest.len()));
                frames.extend(calls.iter().map(|one| told(one, repeat)));
                rest = behind.get(length * (repeat as usize - 1)..).unwrap_or_default();
            } else {
                frames.push(told(first, 1));
                rest = tail;
            }
        }
        Self { frames, overflow }
    }

    /// All frames that were kept.
    pub(crate) fn frames(self) -> Vec<Frame> {
        self.frames.into_iter().map(|told| told.frame).collect()
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
        for told in &self.frames {
            place.push(&told.frame);
            if !told.join || place.len() >= 2 {
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
        let first = || {
            let first = self.frames.first().map(|told| &told.frame);
            self.own().or(first).map(|frame| frame.text.as_str())
        };
        round.and_then(|round| round.first().copied()).or_else(first).unwrap_or_default()
    }

    fn own(&self) -> Option<&Frame> {
        self.frames.iter().map(|told| &told.frame).find(|frame| frame.own)
    }

    /// The cycle that repeats most, begun at its least name: where the stack ran out is chance.
    fn round(&self) -> Option<Vec<&str>> {
        let repeats = self.frames.iter().map(|told| told.frame.repeat);
        let most = repeats.max().filter(|&most| most > 1)?;
        let mut round: Vec<&str> = self
            .frames
            .iter()
            .skip_while(|told| told.frame.repeat < most)
            .take_while(|told| told.frame.repeat == most)
            .map(|told| told.frame.text.as_str())
            .collect();
        let least = (0..round.len()).min_by_key(|&at| {
            let (behind, before) = round.split_at(at);
            before.iter().chain(behind).copied().collect::<Vec<_>>()
        })?;
        round.rotate_left(least);
        Some(round)
    }
}

fn told(one: &Named, repeat: u64) -> Told {
    let own = !one.has(NameRole::Framework) && !one.has(NameRole::Noise);
    Told {
        frame: Frame { text: bounded(&one.text, MAX_FRAME), own, repeat },
        join: one.has(NameRole::Join),
    }
}

/// The cycle that begins `names` and takes up most of them, the shortest of equals, and how often it goes round;
/// `None` where nothing repeats at once.
fn cycle(names: &[&Named]) -> Option<(usize, u64)> {
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
    use daaslens_stacktrace::ExceptionText;

    use super::Stack;

    fn shown(text: &str) -> Vec<(String, bool, u64)> {
        let stack = Stack::of(&ExceptionText::parse(text), false);
        stack.frames().into_iter().map(|f| (f.text, f.own, f.repeat)).collect()
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
