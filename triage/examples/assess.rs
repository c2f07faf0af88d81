//! Prints how the assessment compares with what people say of the labelled errors in `tests/labelled`, and, asked with
//! `--wrong first|second`, what it gets wrong in one half.

#[path = "../tests/labelled/mod.rs"]
mod labelled;

fn main() {
    let judged = labelled::judged();
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--wrong") => print!(
            "{}",
            labelled::wrong(&judged, &arguments.next().unwrap_or_default())
        ),
        _ => print!("{}", labelled::table(&judged)),
    }
}
