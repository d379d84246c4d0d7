//! Keys as the session knows them: what a terminal tells of modifiers, in one code.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// An arrow with Shift, or its stand-in where a terminal does not tell Shift.
pub(super) const FAR_LEFT: KeyCode = KeyCode::Char('<');
pub(super) const FAR_RIGHT: KeyCode = KeyCode::Char('>');
/// Ctrl-C.
pub(super) const INTERRUPT: KeyCode = KeyCode::Char('\u{3}');
/// Ctrl-Z.
pub(super) const SUSPEND: KeyCode = KeyCode::Char('\u{1a}');

/// The key of a terminal's event.
pub(super) fn key(event: KeyEvent) -> KeyCode {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    match event.code {
        KeyCode::Char('c') if control => INTERRUPT,
        KeyCode::Char('z') if control => SUSPEND,
        KeyCode::Char(_) if control => KeyCode::Null,
        KeyCode::Left if event.modifiers.contains(KeyModifiers::SHIFT) => FAR_LEFT,
        KeyCode::Right if event.modifiers.contains(KeyModifiers::SHIFT) => FAR_RIGHT,
        KeyCode::Up
        | KeyCode::Down
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Enter
        | KeyCode::Esc
        | KeyCode::Backspace
        | KeyCode::Delete
        | KeyCode::Char(_) => event.code,
        // Any other stops a servo that moves.
        _ => KeyCode::Null,
    }
}
