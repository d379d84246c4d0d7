//! Calibrating: what `servos.toml` holds is felt with hands and written down.

mod bench;
pub(crate) mod clock;
mod document;
mod draw;
mod emit;
mod estimator;
mod guide;
pub(crate) mod interactive;
mod key;
mod pin;
mod points;
mod pulse;
mod screen;
mod session;
pub(crate) mod set;
mod store;
pub(crate) mod trim;
mod whole;

use store::{Saved, Store};

/// What a running hat needs to hear.
const RELOAD: &str = "A running hat takes it up with `sudo systemctl reload tentacle-hat`.";

/// Tells what a save did, and, if it was to the service's file, how the service
/// gets to know.
fn report(store: &Store, saved: &Saved, next: &str) {
    for created in &saved.created {
        println!("created {}", created.display());
    }
    if let Some(path) = store.path()
        && !saved.created.iter().any(|created| created == path)
    {
        println!(
            "saved {}; the file before is in servos.toml.bak",
            path.display()
        );
    }
    if store.is_the_services() {
        println!("{next}");
    }
}
