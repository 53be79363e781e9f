//! Where the bytes of a dump come from.

/// Bytes that can be read at any position. What cannot be read is as if it were not there.
pub trait ReadAt {
    /// How many bytes there are, or are said to be.
    fn size(&self) -> u64;

    /// Reads at a position, as much as fits or is there. Gives the number of bytes.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> usize;
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> usize {
        copy(self, at, buffer)
    }
}

/// A dump of which only parts are at hand: its beginning, and pieces that were picked out of a stream.
#[derive(Clone, Debug, Default)]
pub struct Spots {
    /// How many bytes the whole has.
    pub size: u64,
    /// The beginning.
    pub front: Vec<u8>,
    /// Where a piece begins, and the piece; in order.
    pub pieces: Vec<(u64, Vec<u8>)>,
}

impl ReadAt for Spots {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> usize {
        let mut done = copy(&self.front, at, buffer);
        loop {
            let now = at.saturating_add(done as u64);
            let next = self.pieces.partition_point(|(start, _)| *start <= now);
            let piece = next.checked_sub(1).and_then(|i| self.pieces.get(i));
            let more =
                piece.map_or(0, |(start, piece)| copy(piece, now - start, &mut buffer[done..]));
            if more == 0 {
                return done;
            }
            done += more;
        }
    }
}

fn copy(bytes: &[u8], at: u64, buffer: &mut [u8]) -> usize {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let n = rest.len().min(buffer.len());
    buffer[..n].copy_from_slice(&rest[..n]);
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_and_gaps_are_empty() {
        let spots = Spots {
            size: 100,
            front: vec![1, 2, 3],
            pieces: vec![(3, vec![4]), (10, vec![7, 8]), (20, vec![9])],
        };
        let at = |at| {
            let mut buffer = [0; 2];
            let n = spots.read_at(at, &mut buffer);
            buffer[..n].to_vec()
        };
        assert_eq!([at(0), at(2), at(5)], [vec![1, 2], vec![3, 4], vec![]]);
        assert_eq!(
            [at(10), at(11), at(12), at(20), at(u64::MAX)],
            [vec![7, 8], vec![8], vec![], vec![9], vec![]]
        );
    }
}
