//! A PCA9685 on a bus of its own, in the emulated Pi: becomes `/dev/i2c-9`, with
//! the virtual chip behind it, and answers as the kernel's i2c-dev does.
//!
//! `pi_zero_board LOG COMMANDS`
//!
//! Each transfer is a line of the log. Commands are lines written to the pipe
//! COMMANDS; each is carried out at once and then stands in the log too:
//!
//! - `nack`, `timeout`, `reads`, `cut BYTES`: transfers fail so, until `well`.
//! - `off`, `on`, `blip`: the chip's supply; a blip is over at once.
//! - `sag`: LED registers are spoiled while the modes still look right.
//! - `hand ADDRESS BYTES`: another program writes, in hex.
//! - `dump`: the registers go into the log, in hex.
//! - `look`: nothing, for what the log then says of the outputs.

mod cuse;
mod log;

use anyhow::{Context, Result, bail};
use cuse::{Answer, Device, ENOSYS, Errno, Ioctl, Request, word};
use embedded_hal::i2c::{I2c, Operation};
use log::{Entry, Event, from_hex};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno as Failed;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;
use tentacle_hat::board::BusError;
use tentacle_hat::board::faulty::{Fault, Faulty};
use tentacle_hat::board::registers::LED0;
use tentacle_hat::board::virtual_chip::{Chip, Emitted, VirtualBus};
use tentacle_hat::calibration::{Address, CHANNELS, Channel};

const NAME: &str = "i2c-9";
/// Not the usual one, so that nobody hits it by a guess.
const ADDRESS: i64 = 0x41;
/// A number kept for experiments, so that it can be allowed before it exists.
const NUMBER: (u32, u32) = (240, 9);

/// The kernel's I2C_FUNC_I2C and I2C_FUNC_SMBUS_EMUL.
const FUNCTIONS: u32 = 0x0EFF_0009;
const I2C_RETRIES: u32 = 0x0701;
const I2C_TIMEOUT: u32 = 0x0702;
const I2C_SLAVE_FORCE: u32 = 0x0703;
const I2C_FUNCS: u32 = 0x0705;
const I2C_SLAVE: u32 = 0x0706;
const I2C_RDWR: u32 = 0x0707;
const I2C_PEC: u32 = 0x0708;
/// In a message: from the chip, not to it.
const READS: u16 = 1;
/// `struct i2c_rdwr_ioctl_data` and `struct i2c_msg`, with 32-bit pointers.
const RDWR_SIZE: usize = 8;
const MESSAGE_SIZE: usize = 12;

const EINVAL: Errno = 22;

type Strike = Box<dyn FnMut() -> Option<Fault>>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [log, commands] = &arguments[..] else {
        bail!("pi_zero_board LOG COMMANDS");
    };
    match mknodat(CWD, commands, FileType::Fifo, Mode::from(0o600), 0) {
        Err(Failed::EXIST) => {}
        made => made.context("the pipe for commands")?,
    }
    // Open for both, so that it never ends.
    let mut pipe = File::options().read(true).write(true).open(commands)?;
    let mut board = Board::new(File::options().append(true).create(true).open(log)?)?;
    let mut device = Device::create(NAME, NUMBER)?;
    board.obey("look")?;
    loop {
        let mut ready = [
            PollFd::new(&device, PollFlags::IN),
            PollFd::new(&pipe, PollFlags::IN),
        ];
        poll(&mut ready, None)?;
        let [asked, told] = ready.map(|fd| !fd.revents().is_empty());
        if told {
            let mut buffer = [0; 4096];
            let length = pipe.read(&mut buffer)?;
            for command in String::from_utf8_lossy(&buffer[..length]).lines() {
                board.obey(command)?;
            }
        }
        if asked {
            match device.next()? {
                (_, Request::Nothing) => {}
                (number, request) => device.answer(number, board.serve(request)?)?,
            }
        }
    }
}

/// The chip, its bus, and who has it open.
struct Board {
    chip: Rc<RefCell<Chip>>,
    bus: Faulty<VirtualBus<Rc<RefCell<Chip>>>, Strike>,
    fault: Rc<Cell<Option<Fault>>>,
    log: File,
    opened: u64,
    /// Whom each file talks to.
    addresses: HashMap<u64, u8>,
    timeout: Duration,
}

impl Board {
    fn new(log: File) -> Result<Self> {
        let address = Address::new(ADDRESS)?;
        let chip = Rc::new(RefCell::new(Chip::new(address, 25_000_000)));
        let fault = Rc::new(Cell::new(None));
        let strikes = Rc::clone(&fault);
        Ok(Self {
            bus: Faulty::new(
                VirtualBus(Rc::clone(&chip)),
                Box::new(move || strikes.get()),
            ),
            chip,
            fault,
            log,
            opened: 0,
            addresses: HashMap::new(),
            timeout: Duration::from_secs(1),
        })
    }

    fn obey(&mut self, command: &str) -> Result<()> {
        let t_us = self.advance();
        let words: Vec<_> = command.split(' ').collect();
        let mut told = command.to_owned();
        match words[..] {
            ["nack"] => self.fault.set(Some(Fault::Nack)),
            ["timeout"] => self.fault.set(Some(Fault::TimeOut)),
            ["reads"] => self.fault.set(Some(Fault::NoReads)),
            ["cut", bytes] => self.fault.set(Some(Fault::CutAfter(bytes.parse()?))),
            ["well"] => self.fault.set(None),
            ["off"] => self.chip.borrow_mut().power(false),
            ["on"] => self.chip.borrow_mut().power(true),
            ["blip"] => {
                self.chip.borrow_mut().power(false);
                self.chip.borrow_mut().power(true);
            }
            ["sag"] => {
                // The low byte of OFF: these pulses are far too long then.
                for channel in 2..5 {
                    self.chip.borrow_mut().spoil(LED0 + 4 * channel + 2, 0xC0);
                }
            }
            ["hand", address, bytes] => {
                let address = u8::from_str_radix(address, 16)?;
                // Nobody may answer there.
                let _ = VirtualBus(Rc::clone(&self.chip)).write(address, &from_hex(bytes)?);
            }
            ["dump"] => {
                for register in self.chip.borrow().registers() {
                    told += &format!(" {register:02x}");
                }
            }
            ["look"] => {}
            _ => bail!("{command:?} is no command"),
        }
        let emitted = self.emitted();
        self.write(Entry {
            t_us,
            event: Event::Told(told),
            emitted,
        })
    }

    /// What a file operation on the device does.
    fn serve(&mut self, request: Request) -> Result<Result<Answer, Errno>> {
        Ok(match request {
            Request::Open => {
                self.opened += 1;
                Ok(Answer::Opened { file: self.opened })
            }
            Request::Close { file } => {
                self.addresses.remove(&file);
                Ok(Answer::Done)
            }
            Request::Read { file, length } => {
                let mut messages = [Message::read(length)];
                let read = self.transfer(self.address(file), &mut messages)?;
                let [message] = messages;
                read.map(|()| Answer::Bytes(message.bytes))
            }
            Request::Write { file, bytes } => {
                let length = bytes.len();
                let written = self.transfer(self.address(file), &mut [Message::write(bytes)])?;
                written.map(|()| Answer::Written(length))
            }
            Request::Ioctl(ioctl) => self.control(&ioctl)?,
            Request::Nothing | Request::Other => Err(ENOSYS),
        })
    }

    fn address(&self, file: u64) -> u8 {
        self.addresses.get(&file).copied().unwrap_or(0)
    }

    fn control(&mut self, ioctl: &Ioctl) -> Result<Result<Answer, Errno>> {
        let done = Ok(Answer::Result(0, Vec::new()));
        Ok(match ioctl.command {
            I2C_SLAVE | I2C_SLAVE_FORCE => match u8::try_from(ioctl.argument) {
                Ok(address) if address < 0x80 => {
                    self.addresses.insert(ioctl.file, address);
                    done
                }
                _ => Err(EINVAL),
            },
            I2C_RETRIES | I2C_PEC => done,
            I2C_TIMEOUT => {
                self.timeout = Duration::from_millis(10 * u64::from(ioctl.argument));
                done
            }
            I2C_FUNCS if ioctl.room == 0 => {
                Ok(Answer::Retry(Vec::new(), vec![(ioctl.argument, 4)]))
            }
            I2C_FUNCS => Ok(Answer::Result(0, FUNCTIONS.to_le_bytes().into())),
            I2C_RDWR => self.messages(ioctl)?,
            _ => Err(ENOSYS),
        })
    }

    /// I2C_RDWR: a list of messages with their buffers, asked for step by step.
    fn messages(&mut self, ioctl: &Ioctl) -> Result<Result<Answer, Errno>> {
        let mut given = vec![(ioctl.argument, RDWR_SIZE as u32)];
        if ioctl.given.len() < RDWR_SIZE {
            return Ok(Ok(Answer::Retry(given, Vec::new())));
        }
        let count = word(&ioctl.given, 4) as usize;
        let head = RDWR_SIZE + count * MESSAGE_SIZE;
        given.push((word(&ioctl.given, 0), (count * MESSAGE_SIZE) as u32));
        if ioctl.given.len() < head {
            return Ok(Ok(Answer::Retry(given, Vec::new())));
        }
        let (list, mut written) = ioctl.given[RDWR_SIZE..].split_at(count * MESSAGE_SIZE);
        let (mut room, mut messages, mut address) = (Vec::new(), Vec::new(), 0);
        for message in list.chunks(MESSAGE_SIZE) {
            let [short, flags] =
                [0, 2].map(|at| u16::from_le_bytes([message[at], message[at + 1]]));
            let length = (word(message, 4) & 0xFFFF) as usize;
            let buffer = (word(message, 8), length as u32);
            address = short as u8;
            if flags & READS != 0 {
                room.push(buffer);
                messages.push(Message::read(length));
            } else {
                given.push(buffer);
                let (bytes, rest) = written.split_at(length.min(written.len()));
                messages.push(Message::write(bytes.to_vec()));
                written = rest;
            }
        }
        let size = |memory: &[(u32, u32)]| memory.iter().map(|(_, length)| length).sum::<u32>();
        if ioctl.given.len() < size(&given) as usize || ioctl.room < size(&room) {
            return Ok(Ok(Answer::Retry(given, room)));
        }
        let transferred = self.transfer(address, &mut messages)?;
        Ok(transferred.map(|()| {
            let read = messages.into_iter().filter(|message| message.reads);
            Answer::Result(
                count as u32,
                read.flat_map(|message| message.bytes).collect(),
            )
        }))
    }

    fn transfer(&mut self, address: u8, messages: &mut [Message]) -> Result<Result<(), Errno>> {
        let t_us = self.advance();
        let emitted = self.emitted();
        let operations = messages.iter_mut().map(|message| match message.reads {
            true => Operation::Read(&mut message.bytes),
            false => Operation::Write(&message.bytes),
        });
        let done = self
            .bus
            .transaction(address, &mut operations.collect::<Vec<_>>());
        if done == Err(BusError::TIMED_OUT) {
            std::thread::sleep(self.timeout);
        }
        let bytes = |reads: bool| {
            let wanted = messages.iter().filter(|message| message.reads == reads);
            wanted.flat_map(|message| message.bytes.clone()).collect()
        };
        let (written, read) = (bytes(false), bytes(true));
        let errno = done.err().map_or(0, |error| error.0);
        let event = Event::Transfer {
            address,
            written,
            read,
            errno,
        };
        self.write(Entry {
            t_us,
            event,
            emitted,
        })?;
        Ok(done.map_err(|error| error.0))
    }

    /// Lets the chip live up to now.
    fn advance(&mut self) -> u64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let t_us = now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000;
        self.chip.borrow_mut().advance_to(t_us);
        t_us
    }

    fn emitted(&self) -> [Emitted; CHANNELS] {
        let channel = |at: usize| Channel::new(at as i64).unwrap_or_else(|_| unreachable!());
        std::array::from_fn(|at| self.chip.borrow().emitted(channel(at)))
    }

    /// In one piece: who reads along finds whole lines.
    fn write(&mut self, entry: Entry) -> Result<()> {
        Ok(self.log.write_all(format!("{entry}\n").as_bytes())?)
    }
}

/// A message of a transfer.
struct Message {
    reads: bool,
    bytes: Vec<u8>,
}

impl Message {
    fn read(length: usize) -> Self {
        Self {
            reads: true,
            bytes: vec![0; length],
        }
    }

    fn write(bytes: Vec<u8>) -> Self {
        Self {
            reads: false,
            bytes,
        }
    }
}
