//! The people file: who walks where, and how the wearer's head turns.
//!
//! ```text
//! SECONDS NAME BEARING DISTANCE    there he is; between his lines he walks straight
//! SECONDS NAME gone
//! SECONDS head DEGREES             between its lines it turns steadily
//! SECONDS ghost BEARING DISTANCE   radars believe in it from then on
//! ```
//!
//! Bearings are in degrees clockwise: of people from where the wearer's front was at the
//! start, since they walk in a room; of a ghost, which is the sensor's own, from his front.

use super::walk::Way;
use super::{Crowd, Place};
use crate::failure::Failure;
use crate::lines::{self, quoted};
use std::path::Path;
use tentacle_hat::units::within;

/// Longer than anybody writes.
const MAX_MIB: u64 = 1;
/// As many people and ghosts are there at once: as many as the hat keeps in mind.
pub(super) const MOST: usize = 8;
/// So many come and go in all, whom a frame looks through.
const NAMES: usize = 100;
/// What a bearing may be, a head, degrees, and a distance, m: as in cues.
const BEARING: (&str, f64, &str) = ("bearing", 360.0, "degrees");
const HEAD: (&str, f64, &str) = ("head", 36_000.0, "degrees");
const DISTANCE: (&str, f64, &str) = ("distance", 100.0, "m");
/// What a line is.
const FORM: &str = "SECONDS NAME BEARING DISTANCE, as in `2.5 ann -40 1.5`";
const FORMS: &str = "SECONDS and NAME BEARING DISTANCE, NAME gone, head DEGREES, or ghost \
                     BEARING DISTANCE";

/// What the lines said so far.
#[derive(Debug, Default)]
struct Script {
    crowd: Crowd,
    last_us: u64,
}

impl Crowd {
    /// Reads a people file.
    ///
    /// # Errors
    /// It cannot be read, or has faults: all of them, a line each.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let (shown, text) = lines::open(path, MAX_MIB)?;
        Self::parse(&shown, &text)
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let mut script = Script::default();
        lines::each(name, text, |line, _| script.line(lines::bare(line)))?;
        Ok(script.crowd)
    }
}

impl Script {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let Some(seconds) = words.next() else {
            return Ok(());
        };
        let t_us = lines::micros(seconds, FORM)?;
        if t_us < self.last_us {
            return Err(format!(
                "{seconds} s is before the line above: lines stand in the order of their moments"
            ));
        }
        let words: Vec<_> = words.collect();
        match words[..] {
            ["head", deg] => {
                let deg = number(deg, HEAD)?;
                self.crowd.heads[0].lead(t_us, Some([deg]));
            }
            ["ghost", bearing, distance] => {
                let ghost = place(bearing, distance)?;
                self.room()?;
                self.crowd.ghosts.push((t_us, ghost));
            }
            ["head" | "ghost", ..] => return Err(format!("a line is {FORMS}")),
            [name, "gone"] => {
                let way = self.find(name).filter(|way| is_there(way));
                let way = way.ok_or_else(|| format!("nobody called {} is there", quoted(name)))?;
                way.lead(t_us, None);
            }
            [name, bearing, distance] => {
                let place = place(bearing, distance)?;
                if self.find(name).is_none() {
                    if self.crowd.names.len() == NAMES {
                        return Err(format!("there are {NAMES} names already: use one again"));
                    }
                    self.crowd.names.push(name.to_owned());
                    self.crowd.walkers.push(Way::default());
                }
                if self.find(name).is_some_and(|way| !is_there(way)) {
                    self.room()?;
                }
                if let Some(way) = self.find(name) {
                    way.lead(t_us, Some(place.xy()));
                }
            }
            _ => return Err(format!("a line is {FORMS}")),
        }
        self.last_us = t_us;
        Ok(())
    }

    fn find(&mut self, name: &str) -> Option<&mut Way<2>> {
        let who = self.crowd.names.iter().position(|known| known == name)?;
        self.crowd.walkers.get_mut(1 + who)
    }

    /// Whether there is room for one more.
    fn room(&self) -> Result<(), String> {
        let people = self.crowd.walkers.iter().filter(|way| is_there(way));
        match people.count() + self.crowd.ghosts.len() {
            ..MOST => Ok(()),
            _ => Err(format!("{MOST} are there already, ghosts among them")),
        }
    }
}

/// Whether somebody is there by the lines up to now.
fn is_there(way: &Way<2>) -> bool {
    way.end().is_some_and(|(_, point)| point.is_some())
}

fn place(bearing: &str, distance: &str) -> Result<Place, String> {
    Ok(Place {
        bearing_deg: number(bearing, BEARING)?,
        distance_m: number(distance, DISTANCE)?,
    })
}

/// A number that its kind may be.
fn number(word: &str, (kind, most, unit): (&str, f64, &'static str)) -> Result<f64, String> {
    let number = word.parse();
    let number =
        number.map_err(|_| format!("\"{}\" is no {kind}: a number of {unit}", quoted(word)))?;
    let least = if unit == "m" { 0.0 } else { -most };
    within(number, least, most, unit).map_err(|error| format!("{kind} {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Whoever is there: bearing and distance, rounded to a thousandth.
    fn there(crowd: &Crowd, t_us: u64) -> Vec<(f64, f64)> {
        let round = |number: f64| (number * 1000.0).round() / 1000.0;
        let people = crowd.people(t_us);
        people
            .map(|(_, it)| (round(it.bearing_deg), round(it.distance_m)))
            .collect()
    }

    #[test]
    fn people_walk_straight_in_the_room_and_the_head_turns() {
        let text = "# two of them\n\n1 ann 0 2 # ahead\n2 bob -90 1\n3 ann 90 2\n4 bob gone\n\
                    5 head 90\n6 bob 180 3\n";
        let crowd = Crowd::parse("x", text).unwrap();
        assert_eq!(there(&crowd, SECOND - 1), []);
        assert_eq!(there(&crowd, SECOND), [(-18.0, 2.0)]);
        // Half way on a straight line, seen by a head that is turned by 36 degrees.
        assert_eq!(crowd.head_deg(2 * SECOND), 36.0);
        let expected = [(9.0, 2f64.sqrt()), (-126.0, 1.0)];
        let round = |(bearing, distance): (f64, f64)| (bearing, (distance * 1e3).round() / 1e3);
        assert_eq!(there(&crowd, 2 * SECOND), expected.map(round));
        assert_eq!(there(&crowd, 4 * SECOND), [(18.0, 2.0)]);
        assert_eq!(crowd.head_deg(100 * SECOND), 90.0);
        assert_eq!(there(&crowd, 100 * SECOND), [(0.0, 2.0), (90.0, 3.0)]);
    }

    #[test]
    fn a_ghost_turns_with_the_head_and_stays() {
        let crowd = Crowd::parse("x", "2 ghost 30 1.5\n10 head 200\n").unwrap();
        assert_eq!(crowd.ghosts(2 * SECOND - 1).count(), 0);
        let ghost = Place {
            bearing_deg: 30.0,
            distance_m: 1.5,
        };
        for t_us in [2, 10, 1000].map(|s| s * SECOND) {
            assert_eq!(crowd.ghosts(t_us).collect::<Vec<_>>(), [ghost]);
        }
        assert_eq!(crowd.people(1000 * SECOND).count(), 0);
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "5 ann 0 2\n4 ann 0 2\nsoon ann 0 2\n5 ann\n5 ann left 2\n5 ann 400 2\n\
                    5 ann 0 -1\n5 ann 0 2 m\n5 bob gone\n5 head\n5 head up\n5 ghost 30\n\
                    5 ann 0 NaN\n5 ann gone\n5 ann gone\n";
        let said = Crowd::parse("x", text).unwrap_err().to_string();
        let expected = "x:2: 4 s is before the line above: lines stand in the order of their moments
x:3: \"soon\" is no moment: a line is SECONDS NAME BEARING DISTANCE, as in `2.5 ann -40 1.5`
x:4: a line is SECONDS and NAME BEARING DISTANCE, NAME gone, head DEGREES, or ghost BEARING DISTANCE
x:5: \"left\" is no bearing: a number of degrees
x:6: bearing must be -360 to 360 degrees
x:7: distance must be 0 to 100 m
x:8: a line is SECONDS and NAME BEARING DISTANCE, NAME gone, head DEGREES, or ghost BEARING DISTANCE
x:9: nobody called bob is there
x:10: a line is SECONDS and NAME BEARING DISTANCE, NAME gone, head DEGREES, or ghost BEARING DISTANCE
x:11: \"up\" is no head: a number of degrees
x:12: a line is SECONDS and NAME BEARING DISTANCE, NAME gone, head DEGREES, or ghost BEARING DISTANCE
x:13: distance must be 0 to 100 m
x:15: nobody called ann is there";
        assert_eq!(said, expected);
    }

    #[test]
    fn eight_are_there_at_once_and_a_hundred_in_all() {
        let mut text: String = (0..7).map(|who| format!("0 n{who} 0 1\n")).collect();
        text += "0 ghost 0 1\n1 n8 0 1\n2 n3 gone\n2 n8 0 1\n3 ghost 0 1\n";
        let said = Crowd::parse("x", &text).unwrap_err().to_string();
        let full = "8 are there already, ghosts among them";
        assert_eq!(said, format!("x:9: {full}\nx:12: {full}"));
        let come_and_go = |who| format!("{who} n{who} 0 1\n{who} n{who} gone\n");
        let mut text: String = (0..NAMES).map(come_and_go).collect();
        text += "200 n7 0 1\n";
        assert!(Crowd::parse("x", &text).is_ok());
        text += "201 else 0 1\n";
        let said = Crowd::parse("x", &text).unwrap_err().to_string();
        assert_eq!(said, "x:202: there are 100 names already: use one again");
    }
}
