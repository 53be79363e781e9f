//! Both ends of a list whose length is somebody else's.

use std::collections::VecDeque;

/// Keeps the first and the last items of a list: how something began, and how it ended.
#[derive(Debug)]
pub(crate) struct Ends<T> {
    room: usize,
    first: Vec<T>,
    last: VecDeque<T>,
    /// How many there were.
    pub(crate) found: u64,
}

impl<T> Ends<T> {
    /// Room for `room` items, half of it for the first ones.
    pub(crate) fn new(room: usize) -> Self {
        Self { room, first: Vec::new(), last: VecDeque::new(), found: 0 }
    }

    pub(crate) fn add(&mut self, item: T) {
        self.found += 1;
        if self.first.len() < self.room / 2 {
            self.first.push(item);
            return;
        }
        if self.last.len() >= self.room / 2 {
            self.last.pop_front();
        }
        self.last.push_back(item);
    }

    pub(crate) fn into_list(self) -> Vec<T> {
        let mut list = self.first;
        list.extend(self.last);
        list
    }
}
