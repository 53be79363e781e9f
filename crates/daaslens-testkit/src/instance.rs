//! The worker that a file comes from.

use crate::Random;

/// One worker instance, under the three names by which it goes.
///
/// RawLogs and the `ARRAffinity` cookie carry the instance id, event log and DaaS the machine name, and nothing
/// in the HTTP logs joins the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The instance id: 64 hexadecimal digits.
    pub id: String,
    /// The machine name, `RD0003FF…` or `dw0sdwk…`.
    pub machine: String,
}

impl Instance {
    /// An instance with random names of one of the shapes that occur.
    pub fn random(random: &mut Random) -> Self {
        let id = random.hex(64);
        let tail = random.hex(6).to_uppercase();
        let machine = match random.below(4) {
            0 => format!("RD0003FF{tail}"),
            1 => format!("DW0SDWK00{}", &tail[..4]),
            2 => format!("dw1sdwk00{}", &tail[..4]),
            _ => format!("wn1xsdwk00{}", &tail[..4]),
        };
        Self { id, machine }
    }

    /// The first six digits of the id: the prefix of the RawLogs names.
    pub fn prefix(&self) -> &str {
        &self.id[..6]
    }
}
