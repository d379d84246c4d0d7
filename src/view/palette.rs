//! Colours, or none.

use ratatui::style::{Color, Modifier, Style};
use tentacle_hat::calibration::MAX_TENTACLES;

/// A tentacle's colours in the 256-colour palette, from its root to its tip.
const TENTACLES: [[u8; 3]; MAX_TENTACLES] = [
    [125, 168, 211], // pink
    [130, 172, 214], // amber
    [29, 36, 79],    // sea green
    [61, 98, 141],   // violet
    [64, 106, 149],  // lime
    [25, 32, 75],    // blue
    [88, 124, 167],  // brick
    [242, 248, 255], // bone
];

/// How things look. With `NO_COLOR` set to anything, only bold and dim remain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    colours: bool,
}

impl Palette {
    pub(super) const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// As the environment wishes (no-color.org).
    pub(super) fn of_environment() -> Self {
        Self::new(std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    fn coloured(self, index: u8, without: Modifier) -> Style {
        if self.colours {
            Style::new().fg(Color::Indexed(index))
        } else {
            Style::new().add_modifier(without)
        }
    }

    /// A tentacle's skin, `s` of the way from its root to its tip.
    pub(super) fn tentacle(self, tentacle: usize, s: f32) -> Style {
        let shades = TENTACLES[tentacle];
        let shade = (s * shades.len() as f32) as usize;
        self.coloured(shades[shade.min(shades.len() - 1)], Modifier::empty())
    }

    /// What belongs to a tentacle but is not it.
    pub(super) fn trail(self, tentacle: usize) -> Style {
        let [dark, ..] = TENTACLES[tentacle];
        self.coloured(dark, Modifier::DIM)
    }

    pub(super) fn felt(self) -> Style {
        self.coloured(60, Modifier::DIM)
    }

    pub(super) fn ribbon(self) -> Style {
        self.coloured(178, Modifier::empty())
    }

    /// Frames, units, what never changes.
    pub(super) fn faint(self) -> Style {
        self.coloured(245, Modifier::DIM)
    }

    pub(super) fn heading(self) -> Style {
        self.coloured(178, Modifier::BOLD)
            .add_modifier(Modifier::BOLD)
    }

    /// What somebody should look at.
    pub(super) fn alarm(self) -> Style {
        self.coloured(203, Modifier::BOLD)
            .add_modifier(Modifier::BOLD)
    }
}
