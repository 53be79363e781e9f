//! One lane: what can be drawn in it.

use askama::Template;

/// A lane of a chart, drawn by `charts/lane.html`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "charts/lane.html")]
pub(crate) struct Lane {
    /// Its name, in front of it.
    pub(crate) label: String,
    /// What the name does not say: the unit, the scale, the total.
    pub(crate) small: String,
    /// `gap` for a lane that stands apart from the one before, `row` for a thin one.
    pub(crate) class: &'static str,
    /// A number of the program's own, unique in the page.
    pub(crate) id: String,
    /// Pixels.
    pub(crate) height: u32,
    /// How far the grid and the shading reach up into the space above.
    pub(crate) above: u32,
    /// What is shown.
    pub(crate) title: String,
    /// What it says.
    pub(crate) desc: String,
    /// Grid lines, per cent.
    pub(crate) grid: Vec<String>,
    /// Shaded stretches.
    pub(crate) shades: Vec<Shade>,
    /// Level lines, pixels from the top.
    pub(crate) levels: Vec<String>,
    /// The width of the stretched drawing, in bins.
    pub(crate) bins: usize,
    /// Areas and lines in the stretched drawing.
    pub(crate) strokes: Vec<Stroke>,
    /// Whether a line closes the lane at the bottom.
    pub(crate) baseline: bool,
    /// Bars.
    pub(crate) bars: Vec<Bar>,
    /// Marks.
    pub(crate) dots: Vec<Dot>,
    /// Letters of clusters.
    pub(crate) letters: Vec<Letter>,
    /// Labels of the vertical axis.
    pub(crate) y_ticks: Vec<YTick>,
    /// Texts in the drawing.
    pub(crate) words: Vec<Word>,
    /// Whether this is the time axis.
    pub(crate) axis: bool,
    /// Instead of a drawing: why there is none.
    pub(crate) empty: &'static str,
}

impl askama::filters::HtmlSafe for Lane {}

impl Lane {
    /// A cluster's shade also covers the space above, so that it runs through all lanes without a break.
    fn shade_height(&self) -> u32 {
        self.height + self.above
    }
}

/// A shaded stretch of time.
#[derive(Clone, Debug)]
pub(crate) struct Shade {
    pub(crate) x: String,
    pub(crate) width: String,
    /// The same in bins, for the script that zooms.
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A path in the stretched drawing.
#[derive(Clone, Debug)]
pub(crate) struct Stroke {
    pub(crate) class: &'static str,
    pub(crate) d: String,
}

/// A bar with a length in time.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) y: u32,
    pub(crate) height: u32,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A mark at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Dot {
    /// The id of the shape, one of the program's own.
    pub(crate) shape: &'static str,
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) y: u32,
    pub(crate) from: String,
}

/// The letter of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) text: String,
    /// The anchor of its card; empty where there is none.
    pub(crate) anchor: String,
    pub(crate) x: String,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A label of the vertical axis.
#[derive(Clone, Debug)]
pub(crate) struct YTick {
    pub(crate) y: String,
    pub(crate) text: String,
}

/// A text in the drawing.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) dx: i32,
    pub(crate) y: u32,
    pub(crate) text: String,
    /// Its place in bins, for the script that zooms; empty where it stays.
    pub(crate) from: String,
}
