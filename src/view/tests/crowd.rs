//! People in the picture from above.

use super::{COLOURED, PLAIN, at_work, picture, rig, rows};
use crate::state::{Stands, State};
use ratatui::style::Modifier;
use tentacle_hat::motion::{Id, Sighting};

/// Where the map is at 80 columns and 24 rows.
const MAP: (std::ops::Range<u16>, std::ops::Range<u16>) = (46..80, 1..14);

fn believed(id: &str, bearing_deg: f32, distance_m: Option<f32>, sure: f32) -> (Id, Sighting) {
    let seen = Sighting {
        bearing_deg,
        distance_m,
        sure,
        age_s: 0.0,
    };
    (Id::new(id).unwrap(), seen)
}

fn with(people: &[(Id, Sighting)], attended: Option<&str>) -> State {
    let mut state = at_work(4);
    state.playing.people = people.iter().copied().collect();
    state.playing.attended = attended.and_then(Id::new);
    state
}

/// Where the map says a letter, as columns and rows from its middle.
fn letter(state: State, letter: &str) -> Option<(f32, f32)> {
    let picture = picture(80, 24, &rig(4), state, PLAIN);
    let (columns, rows) = MAP;
    let middle = |range: &std::ops::Range<u16>| f32::from(range.start + range.end - 1) / 2.0;
    let mut cells = rows
        .clone()
        .flat_map(|y| columns.clone().map(move |x| (x, y)));
    let found = cells.rfind(|at| picture[*at].symbol() == letter)?;
    Some((
        f32::from(found.0) - middle(&columns),
        f32::from(found.1) - middle(&rows),
    ))
}

#[test]
fn each_stands_where_he_is_seen_the_front_below() {
    let at = |bearing, distance| {
        let state = with(&[believed("Z.1", bearing, distance, 1.0)], None);
        letter(state, "Z").unwrap()
    };
    for (bearing, [right, down]) in [
        (0.0, [0, 1]),
        (90.0, [-1, 0]),
        (180.0, [0, -1]),
        (-90.0, [1, 0]),
    ] {
        let (x, y) = at(bearing, Some(2.0));
        let sign = |n: f32| if n.abs() <= 1.0 { 0 } else { n.signum() as i32 };
        assert_eq!([sign(x), sign(y)], [right, down], "{bearing}: {x} {y}");
    }
    // Nearer is nearer; beyond the edge, and who knows where, is the edge.
    let down = [0.3, 1.5, 3.0, 20.0].map(|distance| at(180.0, Some(distance)).1);
    assert!(down[0] > down[1] && down[1] > down[2], "{down:?}");
    assert_eq!((down[2], down[2]), (down[3], at(180.0, None).1));
}

#[test]
fn whom_it_reaches_for_stands_out_also_without_colours() {
    let two = [
        believed("Y.1", 180.0, Some(3.0), 0.9),
        believed("Z.1", 180.0, Some(3.0), 0.9),
    ];
    let text = |state: &State| rows(&picture(80, 24, &rig(4), state.clone(), PLAIN));
    // In one place, it hides the other.
    assert_eq!(letter(with(&two, Some("Y.1")), "Z"), None);
    assert!(letter(with(&two, Some("Z.1")), "Z").is_some());
    // A line leads to him.
    assert_ne!(
        text(&with(&two[..1], None)),
        text(&with(&two[..1], Some("Y.1")))
    );
    let buffer = picture(80, 24, &rig(4), with(&two, Some("Y.1")), PLAIN);
    let bold = buffer
        .content
        .iter()
        .find(|cell| cell.symbol() == "Y")
        .unwrap();
    assert!(bold.modifier.contains(Modifier::BOLD));
}

#[test]
fn who_fades_is_faint_and_where_it_is_not_known_a_ray_leads() {
    let colour = |sure| {
        let state = with(&[believed("Z.1", 180.0, Some(3.0), sure)], None);
        let buffer = picture(80, 24, &rig(4), state, COLOURED);
        buffer
            .content
            .iter()
            .find(|cell| cell.symbol() == "Z")
            .unwrap()
            .fg
    };
    assert_ne!(colour(0.8), colour(0.2));
    let text = |distance| {
        let state = with(&[believed("Z.1", 180.0, distance, 0.3)], None);
        rows(&picture(80, 24, &rig(4), state, PLAIN))
    };
    assert_ne!(text(None), text(Some(3.0)));
}

#[test]
fn virtual_people_are_there_whether_anybody_sees_them() {
    let mut state = at_work(4);
    let empty = rows(&picture(80, 24, &rig(4), state.clone(), PLAIN));
    let stands = |bearing_deg| Stands {
        bearing_deg,
        distance_m: 2.0,
    };
    let shown = |state: &State| rows(&picture(80, 24, &rig(4), state.clone(), PLAIN));
    state.people.push(stands(90.0));
    let right = shown(&state);
    assert_ne!(right, empty);
    state.people[0] = stands(-90.0);
    assert_ne!(shown(&state), right);
}
