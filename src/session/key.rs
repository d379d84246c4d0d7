//! Keys as the session knows them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Up,
    Down,
    Left,
    Right,
    /// With Shift.
    FarLeft,
    FarRight,
    Enter,
    Escape,
    Backspace,
    Delete,
    /// Ctrl-C.
    Interrupt,
    Char(char),
    /// Any other.
    Unknown,
}

impl Key {
    /// The key of a terminal's event.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Char('c') if control => Self::Interrupt,
            KeyCode::Char(_) if control => Self::Unknown,
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::Left if shift => Self::FarLeft,
            KeyCode::Right if shift => Self::FarRight,
            // For terminals that do not tell Shift from none on an arrow.
            KeyCode::Char('<') => Self::FarLeft,
            KeyCode::Char('>') => Self::FarRight,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Escape,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Delete => Self::Delete,
            KeyCode::Char(c) => Self::Char(c),
            _ => Self::Unknown,
        }
    }
}
