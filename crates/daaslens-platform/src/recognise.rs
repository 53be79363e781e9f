//! x
pub enum What{A}
pub fn recognise(){}
