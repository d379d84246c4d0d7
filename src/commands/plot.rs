//! `plot`: a picture of the motion, computed and not played.

use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::files::Files;
use crate::plot::{company, draw, play};
use crate::say::tell;
use crate::sheet::{Entry, Sheet};
use crate::shell::{output, short};
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use tentacle_hat::cue::Cue;

/// How each picture begins, before what any SVG begins with.
const HEAD: &str = "<!-- a picture of a hat's motion, made by `tentacle-hat plot` -->\n";

/// What is drawn, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The show instead of what the files say.
    pub(crate) demo: bool,
    /// A sheet whose cues are played.
    pub(crate) cues: Option<PathBuf>,
    /// Virtual people, and instead of the motion whom it attends.
    pub(crate) people: Option<PathBuf>,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
    pub(crate) output: PathBuf,
}

pub(crate) fn plot(files: &Files, wish: &Wish) -> Result<()> {
    let shown = wish.output.display().to_string();
    if wish.output.extension().is_none_or(|it| it != "svg") {
        let what = "the picture is an SVG, and its file's name ends with .svg";
        return Err(Failure::usage(format_args!("--output {shown}: {what}")).into());
    }
    let hat = files.load()?;
    let crowd = wish.people.as_deref().map(Crowd::open).transpose()?;
    let cues = wish.cues.as_deref().map(Sheet::cues_alone).transpose()?;
    let mut cues = cues.unwrap_or_default();
    if wish.demo {
        let (t_us, cue, place) = (0, Cue::Demo(true), "--demo".to_owned());
        cues.push_front(Entry { t_us, cue, place });
    }
    // Before the work, since that may be in vain.
    let mut file = output::open(&wish.output, HEAD, "picture of `tentacle-hat plot`")
        .with_context(|| shown.clone())?;
    let played = play(hat, short(wish.seed), cues, crowd)?;
    let title = title(files, wish);
    let (svg, words) = match &played.guests {
        Some(guests) => company::draw(guests, &title, wish.seconds)?,
        None => draw(&played, &title, wish.seconds)?,
    };
    if file.get_ref().metadata().is_ok_and(|it| it.is_file()) {
        file.get_ref().set_len(0).with_context(|| shown.clone())?;
    }
    let written = write!(file, "{HEAD}{svg}").and_then(|()| file.flush());
    written.with_context(|| shown.clone())?;
    tell(format_args!(
        "{shown}: {} s of motion. {words}",
        wish.seconds
    ));
    Ok(())
}

fn title(files: &Files, wish: &Wish) -> String {
    let of = |what: &str, path: &Option<PathBuf>| {
        let name = path.as_deref().and_then(Path::file_name);
        name.map_or(String::new(), |name| {
            format!(", {what} of {}", name.to_string_lossy())
        })
    };
    let (cues, people) = (of("cues", &wish.cues), of("people", &wish.people));
    let show = if wish.demo { "the show, " } else { "" };
    let (seconds, seed) = (wish.seconds, wish.seed);
    format!("{show}{files}{cues}{people}: {seconds} s, seed {seed}")
}
