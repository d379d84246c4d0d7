//! The view as text, at the sizes it is made for and at all others.

mod crowd;
mod shapes;
mod words;

use super::history::History;
use super::palette::Palette;
use super::picture::{Foot, draw};
use crate::state::State;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tentacle_hat::board::virtual_chip::Emitted;
use tentacle_hat::calibration::{
    Address, BoardPlan, Channel, Compass, Mark, Name, Point, Rig, ServoPlan, Table, TentaclePlan,
};
use tentacle_hat::units::{Bend, Microseconds, Timebase, Turns};

/// A hat of so many tentacles, evenly around it from the front on; tables go
/// from 1000 µs through 1400 to 2000, but for the last servo, which has none.
fn rig(count: u8) -> Rig {
    named("arm-", count)
}

/// The same with other names before their numbers.
fn named(name: &str, count: u8) -> Rig {
    of(name, count, |_| None)
}

/// The same of tentacles that point 20° to the left of where they are to, and stand straight
/// beside neutral.
fn aimed(count: u8) -> Rig {
    of("arm-", count, |facing| {
        let mark = |k: usize| {
            let bearing = Turns::new(k as f64 / 8.0);
            let right = bearing.plus(Turns::from_deg(20.0));
            let mut taken = Bend::toward_bearing(right, facing, 0.4);
            taken.x += 0.04;
            Mark::new(bearing, 0.4, taken).unwrap()
        };
        let marks: [_; 8] = std::array::from_fn(mark);
        Some(Compass::new(facing, &marks).unwrap())
    })
}

fn of(name: &str, count: u8, compass: impl Fn(Turns) -> Option<Compass>) -> Rig {
    let point = |(bend, us): (f32, f64)| Point {
        bend,
        width: Microseconds::new(us).unwrap(),
    };
    let table = Table::new(&[(-1.0, 1000.0), (0.0, 1400.0), (1.0, 2000.0)].map(point)).unwrap();
    let servo = |channel: u8| ServoPlan {
        channel: Channel::new(channel.into()).unwrap(),
        table: (channel + 1 < 2 * count).then(|| table.clone()),
        trim_us: 0.0,
        max_speed: 2000.0,
    };
    let plans: Vec<TentaclePlan> = (0..count)
        .map(|i| TentaclePlan {
            name: Name::from(&format!("{name}{i}")).unwrap(),
            facing: Turns::new(f64::from(i) / f64::from(count)),
            compass: compass(Turns::new(f64::from(i) / f64::from(count))),
            servos: [servo(2 * i), servo(2 * i + 1)],
        })
        .collect();
    let board = BoardPlan {
        bus: 1,
        address: Address::DEFAULT,
        timebase: Timebase::new(50, 25_000_000).unwrap(),
        oe_gpio: None,
        button_gpio: None,
    };
    Rig::new(board, 1e5, &plans, |fault| panic!("{fault}")).unwrap()
}

/// All servos but the last engaged, channel k at 1400 + 10·k µs.
fn at_work(count: usize) -> State {
    let mut state = State::default();
    for channel in 0..2 * count - 1 {
        state.outputs[channel] = Emitted::Pulse(1400.0 + 10.0 * channel as f64);
    }
    state
}

fn picture(columns: u16, rows: u16, rig: &Rig, state: State, palette: Palette) -> Buffer {
    let history = History::new(rig, state, None);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let foot = Foot {
        notice: Some("something happened"),
        ..Foot::default()
    };
    terminal
        .draw(|frame| draw(frame, rig, &history, &foot, palette))
        .unwrap();
    terminal.backend().buffer().clone()
}

fn rows(buffer: &Buffer) -> Vec<String> {
    let row = |place: Rect| place.positions().map(|at| buffer[at].symbol()).collect();
    buffer.area.rows().map(row).collect()
}

/// The row that a servo is in.
fn row_of<'a>(rows: &'a [String], servo: &str) -> &'a str {
    let row = rows.iter().find(|row| row.contains(servo));
    row.unwrap_or_else(|| panic!("no {servo} in {rows:#?}"))
}

const COLOURED: Palette = Palette::new(true);
const PLAIN: Palette = Palette::new(false);
