//! A character device that a program answers for: the kernel's CUSE protocol,
//! as far as an I2C bus needs it (linux/include/uapi/linux/fuse.h). Requests
//! are read from `/dev/cuse`, one at a time, and answered by their number.
//! Little endian, as the Pi is.

use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// The protocol's version that this file speaks.
const VERSION: (u32, u32) = (7, 31);
/// Lets the device reach for memory that an ioctl's argument points to.
const UNRESTRICTED_IOCTL: u32 = 1;
/// An ioctl is to come again, with the memory that the answer names.
const IOCTL_RETRY: u32 = 4;

const HEADER: usize = 40;
/// More than a transfer ever is; the kernel wants at least 8 KiB.
const BUFFER: usize = 64 * 1024;
const MOST: u32 = 32 * 1024;

/// An errno.
pub(crate) type Errno = i32;
pub(crate) const ENOSYS: Errno = 38;
/// Who asked is gone.
const ENOENT: Errno = 2;

/// A piece of the caller's memory: where, and how long.
pub(crate) type Memory = (u32, u32);

/// What somebody wants of the device. `file` tells apart who opened it.
#[derive(Debug)]
pub(crate) enum Request {
    Open,
    Close {
        file: u64,
    },
    Read {
        file: u64,
        length: usize,
    },
    Write {
        file: u64,
        bytes: Vec<u8>,
    },
    Ioctl(Ioctl),
    /// No answer is wanted.
    Nothing,
    Other,
}

/// An ioctl, with what was handed over of the caller's memory so far.
#[derive(Debug)]
pub(crate) struct Ioctl {
    pub(crate) file: u64,
    pub(crate) command: u32,
    pub(crate) argument: u32,
    pub(crate) given: Vec<u8>,
    /// Room for the answer, bytes.
    pub(crate) room: u32,
}

/// What to answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    Opened {
        file: u64,
    },
    Bytes(Vec<u8>),
    Written(usize),
    /// An ioctl's result, and what goes into the caller's memory.
    Result(u32, Vec<u8>),
    /// The ioctl again, with the first memory handed over and room in the second.
    Retry(Vec<Memory>, Vec<Memory>),
}

/// A device, made when this is opened and gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Device {
    cuse: File,
}

impl Device {
    /// Becomes `/dev/NAME` with that number.
    pub(crate) fn create(name: &str, (major, minor): (u32, u32)) -> Result<Self> {
        let path = "/dev/cuse";
        let cuse = File::options().read(true).write(true).open(path);
        let mut device = Self {
            cuse: cuse.context(path)?,
        };
        let mut buffer = [0; BUFFER];
        let length = device.cuse.read(&mut buffer)?;
        const INIT: u32 = 4096;
        ensure!(
            length >= HEADER && word(&buffer, 4) == INIT,
            "no CUSE_INIT came first"
        );
        let mut answer = Vec::new();
        let (first, second) = VERSION;
        for word in [
            first,
            second,
            0,
            UNRESTRICTED_IOCTL,
            MOST,
            MOST,
            major,
            minor,
        ] {
            answer.extend(word.to_le_bytes());
        }
        answer.extend([0; 40]);
        answer.extend(format!("DEVNAME={name}\0").bytes());
        device.reply(long(&buffer, 8), 0, &answer)?;
        Ok(device)
    }

    /// The next request, with the number that its answer is to have. Waits.
    pub(crate) fn next(&mut self) -> Result<(u64, Request)> {
        let mut buffer = [0; BUFFER];
        let length = self.cuse.read(&mut buffer)?;
        ensure!(length >= HEADER, "a request of {length} bytes");
        let (header, body) = buffer[..length].split_at(HEADER);
        let file = || long(body, 0);
        let request = match word(header, 4) {
            14 => Request::Open,
            15 => Request::Read {
                file: file(),
                length: word(body, 16) as usize,
            },
            16 => Request::Write {
                file: file(),
                bytes: body[40..][..word(body, 16) as usize].to_vec(),
            },
            18 => Request::Close { file: file() },
            36 => Request::Nothing,
            39 => Request::Ioctl(Ioctl {
                file: file(),
                command: word(body, 12),
                argument: word(body, 16),
                given: body[32..][..word(body, 24) as usize].to_vec(),
                room: word(body, 28),
            }),
            _ => Request::Other,
        };
        Ok((long(header, 8), request))
    }

    /// Answers the request with that number.
    pub(crate) fn answer(&mut self, number: u64, answer: Result<Answer, Errno>) -> Result<()> {
        let mut body = Vec::new();
        let mut words = |words: &[u32]| body.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        match answer {
            Err(errno) => return self.reply(number, -errno, &[]),
            Ok(Answer::Done) => {}
            Ok(Answer::Opened { file }) => words(&[file as u32, 0, 0, 0]),
            Ok(Answer::Written(length)) => words(&[length as u32, 0]),
            Ok(Answer::Bytes(bytes)) => body = bytes,
            Ok(Answer::Result(result, bytes)) => {
                words(&[result, 0, 0, 0]);
                body.extend(bytes);
            }
            Ok(Answer::Retry(given, room)) => {
                words(&[0, IOCTL_RETRY, given.len() as u32, room.len() as u32]);
                for (address, length) in given.into_iter().chain(room) {
                    words(&[address, 0, length, 0]);
                }
            }
        }
        self.reply(number, 0, &body)
    }

    fn reply(&mut self, number: u64, error: i32, body: &[u8]) -> Result<()> {
        let mut bytes = Vec::from(((16 + body.len()) as u32).to_le_bytes());
        bytes.extend(error.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(body);
        match self.cuse.write(&bytes) {
            Ok(length) if length == bytes.len() => Ok(()),
            Ok(length) => bail!("{length} bytes of an answer were taken"),
            Err(error) if error.raw_os_error() == Some(ENOENT) => Ok(()),
            Err(error) => Err(error).context("an answer was refused"),
        }
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.cuse.as_fd()
    }
}

/// The 32-bit number at a place.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default())
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default())
}
